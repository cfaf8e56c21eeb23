"""Finished rows [1, N, 5+C] of YOLOv5, v6 and v7: cx, cy, w, h, objectness, C scores.

The confidence is objectness times score. Some exports drop the first axis, some transpose
the table, some count boxes in fractions of the blob.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows
from core.results.grids import (
    Anchors,
    CellTable,
    Grids,
    Head,
    cell_table,
    could_come_from,
    no_cells,
    stacked_heads,
)
from core.results.layout import Layout, NetFacts
from core.results.rows import RowRule
from core.results.tables import OutputArray, tables, upright, without_masks

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


def has_finished_sides(rows: OutputArray) -> bool:
    """Tell widths and heights from logarithms of them, of which small ones are negative."""
    return not (rows[:, 2:4] < 0).any()


def _found(outputs: Outputs, facts: NetFacts, boxes: Sequence[int]) -> CellTable | None:
    """Find the table; one with a column a box is a YOLOv8's, but for three a cell."""
    found = cell_table(upright(outputs, flat=True), facts.size, boxes=boxes, least=6)
    if found and found.strides:
        return found
    turned = (each for each in tables(outputs, flat=True) if each.transposed)
    three = cell_table(turned, facts.size, boxes=(3,), least=6)
    return three if three and three.strides else found


def _read(outputs: Outputs, facts: NetFacts) -> BoxRows | None:
    found = _found(outputs, facts, boxes=(3, 1))
    if found is None:
        return None
    rows = found.table.rows
    classes, left_out = without_masks(rows.shape[1] - 5, outputs)
    scores = rows[:, 5 : 5 + classes]
    return BoxRows(
        boxes=rows[:, :4],
        box_format="cxcywh",
        scores=scores,
        objectness=rows[:, 4],
        lines=(
            f"rows = {found.table.code}",
            f"boxes, objectness, scores = rows[:, :4], rows[:, 4], rows[:, 5:{5 + classes}]",
        ),
        grounds=f"{found.grounds}, with objectness and {classes} class scores",
        left_out=left_out,
        doubts=tuple(_doubts(rows, scores, found.boxes)),
        off_grid=not found.strides,
    )


def _doubts(rows: OutputArray, scores: OutputArray, boxes: int) -> Iterator[str]:
    if boxes == 1 and not has_finished_sides(rows):
        yield "its widths or heights would be negative"
    if rows[:, 4].any() and not scores.any():
        yield "all its class scores would be 0"


def _grids(outputs: Outputs, facts: NetFacts) -> Grids:
    """Lay out finished boxes: by head, anchor, cell row, cell column, as usually exported.

    The anchors are in no output. The standard ones are assumed where every single row could
    come from them; else the boxes are taken as they are.
    """
    rows = LAYOUT.rows(outputs, facts)
    found = _found(outputs, facts, boxes=(3, 1, *range(2, MOST_BOXES + 1)))
    if found is None or not found.strides or rows.scores is None:
        raise no_cells(len(rows), facts.size)
    make = partial(
        Head,
        boxes=found.boxes,
        classes=rows.scores.shape[1],
        box_coding="ready",
        cells_first=False,
    )
    rule = replace(_ROW_RULE, fractions=rows.in_fractions)
    table = found.table.rows
    plain = stacked_heads(make, facts.size, found.strides)
    assumed = _with_standard_anchors(plain, found.strides) if found.boxes == 3 else ()
    scale = (facts.size,) if rule.fractions else ()
    possible = assumed and all(could_come_from(head, table, *scale) for head in assumed)
    return Grids(rule, facts.size, assumed if possible else plain, table)


def _with_standard_anchors(heads: Sequence[Head], strides: tuple[int, ...]) -> tuple[Head, ...]:
    """Assume the usual anchors of these strides, if there are any."""
    return tuple(
        replace(head, box_coding="squares", anchors=tuple(sizes), scale_xy=2.0, assumed=True)
        for head, sizes in zip(heads, STANDARD_ANCHORS.get(strides, ()), strict=False)
    )


_ROW_RULE = RowRule(
    description="The net ends with finished boxes, and with objectness and class scores "
    "between 0 and 1. What leads to the box is worked back from it.",
)

LAYOUT = Layout(
    name=LayoutName("yolov5"),
    families="YOLOv5, v6 and v7",
    shape="[1, N, 5+C]",
    row="cx, cy, w, h, objectness, a score for each class",
    read=_read,
    grids=_grids,
)
