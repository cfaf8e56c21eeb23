"""How good a detector is: average precision at IoU 0.5, the same for torch and for cv2."""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from training.data import CLASSES, LABELLED, Photos
from training.overlaps import iou_matrix


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


def judged(photos: Photos, photo: int, class_id: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the true boxes of a class in a photo and those that count for nothing, xyxy.

    None if nobody can judge. People judge the labelled photos; a class that a photo's source
    never labels is left out. In the pool the teachers judge: what they see with 0.5 or more is
    true, and what they are less sure of neither counts for nor against.
    """
    boxes = photos.boxes[photo]
    boxes = boxes[boxes[:, 4] == class_id]
    if photos.pool[photo]:
        true = boxes[:, 5] >= 0.5
        return boxes[true, :4], boxes[~true, :4]
    if photos.unlabelled[photo, class_id]:
        return None
    return boxes[boxes[:, 5] == 1, :4], np.zeros((0, 4), np.float32)


def answered(rows: np.ndarray, least: float = 0.01) -> np.ndarray:
    """Return decoded rows as boxes: x0, y0, x1, y1 in 0..1, confidence, class; NMS per class.

    Decoded rows are cx, cy, w, h in 0..1, objectness and, multiplied by it, a confidence for
    each class.
    """
    corners = np.concatenate(
        [rows[:, :2] - rows[:, 2:4] / 2, rows[:, :2] + rows[:, 2:4] / 2], 1
    )
    found = []
    for class_id in range(rows.shape[1] - 5):
        confidence = rows[:, 5 + class_id]
        likely = confidence > least
        kept = suppressed(np.concatenate([corners[likely], confidence[likely, None]], axis=1))
        found.append(np.concatenate([kept, np.full((len(kept), 1), class_id)], axis=1))
    return np.concatenate(found)


def verdicts(
    photos: Photos, photo: int, boxes: np.ndarray, class_id: int
) -> tuple[np.ndarray, np.ndarray, int] | None:
    """Return confidences and hits of the boxes of a class that count, and how many are true.

    None if nobody can judge that class in that photo.
    """
    truth = judged(photos, photo, class_id)
    if truth is None:
        return None
    true, doubtful = truth
    found = boxes[boxes[:, 5] == class_id, :5]
    found = found[np.argsort(-found[:, 4], kind="stable")]
    hit = matches(found, true)
    counts = hit | ~(iou_matrix(found, doubtful) >= 0.5).any(axis=1)
    return found[counts, 4], hit[counts], len(true)


def average_precisions(
    photos: Photos, answers: Iterable[tuple[int, np.ndarray]],
    classes: tuple[str, ...] = LABELLED,
) -> dict[str, float]:  # fmt: skip
    """Return AP50 per class name over (photo, boxes) pairs; nan for a class without true boxes.

    Boxes are rows of x0, y0, x1, y1 in 0..1, confidence, class id in `CLASSES`.
    """
    rows = list(answers)
    found = {}
    for name in classes:
        said = [verdicts(photos, photo, boxes, CLASSES.index(name)) for photo, boxes in rows]
        parts = [each for each in said if each is not None]
        true = sum(each[2] for each in parts)
        if not true:
            found[name] = float("nan")
            continue
        confidence, hits = (np.concatenate([each[n] for each in parts]) for n in (0, 1))
        found[name] = average_precision(confidence, hits, true)
    return found


def reliability(
    confidence: np.ndarray, right: np.ndarray, edges: tuple[float, ...]
) -> list[tuple[float, float, int, float, float]]:
    """Return for each pair of edges how many answers lie there, their mean, and the part right.

    >>> reliability(np.array([0.2, 0.8, 0.9]), np.array([False, True, True]), (0, 0.5, 1))
    [(0, 0.5, 1, 0.2, 0.0), (0.5, 1, 2, 0.85, 1.0)]
    """
    found = []
    for low, high in pairwise(edges):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            mean, part = float(confidence[inside].mean()), float(right[inside].mean())
            found.append((low, high, int(inside.sum()), round(mean, 3), round(part, 3)))
    return found
