"""What several output layouts share: the one table of boxes, its classes, its best class."""

from typing import Any

import numpy as np
import numpy.typing as npt

from core.outputs import Outputs
from core.picture.size import Size
from core.results.detections import Detections

Array = npt.NDArray[np.float32]


def named_table(outputs: Outputs) -> tuple[str, Array] | None:
    """Find the one output of shape [1, rows, columns]: its name, and (rows, columns).

    Mask prototypes or raw heads may stand beside it; a second table, or the rows of an
    SSD, may not.
    """
    tables = [
        (name, array[0])
        for name, array in outputs.items()
        if array.ndim == 3 and len(array) == 1
    ]
    single = any(array.ndim == 4 and array.shape[:2] == (1, 1) for array in outputs.values())
    return tables[0] if len(tables) == 1 and not single else None


def mask_count(outputs: Outputs) -> int:
    """Count a segmentation net's mask prototypes, the channels of its 4-D output; or 0."""
    return next((array.shape[1] for array in outputs.values() if array.ndim == 4), 0)


def class_count(columns: int, outputs: Outputs) -> int:
    """Leave out the columns in which a segmentation net's boxes mix their masks."""
    masks = mask_count(outputs)
    return columns - masks if masks < columns else columns


def best_class(scores: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
    """Return the best class of each row (N, C), and its score."""
    class_id = scores.argmax(axis=1)
    return class_id, scores[np.arange(len(scores)), class_id]


def all_rows(
    xyxy: npt.NDArray[Any], confidence: npt.NDArray[Any], class_id: npt.NDArray[Any]
) -> Detections:
    """Make detections of all raw rows, in their order."""
    return Detections(xyxy, confidence, class_id.astype(np.int64), np.arange(len(class_id)))


def corner_scale(size: Size) -> npt.NDArray[np.float64]:
    """Return what turns fractions of the blob into pixels, for left, top, right, bottom."""
    return np.array([size.width, size.height] * 2, np.float64)


def sigmoid(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Press numbers into 0..1: 1 / (1 + exp(-value))."""
    return np.asarray(1 / (1 + np.exp(-values)))
