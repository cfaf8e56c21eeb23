"""Reading a detector's outputs: recognise their layout, decode boxes, find cells, write code.

What differs from layout to layout stands in the modules of ``core/results/layouts``.
"""

import numpy as np

from core.errors import LayoutUnknown
from core.outputs import AUTO, LayoutName, Outputs
from core.picture.size import Size
from core.results.classification import is_line
from core.results.detections import Detections
from core.results.grids import Anchors, Grids, HeadRule
from core.results.layout import DecodedRows, Layout, Lines, NetFacts
from core.results.layouts import layouts


def decode(
    outputs: Outputs, size: Size, layout: LayoutName = AUTO, *, anchors: Anchors = ()
) -> Detections:
    """Turn raw outputs into boxes in blob pixels: all rows, each with its best class.

    No threshold, no NMS. A detector of 80 classes has one row a box, not one a class.

    Args:
        outputs: what the net answered to one picture.
        size: the blob's width and height.
        layout: how the rows are written; ``auto`` looks at the outputs.
        anchors: width and height of YOLOv2's anchors in cells; the other layouts ignore
            them, since their boxes come ready.

    Raises:
        LayoutUnknown: the outputs do not have the shape of the layout, or of any.
    """
    facts = NetFacts(size, anchors)
    found = _layout_of(outputs, layout, facts)
    with np.errstate(over="ignore", invalid="ignore"):  # a broken net answers anything;
        return found.decode(outputs, facts)  # what came out infinite, ``above`` drops


def decode_above(
    outputs: Outputs,
    size: Size,
    layout: LayoutName = AUTO,
    *,
    above: float,
    anchors: Anchors = (),
) -> DecodedRows:
    """Decode the rows whose confidence is above ``above``: quicker where a layout can be.

    Raises:
        LayoutUnknown: as ``decode``.
    """
    facts = NetFacts(size, anchors)
    found = _layout_of(outputs, layout, facts)
    with np.errstate(over="ignore", invalid="ignore"):
        quick = found.decode_above(outputs, facts, above) if found.decode_above else None
        if quick:
            return quick
        every = found.decode(outputs, facts)
    top = float(every.confidence.max(initial=0.0))
    return DecodedRows(rows=len(every), top_confidence=top, confident=every.above(above))


def recognise(outputs: Outputs, size: Size) -> LayoutName:
    """Name the layout of a detector's outputs.

    Raises:
        LayoutUnknown: the outputs fit no layout, or several; the text lists shapes and
            layouts.
    """
    return _recognised(outputs, NetFacts(size)).name


def grids(
    outputs: Outputs,
    size: Size,
    layout: LayoutName = AUTO,
    *,
    rules: tuple[HeadRule, ...] = (),
    anchors: Anchors = (),
) -> Grids:
    """Lay a detector's raw rows back into the cells they came from.

    Args:
        outputs: what the net answered to one picture.
        size: the blob's width and height.
        layout: how the rows are written; ``auto`` looks at the outputs.
        rules: for ``darknet``, what the .cfg says, a rule a head, in the file's order.
        anchors: for ``yolov2``, in cells.

    Raises:
        LayoutUnknown: these rows lie in no grid, or not in the one the rules describe.
    """
    facts = NetFacts(size, anchors, rules)
    found = _layout_of(outputs, layout, facts)
    if found.grids is None:
        raise LayoutUnknown(found.no_grid)
    return found.grids(outputs, facts)


def decoder_lines(
    outputs: Outputs, size: Size, layout: LayoutName = AUTO, *, anchors: Anchors = ()
) -> Lines:
    """Write the lines of a script that do for these outputs what ``decode`` does.

    They find ``outputs``, arrays by name, and ``into``, the blob's width and height. They
    leave ``xyxy``, ``class_ids`` and ``confidences``, a row a box, in pixels of the blob.
    """
    facts = NetFacts(size, anchors)
    found = _layout_of(outputs, layout, facts)
    return (f"# layout {found.name}: {found.row}", *found.lines(outputs, facts))


def _layout_of(outputs: Outputs, name: LayoutName, facts: NetFacts) -> Layout:
    if name == AUTO:
        return _recognised(outputs, facts)
    found = layouts().get(name)
    if found is None:
        raise LayoutUnknown(
            f'There is no layout "{name}". Name one of these in the card (layout = ...): '
            f"{_listed()}."
        )
    return found


def _recognised(outputs: Outputs, facts: NetFacts) -> Layout:
    fitting = [each for each in layouts().values() if each.recognises(outputs, facts)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = " and ".join(f"{each.name} ({each.row})" for each in fitting)
        raise LayoutUnknown(
            f"{outputs.listed} fits several layouts: {names}. "
            "Name the right one in the card (layout = ...)."
        )
    hint = " One line of numbers is what a classifier answers." if is_line(outputs) else ""
    raise LayoutUnknown(
        f"No detector we know answers {outputs.listed or 'nothing'}.{hint} "
        f"The layouts we know: {_listed()}. "
        "If it is one of them, name it in the card (layout = ...)."
    )


def _listed() -> str:
    return ", ".join(f"{each.name} {each.shape}" for each in layouts().values())
