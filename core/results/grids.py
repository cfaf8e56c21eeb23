"""The grids that a detector lays over the blob: heads, strides, cells, anchors.

Each raw row of a grid detector belongs to one cell of one head, and to one of its anchors;
the row's number alone says to which. SSD's and end-to-end rows have lost that number.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import LayoutUnknown
from core.picture.size import Size
from core.results.rows import RawRows, RowRule
from core.results.steps import BoxCoding
from core.results.tables import Table

Anchors = Sequence[tuple[float, float]]

STRIDES = ((8, 16, 32), (8, 16, 32, 64), (16, 32), (4, 8, 16, 32))
"""The strides of the grids that a detector may lay over the blob; the usual ones first."""

BLOB_PIXELS = Size(1, 1)
"""The scale of boxes that are in pixels of the blob already."""

ROUNDING = 1e-3


@dataclass(frozen=True, slots=True)
class HeadRule:
    """What a model's files say about one head, where its outputs do not.

    Attributes:
        anchors: widths and heights, in pixels of the blob.
        classes: how many.
        in_cells: the anchors are counted in cells instead, as in YOLOv2.
        scale_xy: how far a centre may move, in cells: Darknet's ``scale_x_y``.
        squared: sides are ``anchor * (2 * sigmoid)^2``, not ``anchor * exp``.
    """

    anchors: tuple[tuple[float, float], ...]
    classes: int
    in_cells: bool = False
    scale_xy: float = 1.0
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
        box_coding: how a row's numbers become a box.
        anchors: widths and heights in blob pixels; none where the head has or tells none.
        scale_xy: how far a centre may move, in cells: 2 reaches half a cell beyond its own.
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
    box_coding: BoxCoding
    anchors: tuple[tuple[float, float], ...] = ()
    scale_xy: float = 1.0
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

    def cell_of(self, row: Any) -> tuple[Any, Any, Any]:
        """Tell a raw row's column, row and anchor, all counted from 0; arrays too.

        >>> Head(1, 20, 20, (16, 16), 3, 10, first=300, box_coding="exp").cell_of(758)
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
        rule: how the rows are read.
        size: the blob's.
        heads: in the order of the rows.
        table: (N, numbers a row), a view of the outputs wherever that is possible.
    """

    rule: RowRule
    size: Size
    heads: tuple[Head, ...]
    table: RawRows = field(repr=False)

    def head_of(self, row: int) -> Head:
        """Return the head that answered a raw row.

        Raises:
            IndexError: there is no such row.
        """
        for head in self.heads:
            if head.first <= row < head.raw_rows.stop:
                return head
        raise IndexError(f"there are {len(self.table)} raw rows, and no row {row} among them")


def objectness(grids: Grids, head: Head) -> npt.NDArray[np.float64]:
    """Return the largest objectness of each cell, (rows, columns), 0..1.

    Of a head without objectness, the largest class score. What is no number counts as 0.
    """
    part = np.nan_to_num(grids.table[head.raw_rows], posinf=1.0, neginf=0.0)
    values = grids.rule.cell_values(part, head.classes)
    if head.cells_first:
        return np.asarray(values.reshape(head.rows, head.columns, head.boxes).max(axis=2))
    return np.asarray(values.reshape(head.boxes, head.rows, head.columns).max(axis=0))


def grid_size(size: Size, stride: int) -> tuple[int, int]:
    """Return how many columns and rows of cells a stride lays over the blob."""
    return -(-size.width // stride), -(-size.height // stride)


def cell_count(size: Size, strides: Sequence[int]) -> int:
    """Count the cells of all grids.

    >>> cell_count(Size(640, 640), (8, 16, 32))
    8400
    """
    return sum(columns * rows for columns, rows in (grid_size(size, each) for each in strides))


def strides_for(count: int, size: Size) -> tuple[int, ...] | None:
    """Name the strides, finest first, whose grids have so many cells together.

    >>> strides_for(8400, Size(640, 640)), strides_for(8401, Size(640, 640))
    ((8, 16, 32), None)
    """
    return next((each for each in STRIDES if cell_count(size, each) == count), None)


@dataclass(frozen=True, eq=False, slots=True)
class CellTable:
    """A table whose rows lie in the cells of a detector's grids.

    Attributes:
        table: the rows.
        boxes: how many a cell has.
        strides: of the grids, in the rows' order; none where the rows fill no grids we know.
    """

    table: Table
    boxes: int
    strides: tuple[int, ...]

    @property
    def grounds(self) -> str:
        """What speaks for it, for sentences."""
        if not self.strides:
            return f"{self.table.count:,} rows"
        steps = ", ".join(map(str, self.strides))
        rows = {1: "a row", 3: "three rows"}.get(self.boxes, f"{self.boxes} rows")
        cells = self.table.count // self.boxes
        return f"{rows} for each of {cells:,} cells of grids with strides {steps}"


def cell_table(
    found: Iterable[Table],
    size: Size,
    *,
    least: int,
    boxes: Sequence[int] = (1,),
) -> CellTable | None:
    """Choose the first table whose rows fill the cells of grids over the blob.

    Args:
        found: the tables; where none fills any, the first that is wide enough is taken.
        size: the blob's.
        least: so many numbers a row has at least.
        boxes: how many rows a cell may have, the usual number first.
    """
    wide = [each for each in found if each.width >= least]
    for each in wide:
        for count in boxes:
            strides = strides_for(each.count // count, size)
            if strides and each.count % count == 0:
                return CellTable(each, count, strides)
    return CellTable(wide[0], boxes[0], ()) if wide else None


def cell_corners(
    size: Size, strides: Sequence[int]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return column and row (N, 2), and stride (N, 1), of every cell, in the strides' order."""
    corners, steps = [], []
    for stride in strides:
        columns, rows = grid_size(size, stride)
        row, column = np.divmod(np.arange(columns * rows), columns)
        corners.append(np.stack([column, row], axis=1))
        steps.append(np.full((columns * rows, 1), stride))
    return np.vstack(corners).astype(np.float64), np.vstack(steps).astype(np.float64)


