"""The road from bytes to boxes, in two halves.

``run_model`` is the slow half: picture -> image -> blob -> outputs. It depends on the
picture, the model and the spec alone, so it is worth remembering under these three.
``detections`` and ``ranking`` are the quick half: they read outputs that are already
there, and every slider acts on them only.
"""

import time
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar, cast

import numpy as np

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
from core.render.encode import for_display, jpeg
from core.results.classification import Ranked, confidences, top_k
from core.results.decoders import LayoutName, decode_outputs, sift
from core.results.detections import Detections
from core.results.grids import Grids, HeadRule, grids
from core.results.ledger import Ledger, NmsStages, ledger
from core.results.truth import Truth

Located = TypeVar("Located", Detections, Truth)

MOST_CANDIDATES = 1000
"""NMS looks at no more boxes than these, the surest; its time grows with the square."""


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
    """What the slow half leaves behind.

    ``shown`` is the image at the size a screen needs; the image itself is not kept,
    because a cache full of 12-megapixel images would fill the memory of the host.
    """

    image_size: Size
    shown: BgrImage
    blob: Blob
    placement: Placement
    outputs: Outputs
    times: RoadTimes

    @cached_property
    def photo(self) -> bytes:
        """The shown image as a JPEG: encoded once, however often a page is drawn again."""
        return jpeg(self.shown)


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
        raw: rows the net gave.
        top_confidence: the highest confidence among them, 0..1.
        confident: of these, above the confidence.
        classes: how many of those each class has, the most first.
        wanted: of these, of the wanted classes.
        kept: what NMS left of these, ending at the picture's edges, in its pixels.
        read_ms: how long reading took, in milliseconds.
    """

    raw: int
    top_confidence: float
    confident: int
    classes: tuple[ClassCount, ...]
    wanted: int
    kept: Detections
    read_ms: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """The likeliest classes of one picture, the likeliest first."""

    best: tuple[Ranked, ...]
    read_ms: float


def run_model(picture: Picture, card: ModelCard, spec: BlobSpec | None = None) -> Run:
    """Take a picture through a model: decode, make the blob, forward.

    A net's first forward also plans its memory, so a fresh net runs twice and both
    times are told apart. ``spec`` replaces the card's own.
    """
    begin = time.perf_counter()
    image = decode_picture(picture)
    decode_ms = 1e3 * (time.perf_counter() - begin)
    run = run_image(image, card, spec)
    shown = for_display(image)
    shown.setflags(write=False)
    return replace(run, shown=shown, times=replace(run.times, decode=decode_ms))


def run_image(image: BgrImage, card: ModelCard, spec: BlobSpec | None = None) -> Run:
    """Take an image that is decoded already, such as a frame, through a model.

    What is shown is the image itself: who keeps the run shrinks it first.
    """
    begin = time.perf_counter()
    blob, placement = make_blob(image, spec or card.blob)
    blob_made = time.perf_counter()
    first = infer(card, blob)
    warm = infer(card, blob) if first.timings.first else first
    times = RoadTimes(
        decode=0.0,
        blob=1e3 * (blob_made - begin),
        load=first.timings.load_ms,
        first_forward=first.timings.forward_ms if first.timings.first else None,
        forward=warm.timings.forward_ms,
    )
    return Run(Size.of(image), image, blob, placement, warm.outputs, times)


def raw_detections(run: Run, card: ModelCard) -> Detections:
    """Decode every row the net gave, in blob pixels, without any threshold."""
    layout = cast(LayoutName, card.layout)  # a word the card holds and decoders know
    return decode_outputs(run.outputs, run.placement.blob, layout, anchors=card.anchors)


def grids_of(run: Run, card: ModelCard) -> Grids:
    """Lay the raw rows back into the cells they came from.

    Raises:
        LayoutUnknown: the rows of this net lie in no grid.
        CardInvalid: its .cfg does not say which anchors it has.
    """
    layout = cast(LayoutName, card.layout)
    return grids(
        run.outputs,
        run.placement.blob,
        layout,
        rules=_head_rules(card),
        anchors=card.anchors,
    )


def _head_rules(card: ModelCard) -> tuple[HeadRule, ...]:
    """Read from a Darknet model's .cfg what its outputs do not tell."""
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
        reach=section.scale_x_y,
        squared=section.new_coords,
    )


