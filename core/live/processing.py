"""One image taken the whole road, by the same functions as on the other pages."""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from core.blob.make import make_blob, planes
from core.live.settings import LiveMode, LiveSettings
from core.nets.card import ModelCard
from core.picture.image import BgrImage
from core.picture.size import Size
from core.pipeline import detect, ranking, run_image
from core.render.boxes import Pen, draw_detections, label_tile
from core.render.palette import Bgr, Channel, class_colour
from core.render.planes import RenderedPlane, render_planes
from core.results.classification import Ranked

INK: Bgr = (32, 24, 18)
WARNING: Bgr = (40, 40, 170)
LEAST_PATCH = 8  # pixels; what is smaller makes no thumbnail


@dataclass(frozen=True, slots=True)
class SeenObject:
    """One thing that was seen: its label, how sure the net is, and where.

    ``xyxy`` is in pixels of the image; the whole image where a classifier saw it.
    """

    label: str
    confidence: float
    xyxy: tuple[int, int, int, int]


@dataclass(frozen=True, eq=False, slots=True)
class FrameResult:
    """What came of one image.

    Attributes:
        image: what was looked at, mirrored where the settings say so.
        annotated: a copy with the answer drawn on it.
        seen: the surest first; empty for planes.
        forward_ms: what the net took; None where no net was asked.
        error: why there is no answer, as a sentence for the screen; else empty.
    """

    image: BgrImage
    annotated: BgrImage
    seen: tuple[SeenObject, ...] = ()
    forward_ms: float | None = None
    error: str = ""


def process_frame(image: BgrImage, settings: LiveSettings) -> FrameResult:
    """Look at an image as the settings say, and draw what was seen on a copy.

    Raises:
        BlobscopeError: the blob cannot be made, or the net refuses it.
    """
    if settings.mirror:
        image = BgrImage(np.ascontiguousarray(image[:, ::-1]))
    return _PROCESSORS[settings.mode](image, settings)


def error_result(image: BgrImage, sentence: str) -> FrameResult:
    """Write on a copy of the image why there is no answer."""
    size = Size.of(image)
    text_size = Pen.of(size).text
    lines = textwrap.wrap(sentence, max(12, int(size.width / (0.6 * text_size))))
    annotated = image.copy()
    bottom = size.height
    for line in reversed(lines):
        tile = label_tile(line, WARNING, text_size=text_size, room=size)
        top = bottom - tile.shape[0]
        if top < 0:
            break
        annotated[top:bottom] = WARNING
        annotated[top:bottom, : tile.shape[1]] = tile
        bottom = top
    return FrameResult(image, BgrImage(annotated), error=sentence)


def _detection(image: BgrImage, settings: LiveSettings) -> FrameResult:
    card = cast(ModelCard, settings.card)  # the settings made sure of it
    run = run_image(image, card, settings.spec)
    kept = detect(run, card, settings.thresholds).kept
    labels = [card.label(class_id) for class_id in kept.class_id.tolist()]
    corners = kept.xyxy.round().astype(int).tolist()
    seen = tuple(map(_seen_object, labels, kept.confidence.tolist(), corners))
    annotated = draw_detections(image, kept, label=card.label)
    return FrameResult(image, annotated, seen, run.times.forward)


def _classification(image: BgrImage, settings: LiveSettings) -> FrameResult:
    card = cast(ModelCard, settings.card)
    run = run_image(image, card, settings.spec)
    ranked = ranking(run, card, settings.k).best
    sure = [each for each in ranked if each.confidence > settings.thresholds.confidence]
    whole = [0, 0, *Size.of(image).cv2]
    seen = tuple(_seen_object(each.label, each.confidence, whole) for each in sure[:1])
    return FrameResult(image, _with_ranking(image, sure), seen, run.times.forward)


def _planes(image: BgrImage, settings: LiveSettings) -> FrameResult:
    blob, _ = make_blob(image, settings.spec)
    order = "RGB" if settings.spec.swap_rb else "BGR"
    channels = cast(tuple[Channel, ...], tuple(order))
    rendered = render_planes(
        planes(blob, settings.spec.layout),
        colouring=settings.colouring,
        shared=settings.shared,
        channels=channels,
        width=None,
    )
    return FrameResult(image, _mosaic(image, rendered, channels))


_PROCESSORS: dict[LiveMode, Callable[[BgrImage, LiveSettings], FrameResult]] = {
    "detection": _detection,
    "classification": _classification,
    "planes": _planes,
}


def _seen_object(label: str, confidence: float, corners: list[int]) -> SeenObject:
    left, top, right, bottom = corners
    return SeenObject(label, confidence, (left, top, right, bottom))


def _with_ranking(image: BgrImage, ranked: list[Ranked]) -> BgrImage:
    """Write the classes into the upper left corner, a bar as long as its confidence each."""
    annotated, size = image.copy(), Size.of(image)
    text_size = round(1.2 * Pen.of(size).text)
    top = 0
    for each in ranked:
        colour = class_colour(each.class_id)
        words = f"{each.label} {each.confidence:.2f}"
        tile = label_tile(words, colour, text_size=text_size, room=size)
        bottom = top + tile.shape[0]
        if bottom > size.height:
            break
        annotated[top:bottom, : round(size.width * each.confidence)] = colour
        annotated[top:bottom, : tile.shape[1]] = tile
        top = bottom
    return BgrImage(annotated)


def _mosaic(
    image: BgrImage, rendered: tuple[RenderedPlane, ...], channels: tuple[Channel, ...]
) -> BgrImage:
    """Lay the image and its planes out in two rows, each with its name and its values."""
    size = Size.of(image)
    cell = Size(max(1, size.width // 2), max(1, size.height // 2))
    canvas = np.full((2 * cell.height, 2 * cell.width, 3), INK, np.uint8)
    _lay(canvas, image, "the picture", 0, cell)
    for number, (plane, channel) in enumerate(zip(rendered, channels, strict=True), start=1):
        words = f"{channel}: {plane.scale.low:.3g} to {plane.scale.high:.3g}"
        _lay(canvas, plane.image, words, number, cell)
    return BgrImage(canvas)


def _lay(
    canvas: np.ndarray, image: BgrImage, words: str, number: int, cell: Size
) -> None:  # on a canvas under construction
    own = Size.of(image)
    scale = min(cell.width / own.width, cell.height / own.height)
    fitted = max(1, round(own.width * scale)), max(1, round(own.height * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    left = number % 2 * cell.width + (cell.width - fitted[0]) // 2
    top = number // 2 * cell.height + (cell.height - fitted[1]) // 2
    canvas[top : top + fitted[1], left : left + fitted[0]] = cv2.resize(
        image, fitted, interpolation=how
    )
    tile = label_tile(words, INK, text_size=Pen.of(cell).text, room=cell)
    row, column = number // 2 * cell.height, number % 2 * cell.width
    canvas[row : row + tile.shape[0], column : column + tile.shape[1]] = tile
