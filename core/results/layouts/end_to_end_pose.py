"""End-to-end rows [1, N, 6+3K] of YOLO26-pose: corners, confidence, class, key points."""

import numpy as np

from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows
from core.results.key_points import key_points, points_elsewhere
from core.results.layout import Layout, NetFacts
from core.results.layouts.end_to_end import NO_GRID, listed_table
from core.results.tables import mask_count


def _read(outputs: Outputs, _facts: NetFacts) -> BoxRows | None:
    table = listed_table(outputs, least=6 + 4)
    if table is None or mask_count(outputs):
        return None
    rows = table.rows
    points = key_points(rows[:, 6:])
    if points is None:
        return None
    cxcywh = np.hstack([(rows[:, :2] + rows[:, 2:4]) / 2, rows[:, 2:4] - rows[:, :2]])
    odd = points_elsewhere(rows[:, 6:], points.numbers, cxcywh, rows[:, 4])
    return BoxRows(
        boxes=rows[:, :4],
        box_format="xyxy",
        confidence=rows[:, 4],
        class_id=rows[:, 5],
        lines=(
            f"rows = {table.code}",
            "boxes, confidences, class_ids = rows[:, :4], rows[:, 4], rows[:, 5].astype(int)",
        ),
        grounds=f"{table.count} rows of a box, a confidence, a whole class and {points.text}",
        left_out=points.left_out,
        odd=odd,
    )


LAYOUT = Layout(
    name=LayoutName("end-to-end-pose"),
    families="YOLO26-pose",
    shape="[1, N, 6+3K]",
    row="left, top, right, bottom, confidence, class, K key points",
    read=_read,
    no_grid=NO_GRID,
)
