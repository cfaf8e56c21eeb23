"""SSD's rows [1, 1, N, 7]: image, class, confidence, left, top, right, bottom in 0..1.

The net did its own NMS. Coordinates may lie outside 0..1. Rows for no image (-1) only fill up
the array; their confidence is 0 here.
"""

import numpy as np

from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows
from core.results.layout import Layout, NetFacts


def _read(outputs: Outputs, _facts: NetFacts) -> BoxRows | None:
    for name, array in outputs.items():
        if array.ndim == 4 and array.shape[:2] == (1, 1) and array.shape[3] == 7:
            rows = array[0, 0]  # (N, 7)
            return BoxRows(
                boxes=rows[:, 3:7],
                box_format="xyxy",
                confidence=np.where(rows[:, 0] < 0, 0, rows[:, 2]),
                class_id=rows[:, 1],
                fractions=True,
                lines=(
                    f"rows = outputs[{name!r}][0, 0]",
                    "boxes, class_ids = rows[:, 3:7], rows[:, 1].astype(int)",
                    "confidences = np.where(rows[:, 0] < 0, 0, rows[:, 2])  # -1 only fills up",
                ),
                grounds=f"{len(rows)} rows of seven numbers, as a DetectionOutput layer ends",
            )
    return None


LAYOUT = Layout(
    name=LayoutName("ssd"),
    families="SSD, as Caffe's and TensorFlow's nets end in OpenCV",
    shape="[1, 1, N, 7]",
    row="image, class, confidence, left, top, right, bottom in 0..1",
    read=_read,
    no_grid="There is no grid to show: SSD sorts its boxes and suppresses doubles inside the "
    "net. What comes out are the boxes that were left, and none of them still says which "
    "cell and which of its prior boxes it began as.",
)
