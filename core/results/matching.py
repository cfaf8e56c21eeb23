"""Found against marked: which boxes are right, which are missing, and what that amounts to.

The rule is COCO's and VOC's: boxes choose by confidence; each takes the object of its class
that it overlaps most, if the IoU is high enough and the object is not taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.results.boxes import Boxes, area, intersection, iou_matrix
from core.results.detections import Detections
from core.results.truth import Truth

RECALLS = np.linspace(0, 1, 101)
"""COCO asks for the precision at these recalls, and averages."""


@dataclass(frozen=True, eq=False)
class Matching:
    """Which box found which object.

    Attributes:
        truth_row: (N,) int64, the object that each detection found, or -1.
        overlap: (N,) float64, by which IoU; 0 where it found none.
        ignored: (N,) bool, detections of an object that counts for nothing.
        missed: (M,) bool, objects that count and were not found.
    """

    truth_row: npt.NDArray[np.int64]
    overlap: npt.NDArray[np.float64]
    ignored: npt.NDArray[np.bool_]
    missed: npt.NDArray[np.bool_]

    @property
    def hits(self) -> npt.NDArray[np.bool_]:
        """True positives: detections that found an object that counts."""
        return np.asarray((self.truth_row >= 0) & ~self.ignored)

    @property
    def false_alarms(self) -> npt.NDArray[np.bool_]:
        """False positives: detections that found nothing."""
        return np.asarray(self.truth_row < 0)


@dataclass(frozen=True, slots=True)
class DetectionMetrics:
    """How many were right, wrong and missing, and the three usual quotients.

    A quotient is None where there is nothing to divide by.

    >>> print(DetectionMetrics(3, 1, 2))
    TP 3, FN 2, FP 1
    >>> DetectionMetrics(3, 1, 2).precision, DetectionMetrics(3, 1, 2).recall
    (0.75, 0.6)
    >>> print(DetectionMetrics(0, 0, 2).precision)
    None
    """

    hits: int
    false_alarms: int
    misses: int

    def __str__(self) -> str:
        return f"TP {self.hits}, FN {self.misses}, FP {self.false_alarms}"

    @property
    def precision(self) -> float | None:
        """Of what was found, the share that is right."""
        return _share(self.hits, self.hits + self.false_alarms)

    @property
    def recall(self) -> float | None:
        """Of what is there, the share that was found."""
        return _share(self.hits, self.hits + self.misses)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both: 2 TP / (2 TP + FP + FN)."""
        return _share(2 * self.hits, 2 * self.hits + self.false_alarms + self.misses)


@dataclass(frozen=True, slots=True)
class ClassScore:
    """The score of one class, and its average precision over all thresholds."""

    class_id: int
    score: DetectionMetrics
    average_precision: float | None


def match(detections: Detections, truth: Truth, *, min_iou: float = 0.5) -> Matching:
    """Let each detection, by confidence, take the object of its class it overlaps most.

    An object is taken once; those that count for nothing (COCO's crowds, VOC's difficult
    ones) are taken by many, and come after all that count.

    Args:
        detections: in pixels of the picture, in any order.
        truth: what is marked there.
        min_iou: from this overlap on, 0..1, a box has found an object.
    """
    overlaps = np.where(
        detections.class_id[:, None] == truth.class_id[None, :],
        _overlaps(detections.xyxy, truth),
        -1.0,
    )
    taken = np.zeros(len(truth), np.bool_)
    row = np.full(len(detections), -1, np.int64)
    for index in np.argsort(-detections.confidence, kind="stable").tolist():
        free = (overlaps[index] >= min_iou) & ~(taken & ~truth.ignored)
        counting = free & ~truth.ignored
        among = np.flatnonzero(counting if counting.any() else free)
        if len(among):
            row[index] = among[overlaps[index, among].argmax()]
            taken[row[index]] = True
    found = row >= 0
    overlap = np.zeros(len(row))
    overlap[found] = overlaps[found, row[found]]
    ignored = np.zeros(len(row), np.bool_)
    ignored[found] = truth.ignored[row[found]]
    return Matching(row, overlap, ignored, ~taken & ~truth.ignored)


def score(matching: Matching) -> DetectionMetrics:
    """Count hits, false alarms and misses of all classes together."""
    return DetectionMetrics(
        int(matching.hits.sum()), int(matching.false_alarms.sum()), int(matching.missed.sum())
    )


def scores_by_class(
    detections: Detections,
    truth: Truth,
    *,
    everything: Detections,
    min_iou: float = 0.5,
) -> tuple[ClassScore, ...]:
    """Score each class that was found or is marked, in the order of the ids.

    Args:
        detections: what is left at the current thresholds.
        truth: what is marked.
        everything: what is left after NMS with no threshold on the confidence.
        min_iou: see ``match``.
    """
    matching = match(detections, truth, min_iou=min_iou)
    widely = match(everything, truth, min_iou=min_iou)
    counted = truth.class_id[~truth.ignored]
    scores = []
    for class_id in np.union1d(detections.class_id, counted).tolist():
        own = detections.class_id == class_id
        marked = truth.class_id == class_id
        mine = DetectionMetrics(
            int(matching.hits[own].sum()),
            int(matching.false_alarms[own].sum()),
            int(matching.missed[marked].sum()),
        )
        sure = (everything.class_id == class_id) & ~widely.ignored
        average = average_precision(
            everything.confidence[sure], widely.hits[sure], int((counted == class_id).sum())
        )
        scores.append(ClassScore(class_id, mine, average))
    return tuple(scores)


def average_precision(
    confidence: npt.NDArray[np.floating], hit: npt.NDArray[np.bool_], count: int
) -> float | None:
    """Average the precision over 101 recalls, as COCO does; None where nothing is marked.

    Args:
        confidence: (N,) of each detection.
        hit: (N,), whether it found an object.
        count: how many objects there are.

    >>> average_precision(np.array([0.9, 0.8]), np.array([True, False]), 1)
    1.0
    """
    if not count:
        return None
    found = np.cumsum(hit[np.argsort(-confidence, kind="stable")])
    precision = found / np.arange(1, len(found) + 1)
    # at each recall the best precision of any threshold that reaches it
    best = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0.0)
    return float(best[np.searchsorted(found / count, RECALLS, side="left")].mean())


def mean_average_precision(scores: Sequence[ClassScore]) -> float | None:
    """Average over the classes that are marked."""
    known = [each.average_precision for each in scores if each.average_precision is not None]
    return _share(sum(known), len(known))


def _overlaps(xyxy: Boxes, truth: Truth) -> npt.NDArray[np.float64]:
    """Return the IoU of each pair, (N, M); with a crowd, the share of the box inside it."""
    own = np.maximum(area(xyxy), np.finfo(float).tiny)[:, None]
    inside = intersection(xyxy, truth.xyxy) / own
    return np.where(truth.crowd[None, :], inside, iou_matrix(xyxy, truth.xyxy))


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
