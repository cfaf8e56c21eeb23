"""The pipeline from bytes to boxes, in two halves.

``run_model`` is the slow half: picture -> image -> blob -> outputs. It depends on the
picture, the model and the spec alone, so it is worth remembering under these three.
``detections`` and ``ranking`` are the quick half: they read outputs that are already
there, and every slider acts on them only.
"""

import time
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from core.blob.make import Blob, make_blob
from core.blob.spec import BlobSpec
from core.nets.card import ModelCard
from core.nets.darknet_cfg import HeadSection, read_heads
from core.nets.downloads import file_paths
from core.nets.engine import infer
from core.outputs import Outputs
from core.picture.image import BgrImage, Picture, decode_picture
from core.picture.placement import Placement
from core.picture.size import Size
from core.results.classification import Ranked, confidences, top_k
from core.results.decoders import decode_above, decode_outputs, grids
from core.results.detections import Detections
from core.results.grids import Grids, HeadRule
from core.results.layout import NetFacts
from core.results.ledger import Ledger, NmsStages, ledger
from core.results.recognition import LayoutMatch, Recognition, named, recognition

MOST_CANDIDATES = 1000
"""The maximum number of boxes for NMS, by confidence; its time grows quadratically."""


@dataclass(frozen=True, slots=True)
class RoadTimes:
    """Milliseconds of wall-clock time that each part of the slow half took.

    ``load`` is None when the net was in memory already; ``first_forward`` is None unless
    this run was the net's first. ``forward`` is always a warm one.
    """

    decode: float
    blob: float
    load: float | None
    first_forward: float | None
    forward: float


@dataclass(frozen=True, eq=False)
class Run:
    """What the slow half leaves behind, and which model and spec made it.

    The image itself is not kept: a cache full of 12-megapixel images would fill the memory
    of the host.
    """

    card: ModelCard
    spec: BlobSpec
    image_size: Size
    blob: Blob
    placement: Placement
    outputs: Outputs
    times: RoadTimes

    @property
    def net_facts(self) -> NetFacts:
        """What is known of the net beside its outputs."""
        return net_facts(self.card, self.placement.blob)

    @cached_property
    def reading(self) -> LayoutMatch:
        """In which layout the outputs are read, and why: recognised once per run.

        Raises:
            LayoutUnknown: no layout fits, or several, or the card's own does not.
        """
        return named(self.outputs, self.net_facts, self.card.layout)

    @property
    def recognised(self) -> Recognition:
        """Which layouts the outputs could be written in, whatever the card says."""
        return recognition(self.outputs, self.net_facts)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The knobs of the quick half: what counts as found, and which overlaps are doubles.

    Attributes:
        confidence: boxes at or below it are dropped, 0..1.
        iou: of two boxes that overlap more than this, the less confident goes, 0..1.
        per_class: only boxes of the same class suppress each other.
        soft: lower the confidence of boxes that overlap more, by 1 - IoU, instead of
            dropping them (Soft-NMS, linear).
        class_ids: only these classes; None means all.
    """

    confidence: float = 0.25
    iou: float = 0.45
    per_class: bool = True
    soft: bool = False
    class_ids: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class ClassCount:
    """How many boxes of one class there are."""

    class_id: int
    boxes: int


@dataclass(frozen=True, eq=False)
class DetectionResult:
    """The boxes of one picture, and how many were left after each step.

    Attributes:
        run: whose outputs were read.
        thresholds: how they were read.
        raw: rows the net gave.
        top_confidence: the highest confidence among them, 0..1.
        confident: of these, above the confidence.
        classes: how many of those each class has, the most first.
        wanted: of these, of the wanted classes.
        kept: what NMS left of these, ending at the picture's edges, in its pixels.
        read_ms: how long reading took, in milliseconds.
    """

    run: Run
    thresholds: Thresholds
    raw: int
    top_confidence: float
    confident: int
    classes: tuple[ClassCount, ...]
    wanted: int
    kept: Detections
    read_ms: float


@dataclass(frozen=True, eq=False, slots=True)
class Ranking:
    """The likeliest classes of one picture.

    Attributes:
        run: whose outputs were read.
        confidence: (C,), 0..1, of every class the net knows.
        best: the likeliest classes, the likeliest first.
        read_ms: how long reading took, in milliseconds.
    """

    run: Run
    confidence: npt.NDArray[np.float64]
    best: tuple[Ranked, ...]
    read_ms: float


def run_model(picture: Picture, card: ModelCard, spec: BlobSpec | None = None) -> Run:
    """Take a picture through a model: decode, make the blob, forward.

    A net's first forward also plans its memory, so a fresh net runs twice and both
    times are distinguished. ``spec`` replaces the card's own.
    """
    image, decode_ms = timed_decode(picture)
    return run_image(image, card, spec, decode_ms=decode_ms)


def timed_decode(picture: Picture) -> tuple[BgrImage, float]:
    """Decode a picture, and measure the milliseconds that takes."""
    begin = time.perf_counter()
    image = decode_picture(picture)
    return image, 1e3 * (time.perf_counter() - begin)


def run_image(
    image: BgrImage, card: ModelCard, spec: BlobSpec | None = None, *, decode_ms: float = 0.0
) -> Run:
    """Take an image that is decoded already, such as a frame, through a model.

    ``decode_ms`` is what decoding it took, where somebody measured that.
    """
    begin = time.perf_counter()
    spec = spec or card.blob
    blob, placement = make_blob(image, spec)
    blob_made = time.perf_counter()
    first = infer(card, blob)
    warm = infer(card, blob) if first.timings.first else first
    times = RoadTimes(
        decode=decode_ms,
        blob=1e3 * (blob_made - begin),
        load=first.timings.load_ms,
        first_forward=first.timings.forward_ms if first.timings.first else None,
        forward=warm.timings.forward_ms,
    )
    return Run(card, spec, Size.of(image), blob, placement, warm.outputs, times)


def raw_detections(run: Run) -> Detections:
    """Decode every row the net gave, in blob pixels, without any threshold."""
    return decode_outputs(run.outputs, run.net_facts, run.reading.layout)


def net_facts(card: ModelCard, blob: Size) -> NetFacts:
    """Tell what a card knows of a net's outputs, for a blob of this size."""
    return NetFacts(
        size=blob,
        anchors=card.anchors,
        labels=len(card.labels),
        label_offset=card.label_offset,
        darknet=card.framework == "darknet",
    )


