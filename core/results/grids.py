"""The grids that a detector lays over the blob: heads, strides, cells, anchors.

Each raw row of a grid detector belongs to one cell of one head, and to one of its anchors;
the row's number alone says to which. SSD's and end-to-end rows have lost that number.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from core.errors import LayoutUnknown
from core.outputs import Outputs
from core.picture.size import Size
from core.results.classification import sigmoid
from core.results.decoders import (
    STRIDES,
    Anchors,
    LayoutName,
    class_count,
    grid_size,
    recognised,
    strides_for,
    table_of,
    yolov2_cells,
)

Way = Literal["exp", "squares", "offsets", "ready", "distances"]
Table = npt.NDArray[Any]

ONE = Size(1, 1)
ROUNDING = 1e-3
MOST_BOXES = 12
"""More boxes in a cell than any published net has."""

# Ultralytics' anchors for COCO, in pixels, by strides: v5 P5, v5 P6, v3-tiny.
STANDARD_ANCHORS: Mapping[tuple[int, ...], tuple[Anchors, ...]] = {
    (8, 16, 32): (
        ((10, 13), (16, 30), (33, 23)),
        ((30, 61), (62, 45), (59, 119)),
        ((116, 90), (156, 198), (373, 326)),
    ),
    (8, 16, 32, 64): (
        ((19, 27), (44, 40), (38, 94)),
        ((96, 68), (86, 152), (180, 137)),
        ((140, 301), (303, 264), (238, 542)),
        ((436, 615), (739, 380), (925, 792)),
    ),
    (16, 32): (
        ((10, 14), (23, 27), (37, 58)),
        ((81, 82), (135, 169), (344, 319)),
    ),
}


@dataclass(frozen=True, slots=True)
class HeadRule:
    """What a model's files say about one head, where its outputs do not.

    Attributes:
        anchors: widths and heights, in pixels of the blob.
        classes: how many.
        in_cells: the anchors are counted in cells instead, as in YOLOv2.
        reach: how far a centre may move, in cells: Darknet's ``scale_x_y``.
        squared: sides are ``anchor * (2 * sigmoid)^2``, not ``anchor * exp``.
    """

    anchors: tuple[tuple[float, float], ...]
    classes: int
    in_cells: bool = False
    reach: float = 1.0
    squared: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """One grid of a detector: C classes and B boxes in each of its columns x rows cells.

    Attributes:
        number: counted from 1, in the order of the raw rows.
        columns: cells across.
        rows: cells down.
        stride: from one cell to the next, in blob pixels, across and down.
        boxes: B, the rows a cell has.
        classes: C.
        first: its first raw row.
        way: how a row's numbers become a box: ``exp`` and ``squares`` move the centre by a
            sigmoid and stretch an anchor; ``offsets`` are YOLOX's; ``distances`` lead from
            the cell's middle to the box's edges; ``ready`` boxes hide how they were made.
        anchors: widths and heights in blob pixels; none where the head has or tells none.
        reach: how far a centre may move, in cells: 2 reaches half a cell beyond its own.
        box_numbers: numbers of a box before the classes: 5, or 4 without objectness.
        cells_first: rows are ordered by cell, then anchor; else by anchor, then cell.
        assumed: the anchors stand in no file; they are the usual ones and fit.
    """

    number: int
    columns: int
    rows: int
    stride: tuple[float, float]
    boxes: int
    classes: int
    first: int
    way: Way
    anchors: tuple[tuple[float, float], ...] = ()
    reach: float = 1.0
    box_numbers: int = 5
    cells_first: bool = True
    assumed: bool = False

    @property
    def name(self) -> str:
        """The head by its stride, such as "stride 16"."""
        return f"stride {self.stride[0]:g}"

    @property
    def cells(self) -> int:
        """How many cells the grid has."""
        return self.columns * self.rows

    @property
    def raw_rows(self) -> slice:
        """Where its rows are among all."""
        return slice(self.first, self.first + self.cells * self.boxes)

    def place(self, row: Any) -> tuple[Any, Any, Any]:
        """Tell a raw row's column, row and anchor, all counted from 0; arrays too.

        >>> Head(1, 20, 20, (16, 16), 3, 10, first=300, way="exp").place(758)
        (12, 7, 2)
        """
        inside = row - self.first
        if self.cells_first:
            cell, anchor = inside // self.boxes, inside % self.boxes
        else:
            anchor, cell = inside // self.cells, inside % self.cells
        return cell % self.columns, cell // self.columns, anchor


@dataclass(frozen=True, eq=False)
class Grids:
    """All heads of a detector, and the raw rows they answered.

    Attributes:
        layout: how the rows are written.
        size: the blob's.
        heads: in the order of the rows.
        table: (N, numbers a row), a view of the outputs wherever that is possible.
    """

    layout: LayoutName
    size: Size
    heads: tuple[Head, ...]
    table: Table = field(repr=False)

    def head_of(self, row: int) -> Head:
        """Return the head that answered a raw row.

        Raises:
            IndexError: there is no such row.
        """
        for head in self.heads:
            if head.first <= row < head.raw_rows.stop:
                return head
        raise IndexError(f"there are {len(self.table)} raw rows, and no row {row} among them")


def grids(
    outputs: Outputs,
    size: Size,
    layout: LayoutName | Literal["auto"] = "auto",
    *,
    rules: Sequence[HeadRule] = (),
    anchors: Anchors | None = None,
) -> Grids:
    """Lay a detector's raw rows back into the cells they came from.

    Args:
        outputs: what the net answered to one picture.
        size: the blob's width and height.
        layout: how the rows are written; ``auto`` looks at the shapes.
        rules: for ``darknet``, what the .cfg says, a rule a head, in the file's order.
        anchors: for ``yolov2``, in cells.

    Raises:
        LayoutUnknown: these rows lie in no grid, or not in the one the rules describe.
    """
    known = recognised(outputs, size) if layout == "auto" else layout
    if known in NO_GRID:
        raise LayoutUnknown(NO_GRID[known])
    makers: dict[str, Callable[[Outputs, Size], Grids]] = {
        "darknet": partial(_darknet, rules=rules),
        "yolov2": partial(_yolov2, anchors=anchors),
        "yolov5": _yolov5,
        "yolox": _yolox,
        "yolov8": _yolov8,
    }
    return makers[known](outputs, size)


NO_GRID = {
    "ssd": "There is no grid to show: SSD sorts its boxes and suppresses doubles inside the "
    "net. What comes out are the boxes that were left, and none of them still says which "
    "cell and which of its prior boxes it began as.",
    "end-to-end": "There is no grid to show: an end-to-end detector picks its best boxes "
    "inside the net and lists them by confidence, so a row no longer says which cell it "
    "came from.",
}


def objectness(found: Grids, head: Head) -> npt.NDArray[np.float64]:
    """Return the largest objectness of each cell, (rows, columns), 0..1.

    Of a head without objectness, the largest class score. What is no number counts as 0.
    """
    part = np.nan_to_num(found.table[head.raw_rows], posinf=1.0, neginf=0.0)
    if head.box_numbers == 4:
        values = part[:, 4 : 4 + head.classes].max(axis=1)
    else:
        values = (
            sigmoid(part[:, 4].astype(np.float64)) if found.layout == "yolov2" else part[:, 4]
        )
    if head.cells_first:
        return np.asarray(values.reshape(head.rows, head.columns, head.boxes).max(axis=2))
    return np.asarray(values.reshape(head.boxes, head.rows, head.columns).max(axis=0))


def _darknet(outputs: Outputs, size: Size, *, rules: Sequence[HeadRule]) -> Grids:
    """Lay out region rows, ordered by cell row, cell column, anchor in each head."""
    if len(rules) != len(outputs):
        raise LayoutUnknown(
            f"The net answered {len(outputs)} heads ({outputs.listed}), but its .cfg "
            f"describes {len(rules)}: the anchors of the others are unknown."
        )
    heads: list[Head] = []
    for (name, array), rule in zip(outputs.items(), rules, strict=True):
        first = heads[-1].raw_rows.stop if heads else 0
        heads.append(_darknet_head(name, array, size, rule, len(heads) + 1, first))
    table = np.vstack(list(outputs.values()))
    for head in heads:
        if not _could_come_from(head, table, size):
            raise LayoutUnknown(
                f"The boxes of head {head.number} lie outside their cells, as no box can with "
                "the anchors and scale_x_y of this .cfg. Is it the one of these weights?"
            )
    return Grids("darknet", size, tuple(heads), table)


def _darknet_head(
    name: str, array: Table, size: Size, rule: HeadRule, number: int, first: int
) -> Head:
    boxes = len(rule.anchors)
    cells, left = divmod(len(array), boxes)
    stride = max(1, round((size.width * size.height / max(cells, 1)) ** 0.5))
    columns, rows = grid_size(size, stride)
    if left or columns * rows != cells or array.shape[1:] != (5 + rule.classes,):
        raise LayoutUnknown(
            f"{name} {list(array.shape)} is no grid of {boxes} anchors and {rule.classes} "
            f"classes over a blob of {size}, as the .cfg says. Do the two belong together?"
        )
    steps = size.width / columns, size.height / rows
    return Head(
        number=number,
        columns=columns,
        rows=rows,
        stride=steps,
        boxes=boxes,
        classes=rule.classes,
        first=first,
        way="squares" if rule.squared else "exp",
        anchors=_in_pixels(rule.anchors, steps) if rule.in_cells else rule.anchors,
        reach=rule.reach,
    )


def _yolov2(outputs: Outputs, size: Size, *, anchors: Anchors | None) -> Grids:
    cells = yolov2_cells(outputs, anchors)  # (rows, columns, A, 5+C)
    rows, columns, boxes, numbers = cells.shape
    stride = size.width / columns, size.height / rows
    head = Head(
        number=1,
        columns=columns,
        rows=rows,
        stride=stride,
        boxes=boxes,
        classes=numbers - 5,
        first=0,
        way="exp",
        anchors=_in_pixels(anchors or (), stride),
    )
    return Grids("yolov2", size, (head,), cells.reshape(-1, numbers))


def _yolov5(outputs: Outputs, size: Size) -> Grids:
    """Lay out finished boxes: by head, anchor, cell row, cell column, as usually exported.

    The anchors are in no output. The standard ones are assumed where every single row could
    come from them; else the boxes are taken as they are.
    """
    table = table_of(outputs, "yolov5")
    boxes, strides = _boxes_a_cell(len(table), size)
    classes = class_count(table.shape[1] - 5, outputs)
    plain = replace(_blank(classes, "ready"), boxes=boxes, cells_first=False)
    standard = STANDARD_ANCHORS.get(strides)
    if boxes == 3 and standard:
        heads = tuple(
            replace(
                head,
                way="squares",
                anchors=tuple(sizes),
                reach=2.0,
                assumed=True,
            )
            for head, sizes in zip(_stacked(plain, size, strides), standard, strict=True)
        )
        if all(_could_come_from(head, table) for head in heads):
            return Grids("yolov5", size, heads, table)
    return Grids("yolov5", size, _stacked(plain, size, strides), table)


def _boxes_a_cell(count: int, size: Size) -> tuple[int, tuple[int, ...]]:
    """Find B and the strides of so many rows; 3 and 1 are the usual numbers of boxes."""
    for boxes in (3, 1, *range(2, MOST_BOXES + 1)):
        strides = strides_for(count // boxes, size)
        if strides and count % boxes == 0:
            return boxes, strides
    raise _no_cells(count, size)


def _could_come_from(head: Head, table: Table, scale: Size = ONE) -> bool:
    """Ask whether each row lies where this head's sigmoids can reach with these anchors."""
    column, row, anchor = head.place(np.arange(len(table))[head.raw_rows])
    boxes = table[head.raw_rows, :4].astype(np.float64) * (scale.cv2 * 2)
    moved = boxes[:, :2] / head.stride - np.stack([column, row], axis=1)
    grown = boxes[:, 2:] / np.array(head.anchors)[anchor]
    beyond = (head.reach - 1) / 2 + ROUNDING
    near = (moved >= -beyond) & (moved <= 1 + beyond) & (grown >= 0)
    most = 4 + ROUNDING if head.way == "squares" else np.inf
    return bool((near & (grown <= most)).all())


