"""Columns [1, 4+C, N] of YOLOv8, v9, 11 and 12: cx, cy, w, h, C confidences.

Some exports transpose the table into rows, some count boxes in fractions of the blob.
Segmentation nets have a second, 4-D output; the numbers in which each box mixes its masks
follow the classes and are not read here.
"""

from dataclasses import replace
from functools import partial

import numpy as np

from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows
from core.results.grids import CellTable, Grids, Head, cell_table, one_row_a_cell
from core.results.layout import Layout, NetFacts
from core.results.rows import RawRows, RowRule, class_score_alone
from core.results.tables import left_out, tables, without_masks

USUAL_MASKS = 32


def column_table(outputs: Outputs, facts: NetFacts, *, least: int) -> CellTable | None:
    """Find the table with a box a cell: a column each, or, transposed, a row each."""
    both = sorted(tables(outputs), key=lambda each: not each.transposed)
    return cell_table(both, facts.size, least=least)


def _read(outputs: Outputs, facts: NetFacts) -> BoxRows | None:
    found = column_table(outputs, facts, least=5)
    if found is None:
        return None
    rows = found.table.rows
    classes, without = _classes(rows.shape[1] - 4, outputs, facts)
    return BoxRows(
        boxes=rows[:, :4],
        box_format="cxcywh",
        scores=rows[:, 4 : 4 + classes],
        lines=(
            f"rows = {found.table.code}",
            f"boxes, scores = rows[:, :4], rows[:, 4:{4 + classes}]",
        ),
        grounds=f"{found.grounds}, with {classes} class scores and no objectness",
        left_out=without,
        off_grid=not found.strides,
    )


def _classes(columns: int, outputs: Outputs, facts: NetFacts) -> tuple[int, str]:
    """Count the classes; masks whose prototypes are no output are told by the labels."""
    classes, without = without_masks(columns, outputs)
    if facts.labels and classes == facts.labels + USUAL_MASKS:
        return facts.labels, left_out(USUAL_MASKS, "mix its mask")
    return classes, without


def _grids(outputs: Outputs, facts: NetFacts) -> Grids:
    return row_a_cell_grids(LAYOUT, outputs, facts, least=5)


def row_a_cell_grids(layout: Layout, outputs: Outputs, facts: NetFacts, *, least: int) -> Grids:
    """Lay out the rows of nets that write as YOLOv8 does, whatever follows the classes."""
    rows = layout.rows(outputs, facts)
    found = column_table(outputs, facts, least=least)
    table: RawRows = np.zeros((0, 0)) if found is None else found.table.rows
    classes = 0 if rows.scores is None else rows.scores.shape[1]
    make = partial(Head, boxes=1, classes=classes, box_coding="distances", box_numbers=4)
    rule = replace(_ROW_RULE, fractions=rows.in_fractions)
    return one_row_a_cell(rule, table, facts.size, make)


def _largest_score(part: RawRows, classes: int) -> RawRows:
    return np.asarray(part[:, 4 : 4 + classes].max(axis=1))


_ROW_RULE = RowRule(
    description="The net ends with finished boxes and a score for each class; there is no "
    "objectness. The four distances, in strides, from the cell's middle to the edges are "
    "worked back from the box.",
    names=("cx", "cy", "w", "h"),
    confidence_steps=class_score_alone,
    cell_values=_largest_score,
)

LAYOUT = Layout(
    name=LayoutName("yolov8"),
    families="YOLOv8, v9, 11 and 12",
    shape="[1, 4+C, N]",
    row="cx, cy, w, h, a confidence for each class",
    read=_read,
    grids=_grids,
)
