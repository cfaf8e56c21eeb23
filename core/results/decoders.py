"""Decoders: how each family of detectors writes its boxes into its outputs.

Each layout is a plain function from ``Outputs`` and the blob's size to ``Detections`` in
pixels of the blob: every raw row with its best class and that class's confidence, no
threshold, no NMS. A detector of 80 classes has one row a box, not one a class.

==========  ==========================  ==========================================
layout      shape                       a row
==========  ==========================  ==========================================
darknet     [N, 5+C] for each head      cx cy w h in 0..1, objectness, confidences
ssd         [1, 1, N, 7]                image, class, confidence, x y x y in 0..1
yolov5      [1, N, 5+C]                 cx cy w h, objectness, C scores (v5, v6, v7)
yolox       [1, N, 5+C]                 the same before the grid is applied
yolov8      [1, 4+C, N]                 cx cy w h, C confidences (v8, v9, 11, 12)
end-to-end  [1, N, 6]                   x y x y, confidence, class (v10, 26)
yolov2      [1, A*(5+C), rows, cols]    A anchors in each cell, nothing applied
==========  ==========================  ==========================================
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from core.errors import LayoutUnknown
from core.outputs import Outputs
from core.picture.size import Size
from core.results.boxes import cxcywh_to_xyxy
from core.results.classification import is_line, softmax
from core.results.detections import Detections

LayoutName = Literal["darknet", "ssd", "yolov5", "yolox", "yolov8", "end-to-end", "yolov2"]
Anchors = Sequence[tuple[float, float]]
Array = npt.NDArray[np.float32]

LAYOUTS: tuple[LayoutName, ...] = get_args(LayoutName)
SHAPES: Mapping[LayoutName, str] = {
    "darknet": "[N, 5+C] from each head",
    "ssd": "[1, 1, N, 7]",
    "yolov5": "[1, N, 5+C]",
    "yolox": "[1, N, 5+C]",
    "yolov8": "[1, 4+C, N]",
    "end-to-end": "[1, N, 6]",
    "yolov2": "[1, A*(5+C), rows, columns]",
}
# The grids a detector may look at the blob with, finest first; the usual ones first.
STRIDES = ((8, 16, 32), (8, 16, 32, 64), (16, 32), (4, 8, 16, 32))
YOLOV2_STRIDE = 32
END_TO_END_ROWS = 1000


def decode_outputs(
    outputs: Outputs,
    size: Size,
    layout: LayoutName | Literal["auto"] = "auto",
    *,
    anchors: Anchors | None = None,
) -> Detections:
    """Turn raw outputs into boxes in blob pixels: all rows, each with its best class.

    Args:
        outputs: what the net answered to one picture.
        size: the blob's width and height.
        layout: how the rows are written; ``auto`` looks at the shapes.
        anchors: width and height of YOLOv2's anchors in cells; the other layouts ignore
            them, since their boxes come ready.

    Raises:
        LayoutUnknown: the outputs do not have the shape of the layout, or of any.
    """
    known = recognised(outputs, size) if layout == "auto" else layout
    decoder = DECODERS.get(known)
    if decoder is None:
        raise LayoutUnknown(
            f'There is no layout "{layout}". Name one of these in the card (layout = ...): '
            f"{_in_words(LAYOUTS)}."
        )
    if known == "yolov2":
        decoder = partial(yolov2, anchors=anchors)
    with np.errstate(over="ignore", invalid="ignore"):  # a broken net answers anything;
        return decoder(outputs, size)  # what came out endless, ``above`` drops


@dataclass(frozen=True, eq=False)
class Sifted:
    """The rows of a net's outputs that are surer than a threshold.

    Attributes:
        rows: how many the net gave.
        surest: the highest confidence among them, 0..1.
        confident: those above the threshold, the surest first.
    """

    rows: int
    surest: float
    confident: Detections


def sift(
    outputs: Outputs,
    size: Size,
    layout: LayoutName | Literal["auto"] = "auto",
    *,
    above: float,
    anchors: Anchors | None = None,
) -> Sifted:
    """Decode what is surer than ``above``: quicker than ``decode_outputs`` for YOLOv5.

    Raises:
        LayoutUnknown: as ``decode_outputs``.
    """
    known = recognised(outputs, size) if layout == "auto" else layout
    if known == "yolov5" and len(sure := yolov5(outputs, size, above=above).above(above)):
        return Sifted(len(table_of(outputs, known)), float(sure.confidence[0]), sure)
    every = decode_outputs(outputs, size, known, anchors=anchors)
    return Sifted(len(every), float(every.confidence.max(initial=0.0)), every.above(above))


def recognised(outputs: Outputs, size: Size) -> LayoutName:
    """Name the layout of a detector's outputs by their shapes.

    The order of the questions matters: a YOLOv5 that knows one class has six columns,
    like an end-to-end net, and only its number of rows and whether the last column holds
    whole numbers tell them apart.

    Raises:
        LayoutUnknown: the shapes fit no layout; the text lists the shapes and the layouts.
    """
    arrays = list(outputs.values())
    if arrays and all(a.ndim == 2 and a.shape[0] > 1 and a.shape[1] > 5 for a in arrays):
        return "darknet"
    if any(_is_ssd(array) for array in arrays):
        return "ssd"
    tables = [array[0] for array in arrays if array.ndim == 3 and len(array) == 1]
    if len(tables) == 1 and (name := _recognised_table(tables[0], size)):
        return name
    if len(arrays) == 1 and _is_yolov2(arrays[0], size):
        return "yolov2"
    raise _unknown(outputs)


def _recognised_table(table: Array, size: Size) -> LayoutName | None:
    """Tell the layouts of one (rows, columns) output apart by the number of grid cells."""
    rows, columns = table.shape
    # Before the cells are counted: 300 rows are the 300 cells of 320 x 192 as well.
    if columns == 6 and rows <= END_TO_END_ROWS and _is_whole(table[:, 5]):
        return "end-to-end"
    cells = {_cell_count(size, strides) for strides in STRIDES}
    if columns > 5 and rows % 3 == 0 and rows // 3 in cells:  # three anchors in each cell
        return "yolov5"
    if columns > 5 and rows in cells:
        # Before the grid is applied, sides are logarithms, and small ones are negative.
        return "yolox" if (table[:, 2:4] < 0).any() else "yolov5"
    return "yolov8" if rows > 4 and columns in cells else None


def _is_whole(column: Array) -> bool:
    """Tell class numbers from the confidences in which a YOLOv5 of one class ends."""
    return bool((column == np.rint(column)).all())


def darknet(outputs: Outputs, size: Size) -> Detections:
    """Decode Darknet's region rows: [cx, cy, w, h] in 0..1, objectness, C confidences.

    cv2 has multiplied the confidences by the objectness already. The heads follow each
    other in the net's order, and ``row`` counts on from one to the next.
    """
    heads = list(outputs.values())
    widths = {head.shape[-1] for head in heads}
    if any(head.ndim != 2 for head in heads) or len(widths) != 1 or min(widths) < 6:
        raise _misfit(outputs, "darknet")
    rows = np.vstack(heads)
    class_id, confidence = _best(rows[:, 5:])
    return _detections(cxcywh_to_xyxy(rows[:, :4]) * _corners(size), confidence, class_id)


def ssd(outputs: Outputs, size: Size) -> Detections:
    """Decode SSD's rows: [image, class, confidence, left, top, right, bottom] in 0..1.

    The net did its own NMS. Coordinates may lie outside 0..1. Rows for no image (-1) only
    fill up the array; their confidence is 0 here.
    """
    found = [array for array in outputs.values() if _is_ssd(array)]
    if not found:
        raise _misfit(outputs, "ssd")
    rows = found[0][0, 0]  # (N, 7)
    confidence = np.where(rows[:, 0] < 0, 0, rows[:, 2])
    return _detections(rows[:, 3:7] * _corners(size), confidence, rows[:, 1])


def yolov5(
    outputs: Outputs,
    size: Size,  # noqa: ARG001 - one signature for all
    *,
    above: float | None = None,
) -> Detections:
    """Decode YOLOv5, v6 and v7: [cx, cy, w, h] in pixels, objectness, C scores.

    The confidence is objectness times score. No score is above 1, so that no row is surer
    than its objectness: with ``above``, rows whose objectness is no higher are left out.
    """
    table = table_of(outputs, "yolov5")
    at = np.arange(len(table)) if above is None else np.flatnonzero(table[:, 4] > above)
    rows = table if above is None else table[at]
    class_id, confidence = _best_of_object(rows, class_count(table.shape[1] - 5, outputs))
    return Detections(cxcywh_to_xyxy(rows[:, :4]), confidence, class_id, at)


def yolox(outputs: Outputs, size: Size) -> Detections:
    """Decode YOLOX's raw grid: [x, y, log w, log h] in cells, objectness, C scores.

    Formula: Megvii's YOLOX, ``xy = (xy + cell) * stride`` and ``wh = exp(wh) * stride``.
    """
    rows = table_of(outputs, "yolox")
    cells, strides = _grid(len(rows), size, outputs)
    class_id, confidence = _best_of_object(rows, rows.shape[1] - 5)
    wh = np.exp(rows[:, 2:4].astype(np.float64)) * strides
    cxcywh = np.hstack([(rows[:, :2] + cells) * strides, wh])
    return _detections(cxcywh_to_xyxy(cxcywh), confidence, class_id)


def yolov8(outputs: Outputs, size: Size) -> Detections:  # noqa: ARG001
    """Decode YOLOv8, v9, 11 and 12: a column a box, [cx, cy, w, h] in pixels, C confidences.

    Segmentation nets have a second, 4-D output; the numbers in which each box mixes its
    masks follow the classes and are not read here.
    """
    columns = table_of(outputs, "yolov8")  # (4+C, N)
    scores = columns[4 : 4 + class_count(len(columns) - 4, outputs)]
    class_id = scores.argmax(axis=0)  # no transposed copy: that would take longer than this
    confidence = scores.max(axis=0)
    return _detections(cxcywh_to_xyxy(columns[:4].T), confidence, class_id)


def end_to_end(outputs: Outputs, size: Size) -> Detections:  # noqa: ARG001
    """Decode YOLOv10 and 26: [left, top, right, bottom] in pixels, confidence, class."""
    rows = table_of(outputs, "end-to-end")
    if rows.shape[1] != 6:
        raise _misfit(outputs, "end-to-end")
    return _detections(rows[:, :4], rows[:, 4], rows[:, 5])


def yolov2(outputs: Outputs, size: Size, *, anchors: Anchors | None = None) -> Detections:
    """Decode YOLOv2's raw grid, rows ordered by cell row, cell column, anchor.

    Formula: Redmon and Farhadi 2016 (arXiv 1612.08242), ``xy = cell + sigmoid(xy)``,
    ``wh = anchor * exp(wh)`` in cells, ``sigmoid(objectness) * softmax(scores)``.
    A YOLOv2 that cv2 read from Darknet's files comes in the layout ``darknet`` instead.
    """
    raw = yolov2_cells(outputs, anchors).astype(np.float64)
    height, width = raw.shape[:2]
    corner = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1)[:, :, None]
    xy = corner + sigmoid(raw[..., :2])
    wh = np.exp(raw[..., 2:4]) * np.array(anchors)
    confidence = sigmoid(raw[..., 4:5]) * softmax(raw[..., 5:])
    stride = size.width / width, size.height / height
    cxcywh = np.concatenate([xy * stride, wh * stride], axis=-1).reshape(-1, 4)
    best, surest = _best(confidence.reshape(len(cxcywh), -1))
    return _detections(cxcywh_to_xyxy(cxcywh), surest, best)


def yolov2_cells(outputs: Outputs, anchors: Anchors | None) -> Array:
    """Return YOLOv2's raw numbers by cell row, cell column and anchor: (H, W, A, 5+C).

    Raises:
        LayoutUnknown: there is no such grid, or the anchors do not divide its channels.
    """
    grid = next(iter(outputs.values()))
    if grid.ndim != 4 or len(grid) != 1:
        raise _misfit(outputs, "yolov2")
    if not anchors or grid.shape[1] % len(anchors) or grid.shape[1] // len(anchors) < 6:
        raise LayoutUnknown(
            f"YOLOv2 needs its anchors to be decoded, and their number must divide the "
            f"{grid.shape[1]} channels of the output. Write them into the model's card."
        )
    # (A*(5+C), H, W) -> (H, W, A, 5+C)
    by_anchor: Array = grid[0].reshape(len(anchors), -1, *grid.shape[2:])
    return by_anchor.transpose(2, 3, 0, 1)


Decoder = Callable[[Outputs, Size], Detections]
DECODERS: Mapping[str, Decoder] = {
    "darknet": darknet,
    "ssd": ssd,
    "yolov5": yolov5,
    "yolox": yolox,
    "yolov8": yolov8,
    "end-to-end": end_to_end,
    "yolov2": yolov2,
}


def _detections(
    xyxy: npt.NDArray[Any], confidence: npt.NDArray[Any], class_id: npt.NDArray[Any]
) -> Detections:
    return Detections(xyxy, confidence, class_id.astype(np.int64), np.arange(len(class_id)))


def _best(scores: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
    """Return the best class of each row (N, C), and its score."""
    class_id = scores.argmax(axis=1)
    return class_id, scores[np.arange(len(scores)), class_id]


def _best_of_object(
    rows: Array, classes: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
    """Return the best class of each row, and objectness times its score."""
    class_id, score = _best(rows[:, 5 : 5 + classes])
    return class_id, rows[:, 4] * score


def class_count(columns: int, outputs: Outputs) -> int:
    """Leave out the mask numbers of segmentation nets: as many as their 4-D output has."""
    masks = [array.shape[1] for array in outputs.values() if array.ndim == 4]
    return columns - masks[0] if masks and masks[0] < columns else columns


def _corners(size: Size) -> npt.NDArray[np.float64]:
    """Return what turns fractions of the blob into pixels, for left, top, right, bottom."""
    return np.array([size.width, size.height] * 2, np.float64)


def grid_size(size: Size, stride: int) -> tuple[int, int]:
    """Return how many columns and rows of cells a stride lays over the blob."""
    return -(-size.width // stride), -(-size.height // stride)


def _cell_count(size: Size, strides: Sequence[int]) -> int:
    """Count the cells of all grids.

    >>> _cell_count(Size(640, 640), (8, 16, 32))
    8400
    """
    return sum(columns * rows for columns, rows in (grid_size(size, each) for each in strides))


def strides_for(count: int, size: Size) -> tuple[int, ...] | None:
    """Name the strides, finest first, whose grids have so many cells together.

    >>> strides_for(8400, Size(640, 640)), strides_for(8401, Size(640, 640))
    ((8, 16, 32), None)
    """
    return next((each for each in STRIDES if _cell_count(size, each) == count), None)


def _grid(
    count: int, size: Size, outputs: Outputs
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return column and row (N, 2), and stride (N, 1), of every cell: finest grid first."""
    strides = strides_for(count, size)
    if strides is None:
        raise _misfit(outputs, "yolox", f" A blob of {size} has another number of cells.")
    corners, steps = [], []
    for stride in strides:
        columns, rows = grid_size(size, stride)
        row, column = np.divmod(np.arange(columns * rows), columns)
        corners.append(np.stack([column, row], axis=1))
        steps.append(np.full((columns * rows, 1), stride))
    return np.vstack(corners).astype(np.float64), np.vstack(steps).astype(np.float64)


