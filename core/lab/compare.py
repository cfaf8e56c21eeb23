"""Two sides of a bench: one picture, two specs or two models, and what changed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from core.answers import Answer, read_answer
from core.blob.make import Blob, planes
from core.blob.spec import BlobLayout
from core.pipeline import Run, Thresholds
from core.render.planes import RenderedPlane, render_planes
from core.results.boxes import iou_matrix
from core.results.classification import Ranked
from core.results.detections import Detections
from core.wording import counted

Status = Literal["same", "moved", "confidence changed", "only in A", "only in B"]

SAME_THING = 0.5  # boxes of one class that overlap at least this much show the same thing
SAME_PLACE = 0.95
SAME_CONFIDENCE = 0.01


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the table of what changed.

    Attributes:
        status: ``moved`` is another place in the picture, or for classes in the ranking.
        label: the class.
        a: its confidence on side A; None where it is missing there.
        b: likewise on side B.
        index_a: its rank in A's answer; 0 has the highest confidence.
        index_b: likewise on side B.
        iou: how much the two boxes overlap; None without two boxes.
    """

    status: Status
    label: str
    a: float | None
    b: float | None
    index_a: int | None
    index_b: int | None
    iou: float | None = None


@dataclass(frozen=True, eq=False, slots=True)
class BlobDifference:
    """B minus A, value by value.

    Attributes:
        planes: (H, W) float32 each, in the order of the blob's channels.
        largest: the largest absolute difference.
        mean: the mean absolute difference.
        changed: the share of values that differ at all, 0..1.
    """

    planes: tuple[npt.NDArray[np.float32], ...]
    largest: float
    mean: float
    changed: float

    def rendered(self, *, width: int = 640) -> tuple[RenderedPlane, ...]:
        """Colour the planes on one scale: white is no difference, red is more on side B."""
        return render_planes(self.planes, colouring="diverging", width=width)


@dataclass(frozen=True, eq=False, slots=True)
class Comparison:
    """Everything the bench shows.

    Attributes:
        a: the answer on side A.
        b: the answer on side B.
        difference: of the blobs; None where their shapes differ.
        changes: a row for each class or box; empty where a classifier meets a detector.
    """

    a: Answer
    b: Answer
    difference: BlobDifference | None
    changes: tuple[Change, ...]

    def __str__(self) -> str:
        if (self.a.boxes is None) != (self.b.boxes is None):
            return "One side classifies, the other detects: only the blobs can be compared."
        return summary(self.changes, noun="class" if self.a.boxes is None else "box")


def compare(a: Run, b: Run, thresholds: Thresholds) -> Comparison:
    """Compare two runs of the same picture."""
    answer_a, answer_b = (read_answer(run, thresholds) for run in (a, b))
    return Comparison(
        answer_a,
        answer_b,
        blob_difference(a.blob, b.blob, layout_a=a.spec.layout, layout_b=b.spec.layout),
        changes(answer_a, answer_b),
    )


def blob_difference(
    a: Blob, b: Blob, *, layout_a: BlobLayout = "NCHW", layout_b: BlobLayout = "NCHW"
) -> BlobDifference | None:
    """Subtract A from B plane by plane; None where number or size of the planes differ."""
    ours, theirs = planes(a, layout_a), planes(b, layout_b)
    if [plane.shape for plane in ours] != [plane.shape for plane in theirs]:
        return None
    # in float32 before the subtraction: bytes would wrap around below 0
    each = tuple(_floats(two) - _floats(one) for one, two in zip(ours, theirs, strict=True))
    sizes = np.abs(each)
    return BlobDifference(
        each, float(sizes.max()), float(sizes.mean()), float((sizes > 0).mean())
    )


