"""The ledger: what became of every raw row, and which box removed it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from core.results.boxes import iou_matrix
from core.results.detections import REACH, Detections

Outcome = Literal[
    "kept",
    "suppressed",
    "softened",
    "outside the picture",
    "beyond the surest",
    "class filtered",
    "no box",
    "below confidence",
]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
MEANINGS: dict[Outcome, str] = {
    "kept": "in the picture and in the table",
    "suppressed": "NMS removed it: a box of higher confidence overlaps it by more than the "
    "IoU threshold",
    "softened": "soft NMS lowered its confidence until it was no longer above the threshold",
    "outside the picture": "no part of it lies inside the picture, as in a letterbox bar",
    "beyond the surest": "over the limit of NMS: enough boxes have a higher confidence",
    "class filtered": "its class is not selected",
    "no box": "a side or the confidence is infinite or not a number",
    "below confidence": "its confidence is not above the threshold",
}
NOBODY = -1

RowNumbers = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class NmsStages:
    """The raw rows of one picture, and what each step of reading left of them.

    Attributes:
        raw: every row the net gave, in blob pixels.
        confident: of these, the boxes above the threshold, by descending confidence.
        wanted: of these, those of the wanted classes.
        candidates: of these, the first ones up to the limit of NMS.
        after_nms: what NMS left of these; soft NMS has lowered their confidence.
        kept: of these, those inside the picture, in its pixels.
    """

    raw: Detections
    confident: Detections
    wanted: Detections
    candidates: Detections
    after_nms: Detections
    kept: Detections


@dataclass(frozen=True, eq=False)
class Ledger:
    """A line for every raw row, in the net's order, as parallel arrays.

    Attributes:
        boxes: the rows as the net gave them; boxes in pixels of the picture, not cut.
        outcome: (N,) int64, a place in ``OUTCOMES``.
        suppressed_by: (N,) int64, the raw row of the box that removed this one; -1 if none did.
        iou: (N,) float32, how much the two overlap; not a number where none removed it.
        left: (N,) float32, the confidence that soft NMS left, else the net's own.
        number: (N,) int64, the place among the kept boxes, from 1; 0 for all others.
    """

    boxes: Detections
    outcome: RowNumbers
    suppressed_by: RowNumbers
    iou: Shares
    left: Shares
    number: RowNumbers

    def __len__(self) -> int:
        return len(self.boxes)

    def counts(self) -> dict[Outcome, int]:
        """Count the rows of each fate; together they are all rows."""
        counts = np.bincount(self.outcome, minlength=len(OUTCOMES)).tolist()
        return dict(zip(OUTCOMES, counts, strict=True))

    def lines(self, outcomes: Collection[Outcome] = OUTCOMES) -> RowNumbers:
        """List the lines with these outcomes: kept boxes by number, then by confidence."""
        lines = np.flatnonzero(
            np.isin(self.outcome, [OUTCOMES.index(outcome) for outcome in outcomes])
        )
        behind = np.where(self.number[lines] > 0, self.number[lines], len(self) + 1)
        return np.asarray(lines[np.lexsort((-self.boxes.confidence[lines], behind))])

    def taken(self, lines: Sequence[int] | RowNumbers) -> Detections:
        """Return the boxes of these lines, with the confidence that NMS left them."""
        some = np.asarray(lines, np.int64)
        return replace(self.boxes.taken(some), confidence=self.left[some])


class Suppression(NamedTuple):
    """Of each box that NMS lost: the raw row that removed it, their IoU, what was left."""

    suppressed_by: RowNumbers
    iou: Shares
    left: Shares


def ledger(
    stages: NmsStages,
    boxes: Detections,
    *,
    confidence: float,
    iou: float,
    per_class: bool = True,
    soft: bool = False,
) -> Ledger:
    """Return the outcome of every raw row, and the box that suppressed it.

    Args:
        stages: what each step left.
        boxes: the raw rows once more, in pixels of the picture.
        confidence: the threshold that made the sieve, like the three that follow.
        iou: of two boxes that overlap more than this, the less confident went.
        per_class: only boxes of the same class suppressed each other.
        soft: the less confident lost confidence first.
    """
    raw = stages.raw
    line = np.zeros(raw.row.max(initial=NOBODY) + 1, np.int64)
    line[raw.row] = np.arange(len(raw))
    outcome = _outcomes(stages, line, confidence=confidence, soft=soft)
    suppressed_by = np.full(len(raw), NOBODY)
    share = np.full(len(raw), np.nan, np.float32)
    number = np.zeros(len(raw), np.int64)
    left = raw.confidence.copy()
    number[line[stages.kept.row]] = np.arange(1, len(stages.kept) + 1)
    left[line[stages.after_nms.row]] = stages.after_nms.confidence
    lost = stages.candidates.taken(~np.isin(stages.candidates.row, stages.after_nms.row))
    removal = (
        find_softeners(
            lost, stages.after_nms, confidence=confidence, iou=iou, per_class=per_class
        )
        if soft
        else find_suppressors(lost, stages.after_nms, iou=iou, per_class=per_class)
    )
    here = line[lost.row]
    suppressed_by[here], share[here], left[here] = removal
    # Left over are boxes without any area, of which cv2 keeps one, and with soft NMS those
    # that were below its own floor from the start.
    unexplained = here[suppressed_by[here] == NOBODY]
    outcome[unexplained] = OUTCOMES.index("below confidence" if soft else "outside the picture")
    return Ledger(boxes, outcome, suppressed_by, share, left, number)


def _outcomes(
    stages: NmsStages, line: RowNumbers, *, confidence: float, soft: bool
) -> RowNumbers:
    """Let each step overwrite the fate of those that came through the one before."""
    raw = stages.raw
    outcome = np.full(len(raw), OUTCOMES.index("below confidence"))
    is_box = np.isfinite(raw.xyxy).all(axis=1) & ~np.isnan(raw.confidence)
    outcome[~is_box & ~(raw.confidence <= confidence)] = OUTCOMES.index("no box")
    came_through: tuple[tuple[Outcome, Detections], ...] = (
        ("class filtered", stages.confident),
        ("beyond the surest", stages.wanted),
        ("softened" if soft else "suppressed", stages.candidates),
        ("outside the picture", stages.after_nms),
        ("kept", stages.kept),
    )
    for its_outcome, detections in came_through:
        outcome[line[detections.row]] = OUTCOMES.index(its_outcome)
    return outcome


def find_suppressors(
    lost: Detections, kept: Detections, *, iou: float, per_class: bool = True
) -> Suppression:
    """Find for each suppressed box the kept box of highest confidence that overlaps it."""
    overlap = overlap_in_nms(kept, lost)  # (kept, lost)
    removes = overlap > np.float32(iou)
    if per_class:
        removes &= kept.class_id[:, None] == lost.class_id[None, :]
    return _first(lost, kept, removes, overlap, np.broadcast_to(lost.confidence, overlap.shape))


def overlap_in_nms(a: Detections, b: Detections) -> Shares:
    """Measure the IoU of each pair as cv2's NMS does: 1 minus a distance, in float32."""
    shared = iou_matrix(a.xyxy.clip(-REACH, REACH), b.xyxy.clip(-REACH, REACH))
    return np.asarray(np.float32(1) - (1 - shared).astype(np.float32))


