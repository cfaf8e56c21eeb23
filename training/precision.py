"""How good a detector is: average precision at IoU 0.5, the same for torch and for cv2."""

from collections.abc import Iterable

import numpy as np

from training.data import CLASSES, Photos


def iou_matrix(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the IoU of every box with every other, xyxy: (N, M)."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:4], second[None, :, 2:4])
    common = (high - low).clip(0).prod(axis=2)
    areas = [(b[:, 2:4] - b[:, :2]).prod(axis=1) for b in (first, second)]
    return common / (areas[0][:, None] + areas[1][None] - common + 1e-9)


def suppressed(rows: np.ndarray, iou: float = 0.45) -> np.ndarray:
    """Return rows x0, y0, x1, y1, confidence, best first, without overlapping neighbours."""
    rows = rows[np.argsort(-rows[:, 4], kind="stable")]
    near = iou_matrix(rows, rows) > iou
    kept = np.ones(len(rows), bool)
    for number in range(len(rows)):
        if kept[number]:
            kept[number + 1 :] &= ~near[number, number + 1 :]
    return rows[kept]


def matches(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return for rows, best first, whether each hits a true box that no better row has hit."""
    hits = np.zeros(len(found), bool)
    if not len(truth):
        return hits
    overlaps = iou_matrix(found, truth)
    for number in range(len(found)):
        best = overlaps[number].argmax()
        if overlaps[number, best] >= 0.5:
            hits[number] = True
            overlaps[:, best] = 0
    return hits


def average_precision(confidence: np.ndarray, hits: np.ndarray, boxes: int) -> float:
    """Return the area under the precision-recall curve, made non-increasing, in percent."""
    order = np.argsort(-confidence, kind="stable")
    right = np.cumsum(hits[order])
    precision = np.maximum.accumulate((right / np.arange(1, len(right) + 1))[::-1])[::-1]
    return 100 * float(np.sum(np.diff(right / boxes, prepend=0) * precision))


def average_precisions(
    photos: Photos, answers: Iterable[tuple[int, np.ndarray]], least: float = 0.01
) -> dict[str, float]:
    """Return AP50 per class name over (photo row, decoded rows) pairs.

    Decoded rows are cx, cy, w, h in 0..1, objectness and, multiplied by it, class confidences.
    A class that a photo's source never labels is left out for that photo.
    """
    confidences: list[list[np.ndarray]] = [[] for _ in CLASSES]
    hits: list[list[np.ndarray]] = [[] for _ in CLASSES]
    boxes = np.zeros(len(CLASSES), int)
    for photo, rows in answers:
        corners = np.concatenate(
            [rows[:, :2] - rows[:, 2:4] / 2, rows[:, :2] + rows[:, 2:4] / 2], 1
        )
        for class_id in range(len(CLASSES)):
            if photos.unlabelled[photo, class_id]:
                continue
            truth = photos.boxes[photo]
            truth = truth[truth[:, 4] == class_id, :4]
            boxes[class_id] += len(truth)
            confidence = rows[:, 5 + class_id]
            likely = confidence > least
            found = np.concatenate([corners[likely], confidence[likely, None]], axis=1)
            found = suppressed(found)
            confidences[class_id].append(found[:, 4])
            hits[class_id].append(matches(found, truth))
    return {
        name: average_precision(np.concatenate(c), np.concatenate(h), int(n))
        for name, c, h, n in zip(CLASSES, confidences, hits, boxes, strict=True)
    }
