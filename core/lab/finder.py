"""The preprocessing finder: learn from answers which spec a net was trained with.

It tries common combinations and rates the answers. Where pictures have
labels, the spec that finds them wins. Where they have none, a right spec shows in four
ways: the net is sure, it says the same when the picture is mirrored, brightened or cropped
a little, it says different things about different pictures, and it is not sure of
anything when it looks at nothing. Confidence alone misleads: a Darknet net that is fed
0..255 instead of 0..1 is 100 % sure of everything, grey walls included.

First the numbers are tried, with the picture stretched, and ranked; then the three best
ones with the other fits. The fit is a question of its own and seldom changes the ranking.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from core.blob.spec import BlobSpec
from core.errors import BlobImpossible, ForwardFailed, LayoutUnknown
from core.lab.augmentation import AugmentedExample, Example, augment, blank_examples
from core.lab.conventions import candidate_specs, same_numbers
from core.lab.probe import ProbeResult, evaluate
from core.nets.card import ModelCard
from core.picture.size import Size
from core.pipeline import Thresholds

Sureness = Literal["sure", "likely", "open"]

FINALISTS = 3
SAME_SCORE = 0.005  # answers that differ by less do not separate two specs
OUT_OF_SHAPE = 1.05
SURE, LIKELY = 0.2, 0.07  # of the best score: how far ahead of the next
ENOUGH = 5  # pictures, where none has a label
FEW = 3


@dataclass(frozen=True, slots=True)
class FitTrial:
    """The same numbers with another fit, and how they did."""

    spec: BlobSpec
    score: float


@dataclass(frozen=True, eq=False, slots=True)
class Trial:
    """A spec that was tried, and how it did.

    Attributes:
        spec: the spec, with the fit that did best.
        score: 0..1, with the picture stretched; with labels the agreement, else the confidence
            the net is of what it would not say of nothing, times variety, times calm.
        confidence: of the answers, over all views of each picture.
        stability: the share of views that answer like the unchanged picture.
        variety: how much the answers depend on the picture; 1 where that says nothing.
        calm: how little the net sees in a grey wall and in noise.
        agreement: the confidence of the given labels; None without labels.
        answers: what it says about each picture.
        alike: other specs that make the same blob, or get the same answers here.
        fits: the fits that were tried, the best first; empty before the second round.
        error: the sentence of the error where the net refused.
    """

    spec: BlobSpec
    score: float
    confidence: float = 0.0
    stability: float = 0.0
    variety: float = 0.0
    calm: float = 0.0
    agreement: float | None = None
    answers: tuple[str, ...] = ()
    alike: tuple[BlobSpec, ...] = ()
    fits: tuple[FitTrial, ...] = ()
    error: str = ""

    def covers(self, spec: BlobSpec) -> bool:
        """Return whether a spec is this one, or one that gave the same answers.

        Only the numbers count: scalefactor, mean, std and swapRB.
        """
        return any(same_numbers(spec, each) for each in (self.spec, *self.alike))


@dataclass(frozen=True, eq=False, slots=True)
class Verdict:
    """All trials so far, the best first, and how clear the result is.

    Attributes:
        trials: one for each group of specs with the same answers.
        gap: how far the first is ahead of the second, as a share of its score, 0..1.
    """

    trials: tuple[Trial, ...]
    gap: float

    @property
    def sureness(self) -> Sureness:
        """Put the gap into a word.

        Always open where specs share the first place, and for one or two pictures without
        a label. Of five pictures of different things, "sure" was right nine times in ten
        and "likely" three times in four: six nets, sixty random choices of nine photos each.
        """
        if not self.trials or self.trials[0].score == 0 or self.trials[0].alike:
            return "open"
        best = self.trials[0]
        clues = ENOUGH if best.agreement is not None else len(best.answers)
        if clues < FEW or self.gap < LIKELY:
            return "open"
        if clues < ENOUGH:
            return "likely" if self.gap >= SURE else "open"
        return "sure" if self.gap >= SURE else "likely"

    def __str__(self) -> str:
        if not self.trials or self.trials[0].score == 0:
            return (
                "Open: the model detects nothing on these pictures with any of these settings."
            )
        if sharing := len(self.trials[0].alike):
            return (
                f"Open: {1 + sharing} settings give the same predictions. More pictures, or "
                "labels, may separate them."
            )
        return f"{self.sureness.capitalize()}: the first is {self.gap:.0%} ahead of the next."


@dataclass(frozen=True, eq=False, slots=True)
class SearchProgress:
    """How far the search is, and what it would say if it ended now."""

    done: int
    total: int
    verdict: Verdict


def find_spec(
    card: ModelCard,
    examples: Sequence[Example],
    *,
    size: Size | None = None,
    thresholds: Thresholds | None = None,
) -> Iterator[SearchProgress]:
    """Try specs one after the other; the last progress holds the final verdict.

    Args:
        card: the model; everything but the numbers of its spec is used.
        examples: at least one. Without labels, five pictures of different things that
            the net knows do much better than one. Where one has a label, those without
            are left out.
        size: the blob's size; the card's own where it is None.
        thresholds: what counts as a box; the card's own where it is None.

    Raises:
        PictureRefused: one of the pictures cannot be decoded.
        ModelError: the model's files are missing or cannot be read.
    """
    limits = thresholds or Thresholds(card.confidence, card.iou)
    labelled = [each for each in examples if each.label]
    augmented = tuple(augment(each) for each in labelled or examples)
    first = [
        replace(spec, layout=card.blob.layout, channels=card.blob.channels)
        for spec in candidate_specs(size or card.blob.size)
    ]
    others = _other_fits(augmented, first[0])
    total = len(first) + min(FINALISTS, len(first)) * len(others)
    trials: list[Trial] = []
    for spec in first:
        trials.append(_trial(card, spec, augmented, limits))
        yield SearchProgress(len(trials), total, _verdict(trials))
    finalists = sorted(trials, key=_by_score)[:FINALISTS] if others else []
    for place, trial in enumerate(finalists, start=1):
        trials.remove(trial)
        trials.append(_with_best_fit(card, trial, others, augmented, limits))
        yield SearchProgress(len(first) + place * len(others), total, _verdict(trials))


def _trial(
    card: ModelCard, spec: BlobSpec, augmented: tuple[AugmentedExample, ...], limits: Thresholds
) -> Trial:
    """Try one spec on all scenes; a net that refuses it gets the score 0 and a sentence."""
    try:
        seen = [evaluate(card, spec, example, limits) for example in augmented]
        nothing = [evaluate(card, spec, each, limits) for each in blank_examples()]
    except (BlobImpossible, ForwardFailed, LayoutUnknown) as error:
        return Trial(spec, 0.0, error=str(error))
    return _judged(spec, seen, nothing, labelled=augmented[0].label is not None)


def _judged(
    spec: BlobSpec, seen: list[ProbeResult], nothing: list[ProbeResult], *, labelled: bool
) -> Trial:
    calm = 1 - _mean(each.confidence for each in nothing)
    confidence = _mean(each.confidence * _unlike(each, nothing) for each in seen)
    variety = _variety([each.shares for each in seen if each.shares is not None])
    agreement = _mean(each.agreement for each in seen) if labelled else None
    return Trial(
        spec,
        score=confidence * variety * calm if agreement is None else agreement,
        confidence=_mean(each.confidence for each in seen),
        stability=_mean(each.stability for each in seen),
        variety=variety,
        calm=calm,
        agreement=agreement,
        answers=tuple(each.label for each in seen),
    )


def _unlike(seen: ProbeResult, nothing: list[ProbeResult]) -> float:
    """Say how far a classifier's answer is from its answers to nothing: total variation."""
    if seen.shares is None:
        return 1.0
    return min(
        1 - float(np.minimum(seen.shares, each.shares).sum())
        for each in nothing
        if each.shares is not None
    )


