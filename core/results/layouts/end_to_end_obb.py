"""End-to-end rows [1, N, 7] of YOLO26-obb: cx, cy, w, h, confidence, class, angle."""

import numpy as np

from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows
from core.results.layout import Layout, NetFacts
from core.results.layouts.end_to_end import NO_GRID, listed_table
from core.results.layouts.yolov8_obb import TURNED


def _read(outputs: Outputs, _facts: NetFacts) -> BoxRows | None:
    table = listed_table(outputs, least=7)
    if table is None or table.width != 7:
        return None
    rows = table.rows
    wide = np.abs(rows[:, 6]).max(initial=0) > 2 * np.pi
    return BoxRows(
        boxes=rows[:, :4],
        box_format="cxcywh",
        confidence=rows[:, 4],
        class_id=rows[:, 5],
        angle=rows[:, 6],
        lines=(
            f"rows = {table.code}",
            "boxes, confidences, class_ids = rows[:, :4], rows[:, 4], rows[:, 5].astype(int)",
            "angles = rows[:, 6].astype(float)  # radians",
        ),
        grounds=f"{table.count} rows of a box, a confidence, a whole class and an angle",
        doubts=("its angles would be more than a full turn",) if wide else (),
    )


LAYOUT = Layout(
    name=LayoutName("end-to-end-obb"),
    families="YOLO26-obb",
    shape="[1, N, 7]",
    row="cx, cy, w, h, confidence, class, angle in radians",
    read=_read,
    no_grid=NO_GRID,
    remark=TURNED,
)
