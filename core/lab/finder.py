"""The preprocessing finder: learn from answers which spec a net was trained with.

It tries the combinations that people use and looks at the answers. Where pictures have
labels, the spec that finds them wins. Where they have none, a right spec shows in four
ways: the net is sure, it says the same when the picture is mirrored, brightened or cropped
a little, it says different things about different pictures, and it is not sure of
anything when it looks at nothing. Confidence alone misleads: a Darknet net that is fed
0..255 instead of 0..1 is 100 % sure of everything, grey walls included.

First the numbers are tried, with the picture stretched, and ranked; then the three best
ones with the other fits. The fit is a question of its own and seldom changes the ranking.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from core.blob.make import make_blob
from core.blob.spec import BlobSpec, Triple
from core.errors import BlobImpossible, ForwardFailed, LayoutUnknown
from core.nets.card import ModelCard
from core.nets.engine import infer
from core.picture.image import BgrImage, Picture, decode
from core.picture.size import Size
from core.pipeline import RoadTimes, Run, Thresholds, found
from core.results.boxes import iou
from core.results.classification import confidences
from core.results.detections import Detections

Sureness = Literal["sure", "likely", "open"]
Image = npt.NDArray[Any]

LONGEST_SIDE = 1280  # larger pictures are shrunk first: no net looks closer
FAINT = 0.1  # a box may be this unsure in a changed picture and still be the same box
FINALISTS = 3
ALIKE = 0.005  # answers that differ by less cannot tell two specs apart
SAME_NUMBERS = 0.02  # of the range of values: 0.017 is 1/255/0.23 to everybody but a computer
OUT_OF_SHAPE = 1.05
SURE, LIKELY = 0.2, 0.07  # of the best score: how far ahead of the next
ENOUGH, FEW = 5, 3  # pictures, where none has a label


@dataclass(frozen=True, slots=True)
class Habit:
    """How the nets of one family like their numbers; mean and std in the order B, G, R."""

    name: str
    scalefactor: float
    mean: Triple = (0.0, 0.0, 0.0)
    std: Triple = (1.0, 1.0, 1.0)

    def spec(self, size: Size | None, *, swap_rb: bool) -> BlobSpec:
        """Write it as a spec; mean and std follow the colours."""
        return BlobSpec(
            size=size,
            scalefactor=(self.scalefactor,) * 3,
            mean=self.mean[::-1] if swap_rb else self.mean,
            std=self.std[::-1] if swap_rb else self.std,
            swap_rb=swap_rb,
        )


CAFFE = Habit("Caffe, VGG", 1.0, (104.0, 117.0, 123.0))
HABITS: tuple[Habit, ...] = (
    Habit("Darknet, YOLO", 1 / 255),
    Habit("bytes as they are", 1.0),
    CAFFE,
    Habit("torchvision", 1 / 255, (103.53, 116.28, 123.675), (0.225, 0.224, 0.229)),
    Habit("TensorFlow, MobileNet-SSD", 1 / 127.5, (127.5,) * 3),
    Habit("MobileNet (Caffe)", 0.017, (103.94, 116.78, 123.68)),
    Habit("OpenCV's face detector", 1.0, (104.0, 177.0, 123.0)),
)


@dataclass(frozen=True, slots=True)
class Example:
    """A picture to try specs on, and what is on it where somebody knows.

    ``label`` is a text of the card's labels, or a word of one ("cat" for "tabby cat").
    """

    picture: Picture
    label: str | None = None


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
        score: 0..1, with the picture stretched; with labels the agreement, else how sure
            the net is of what it would not say of nothing, times variety, times calm.
        confidence: how sure the net is of its answers, over all views of each picture.
        stability: the share of views that answer like the unchanged picture.
        variety: how much the answers depend on the picture; 1 where that says nothing.
        calm: how little the net sees in a grey wall and in noise.
        agreement: how sure the net is of the given labels; None without labels.
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
        """Say whether a spec is this one, or one that was not told apart from it.

        Only the numbers count: scalefactor, mean, std and swapRB.
        """
        return any(same_numbers(spec, each) for each in (self.spec, *self.alike))


@dataclass(frozen=True, eq=False, slots=True)
class Verdict:
    """All trials so far, the best first, and how sure that is.

    Attributes:
        trials: one for each group of specs that the answers tell apart.
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
            return "Open: with none of these specs the net finds anything on these pictures."
        if sharing := len(self.trials[0].alike):
            return (
                f"Open: {1 + sharing} specs get the same answers here. More pictures, or "
                "labels, may tell them apart."
            )
        return f"{self.sureness.capitalize()}: the first is {self.gap:.0%} ahead of the next."


