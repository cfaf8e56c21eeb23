"""TensorFlow's SSD with four outputs: boxes [1, N, 4], classes and scores [1, N], a count.

A box is top, left, bottom, right in 0..1. The net did its own NMS. TensorFlow counts classes
from 1 (label_offset = 1 in the card), TFLite from 0.
"""

import numpy as np

from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows
from core.results.layout import Layout, NetFacts


def _read(outputs: Outputs, _facts: NetFacts) -> BoxRows | None:
    names = _names(outputs)
    if names is None:
        return None
    boxes, classes, scores, count = names
    number = int(np.nan_to_num(outputs[count].ravel()[0]))
    confidence = outputs[scores].ravel().copy()
    confidence[max(number, 0) :] = 0
    return BoxRows(
        boxes=outputs[boxes].reshape(-1, 4)[:, [1, 0, 3, 2]],
        box_format="xyxy",
        confidence=confidence,
        class_id=outputs[classes].ravel(),
        fractions=True,
        lines=(
            f"boxes = outputs[{boxes!r}].reshape(-1, 4)[:, [1, 0, 3, 2]]  # top came first",
            f"class_ids = outputs[{classes!r}].ravel().astype(int)",
            f"confidences = outputs[{scores!r}].ravel().copy()",
            f"confidences[int(outputs[{count!r}].ravel()[0]) :] = 0",
        ),
        grounds=f"{number} boxes with a class and a score each, in four outputs",
    )


def _names(outputs: Outputs) -> tuple[str, str, str, str] | None:
    """Find boxes, classes, scores and count; classes are whole numbers, or named so."""
    if len(outputs) != 4:
        return None
    boxes = [
        name for name, each in outputs.items() if each.shape[-1:] == (4,) and each.ndim > 1
    ]
    counts = [name for name, each in outputs.items() if each.size == 1]
    lists = [name for name in outputs if name not in boxes and name not in counts]
    sizes = {outputs[name].size for name in lists}
    if (len(boxes), len(counts), len(lists)) != (1, 1, 2) or len(sizes) != 1:
        return None
    if outputs[boxes[0]].size != 4 * sizes.pop():
        return None
    classes = [name for name in lists if "class" in name.lower()]
    if len(classes) != 1:
        classes = [name for name in lists if _could_be_classes(outputs, name)]
    if len(classes) != 1:
        return None
    (scores,) = (name for name in lists if name != classes[0])
    return boxes[0], classes[0], scores, counts[0]


def _could_be_classes(outputs: Outputs, name: str) -> bool:
    """Tell whole numbers of which some are above 1 from scores."""
    values = outputs[name]
    return bool((values == np.rint(values)).all() and (values > 1).any())


LAYOUT = Layout(
    name=LayoutName("tf-ssd"),
    families="SSD and EfficientDet of TensorFlow's detection API",
    shape="[1, N, 4], [1, N], [1, N] and [1]",
    row="top, left, bottom, right in 0..1, class, confidence",
    read=_read,
    no_grid="There is no grid to show: SSD sorts its boxes and suppresses doubles inside the "
    "net, and a row no longer says which of its prior boxes it began as.",
    remark="OpenCV reads such nets best from their frozen graph and .pbtxt, or as TFLite: they "
    "end in one output [1, 1, N, 7] then.",
)