def sigmoid(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Press numbers into 0..1: 1 / (1 + exp(-value))."""
    return np.asarray(1 / (1 + np.exp(-values)))


def _is_ssd(array: Array) -> bool:
    return array.ndim == 4 and array.shape[:2] == (1, 1) and array.shape[3] == 7


def _is_yolov2(array: Array, size: Size) -> bool:
    """Look for five anchors, the number every published YOLOv2 has."""
    cells = grid_size(size, YOLOV2_STRIDE)[::-1]
    five = array.ndim == 4 and array.shape[1] % 5 == 0 and array.shape[1] > 25
    return five and cells != (1, 1) and array.shape[2:] == cells


def table_of(outputs: Outputs, layout: LayoutName) -> Array:
    """Return the one output of shape [1, rows, columns] as (rows, columns)."""
    tables: list[Array] = [a[0] for a in outputs.values() if a.ndim == 3 and len(a) == 1]
    least = 5 if layout == "yolov8" else 6
    boxes_axis = 0 if layout == "yolov8" else 1
    if len(tables) != 1 or tables[0].shape[boxes_axis] < least:
        raise _misfit(outputs, layout)
    return tables[0]


def _in_words(layouts: Sequence[LayoutName]) -> str:
    return ", ".join(f"{name} {SHAPES[name]}" for name in layouts)


def _misfit(outputs: Outputs, layout: LayoutName, hint: str = "") -> LayoutUnknown:
    return LayoutUnknown(
        f"The layout {layout} is {SHAPES[layout]}, but the net answered "
        f"{outputs.listed}.{hint} Name another one in the card (layout = ...), or auto."
    )


def _unknown(outputs: Outputs) -> LayoutUnknown:
    hint = " One line of numbers is what a classifier answers." if is_line(outputs) else ""
    return LayoutUnknown(
        f"No detector we know answers {outputs.listed or 'nothing'}.{hint} "
        f"The layouts we know: {_in_words(LAYOUTS)}. "
        "If it is one of them, name it in the card (layout = ...)."
    )