def detect(run: Run, card: ModelCard, thresholds: Thresholds) -> DetectionResult:
    """Read the boxes out of the outputs, in pixels of the original picture."""
    begin = time.perf_counter()
    layout = cast(LayoutName, card.layout)
    sifted = sift(
        run.outputs,
        run.placement.blob,
        layout,
        above=thresholds.confidence,
        anchors=card.anchors,
    )
    wanted, _, _, kept = _steps(sifted.confident, run, thresholds)
    return DetectionResult(
        raw=sifted.rows,
        top_confidence=sifted.surest,
        confident=len(sifted.confident),
        classes=_counted(sifted.confident),
        wanted=len(wanted),
        kept=kept,
        read_ms=1e3 * (time.perf_counter() - begin),
    )


def _counted(detections: Detections) -> tuple[ClassCount, ...]:
    class_ids, boxes = np.unique(detections.class_id, return_counts=True)
    order = np.argsort(-boxes, kind="stable")
    pairs = zip(class_ids[order].tolist(), boxes[order].tolist(), strict=True)
    return tuple(ClassCount(class_id, count) for class_id, count in pairs)


def nms_stages(run: Run, card: ModelCard, thresholds: Thresholds) -> NmsStages:
    """Read the boxes out of the outputs, and keep what every step left."""
    raw = raw_detections(run, card)
    confident = raw.above(thresholds.confidence)
    return NmsStages(raw, confident, *_steps(confident, run, thresholds))


def _steps(
    confident: Detections, run: Run, thresholds: Thresholds
) -> tuple[Detections, Detections, Detections, Detections]:
    """Return what is wanted of the confident boxes, the candidates, thinned, and kept."""
    wanted = _wanted(confident, thresholds.class_ids)
    candidates = wanted.first(MOST_CANDIDATES)
    after_nms = _after_nms(candidates, thresholds)
    kept = _inside(after_nms.on_image(run.placement), run.image_size)
    return wanted, candidates, after_nms, kept


def suppression_ledger(run: Run, card: ModelCard, thresholds: Thresholds) -> Ledger:
    """Tell what became of every raw row, and which box removed it."""
    stages = nms_stages(run, card, thresholds)
    return ledger(
        stages,
        stages.raw.on_image(run.placement),
        confidence=thresholds.confidence,
        iou=thresholds.iou,
        per_class=thresholds.per_class,
        soft=thresholds.soft,
    )


def nms_candidates(
    run: Run, card: ModelCard, class_ids: frozenset[int] | None = None
) -> Detections:
    """Name the boxes that NMS may ever look at, whatever its thresholds are.

    The surest first, in blob pixels. Those above any confidence are the first of these, so
    whoever has them can read every threshold from them without asking again.
    """
    above_zero = raw_detections(run, card).above(0.0)
    return _wanted(above_zero, class_ids).first(MOST_CANDIDATES)


def _wanted(confident: Detections, class_ids: frozenset[int] | None) -> Detections:
    return confident if class_ids is None else confident.of_classes(class_ids)


def _after_nms(candidates: Detections, thresholds: Thresholds) -> Detections:
    if not thresholds.soft:
        return candidates.suppressed(iou=thresholds.iou, per_class=thresholds.per_class)
    softened = candidates.softened(
        iou=thresholds.iou, per_class=thresholds.per_class, method="linear"
    )
    return softened.above(thresholds.confidence)


def _inside(detections: Detections, size: Size) -> Detections:
    """Cut boxes at the picture's edges; those in a letterbox bar vanish."""
    cut = detections.clipped(size)
    across, down = (cut.xyxy[:, 2:] - cut.xyxy[:, :2]).T
    return cut.taken((across > 0) & (down > 0))


def visible(detections: Detections, run: Run) -> Detections:
    """Cut boxes in pixels of the picture at its edges, and move them onto what is shown."""
    return on_shown(_inside(detections, run.image_size), run)


def on_shown(boxes: Located, run: Run) -> Located:
    """Move boxes from the original picture onto the picture that is shown."""
    shown = Size.of(run.shown)
    across, down = shown.width / run.image_size.width, shown.height / run.image_size.height
    return replace(boxes, xyxy=boxes.xyxy * (across, down, across, down))


def ranking(run: Run, card: ModelCard, k: int) -> Ranking:
    """Name the ``k`` likeliest classes."""
    begin = time.perf_counter()
    best = top_k(confidences(run.outputs, logits=card.logits), k, label=card.label)
    return Ranking(best, 1e3 * (time.perf_counter() - begin))
