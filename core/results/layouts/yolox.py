"""YOLOX's raw grid [1, N, 5+C]: x, y, log w, log h in cells, objectness, C scores.

Formula: Megvii's YOLOX, ``xy = (xy + cell) * stride`` and ``wh = exp(wh) * stride``.
"""

from functools import partial

import numpy as np

from core.outputs import LayoutName, Outputs
from core.results.boxes import cxcywh_to_xyxy
from core.results.detections import Detections
from core.results.grids import Grids, Head, cell_corners, one_row_a_cell, strides_for
from core.results.layout import CORNER_LINE, Layout, Lines, NetFacts
from core.results.layouts.end_to_end import is_end_to_end
from core.results.layouts.yolov5 import has_finished_sides, has_three_anchors
from core.results.rows import RowRule
from core.results.tables import Array, all_rows, best_class, named_table


def _recognises(outputs: Outputs, facts: NetFacts) -> bool:
    named = named_table(outputs)
    if named is None or named[1].shape[1] < 6 or is_end_to_end(named[1]):
        return False
    _, table = named
    return (
        strides_for(len(table), facts.size) is not None
        and not has_three_anchors(len(table), facts.size)
        and not has_finished_sides(table)
    )


def _named_rows(outputs: Outputs) -> tuple[str, Array]:
    named = named_table(outputs)
    if named is None or named[1].shape[1] < 6:
        raise LAYOUT.misfit(outputs)
    return named


def _strides(outputs: Outputs, facts: NetFacts) -> tuple[int, ...]:
    _, rows = _named_rows(outputs)
    strides = strides_for(len(rows), facts.size)
    if strides is None:
        hint = f" A blob of {facts.size} has another number of cells."
        raise LAYOUT.misfit(outputs, hint)
    return strides


def _decode(outputs: Outputs, facts: NetFacts) -> Detections:
    _, rows = _named_rows(outputs)
    cells, strides = cell_corners(facts.size, _strides(outputs, facts))
    class_id, score = best_class(rows[:, 5:])
    wh = np.exp(rows[:, 2:4].astype(np.float64)) * strides
    cxcywh = np.hstack([(rows[:, :2] + cells) * strides, wh])
    return all_rows(cxcywh_to_xyxy(cxcywh), rows[:, 4] * score, class_id)


def _lines(outputs: Outputs, facts: NetFacts) -> Lines:
    name, rows = _named_rows(outputs)
    return (
        f"rows = outputs[{name!r}][0]",
        "cells, strides = [], []",
        f"for stride in {_strides(outputs, facts)}:  # one cell after the other, row by row, "
        "finest grid first",
        "    across, down = -(-into // stride)",
        "    row, column = np.divmod(np.arange(across * down), across)",
        "    cells.append(np.stack([column, row], axis=1))",
        "    strides.append(np.full((across * down, 1), stride))",
        "cells, strides = np.vstack(cells), np.vstack(strides)",
        f"scores = rows[:, 5:{rows.shape[1]}]",
        "class_ids, confidences = scores.argmax(axis=1), rows[:, 4] * scores.max(axis=1)",
        "centres = (rows[:, :2] + cells) * strides",
        "sides = np.exp(rows[:, 2:4].astype(float)) * strides",
        CORNER_LINE,
    )


def _grids(outputs: Outputs, facts: NetFacts) -> Grids:
    _, table = _named_rows(outputs)
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
    shape="[1, N, 5+C]",
    row="x, y, log w, log h in cells, objectness, a score for each class",
    recognises=_recognises,
    decode=_decode,
    lines=_lines,
    grids=_grids,
)
