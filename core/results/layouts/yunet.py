"""YuNet: from each grid cls and obj [1, n, 1], bbox [1, n, 4] and kps [1, n, 10].

Formula: as OpenCV's own FaceDetectorYN: ``xy = (cell + xy) * stride``, ``wh = exp(wh) *
stride``, and the confidence is the square root of cls times obj, both cut to 0..1.
"""

import numpy as np

from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows
from core.results.grids import cell_corners, cell_lines, grid_size
from core.results.layout import Layout, NetFacts
from core.results.layouts.yolov5_face import CELLS_NOT_SHOWN
from core.results.tables import OutputArray, left_out

_STRIDES = (8, 16, 32)


def _read(outputs: Outputs, facts: NetFacts) -> BoxRows | None:
    names = _names(outputs, facts)
    if names is None:
        return None
    first, second, box_names = names
    one, other, box = (_stacked(outputs, each) for each in names)
    cells, strides = cell_corners(facts.size, _STRIDES)
    centres = (cells + box[:, :2]) * strides
    sides = np.exp(box[:, 2:].astype(np.float64)) * strides
    impossible = any((each < -0.02).any() or (each > 1.02).any() for each in (one, other))
    return BoxRows(
        boxes=np.hstack([centres, sides]),
        box_format="cxcywh",
        scores=np.sqrt(one.clip(0, 1) * other.clip(0, 1)),
        fractions=False,
        lines=(
            *cell_lines(_STRIDES),
            f"one = np.vstack([outputs[name].reshape(-1, 1) for name in {first}]).clip(0, 1)",
            f"other = np.vstack([outputs[name].reshape(-1, 1) for name in {second}])",
            "scores = np.sqrt(one * other.clip(0, 1))",
            f"box = np.vstack([outputs[name].reshape(-1, 4) for name in {box_names}])",
            "centres = (cells + box[:, :2]) * strides",
            "boxes = np.hstack([centres, np.exp(box[:, 2:].astype(float)) * strides])",
        ),
        grounds="two scores, a box and five landmarks for each cell of grids with strides 8, "
        "16, 32",
        left_out=left_out(10, "are landmarks"),
        doubts=("its two scores would lie outside 0..1",) if impossible else (),
    )


def _names(outputs: Outputs, facts: NetFacts) -> tuple[list[str], list[str], list[str]] | None:
    """Find by their shapes the two scores' and the boxes' outputs of each grid."""
    if len(outputs) != 4 * len(_STRIDES):
        return None
    first, second, boxes = [], [], []
    for stride in _STRIDES:
        columns, rows = grid_size(facts.size, stride)
        widths: dict[int, list[str]] = {}
        for name, array in outputs.items():
            if array.ndim in (2, 3) and array.size == array.shape[-1] * columns * rows:
                widths.setdefault(array.shape[-1], []).append(name)
        if {width: len(names) for width, names in widths.items()} != {1: 2, 4: 1, 10: 1}:
            return None
        first.append(widths[1][0])
        second.append(widths[1][1])
        boxes.append(widths[4][0])
    return first, second, boxes


def _stacked(outputs: Outputs, names: list[str]) -> OutputArray:
    return np.vstack([outputs[name].reshape(-1, outputs[name].shape[-1]) for name in names])


LAYOUT = Layout(
    name=LayoutName("yunet"),
    families="YuNet (face_detection_yunet_2023mar)",
    shape="[1, n, 1] twice, [1, n, 4] and [1, n, 10] from each grid",
    row="two scores, x, y, log w, log h in cells, five landmarks",
    read=_read,
    no_grid=CELLS_NOT_SHOWN,
)
