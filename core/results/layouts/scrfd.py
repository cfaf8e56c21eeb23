"""SCRFD: from each grid scores [2n, 1], distances [2n, 4], and perhaps landmarks [2n, 10].

Formula: InsightFace's scrfd.py: each of the two boxes in a cell leads from the cell's corner
so many strides to its four edges.
"""

import numpy as np

from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows
from core.results.grids import cell_corners, cell_lines, grid_size
from core.results.layout import Layout, NetFacts
from core.results.layouts.yolov5_face import CELLS_NOT_SHOWN
from core.results.tables import left_out

_STRIDES = (8, 16, 32)
_ANCHORS = 2


def _read(outputs: Outputs, facts: NetFacts) -> BoxRows | None:
    names = _names(outputs, facts)
    if names is None:
        return None
    score_names, box_names = names
    scores = np.vstack([outputs[name].reshape(-1, 1) for name in score_names])
    far = np.vstack([outputs[name].reshape(-1, 4) for name in box_names])
    corners, steps = (
        each.repeat(_ANCHORS, axis=0) for each in cell_corners(facts.size, _STRIDES)
    )
    landmarks = len(outputs) == 3 * len(_STRIDES)
    return BoxRows(
        boxes=np.hstack([corners - far[:, :2], corners + far[:, 2:]]) * steps,
        box_format="xyxy",
        scores=scores,
        fractions=False,
        lines=(
            *cell_lines(_STRIDES),
            f"cells, strides = (each.repeat({_ANCHORS}, axis=0) for each in (cells, strides))",
            f"scores = np.vstack([outputs[name].reshape(-1, 1) for name in {score_names}])",
            f"far = np.vstack([outputs[name].reshape(-1, 4) for name in {box_names}])",
            "boxes = np.hstack([cells - far[:, :2], cells + far[:, 2:]]) * strides",
        ),
        grounds="a score and four distances for two boxes in each cell of grids with strides "
        "8, 16, 32",
        left_out=left_out(10, "are landmarks") if landmarks else "",
    )


def _names(outputs: Outputs, facts: NetFacts) -> tuple[list[str], list[str]] | None:
    """Find by their shapes the scores' and the boxes' outputs of each grid."""
    if len(outputs) not in (2 * len(_STRIDES), 3 * len(_STRIDES)):
        return None
    expected = (1, 4, 10)[: len(outputs) // len(_STRIDES)]
    scores, boxes = [], []
    for stride in _STRIDES:
        columns, rows = grid_size(facts.size, stride)
        widths = {
            array.shape[-1]: name
            for name, array in outputs.items()
            if array.ndim in (2, 3)
            and array.size == array.shape[-1] * columns * rows * _ANCHORS
        }
        if tuple(sorted(widths)) != expected:
            return None
        scores.append(widths[1])
        boxes.append(widths[4])
    return scores, boxes


LAYOUT = Layout(
    name=LayoutName("scrfd"),
    families="SCRFD (InsightFace)",
    shape="[2n, 1], [2n, 4] and [2n, 10] from each grid",
    row="a score, four distances in strides, five landmarks",
    read=_read,
    no_grid=CELLS_NOT_SHOWN,
)
