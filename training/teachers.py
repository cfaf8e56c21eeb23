"""What teachers say about photos that nobody labelled, as boxes with a probability each.

`teacher_boxes.npz` holds the answers of two published detectors, YOLOX-nano (teacher 0) and
YOLO-Fastest-xl (teacher 1), to every photo, the pool's photos mirrored as well. A teacher is
wrong at times, but two that agree are wrong rarely. So the answers are grouped where they
overlap, and a logistic regression turns what the teachers say into the probability that people
would draw this box. It is fitted on the training photos that people labelled.
"""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.overlaps import iou_matrix

SAME = 0.5
"""Boxes of one class that overlap by this IoU are one object."""

FLOOR = 0.02
"""What a teacher is taken to say of a box that it did not answer."""


@dataclass(frozen=True)
class Answers:
    """The teachers' answers to one photo, rows in parallel; xyxy in 0..1 of the photo."""

    xyxy: np.ndarray
    class_id: np.ndarray
    confidence: np.ndarray
    teacher: np.ndarray
    mirrored: np.ndarray


@dataclass(frozen=True)
class Grouped:
    """Objects of one photo: a box, a class, and the mean confidence of either teacher."""

    xyxy: np.ndarray
    class_id: np.ndarray
    means: np.ndarray

    def __len__(self) -> int:
        return len(self.class_id)


def answers(archive: Path, *, pool: bool) -> dict[int, Answers]:
    """Return the answers for each photo of the pool or the labelled ones; COCO's classes."""
    with np.load(archive) as packed:
        chosen = np.flatnonzero(packed["pool"] == pool)
        columns = {
            name: packed[name][chosen]
            for name in ("photo", "xyxy", "class_id", "confidence", "teacher", "mirrored")
        }
    order = np.argsort(columns["photo"], kind="stable")
    photos, starts = np.unique(columns["photo"][order], return_index=True)
    parts = np.split(order, starts[1:])
    return {
        int(photo): Answers(
            columns["xyxy"][rows].astype(np.float32), columns["class_id"][rows].astype(int),
            columns["confidence"][rows].astype(np.float32), columns["teacher"][rows],
            columns["mirrored"][rows],
        )
        for photo, rows in zip(photos, parts, strict=True)
    }  # fmt: skip


def grouped(found: Answers, class_of: dict[int, int], *, views: int) -> Grouped:
    """Return one row per object; `class_of` names our class of each of COCO's that we keep.

    `views` is how many views of the photo each teacher saw: a view without an answer counts
    as a confidence of `FLOOR`.
    """
    boxes, classes, means = [], [], []
    ours = np.array([class_of.get(number, -1) for number in found.class_id])
    for class_id in np.unique(ours[ours >= 0]):
        rows = np.flatnonzero(ours == class_id)
        rows = rows[np.argsort(-found.confidence[rows], kind="stable")]
        near = iou_matrix(found.xyxy[rows], found.xyxy[rows]) >= SAME
        free = np.ones(len(rows), bool)
        for first in range(len(rows)):
            if not free[first]:
                continue
            group = np.flatnonzero(free & near[first])
            free[group] = False
            best: dict[tuple[int, bool], int] = {}
            for row in rows[group]:  # the most confident answer of each view counts
                best.setdefault((int(found.teacher[row]), bool(found.mirrored[row])), row)
            chosen = list(best.values())
            weight = found.confidence[chosen]
            boxes.append((found.xyxy[chosen] * weight[:, None]).sum(axis=0) / weight.sum())
            classes.append(class_id)
            said = [found.confidence[chosen][found.teacher[chosen] == t] for t in (0, 1)]
            means.append([(s.sum() + FLOOR * (views - len(s))) / views for s in said])
    return Grouped(
        np.array(boxes, np.float32).reshape(-1, 4), np.array(classes, int),
        np.array(means, np.float32).reshape(-1, 2),
    )  # fmt: skip


def features(means: np.ndarray) -> np.ndarray:
    """Return the regression's columns (N, 4): 1, both log odds, and their product."""
    odds = np.log(means.clip(1e-3, 0.999) / (1 - means.clip(1e-3, 0.999)))
    return np.column_stack([np.ones(len(odds)), odds, odds[:, 0] * odds[:, 1] / 4])


def fitted(columns: np.ndarray, right: np.ndarray, steps: int = 30) -> np.ndarray:
    """Return the weights of a logistic regression, by Newton's method with a small ridge."""
    weights = np.zeros(columns.shape[1])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-columns @ weights))
        slope = columns.T @ (right - p) - 1e-3 * weights
        curve = (columns * (p * (1 - p))[:, None]).T @ columns + 1e-3 * np.eye(len(weights))
        weights = weights + np.linalg.solve(curve, slope)
    return weights


def probability(objects: Grouped, weights: np.ndarray) -> np.ndarray:
    """Return for each object the probability that people would draw it, (N,)."""
    return 1 / (1 + np.exp(-features(objects.means) @ weights))


def drawn_by_people(objects: Grouped, boxes: np.ndarray) -> np.ndarray:
    """Return for each object whether people drew a box of its class there (IoU 0.5), (N,)."""
    right = np.zeros(len(objects), bool)
    by_class: dict[int, list[int]] = defaultdict(list)
    for row, class_id in enumerate(objects.class_id):
        by_class[int(class_id)].append(row)
    for class_id, rows in by_class.items():
        truth = boxes[boxes[:, 4] == class_id, :4]
        if len(truth):
            right[rows] = (iou_matrix(objects.xyxy[rows], truth) >= SAME).any(axis=1)
    return right
