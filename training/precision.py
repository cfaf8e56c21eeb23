"""How good a detector is: average precision at IoU 0.5, the same for torch and for cv2."""

from collections.abc import Iterable

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


def average_precisions(
    photos: Photos, answers: Iterable[tuple[int, np.ndarray]], least: float = 0.01,
    classes: tuple[str, ...] = LABELLED,
) -> dict[str, float]:  # fmt: skip
    """Return AP50 per class name over (photo row, decoded rows) pairs; nan without true boxes.

    Decoded rows are cx, cy, w, h in 0..1, objectness and, multiplied by it, class confidences
    in the order of `classes`, whose first ones are the labelled ones.
    """
    ids = [CLASSES.index(name) for name in classes]
    confidences: list[list[np.ndarray]] = [[] for _ in ids]
    hits: list[list[np.ndarray]] = [[] for _ in ids]
    boxes = np.zeros(len(ids), int)
    for photo, rows in answers:
        corners = np.concatenate(
            [rows[:, :2] - rows[:, 2:4] / 2, rows[:, :2] + rows[:, 2:4] / 2], 1
        )
        for column, class_id in enumerate(ids):
            truth = judged(photos, photo, class_id)
            if truth is None:
                continue
            true, doubtful = truth
            boxes[column] += len(true)
            confidence = rows[:, 5 + column]
            likely = confidence > least
            found = np.concatenate([corners[likely], confidence[likely, None]], axis=1)
            found = suppressed(found)
            hit = matches(found, true)
            counts = hit | ~(iou_matrix(found, doubtful) >= 0.5).any(axis=1)
            confidences[column].append(found[counts, 4])
            hits[column].append(hit[counts])
    return {
        name: average_precision(np.concatenate(c), np.concatenate(h), int(n))
        if n
        else float("nan")
        for name, c, h, n in zip(classes, confidences, hits, boxes, strict=True)
    }