def changes(a: Answer, b: Answer) -> tuple[Change, ...]:
    """Match two answers and return the change of each class or box, by confidence.

    Boxes belong together where they have one label and overlap with an IoU of at least
    0.5, the best overlap first; classes where they have one label. Two models may number
    their classes differently, so labels decide, not ids.
    """
    if a.boxes is None and b.boxes is None:
        pairs = _pairs_of_classes(a.ranked, b.ranked)
        return _rows(a, b, pairs, _class_status)
    if a.boxes is None or b.boxes is None:
        return ()
    pairs = _pairs_of_boxes(a, b, a.boxes, b.boxes)
    return _rows(a, b, pairs, _box_status)


def summary(rows: tuple[Change, ...], *, noun: str = "box") -> str:
    """Count the rows in a sentence.

    >>> dog = Change("same", "dog", 0.9, 0.9, 0, 0, 1.0)
    >>> summary((dog, dog, Change("only in B", "cat", None, 0.8, None, 1)))
    '2 boxes the same, 1 only in B'
    """
    order: tuple[Status, ...] = (
        *("same", "moved", "confidence changed"),
        *("only in A", "only in B"),
    )
    counts = {
        status: count
        for status in order
        if (count := sum(row.status == status for row in rows))
    }
    if not counts:
        return f"no {noun}es on either side"
    first, *others = counts
    words = [f"{counted(counts[first], noun)} {_in_words(first)}"]
    return ", ".join([*words, *(f"{counts[each]} {_in_words(each)}" for each in others)])


def _in_words(status: Status) -> str:
    words = {"same": "the same", "confidence changed": "with another confidence"}
    return words.get(status, status)


Pairs = dict[int, tuple[int, float | None]]
"""Place in A's answer -> place in B's and the IoU of the two."""


def _pairs_of_classes(a: tuple[Ranked, ...], b: tuple[Ranked, ...]) -> Pairs:
    places = {each.label: place for place, each in enumerate(b)}
    return {
        place: (places[each.label], None)
        for place, each in enumerate(a)
        if each.label in places
    }


def _pairs_of_boxes(a: Answer, b: Answer, boxes_a: Detections, boxes_b: Detections) -> Pairs:
    overlap = iou_matrix(boxes_a.xyxy, boxes_b.xyxy)
    labels_a, labels_b = ([each.label for each in side.ranked] for side in (a, b))
    alike = np.array([[one == other for other in labels_b] for one in labels_a], bool)
    candidates = np.argwhere(alike.reshape(overlap.shape) & (overlap >= SAME_THING))
    order = np.argsort(-overlap[tuple(candidates.T)], kind="stable")
    pairs: Pairs = {}
    taken: set[int] = set()
    for one, other in candidates[order].tolist():
        if one not in pairs and other not in taken:
            pairs[one] = other, float(overlap[one, other])
            taken.add(other)
    return pairs


def _rows(
    a: Answer, b: Answer, pairs: Pairs, status: Callable[[Change], Status]
) -> tuple[Change, ...]:
    rows = []
    for place, each in enumerate(a.ranked):
        if place in pairs:
            other, overlap = pairs[place]
            theirs = b.ranked[other].confidence
            row = Change("same", each.label, each.confidence, theirs, place, other, overlap)
            rows.append(replace(row, status=status(row)))
        else:
            rows.append(Change("only in A", each.label, each.confidence, None, place, None))
    taken = {other for other, _ in pairs.values()}
    rows += [
        Change("only in B", each.label, None, each.confidence, None, place)
        for place, each in enumerate(b.ranked)
        if place not in taken
    ]
    return tuple(sorted(rows, key=lambda row: -max(row.a or 0, row.b or 0)))


def _class_status(row: Change) -> Status:
    if row.index_a != row.index_b:
        return "moved"
    return "same" if _sure_alike(row) else "confidence changed"


def _box_status(row: Change) -> Status:
    if row.iou is not None and row.iou < SAME_PLACE:
        return "moved"
    return "same" if _sure_alike(row) else "confidence changed"


def _sure_alike(row: Change) -> bool:
    return abs((row.a or 0) - (row.b or 0)) < SAME_CONFIDENCE


def _floats(plane: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    return plane.astype(np.float32)