@dataclass(frozen=True, eq=False, slots=True)
class Progress:
    """How far the search is, and what it would say if it ended now."""

    done: int
    total: int
    verdict: Verdict


def candidates(size: Size | None) -> tuple[BlobSpec, ...]:
    """List the specs worth trying, without those that make the same blob as one before.

    Each habit with both orders of colour, and Caffe's mean in the wrong order as well,
    because some nets were trained that way.

    >>> len(candidates(Size(224, 224)))
    14
    """
    specs = [habit.spec(size, swap_rb=swap) for habit in HABITS for swap in (False, True)]
    specs += [replace(spec, mean=spec.mean[::-1]) for spec in specs if spec.mean in _TURNED]
    kept: list[BlobSpec] = []
    for spec in specs:
        if not any(same_numbers(spec, each) for each in kept):
            kept.append(spec)
    return tuple(kept)


_TURNED = (CAFFE.mean, CAFFE.mean[::-1])


def same_numbers(one: BlobSpec, other: BlobSpec) -> bool:
    """Say whether two specs give bytes nearly the same values in each plane.

    >>> half = BlobSpec(scalefactor=(1 / 127.5,) * 3, mean=(127.5,) * 3)
    >>> same_numbers(half, BlobSpec(mean=(127.5,) * 3, std=(127.5,) * 3))
    True
    """
    ours, theirs = _ends(one), _ends(other)
    near = np.abs(ours - theirs).max() <= SAME_NUMBERS * np.ptp(ours)
    return bool(near) and one.swap_rb == other.swap_rb


def find_spec(
    card: ModelCard,
    examples: Sequence[Example],
    *,
    size: Size | None = None,
    thresholds: Thresholds | None = None,
) -> Iterator[Progress]:
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
    scenes = tuple(_scene(each) for each in labelled or examples)
    first = [
        replace(spec, layout=card.blob.layout) for spec in candidates(size or card.blob.size)
    ]
    others = _other_fits(scenes, first[0])
    total = len(first) + min(FINALISTS, len(first)) * len(others)
    trials: list[Trial] = []
    for spec in first:
        trials.append(_trial(card, spec, scenes, limits))
        yield Progress(len(trials), total, _verdict(trials))
    finalists = sorted(trials, key=_by_score)[:FINALISTS] if others else []
    for place, trial in enumerate(finalists, start=1):
        trials.remove(trial)
        trials.append(_with_best_fit(card, trial, others, scenes, limits))
        yield Progress(len(first) + place * len(others), total, _verdict(trials))


def _ends(spec: BlobSpec) -> npt.NDArray[np.float64]:
    """Where the bytes 0 and 255 go in each plane, (2, 3)."""
    bytes_ = np.array([[0.0], [255.0]])
    return np.asarray(
        (bytes_ - np.array(spec.mean)) * np.array(spec.scalefactor) / np.array(spec.std)
    )


@dataclass(frozen=True, eq=False, slots=True)
class _View:
    """A picture changed a little, and the way back for its boxes."""

    image: Image
    back: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]


@dataclass(frozen=True, eq=False, slots=True)
class _Scene:
    """An example with its views, the unchanged one first."""

    views: tuple[_View, ...]
    label: str | None


