"""YOLO-NAS: corners in pixels [1, N, 4] beside scores [1, N, C].

DAMO-YOLO, and PP-YOLOE without its NMS, write so too; Paddle's scores are [1, C, N].
"""

import numpy as np

from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows
from core.results.layout import Layout, NetFacts
from core.results.layouts.yolov5_face import CELLS_NOT_SHOWN
from core.results.pairs import BoxesAndScores, boxes_and_scores


def _read(outputs: Outputs, _facts: NetFacts) -> BoxRows | None:
    pair = boxes_and_scores(outputs)
    if pair is None:
        return None
    return BoxRows(
        boxes=pair.boxes,
        box_format="xyxy",
        scores=pair.scores,
        lines=pair.lines,
        grounds=f"{len(pair.boxes):,} boxes beside {pair.scores.shape[1]} class scores",
        doubts=_background_doubts(pair),
    )


def _background_doubts(pair: BoxesAndScores) -> tuple[str, ...]:
    """Tell two classes from background and face, whose scores sum to 1 in every row."""
    if pair.scores.shape[1] == 2 and np.allclose(pair.scores.sum(axis=1), 1, atol=0.01):
        return ("its two scores sum to 1 in every row, as background and face do",)
    return ()


LAYOUT = Layout(
    name=LayoutName("yolo-nas"),
    families="YOLO-NAS, DAMO-YOLO, PP-YOLOE without NMS",
    shape="[1, N, 4] and [1, N, C]",
    row="left, top, right, bottom, beside a score for each class",
    read=_read,
    no_grid=CELLS_NOT_SHOWN,
)
