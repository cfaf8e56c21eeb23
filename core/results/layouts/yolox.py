"""YOLOX's raw grid [1, N, 5+C]: x, y, log w, log h in cells, objectness, C scores.

Formula: Megvii's YOLOX, ``xy = (xy + cell) * stride`` and ``wh = exp(wh) * stride``.
"""

from functools import partial

import numpy as np

from core.errors import LayoutUnknown
from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows
from core.results.grids import (
    Grids,
    Head,
    cell_corners,
    cell_lines,
    cell_table,
    one_row_a_cell,
)
from core.results.layout import Layout, NetFacts
from core.results.layouts.yolov5 import has_finished_sides
from core.results.rows import RowRule
from core.results.tables import upright


def _read(outputs: Outputs, facts: NetFacts) -> BoxRows | None:
    found = cell_table(upright(outputs), facts.size, least=6)
    if found is None:
        return None
    if not found.strides:
        raise LayoutUnknown(
            f"The layout yolox is [1, N, 5+C] with a row a cell, and a blob of {facts.size} "
            f"has another number of cells than the rows of {outputs.listed}."
        )
    rows = found.table.rows
    size = facts.size
    cells, strides = cell_corners(size, found.strides)
    centres = (rows[:, :2] + cells) * strides
    sides = np.exp(rows[:, 2:4].astype(np.float64)) * strides
    finished = (
        ("no width or height is a logarithm below 0",) if has_finished_sides(rows) else ()
    )
    return BoxRows(
        boxes=np.hstack([centres, sides]),
        box_format="cxcywh",
        scores=rows[:, 5:],
        objectness=rows[:, 4],
        fractions=False,
        lines=(
            f"rows = {found.table.code}",
            *cell_lines(found.strides),
            "objectness, scores = rows[:, 4], rows[:, 5:]",
            "centres = (rows[:, :2] + cells) * strides",
            "boxes = np.hstack([centres, np.exp(rows[:, 2:4].astype(float)) * strides])",
        ),
        grounds=f"{found.grounds}, with sides as logarithms, objectness and "
        f"{rows.shape[1] - 5} class scores",
        doubts=finished,
    )


def _fits(outputs: Outputs, facts: NetFacts) -> bool:
    found = cell_table(upright(outputs), facts.size, least=6)
    return found is not None and bool(found.strides)


def _grids(outputs: Outputs, facts: NetFacts) -> Grids:
    LAYOUT.rows(outputs, facts)
    table = next(upright(outputs)).rows
    make = partial(Head, boxes=1, classes=table.shape[1] - 5, box_coding="offsets")
    return one_row_a_cell(_ROW_RULE, table, facts.size, make)


_ROW_RULE = RowRule(
    description="These are the net's own numbers, counted in cells; objectness and class "
    "scores have been through their sigmoid already.",
    names=("x", "y", "w", "h", "objectness"),
    own=True,
)

LAYOUT = Layout(
    name=LayoutName("yolox"),
    families="YOLOX",
    shape="[1, N, 5+C]",
    row="x, y, log w, log h in cells, objectness, a score for each class",
    read=_read,
    grids=_grids,
    fits=_fits,
)
