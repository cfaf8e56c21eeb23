"""Columns [1, 4+C+3K, N] of YOLOv8 and 11 pose nets: cx, cy, w, h, C scores, K key points.

Face detectors of the YOLOv8 family write so too, with five points. A point has two numbers
or three.
"""

import numpy as np

from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows
from core.results.grids import Grids
from core.results.key_points import key_points, points_elsewhere
from core.results.layout import Layout, NetFacts
from core.results.layouts.yolov8 import column_table, row_a_cell_grids
from core.results.tables import mask_count

_LEAST = 4 + 1 + 4


def _read(outputs: Outputs, facts: NetFacts) -> BoxRows | None:
    found = column_table(outputs, facts, least=_LEAST)
    if found is None or mask_count(outputs):
        return None
    rows = found.table.rows
    for classes in dict.fromkeys((facts.labels or 1, 1)):
        points = key_points(rows[:, 4 + classes :])
        if points:
            break
    else:
        return None
    scores = rows[:, 4 : 4 + classes]
    with np.errstate(all="ignore"):
        odd = points_elsewhere(
            rows[:, 4 + classes :], points.numbers, rows[:, :4], scores.max(axis=1)
        )
    return BoxRows(
        boxes=rows[:, :4],
        box_format="cxcywh",
        scores=scores,
        lines=(
            f"rows = {found.table.code}",
            f"boxes, scores = rows[:, :4], rows[:, 4:{4 + classes}]",
        ),
        grounds=f"{found.grounds}, with {classes} class scores and {points.text}",
        left_out=points.left_out,
        odd=odd,
        off_grid=not found.strides,
    )


def _grids(outputs: Outputs, facts: NetFacts) -> Grids:
    return row_a_cell_grids(LAYOUT, outputs, facts, least=_LEAST)


LAYOUT = Layout(
    name=LayoutName("yolov8-pose"),
    families="YOLOv8-pose, YOLO11-pose, YOLOv8-face",
    shape="[1, 4+C+3K, N]",
    row="cx, cy, w, h, a confidence for each class, K key points",
    read=_read,
    grids=_grids,
)
