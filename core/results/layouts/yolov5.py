"""Finished rows [1, N, 5+C] of YOLOv5, v6 and v7: cx, cy, w, h in pixels, objectness, scores.

The confidence is objectness times score.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from core.outputs import LayoutName, Outputs
from core.picture.size import Size
from core.results.boxes import cxcywh_to_xyxy
from core.results.detections import Detections
from core.results.grids import (
    Anchors,
    Grids,
    Head,
    could_come_from,
    no_cells,
    stacked_heads,
    strides_for,
)
from core.results.layout import CORNER_LINE, DecodedRows, Layout, Lines, NetFacts
from core.results.layouts.end_to_end import is_end_to_end
from core.results.rows import RowRule
from core.results.tables import Array, all_rows, best_class, class_count, named_table

MOST_BOXES = 12
"""More boxes in a cell than any published net has."""

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
"""Ultralytics' anchors for COCO, in pixels, by strides: v5 P5, v5 P6, v3-tiny."""


def _recognises(outputs: Outputs, facts: NetFacts) -> bool:
    named = named_table(outputs)
    if named is None or named[1].shape[1] < 6 or is_end_to_end(named[1]):
        return False
    _, table = named
    return has_three_anchors(len(table), facts.size) or (
        strides_for(len(table), facts.size) is not None and has_finished_sides(table)
    )


def has_three_anchors(rows: int, size: Size) -> bool:
    """Tell whether there are three rows for each cell of a detector's grids."""
    return rows % 3 == 0 and strides_for(rows // 3, size) is not None


def has_finished_sides(table: Array) -> bool:
    """Tell widths and heights from logarithms of them, of which small ones are negative."""
    return not (table[:, 2:4] < 0).any()


def _named_rows(outputs: Outputs) -> tuple[str, Array]:
    named = named_table(outputs)
    if named is None or named[1].shape[1] < 6:
        raise LAYOUT.misfit(outputs)
    return named


def _decode(outputs: Outputs, _facts: NetFacts) -> Detections:
    _, rows = _named_rows(outputs)
    class_id, score = best_class(rows[:, 5 : 5 + _classes(rows, outputs)])
    return all_rows(cxcywh_to_xyxy(rows[:, :4]), rows[:, 4] * score, class_id)


def _classes(rows: Array, outputs: Outputs) -> int:
    return class_count(rows.shape[1] - 5, outputs)


def _decode_above(outputs: Outputs, _facts: NetFacts, above: float) -> DecodedRows | None:
    """Leave out rows of low objectness first: no score is above 1, so none is above it."""
    _, table = _named_rows(outputs)
    at = np.flatnonzero(table[:, 4] > above)
    rows = table[at]
    class_id, score = best_class(rows[:, 5 : 5 + _classes(rows, outputs)])
    candidates = Detections(cxcywh_to_xyxy(rows[:, :4]), rows[:, 4] * score, class_id, at)
    confident = candidates.above(above)
    if len(confident) == 0:
        return None
    return DecodedRows(len(table), float(confident.confidence[0]), confident)


def _lines(outputs: Outputs, _facts: NetFacts) -> Lines:
    name, rows = _named_rows(outputs)
    return (
        f"rows = outputs[{name!r}][0]",
        f"scores = rows[:, 5:{5 + _classes(rows, outputs)}]",
        "class_ids, confidences = scores.argmax(axis=1), rows[:, 4] * scores.max(axis=1)",
        "centres, sides = rows[:, :2].astype(float), rows[:, 2:4].astype(float)",
        CORNER_LINE,
    )


def _grids(outputs: Outputs, facts: NetFacts) -> Grids:
    """Lay out finished boxes: by head, anchor, cell row, cell column, as usually exported.

    The anchors are in no output. The standard ones are assumed where every single row could
    come from them; else the boxes are taken as they are.
    """
    _, table = _named_rows(outputs)
    boxes, strides = _boxes_a_cell(len(table), facts.size)
    make = partial(
        Head,
        boxes=boxes,
        classes=_classes(table, outputs),
        box_coding="ready",
        cells_first=False,
    )
    plain = stacked_heads(make, facts.size, strides)
    assumed = _with_standard_anchors(plain, strides) if boxes == 3 else ()
    possible = assumed and all(could_come_from(head, table) for head in assumed)
    return Grids(_ROW_RULE, facts.size, assumed if possible else plain, table)


def _boxes_a_cell(count: int, size: Size) -> tuple[int, tuple[int, ...]]:
    """Find B and the strides of so many rows; 3 and 1 are the usual numbers of boxes."""
    for boxes in (3, 1, *range(2, MOST_BOXES + 1)):
        strides = strides_for(count // boxes, size)
        if strides and count % boxes == 0:
            return boxes, strides
    raise no_cells(count, size)


def _with_standard_anchors(heads: Sequence[Head], strides: tuple[int, ...]) -> tuple[Head, ...]:
    """Assume the usual anchors of these strides, if there are any."""
    return tuple(
        replace(head, box_coding="squares", anchors=tuple(sizes), scale_xy=2.0, assumed=True)
        for head, sizes in zip(heads, STANDARD_ANCHORS.get(strides, ()), strict=False)
    )


_ROW_RULE = RowRule(
    description="The net ends with finished boxes in blob pixels, and with objectness and "
    "class scores between 0 and 1. What leads to the box is worked back from it.",
)

LAYOUT = Layout(
    name=LayoutName("yolov5"),
    shape="[1, N, 5+C]",
    row="cx, cy, w, h in pixels, objectness, a score for each class",
    recognises=_recognises,
    decode=_decode,
    lines=_lines,
    grids=_grids,
    decode_above=_decode_above,
)