def _scene(example: Example) -> _Scene:
    image = _shrunk(decode(example.picture))
    width, height = Size.of(image).cv2
    across, down = width // 20, height // 20
    views = (
        _View(image, lambda xyxy: xyxy),
        _View(np.ascontiguousarray(image[:, ::-1]), lambda xyxy: _mirrored(xyxy, width)),
        _View(cv2.convertScaleAbs(image, alpha=1.2), lambda xyxy: xyxy),
        _View(
            np.ascontiguousarray(image[down : height - down, across : width - across]),
            lambda xyxy: xyxy + np.array([across, down, across, down]),
        ),
    )
    return _Scene(views, example.label)


def _shrunk(image: BgrImage) -> Image:
    factor = LONGEST_SIDE / max(image.shape[:2])
    if factor >= 1:
        return image
    return cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def _mirrored(xyxy: npt.NDArray[np.float64], width: int) -> npt.NDArray[np.float64]:
    left, top, right, bottom = xyxy.T
    return np.stack([width - right, top, width - left, bottom], axis=1)


def _blanks() -> tuple[Image, ...]:
    """Draw pictures of nothing: a grey wall, and noise that is the same every time."""
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3))
    return np.full((300, 300, 3), 128, np.uint8), noise.astype(np.uint8)


@dataclass(frozen=True, eq=False, slots=True)
class _Evidence:
    """What a net said about one scene.

    Attributes:
        label: its answer.
        confidence: how sure it is, over all views.
        stability: the share of views that say so.
        agreement: how sure it is of the scene's own label.
        shares: a classifier's confidences (C,), over all views.
    """

    label: str
    confidence: float
    stability: float
    agreement: float
    shares: npt.NDArray[np.float64] | None = None


def _trial(
    card: ModelCard, spec: BlobSpec, scenes: tuple[_Scene, ...], limits: Thresholds
) -> Trial:
    """Try one spec on all scenes; a net that refuses it gets the score 0 and a sentence."""
    look = _classified if card.task == "classification" else _detected
    try:
        seen = [look(card, spec, scene, limits) for scene in scenes]
        nothing = [look(card, spec, _blank_scene(each), limits) for each in _blanks()]
    except (BlobImpossible, ForwardFailed, LayoutUnknown) as error:
        return Trial(spec, 0.0, error=str(error))
    return _judged(spec, seen, nothing, labelled=scenes[0].label is not None)


def _blank_scene(image: Image) -> _Scene:
    return _Scene((_View(image, lambda xyxy: xyxy),), None)


