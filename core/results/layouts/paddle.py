"""PaddleDetection's rows [N, 6]: class, confidence, left, top, right, bottom in pixels.

A second output counts the boxes of each picture. Rows of class -1 only fill up.
"""

import numpy as np

from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows
from core.results.layout import Layout, NetFacts
from core.results.layouts.yolov7_end_to_end import NO_NMS_LAYER


def _read(outputs: Outputs, _facts: NetFacts) -> BoxRows | None:
    found = [(name, array) for name, array in outputs.items() if array.size != 1]
    if len(found) != 1 or found[0][1].ndim != 2 or found[0][1].shape[1] != 6:
        return None
    ((name, rows),) = found
    return BoxRows(
        boxes=rows[:, 2:6],
        box_format="xyxy",
        confidence=np.where(rows[:, 0] < 0, 0, rows[:, 1]),
        class_id=rows[:, 0],
        lines=(
            f"rows = outputs[{name!r}]",
            "boxes, class_ids = rows[:, 2:6], rows[:, 0].astype(int)",
            "confidences = np.where(class_ids < 0, 0, rows[:, 1])  # class -1 only fills up",
        ),
        grounds=f"{len(rows)} rows that begin with a whole class and a confidence",
    )


LAYOUT = Layout(
    name=LayoutName("paddle"),
    families="PaddleDetection: PP-YOLO, PP-YOLOE, PicoDet with NMS",
    shape="[N, 6]",
    row="class, confidence, left, top, right, bottom",
    read=_read,
    no_grid="There is no grid to show: the net did its own NMS, and a row no longer says which "
    "cell it came from.",
    remark="Its boxes are pixels of the blob where scale_factor is 1. " + NO_NMS_LAYER,
)