def grids_of(run: Run) -> Grids:
    """Lay the raw rows back into the cells they came from.

    Raises:
        LayoutUnknown: the rows of this net lie in no grid.
        CardInvalid: its .cfg does not say which anchors it has.
    """
    facts = replace(run.net_facts, heads=_head_rules(run.card))
    return grids(run.outputs, facts, run.reading.layout)


def _head_rules(card: ModelCard) -> tuple[HeadRule, ...]:
    """Read from a Darknet .cfg what the outputs do not contain."""
    config = file_paths(card).config if card.framework == "darknet" else None
    if config is None:
        return ()
    heads = read_heads(config.read_text(encoding="latin-1"), name=config.name)
    return tuple(map(_head_rule, heads))


def _head_rule(section: HeadSection) -> HeadRule:
    return HeadRule(
        anchors=section.anchors,
        classes=section.classes,
        in_cells=section.kind == "region",
        scale_xy=section.scale_x_y,
        squared=section.new_coords,
    )


def detect(run: Run, thresholds: Thresholds) -> DetectionResult:
    """Read the boxes out of the outputs, in pixels of the original picture."""
    begin = time.perf_counter()
    decoded = decode_above(
        run.outputs, run.net_facts, run.reading.layout, above=thresholds.confidence
    )
    wanted, _, _, kept = _steps(decoded.confident, run, thresholds)
    return DetectionResult(
        run=run,
        thresholds=thresholds,
        raw=decoded.rows,
        top_confidence=decoded.top_confidence,
        confident=len(decoded.confident),
        classes=_counted(decoded.confident),
        wanted=len(wanted),
        kept=kept,
        read_ms=1e3 * (time.perf_counter() - begin),
    )


def _counted(detections: Detections) -> tuple[ClassCount, ...]:
    class_ids, boxes = np.unique(detections.class_id, return_counts=True)
    order = np.argsort(-boxes, kind="stable")
    pairs = zip(class_ids[order].tolist(), boxes[order].tolist(), strict=True)
    return tuple(ClassCount(class_id, count) for class_id, count in pairs)


def nms_stages(run: Run, thresholds: Thresholds) -> NmsStages:
    """Read the boxes out of the outputs, and keep what every step left."""
    raw = raw_detections(run)
    confident = raw.above(thresholds.confidence)
    return NmsStages(raw, confident, *_steps(confident, run, thresholds))


def _steps(
    confident: Detections, run: Run, thresholds: Thresholds
) -> tuple[Detections, Detections, Detections, Detections]:
    """Take boxes above the confidence through the other steps; return what each left.

    The whole way: raw, above, of_classes, first, suppressed (or softened), on_image,
    clipped, with_area.
    """
    return (
        wanted := confident.of_classes(thresholds.class_ids),
        candidates := wanted.first(MOST_CANDIDATES),
        after_nms := _after_nms(candidates, thresholds),
        after_nms.on_image(run.placement).clipped(run.image_size).with_area(),
    )


def suppression_ledger(run: Run, thresholds: Thresholds) -> Ledger:
    """Return the outcome of every raw row, and which box suppressed it."""
    stages = nms_stages(run, thresholds)
    return ledger(
        stages,
        stages.raw.on_image(run.placement),
        confidence=thresholds.confidence,
        iou=thresholds.iou,
        per_class=thresholds.per_class,
        soft=thresholds.soft,
    )


def nms_candidates(run: Run, class_ids: frozenset[int] | None = None) -> Detections:
    """Return the candidates of NMS for all possible thresholds.

    By descending confidence, in blob pixels. Those above any confidence are the first of
    these, so they are enough to apply every threshold.
    """
    return raw_detections(run).above(0.0).of_classes(class_ids).first(MOST_CANDIDATES)


def _after_nms(candidates: Detections, thresholds: Thresholds) -> Detections:
    if not thresholds.soft:
        return candidates.suppressed(iou=thresholds.iou, per_class=thresholds.per_class)
    softened = candidates.softened(
        iou=thresholds.iou, per_class=thresholds.per_class, method="linear"
    )
    return softened.above(thresholds.confidence)


def ranking(run: Run, k: int) -> Ranking:
    """Name the ``k`` likeliest classes."""
    begin = time.perf_counter()
    confidence = confidences(run.outputs, logits=run.card.logits)
    best = top_k(confidence, k, label=run.card.label)
    return Ranking(run, confidence, best, read_ms=1e3 * (time.perf_counter() - begin))
