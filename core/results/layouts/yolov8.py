"""Columns [1, 4+C, N] of YOLOv8, v9, 11 and 12: cx, cy, w, h in pixels, C confidences.

Segmentation nets have a second, 4-D output; the numbers in which each box mixes its masks
follow the classes and are not read here.
"""

from functools import partial

import numpy as np

from core.outputs import LayoutName, Outputs
from core.results.boxes import cxcywh_to_xyxy
from core.results.detections import Detections
from core.results.grids import Grids, Head, one_row_a_cell, strides_for
from core.results.layout import CORNER_LINE, Layout, Lines, NetFacts
from core.results.layouts.end_to_end import is_end_to_end
from core.results.layouts.yolov5 import has_three_anchors
from core.results.rows import RowRule, Table, class_score_alone
from core.results.tables import Array, all_rows, class_count, named_table


def _recognises(outputs: Outputs, facts: NetFacts) -> bool:
    named = named_table(outputs)
    if named is None:
        return False
    rows, columns = named[1].shape
    # a table with a row a cell is a YOLOv5's, even where its columns could be cells
    as_rows = has_three_anchors(rows, facts.size) or strides_for(rows, facts.size) is not None
    taken = (columns > 5 and as_rows) or is_end_to_end(named[1])
    return rows > 4 and strides_for(columns, facts.size) is not None and not taken


def _named_columns(outputs: Outputs) -> tuple[str, Array]:
    named = named_table(outputs)
    if named is None or len(named[1]) < 5:
        raise LAYOUT.misfit(outputs)
    return named


def _classes(columns: Array, outputs: Outputs) -> int:
    return class_count(len(columns) - 4, outputs)


def _decode(outputs: Outputs, _facts: NetFacts) -> Detections:
    _, columns = _named_columns(outputs)
    scores = columns[4 : 4 + _classes(columns, outputs)]
    class_id = scores.argmax(axis=0)  # no transposed copy: that would take longer than this
    return all_rows(cxcywh_to_xyxy(columns[:4].T), scores.max(axis=0), class_id)


def _lines(outputs: Outputs, _facts: NetFacts) -> Lines:
    name, columns = _named_columns(outputs)
    return (
        f"columns = outputs[{name!r}][0]",
        f"scores = columns[4:{4 + _classes(columns, outputs)}]",
        "class_ids, confidences = scores.argmax(axis=0), scores.max(axis=0)",
        "centres, sides = columns[:2].T.astype(float), columns[2:4].T.astype(float)",
        CORNER_LINE,
    )


def _grids(outputs: Outputs, facts: NetFacts) -> Grids:
    _, columns = _named_columns(outputs)
    make = partial(
        Head,
        boxes=1,
        classes=_classes(columns, outputs),
        box_coding="distances",
        box_numbers=4,
    )
    return one_row_a_cell(_ROW_RULE, columns.T, facts.size, make)


def _largest_score(part: Table, classes: int) -> Table:
    return np.asarray(part[:, 4 : 4 + classes].max(axis=1))


_ROW_RULE = RowRule(
    description="The net ends with finished boxes in blob pixels and a score for each class; "
    "there is no objectness. The four distances, in strides, from the cell's middle to the "
    "edges are worked back from the box.",
    names=("cx", "cy", "w", "h"),
    confidence_steps=class_score_alone,
    cell_values=_largest_score,
)

LAYOUT = Layout(
    name=LayoutName("yolov8"),
    shape="[1, 4+C, N]",
    row="a column a box: cx, cy, w, h in pixels, a confidence for each class",
    recognises=_recognises,
    decode=_decode,
    lines=_lines,
    grids=_grids,
)
