"""How each layout is decoded, as lines of a script: what ``core.results.decoders`` does.

The lines find ``outputs``, arrays by name, and ``into``, the blob's width and height. They
leave ``xyxy``, ``class_ids`` and ``confidences`` behind, a row a box, in pixels of the blob.
"""

from collections.abc import Callable, Mapping, Sequence

from core.outputs import Outputs
from core.picture.size import Size
from core.results.decoders import STRIDES, Anchors, recognised

Lines = tuple[str, ...]

_CORNERS = "xyxy = np.hstack([centres - sides / 2, centres + sides / 2])"


def decoder_lines(outputs: Outputs, size: Size, layout: str, *, anchors: Anchors = ()) -> Lines:
    """Write the lines for outputs that ``core.results.decoders.decode_outputs`` can read.

    Args:
        outputs: what the net answered; names and shapes are taken from it.
        size: the blob's.
        layout: as on a card; ``auto`` looks at the shapes.
        anchors: of a YOLOv2.
    """
    known = recognised(outputs, size) if layout == "auto" else layout
    if known == "yolov2":
        return _yolov2(outputs, anchors)
    return (f"# layout {known}: {_ROWS[known]}", *LINES[known](outputs, size))


_ROWS: Mapping[str, str] = {
    "darknet": "cx, cy, w, h in 0..1, objectness, a confidence for each class",
    "ssd": "image, class, confidence, left, top, right, bottom in 0..1",
    "yolov5": "cx, cy, w, h in pixels, objectness, a score for each class",
    "yolox": "x, y, log w, log h in cells, objectness, a score for each class",
    "yolov8": "a column a box: cx, cy, w, h in pixels, a confidence for each class",
    "end-to-end": "left, top, right, bottom in pixels, confidence, class",
    "yolov2": "in each cell, for each anchor: x, y, w, h, objectness, scores",
}


def _darknet(outputs: Outputs, size: Size) -> Lines:  # noqa: ARG001 - one signature for all
    return (
        "rows = np.vstack(list(outputs.values()))",
        "class_ids, confidences = rows[:, 5:].argmax(axis=1), rows[:, 5:].max(axis=1)",
        "centres, sides = rows[:, :2] * into, rows[:, 2:4] * into",
        _CORNERS,
    )


def _ssd(outputs: Outputs, size: Size) -> Lines:  # noqa: ARG001
    name = next(name for name, array in outputs.items() if array.shape[-1] == 7)
    return (
        f"rows = outputs[{name!r}][0, 0]",
        "class_ids = rows[:, 1].astype(int)",
        "confidences = np.where(rows[:, 0] < 0, 0, rows[:, 2])  # image -1 only fills up",
        "xyxy = rows[:, 3:7] * np.tile(into, 2)",
    )


def _yolov5(outputs: Outputs, size: Size) -> Lines:  # noqa: ARG001
    name, (_, columns) = _table(outputs)
    return (
        f"rows = outputs[{name!r}][0]",
        *_best_of_object(columns - _mask_numbers(outputs)),
        "centres, sides = rows[:, :2].astype(float), rows[:, 2:4].astype(float)",
        _CORNERS,
    )


def _yolox(outputs: Outputs, size: Size) -> Lines:
    name, (count, columns) = _table(outputs)
    strides = next(each for each in STRIDES if _cells(size, each) == count)
    return (
        f"rows = outputs[{name!r}][0]",
        "cells, strides = [], []",
        f"for stride in {strides}:  # one cell after the other, row by row, finest grid first",
        "    across, down = -(-into // stride)",
        "    row, column = np.divmod(np.arange(across * down), across)",
        "    cells.append(np.stack([column, row], axis=1))",
        "    strides.append(np.full((across * down, 1), stride))",
        "cells, strides = np.vstack(cells), np.vstack(strides)",
        *_best_of_object(columns),
        "centres = (rows[:, :2] + cells) * strides",
        "sides = np.exp(rows[:, 2:4].astype(float)) * strides",
        _CORNERS,
    )


def _yolov8(outputs: Outputs, size: Size) -> Lines:  # noqa: ARG001
    name, (rows, _) = _table(outputs)
    return (
        f"columns = outputs[{name!r}][0]",
        f"scores = columns[4:{rows - _mask_numbers(outputs)}]",
        "class_ids, confidences = scores.argmax(axis=0), scores.max(axis=0)",
        "centres, sides = columns[:2].T.astype(float), columns[2:4].T.astype(float)",
        _CORNERS,
    )


def _end_to_end(outputs: Outputs, size: Size) -> Lines:  # noqa: ARG001
    name, _ = _table(outputs)
    return (
        f"rows = outputs[{name!r}][0]",
        "confidences, class_ids = rows[:, 4], rows[:, 5].astype(int)",
        "xyxy = rows[:, :4].astype(float)",
    )


def _yolov2(outputs: Outputs, anchors: Anchors) -> Lines:
    return (
        f"# layout yolov2: {_ROWS['yolov2']}",
        f"anchors = np.array({[list(pair) for pair in anchors]})  # widths, heights in cells",
        f"grid = outputs[{next(iter(outputs))!r}][0].astype(float)",
        "down, across = grid.shape[1:]",
        "grid = grid.reshape(len(anchors), -1, down, across).transpose(2, 3, 0, 1)",
        "corners = np.stack(np.meshgrid(np.arange(across), np.arange(down)), axis=-1)",
        "stride = into / (across, down)",
        "centres = (corners[:, :, None] + 1 / (1 + np.exp(-grid[..., :2]))) * stride",
        "sides = anchors * np.exp(grid[..., 2:4]) * stride",
        "scores = np.exp(grid[..., 5:] - grid[..., 5:].max(axis=-1, keepdims=True))",
        "scores /= scores.sum(axis=-1, keepdims=True) * (1 + np.exp(-grid[..., 4:5]))",
        "scores = scores.reshape(-1, scores.shape[-1]).astype(np.float32)",
        "class_ids, confidences = scores.argmax(axis=1), scores.max(axis=1)",
        "centres, sides = centres.reshape(-1, 2), sides.reshape(-1, 2)",
        _CORNERS,
    )


LINES: Mapping[str, Callable[[Outputs, Size], Lines]] = {
    "darknet": _darknet,
    "ssd": _ssd,
    "yolov5": _yolov5,
    "yolox": _yolox,
    "yolov8": _yolov8,
    "end-to-end": _end_to_end,
}


def _best_of_object(columns: int) -> Lines:
    """Take the best class of each row, and multiply objectness and its score."""
    return (
        f"scores = rows[:, 5:{columns}]",
        "class_ids, confidences = scores.argmax(axis=1), rows[:, 4] * scores.max(axis=1)",
    )


def _table(outputs: Outputs) -> tuple[str, tuple[int, ...]]:
    """Find the one output of shape [1, rows, columns]: its name, rows and columns."""
    return next((name, shape[1:]) for name, shape in outputs.shapes.items() if len(shape) == 3)


def _mask_numbers(outputs: Outputs) -> int:
    """Count the columns in which a segmentation net's boxes mix its masks."""
    return next((shape[1] for shape in outputs.shapes.values() if len(shape) == 4), 0)


def _cells(size: Size, strides: Sequence[int]) -> int:
    return sum(-(-size.width // each) * -(-size.height // each) for each in strides)