def _yolox(outputs: Outputs, size: Size) -> Grids:
    table = table_of(outputs, "yolox")
    return _of_cells("yolox", table, size, _blank(table.shape[1] - 5, "offsets"))


def _yolov8(outputs: Outputs, size: Size) -> Grids:
    table = table_of(outputs, "yolov8").T  # (N, 4+C)
    classes = class_count(table.shape[1] - 4, outputs)
    blank = replace(_blank(classes, "distances"), box_numbers=4)
    return _of_cells("yolov8", table, size, blank)


def _of_cells(layout: LayoutName, table: Table, size: Size, blank: Head) -> Grids:
    """Lay out one row a cell, finest grid first."""
    strides = strides_for(len(table), size)
    if strides is None:
        raise _no_cells(len(table), size)
    return Grids(layout, size, _stacked(blank, size, strides), table)


def _blank(classes: int, way: Way) -> Head:
    """Begin a head without anchors; ``_stacked`` says where it lies."""
    return Head(0, 1, 1, (1.0, 1.0), boxes=1, classes=classes, first=0, way=way)


def _stacked(blank: Head, size: Size, strides: Sequence[int]) -> tuple[Head, ...]:
    """Give each stride a head of its own, one behind the other."""
    heads: list[Head] = []
    for number, stride in enumerate(strides, start=1):
        columns, rows = grid_size(size, stride)
        heads.append(
            replace(
                blank,
                number=number,
                columns=columns,
                rows=rows,
                stride=(float(stride), float(stride)),
                first=heads[-1].raw_rows.stop if heads else 0,
            )
        )
    return tuple(heads)


def _in_pixels(
    anchors: Anchors, stride: tuple[float, float]
) -> tuple[tuple[float, float], ...]:
    return tuple((width * stride[0], height * stride[1]) for width, height in anchors)


def _no_cells(count: int, size: Size) -> LayoutUnknown:
    steps = ", ".join(map(str, sorted({stride for each in STRIDES for stride in each})))
    return LayoutUnknown(
        f"There is no grid to show: {count:,} rows are no whole number of boxes in each cell "
        f"of the grids we know over a blob of {size} (strides {steps})."
    )