def find_softeners(
    lost: Detections,
    kept: Detections,
    *,
    confidence: float,
    iou: float,
    per_class: bool = True,
) -> Suppression:
    """Find for each box that soft NMS lost the kept box whose share brought it down.

    The kept boxes apply one after the other, by confidence; the one after
    which no more is left than the confidence counts as the remover.
    """
    overlap = iou_matrix(kept.xyxy, lost.xyxy)  # (kept, lost)
    weakens = overlap > iou
    if per_class:
        weakens &= kept.class_id[:, None] == lost.class_id[None, :]
    shares = np.vstack([lost.confidence[None], np.where(weakens, 1 - overlap, 1.0)])
    left = shares.cumprod(axis=0)[1:].astype(np.float32)
    return _first(lost, kept, left <= np.float32(confidence), overlap, left)


def _first(
    lost: Detections,
    kept: Detections,
    removes: npt.NDArray[np.bool_],
    overlap: npt.NDArray[Any],
    left: npt.NDArray[Any],
) -> Suppression:
    """Take from each column of (kept, lost) the first row that removes, or NOBODY."""
    nobody = np.ones((1, len(lost)), np.bool_)
    first = np.vstack([removes, nobody]).argmax(axis=0)
    at = first, np.arange(len(lost))
    return Suppression(
        np.append(kept.row, NOBODY)[first],
        np.vstack([overlap, np.full((1, len(lost)), np.nan)])[at].astype(np.float32),
        np.vstack([left, lost.confidence[None]])[at].astype(np.float32),
    )
