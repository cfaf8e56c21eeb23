"""UltraFace: corners in 0..1 [1, N, 4] beside scores of background and face [1, N, 2]."""

import numpy as np

from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows
from core.results.layout import Layout, NetFacts
from core.results.layouts.yolov5_face import CELLS_NOT_SHOWN
from core.results.pairs import boxes_and_scores


def _read(outputs: Outputs, _facts: NetFacts) -> BoxRows | None:
    pair = boxes_and_scores(outputs)
    if pair is None or pair.scores.shape[1] != 2:
        return None
    background = np.allclose(pair.scores.sum(axis=1), 1, atol=0.01)
    return BoxRows(
        boxes=pair.boxes,
        box_format="xyxy",
        scores=pair.scores[:, 1:],
        lines=(*pair.lines, "scores = scores[:, 1:]  # the first is the background"),
        grounds=f"{len(pair.boxes):,} boxes beside the scores of background and face",
        doubts=() if background else ("background and face would not sum to 1",),
    )


LAYOUT = Layout(
    name=LayoutName("ultraface"),
    families="UltraFace (Ultra-Light-Fast-Generic-Face-Detector)",
    shape="[1, N, 4] and [1, N, 2]",
    row="left, top, right, bottom, beside the scores of background and face",
    read=_read,
    no_grid=CELLS_NOT_SHOWN,
)
