"""Reading a detector's outputs in a layout: boxes, grid cells, and the script that does so.

What differs from layout to layout stands in the modules of ``core/results/layouts``; which
of them it is, ``core/results/recognition.py`` tells.
"""

from dataclasses import dataclass, replace

import numpy as np

from core.errors import LayoutUnknown
from core.outputs import AUTO, LayoutName, Outputs
from core.results.box_rows import CodeLines
from core.results.detections import Detections
from core.results.grids import Grids
from core.results.layout import Layout, NetFacts
from core.results.recognition import layout_named, recognise


def decode_outputs(outputs: Outputs, facts: NetFacts, layout: LayoutName = AUTO) -> Detections:
    """Turn raw outputs into boxes in blob pixels: all rows, each with its best class.

    No threshold, no NMS. A detector of 80 classes has one row a box, not one a class.

    Args:
        outputs: what the net answered to one picture.
        facts: what else is known of the net, first of all the blob's size.
        layout: how the rows are written; ``auto`` looks at the outputs.

    Raises:
        LayoutUnknown: the outputs do not have the shape of the layout, or of any.
    """
    found = _layout_of(outputs, facts, layout)
    with np.errstate(all="ignore"):  # a broken net answers anything; what came out
        return found.rows(outputs, facts).detections(facts.size)  # infinite, ``above`` drops


@dataclass(frozen=True, eq=False, slots=True)
class DecodedRows:
    """The rows of a net's outputs whose confidence is above a threshold.

    Attributes:
        rows: how many rows the net gave.
        top_confidence: the highest confidence among them, 0..1.
        confident: those above the threshold, the most confident first.
    """

    rows: int
    top_confidence: float
    confident: Detections


def decode_above(
    outputs: Outputs, facts: NetFacts, layout: LayoutName = AUTO, *, above: float
) -> DecodedRows:
    """Decode the rows whose confidence is above ``above``.

    No score is above 1, so that no row is more confident than its objectness: rows whose
    objectness is no higher are left out first, which is quicker for YOLOv5's many rows.

    Raises:
        LayoutUnknown: as ``decode_outputs``.
    """
    found = _layout_of(outputs, facts, layout)
    with np.errstate(all="ignore"):
        rows = found.rows(outputs, facts)
        if rows.objectness is not None:
            at = np.flatnonzero(rows.objectness > above)
            few = replace(rows.taken(at).detections(facts.size), row=at).above(above)
            if len(few):
                return DecodedRows(len(rows), float(few.confidence[0]), few)
        every = rows.detections(facts.size)
    top = float(every.confidence.max(initial=0.0))
    return DecodedRows(rows=len(rows), top_confidence=top, confident=every.above(above))


def grids(outputs: Outputs, facts: NetFacts, layout: LayoutName = AUTO) -> Grids:
    """Lay a detector's raw rows back into the cells they came from.

    Raises:
        LayoutUnknown: these rows lie in no grid, or not in the one the facts describe.
    """
    found = _layout_of(outputs, facts, layout)
    if found.grids is None:
        raise LayoutUnknown(found.no_grid)
    with np.errstate(all="ignore"):
        return found.grids(outputs, facts)


def decoder_lines(outputs: Outputs, facts: NetFacts, layout: LayoutName = AUTO) -> CodeLines:
    """Write the lines of a script that do for these outputs what ``decode_outputs`` does.

    They find ``outputs``, arrays by name, and ``into``, the blob's width and height. They
    leave ``xyxy``, ``class_ids`` and ``confidences``, a row a box, in pixels of the blob.
    """
    found = _layout_of(outputs, facts, layout)
    with np.errstate(all="ignore"):
        rows = found.rows(outputs, facts)
    return (f"# layout {found.name}: {found.row}", *rows.script)


def _layout_of(outputs: Outputs, facts: NetFacts, name: LayoutName) -> Layout:
    return layout_named(recognise(outputs, facts).layout if name == AUTO else name)
