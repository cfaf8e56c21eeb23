"""One image taken the whole road, by the same functions as on the other pages."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np

from core.blob.make import make_blob, planes
from core.live.settings import LiveMode, LiveSettings
from core.nets.card import ModelCard
from core.picture.image import BgrImage
from core.picture.size import Size
from core.pipeline import Run, detect, ranking, run_image
from core.render.boxes import draw_detections
from core.render.labels import draw_error, draw_plane_mosaic, draw_ranking
from core.render.palette import Channel
from core.render.planes import render_planes
from core.series.settled import Settled


@dataclass(frozen=True, slots=True)
class SeenObject:
    """One object in a frame: label, confidence, position.

    ``xyxy`` is in pixels of the image; the whole image where a classifier saw it.
    """

    label: str
    confidence: float
    xyxy: tuple[int, int, int, int]


@dataclass(frozen=True, eq=False, slots=True)
class FrameResult:
    """What came of one image.

    Attributes:
        image: the processed image, mirrored if the settings say so.
        annotated: a copy with the answer drawn on it.
        seen: by descending confidence; empty for planes.
        forward_ms: what the net took; None where no net was asked.
        error: why there is no answer, as a sentence for the screen; else empty.
    """

    image: BgrImage
    annotated: BgrImage
    seen: tuple[SeenObject, ...] = ()
    forward_ms: float | None = None
    error: str = ""


def process_frame(
    image: BgrImage, settings: LiveSettings, settled: Settled | None = None
) -> FrameResult:
    """Process an image by the settings, and draw the result on a copy.

    ``settled`` tells how the frames of a stream are read; of a lone image, nothing need be.

    Raises:
        BlobscopeError: the blob cannot be made, or the net refuses it.
    """
    if settings.mirror:
        image = BgrImage(np.ascontiguousarray(image[:, ::-1]))
    return _PROCESSORS[settings.mode](image, settings, settled or Settled())


def error_result(image: BgrImage, sentence: str) -> FrameResult:
    """Write on a copy of the image why there is no answer."""
    return FrameResult(image, draw_error(image, sentence), error=sentence)


def _asked(image: BgrImage, settings: LiveSettings, settled: Settled) -> Run:
    card = cast(ModelCard, settings.card)  # the settings made sure of it
    return settled.settle(run_image(image, card, settings.spec), where="a frame")


def _detection(image: BgrImage, settings: LiveSettings, settled: Settled) -> FrameResult:
    run = _asked(image, settings, settled)
    kept = detect(run, settings.thresholds).kept
    labels = [run.card.label(class_id) for class_id in kept.class_id.tolist()]
    corners = kept.xyxy.round().astype(int).tolist()
    seen = tuple(map(_seen_object, labels, kept.confidence.tolist(), corners))
    annotated = draw_detections(image, kept, label=run.card.label)
    return FrameResult(image, annotated, seen, run.times.forward)


def _classification(image: BgrImage, settings: LiveSettings, settled: Settled) -> FrameResult:
    run = _asked(image, settings, settled)
    ranked = ranking(run, settings.k).best
    sure = [each for each in ranked if each.confidence > settings.thresholds.confidence]
    whole = [0, 0, *Size.of(image).cv2]
    seen = tuple(_seen_object(each.label, each.confidence, whole) for each in sure[:1])
    return FrameResult(image, draw_ranking(image, sure), seen, run.times.forward)


def _planes(image: BgrImage, settings: LiveSettings, _settled: Settled) -> FrameResult:
    blob, _ = make_blob(image, settings.spec)
    channels = cast(tuple[Channel, ...], settings.spec.planes)
    rendered = render_planes(
        planes(blob, settings.spec.layout),
        colouring=settings.colouring,
        shared=settings.shared,
        channels=channels,
        width=None,
    )
    return FrameResult(image, draw_plane_mosaic(image, rendered, channels))


_PROCESSORS: dict[LiveMode, Callable[[BgrImage, LiveSettings, Settled], FrameResult]] = {
    "detection": _detection,
    "classification": _classification,
    "planes": _planes,
}


def _seen_object(label: str, confidence: float, corners: list[int]) -> SeenObject:
    left, top, right, bottom = corners
    return SeenObject(label, confidence, (left, top, right, bottom))
