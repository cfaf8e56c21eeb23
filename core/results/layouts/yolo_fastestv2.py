"""YOLO-FastestV2 [1, rows, columns, 15+C] from two grids: 3 boxes, 3 objectnesses, C scores.

Formula: dog-qiuqiu's Yolo-FastestV2, as YOLOv5's: ``xy = (2 * xy - 0.5 + cell) * stride``,
``wh = (2 * wh) ** 2 * anchor``. The three boxes of a cell share their class scores.
"""

import numpy as np

from core.outputs import LayoutName, Outputs
from core.results.box_rows import BoxRows
from core.results.grids import grid_size
from core.results.layout import Layout, NetFacts
from core.results.layouts.yolov5_face import CELLS_NOT_SHOWN
from core.results.tables import OutputArray

_STRIDES = (16, 32)
_BOXES = 3
_STANDARD_ANCHORS = (
    (12.64, 19.39),
    (37.88, 51.48),
    (55.71, 138.31),
    (126.91, 78.23),
    (131.57, 214.55),
    (279.92, 258.87),
)
"""The project's own for COCO, in pixels of a blob of 352 x 352, three for each stride."""


def _read(outputs: Outputs, facts: NetFacts) -> BoxRows | None:
    names = _named_grids(outputs, facts)
    if names is None:
        return None
    anchors = np.array(facts.anchors or _STANDARD_ANCHORS, np.float64).reshape(2, _BOXES, 2)
    parts = [
        _grid(outputs[name][0], stride, sizes)
        for name, stride, sizes in zip(names, _STRIDES, anchors, strict=True)
    ]
    boxes, objectness, scores = (np.concatenate(each) for each in zip(*parts, strict=True))
    assumed = "" if facts.anchors else ", with the project's own anchors for COCO assumed"
    return BoxRows(
        boxes=boxes,
        box_format="cxcywh",
        scores=scores,
        objectness=objectness,
        fractions=False,
        lines=_lines(names, anchors.tolist()),
        grounds=f"three boxes and {scores.shape[1]} class scores in each cell of two grids "
        f"with strides 16 and 32{assumed}",
    )


def _named_grids(outputs: Outputs, facts: NetFacts) -> tuple[str, ...] | None:
    """Find each stride's output, channels last."""
    if len(outputs) != len(_STRIDES) or len(facts.anchors) not in (0, 2 * _BOXES):
        return None
    names = []
    for stride in _STRIDES:
        columns, rows = grid_size(facts.size, stride)
        fitting = [
            name
            for name, array in outputs.items()
            if array.ndim == 4 and array.shape[:3] == (1, rows, columns)
        ]
        names += fitting[:1]
    widths = {array.shape[-1] for array in outputs.values() if array.ndim}
    fits = len(set(names)) == len(_STRIDES) and len(widths) == 1 and min(widths) > 5 * _BOXES
    return tuple(names) if fits else None


def _grid(
    grid: OutputArray, stride: int, anchors: OutputArray
) -> tuple[OutputArray, OutputArray, OutputArray]:
    """Return boxes (N, 4), objectness (N,) and scores (N, C), by cell row, column, anchor."""
    rows, columns, numbers = grid.shape
    reg = grid[..., : 4 * _BOXES].reshape(rows, columns, _BOXES, 4).astype(np.float64)
    cell = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1)[:, :, None]
    centres = (2 * reg[..., :2] - 0.5 + cell) * stride
    sides = (2 * reg[..., 2:]) ** 2 * anchors
    boxes = np.concatenate([centres, sides], axis=-1).reshape(-1, 4)
    scores = grid[..., 5 * _BOXES :].reshape(-1, numbers - 5 * _BOXES)
    return boxes, grid[..., 4 * _BOXES : 5 * _BOXES].reshape(-1), scores.repeat(_BOXES, axis=0)


def _lines(names: tuple[str, ...], anchors: list[list[list[float]]]) -> tuple[str, ...]:
    grids = [(name, stride) for name, stride in zip(names, _STRIDES, strict=True)]
    return (
        f"anchors = np.array({anchors})",
        "boxes, objectness, scores = [], [], []",
        f"for (name, stride), sizes in zip({grids}, anchors):",
        "    grid = outputs[name][0]",
        "    down, across = grid.shape[:2]",
        "    box = grid[..., :12].reshape(down, across, 3, 4).astype(float)",
        "    cell = np.stack(np.meshgrid(np.arange(across), np.arange(down)), axis=-1)",
        "    centres = (2 * box[..., :2] - 0.5 + cell[:, :, None]) * stride",
        "    box = np.concatenate([centres, (2 * box[..., 2:]) ** 2 * sizes], axis=-1)",
        "    boxes.append(box.reshape(-1, 4))",
        "    objectness.append(grid[..., 12:15].ravel())",
        "    scores.append(grid[..., 15:].reshape(down * across, -1).repeat(3, axis=0))",
        "boxes, scores = np.concatenate(boxes), np.concatenate(scores)",
        "objectness = np.concatenate(objectness)",
    )


LAYOUT = Layout(
    name=LayoutName("yolo-fastestv2"),
    families="YOLO-FastestV2",
    shape="[1, rows, columns, 15+C] from two grids",
    row="three boxes, three objectnesses, and a score for each class in each cell",
    read=_read,
    no_grid=CELLS_NOT_SHOWN,
)