def _variety(shares: list[npt.NDArray[np.float64]]) -> float:
    """Measure how much the class depends on the picture: mutual information, 0..1.

    1 where each picture has a class of its own, 0 where all get the same answer.

    >>> _variety([np.array([1.0, 0.0]), np.array([0.0, 1.0])])
    1.0
    """
    if len(shares) < 2:
        return 1.0
    each = np.stack(shares)
    information = _entropy(each.mean(axis=0)) - _mean(_entropy(row) for row in each)
    return min(1.0, max(0.0, information / math.log(len(shares))))


def _entropy(shares: npt.NDArray[np.float64]) -> float:
    some = shares[shares > 0]
    return float(-(some * np.log(some)).sum())


def _mean(values: Any) -> float:
    return float(np.mean(list(values)))


def _other_fits(
    augmented: tuple[AugmentedExample, ...], spec: BlobSpec
) -> tuple[dict[str, Any], ...]:
    """List the fits worth trying: none where all pictures have the blob's shape."""
    if spec.size is None:
        return ()
    shapes = [example.views[0].image.shape for example in augmented]
    ratios = [shape[1] / shape[0] * spec.size.height / spec.size.width for shape in shapes]
    if all(max(ratio, 1 / ratio) < OUT_OF_SHAPE for ratio in ratios):
        return ()
    grey = {"fit": "letterbox", "pad_value": (114.0, 114.0, 114.0)}
    return ({"fit": "crop"}, {**grey, "anchor": "centre"}, {**grey, "anchor": "top-left"})


def _with_best_fit(
    card: ModelCard,
    trial: Trial,
    others: tuple[dict[str, Any], ...],
    augmented: tuple[AugmentedExample, ...],
    limits: Thresholds,
) -> Trial:
    """Try a trial's numbers with the other fits and give its spec the best of them.

    Its score stays: the best of four tries would beat others by luck.
    """
    tried = [
        trial,
        *(_trial(card, replace(trial.spec, **fit), augmented, limits) for fit in others),
    ]
    tried.sort(key=_by_score)
    fits = tuple(FitTrial(each.spec, each.score) for each in tried)
    return replace(trial, spec=fits[0].spec, fits=fits)


def _by_score(trial: Trial) -> float:
    return -trial.score


def _verdict(trials: list[Trial]) -> Verdict:
    """Rank the trials and group those with the same answers."""
    groups: list[Trial] = []
    # of equals, the one with fits leads its group
    for trial in sorted(trials, key=lambda each: (-each.score, not each.fits)):
        leader = next((each for each in groups if _answered_alike(each, trial)), None)
        if leader is None:
            groups.append(trial)
        else:
            at = groups.index(leader)
            groups[at] = replace(leader, alike=(*leader.alike, trial.spec))
    best, second = (*(each.score for each in groups), 0.0, 0.0)[:2]
    return Verdict(tuple(groups), (best - second) / best if best else 0.0)


def _answered_alike(one: Trial, other: Trial) -> bool:
    return (
        one.answers == other.answers
        and one.error == other.error
        and abs(one.score - other.score) <= SAME_SCORE
        and abs(one.confidence - other.confidence) <= SAME_SCORE
    )
