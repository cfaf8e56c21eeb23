"""Columns [1, 4+C+1, N] of YOLOv8 and 11 oriented boxes: cx, cy, w, h, C scores, angle.

The angle is in radians, clockwise on the screen.
"""

import numpy as np

from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows
from core.results.layout import Layout, NetFacts
from core.results.layouts.yolov8 import column_table
from core.results.tables import OutputArray

TURNED = (
    "Its boxes are turned and drawn so; NMS, tables and files take the upright box around each."
)


def _read(outputs: Outputs, facts: NetFacts) -> BoxRows | None:
    found = column_table(outputs, facts, least=6)
    if found is None:
        return None
    rows = found.table.rows
    classes = rows.shape[1] - 5
    return BoxRows(
        boxes=rows[:, :4],
        box_format="cxcywh",
        scores=rows[:, 4:-1],
        angle=rows[:, -1],
        lines=(
            f"rows = {found.table.code}",
            "boxes, scores = rows[:, :4], rows[:, 4:-1]",
            "angles = rows[:, -1].astype(float)  # radians",
        ),
        grounds=f"{found.grounds}, with {classes} class scores and an angle",
        doubts=_angle_doubts(rows[:, -1]),
        off_grid=not found.strides,
    )


def _angle_doubts(angle: OutputArray) -> tuple[str, ...]:
    """Tell angles from scores: some lie outside 0..1, and none beyond a full turn."""
    with np.errstate(all="ignore"):
        if (np.abs(angle) > 2 * np.pi).any():
            return ("its angles would be more than a full turn",)
        if ((angle >= 0) & (angle <= 1)).all():
            return ("all its angles would lie in 0..1, as scores do",)
    return ()


LAYOUT = Layout(
    name=LayoutName("yolov8-obb"),
    families="YOLOv8-obb, YOLO11-obb",
    shape="[1, 4+C+1, N]",
    row="cx, cy, w, h, a confidence for each class, angle in radians",
    read=_read,
    no_grid="There is no grid to show: the cells of turned boxes are not worked back.",
    remark=TURNED,
)