def cell_lines(strides: tuple[int, ...]) -> tuple[str, ...]:
    """Write the lines of a script that leave ``cells`` (N, 2) and ``strides`` (N, 1)."""
    return (
        "cells, strides = [], []",
        f"for stride in {strides}:  # one cell after the other, row by row",
        "    across, down = -(-into // stride)",
        "    row, column = np.divmod(np.arange(across * down), across)",
        "    cells.append(np.stack([column, row], axis=1))",
        "    strides.append(np.full((across * down, 1), stride))",
        "cells, strides = np.vstack(cells), np.vstack(strides)",
    )


def stacked_heads(
    make: Callable[..., Head], size: Size, strides: Sequence[int]
) -> tuple[Head, ...]:
    """Give each stride a head, one behind the other.

    Args:
        make: ``Head`` with all but its place: number, columns, rows, stride and first.
        size: the blob's.
        strides: in the order of the rows.
    """
    heads: list[Head] = []
    for number, stride in enumerate(strides, start=1):
        columns, rows = grid_size(size, stride)
        heads.append(
            make(
                number=number,
                columns=columns,
                rows=rows,
                stride=(float(stride), float(stride)),
                first=heads[-1].raw_rows.stop if heads else 0,
            )
        )
    return tuple(heads)


def one_row_a_cell(
    rule: RowRule, table: RawRows, size: Size, make: Callable[..., Head]
) -> Grids:
    """Lay out one row (N, numbers) a cell, finest grid first.

    Raises:
        LayoutUnknown: there are not so many cells.
    """
    strides = strides_for(len(table), size)
    if strides is None:
        raise no_cells(len(table), size)
    return Grids(rule, size, stacked_heads(make, size, strides), table)


def could_come_from(head: Head, table: RawRows, scale: Size = BLOB_PIXELS) -> bool:
    """Ask whether each row lies where this head's sigmoids can reach with these anchors.

    Args:
        head: one with anchors.
        table: all raw rows (N, numbers), which begin with cx, cy, w, h.
        scale: what turns these into blob pixels.
    """
    column, row, anchor = head.cell_of(np.arange(len(table))[head.raw_rows])
    boxes = table[head.raw_rows, :4].astype(np.float64) * (scale.cv2 * 2)
    moved = boxes[:, :2] / head.stride - np.stack([column, row], axis=1)
    grown = boxes[:, 2:] / np.array(head.anchors)[anchor]
    beyond = (head.scale_xy - 1) / 2 + ROUNDING
    near = (moved >= -beyond) & (moved <= 1 + beyond) & (grown >= 0)
    most = 4 + ROUNDING if head.box_coding == "squares" else np.inf
    return bool((near & (grown <= most)).all())


def anchors_in_pixels(
    anchors: Anchors, stride: tuple[float, float]
) -> tuple[tuple[float, float], ...]:
    """Turn anchors that are counted in cells into blob pixels."""
    return tuple((width * stride[0], height * stride[1]) for width, height in anchors)


def no_cells(count: int, size: Size) -> LayoutUnknown:
    """Say that so many rows fill none of the grids we know."""
    steps = ", ".join(map(str, sorted({stride for each in STRIDES for stride in each})))
    return LayoutUnknown(
        f"There is no grid to show: {count:,} rows are no whole number of boxes in each cell "
        f"of the grids we know over a blob of {size} (strides {steps})."
    )