def _judged(
    spec: BlobSpec, seen: list[_Evidence], nothing: list[_Evidence], *, labelled: bool
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


def _classified(
    card: ModelCard, spec: BlobSpec, scene: _Scene, _limits: Thresholds
) -> _Evidence:
    each = np.stack(
        [
            confidences(_run(card, spec, view.image).outputs, logits=card.logits)
            for view in scene.views
        ]
    )
    shares = each.mean(axis=0)  # high only where all views are sure of the same class
    best = int(shares.argmax())
    meant = [_is_meant(scene.label, card.label(class_id)) for class_id in range(len(shares))]
    return _Evidence(
        card.label(best),
        float(shares[best]),
        float((each.argmax(axis=1) == best).mean()),
        float(shares[meant].max(initial=0)),
        shares,
    )


def _detected(card: ModelCard, spec: BlobSpec, scene: _Scene, limits: Thresholds) -> _Evidence:
    faint = replace(limits, confidence=min(FAINT, limits.confidence))
    views = [_boxes(card, spec, view, faint) for view in scene.views]
    boxes = views[0].above(limits.confidence)
    if len(boxes) == 0:
        return _Evidence("nothing", 0.0, 1.0, 0.0)
    again = np.stack([_found_again(boxes, view) for view in views])  # (views, boxes)
    sure = again.mean(axis=0)
    best = int(sure.argmax())
    labels = [card.label(class_id) for class_id in boxes.class_id.tolist()]
    meant = [_is_meant(scene.label, label) for label in labels]
    return _Evidence(
        labels[best],
        float(sure[best]),
        float((again[:, best] > 0).mean()),
        float(sure[meant].max(initial=0)),
    )


def _boxes(card: ModelCard, spec: BlobSpec, view: _View, limits: Thresholds) -> Detections:
    kept = found(_run(card, spec, view.image), card, limits).kept
    return replace(kept, xyxy=view.back(kept.xyxy))


def _found_again(boxes: Detections, view: Detections) -> npt.NDArray[np.float64]:
    """Look each box up in another view, (N,): its confidence there, or 0."""
    same = (iou(boxes.xyxy, view.xyxy) >= 0.5) & (
        boxes.class_id[:, None] == view.class_id[None, :]
    )
    sure = np.where(same, view.confidence[None, :], 0.0)
    return np.asarray(sure.max(axis=1, initial=0.0))


def _run(card: ModelCard, spec: BlobSpec, image: Image) -> Run:
    """Run the net on pixels; ``pipeline.run`` would decode every view anew."""
    blob, placement = make_blob(image, spec)
    outputs = infer(card, blob).outputs
    untimed = RoadTimes(0.0, 0.0, None, None, 0.0)
    return Run(Size.of(image), BgrImage(image), blob, placement, outputs, untimed)


def _is_meant(wanted: str | None, label: str) -> bool:
    """Compare by whole words: "cat" means "tabby, tabby cat" and not "catamaran"."""
    if not wanted:
        return False
    words = "".join(each if each.isalnum() else " " for each in label.lower()).split()
    asked = "".join(each if each.isalnum() else " " for each in wanted.lower()).split()
    return f" {' '.join(asked)} " in f" {' '.join(words)} "


def _unlike(seen: _Evidence, nothing: list[_Evidence]) -> float:
    """Say how far a classifier's answer is from its answers to nothing: total variation."""
    if seen.shares is None:
        return 1.0
    return min(
        1 - float(np.minimum(seen.shares, each.shares).sum())
        for each in nothing
        if each.shares is not None
    )


def _variety(shares: list[npt.NDArray[np.float64]]) -> float:
    """Measure how much the class tells about the picture: mutual information, 0..1.

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


def _other_fits(scenes: tuple[_Scene, ...], spec: BlobSpec) -> tuple[dict[str, Any], ...]:
    """List the fits worth trying: none where all pictures have the blob's shape."""
    if spec.size is None:
        return ()
    shapes = [scene.views[0].image.shape for scene in scenes]
    ratios = [shape[1] / shape[0] * spec.size.height / spec.size.width for shape in shapes]
    if all(max(ratio, 1 / ratio) < OUT_OF_SHAPE for ratio in ratios):
        return ()
    grey = {"fit": "letterbox", "pad_value": (114.0, 114.0, 114.0)}
    return ({"fit": "crop"}, {**grey, "anchor": "centre"}, {**grey, "anchor": "top-left"})


def _with_best_fit(
    card: ModelCard,
    trial: Trial,
    others: tuple[dict[str, Any], ...],
    scenes: tuple[_Scene, ...],
    limits: Thresholds,
) -> Trial:
    """Try a trial's numbers with the other fits and give its spec the best of them.

    Its score stays: the best of four tries would beat others by luck.
    """
    tried = [
        trial,
        *(_trial(card, replace(trial.spec, **fit), scenes, limits) for fit in others),
    ]
    tried.sort(key=_by_score)
    fits = tuple(FitTrial(each.spec, each.score) for each in tried)
    return replace(trial, spec=fits[0].spec, fits=fits)


def _by_score(trial: Trial) -> float:
    return -trial.score


def _verdict(trials: list[Trial]) -> Verdict:
    """Rank the trials and put those together that were answered alike."""
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
        and abs(one.score - other.score) <= ALIKE
        and abs(one.confidence - other.confidence) <= ALIKE
    )
