"""Words on an image: a ranking, the likeliest class, an error, and planes with their names."""

import textwrap
from collections.abc import Sequence

import cv2
import numpy as np

from core.picture.image import BgrImage
from core.picture.shrinking import fitted, shrunk
from core.picture.size import Size
from core.render.boxes import Pen, label_tile
from core.render.palette import Bgr, Channel, class_colour
from core.render.planes import RenderedPlane
from core.results.classification import Ranked

INK: Bgr = (32, 24, 18)
WARNING: Bgr = (40, 40, 170)


def draw_class(image: BgrImage, best: Ranked) -> BgrImage:
    """Write the likeliest class into the upper left corner of a copy."""
    drawn = image.copy()
    size = Size.of(image)
    text = f"{best.label} {best.confidence:.0%}"
    colour = class_colour(best.class_id)
    tile = label_tile(text, colour, text_size=Pen.of(size).text, room=size)
    drawn[: tile.shape[0], : tile.shape[1]] = tile
    return BgrImage(drawn)


def draw_ranking(image: BgrImage, ranked: Sequence[Ranked]) -> BgrImage:
    """Write the classes into the upper left corner, a bar as long as its confidence each."""
    annotated = image.copy()
    size = Size.of(image)
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


def draw_error(image: BgrImage, sentence: str) -> BgrImage:
    """Write a sentence along the bottom of a copy, in as many lines as it takes."""
    size = Size.of(image)
    text_size = Pen.of(size).text
    lines = textwrap.wrap(sentence, max(12, int(size.width / (0.6 * text_size))))
    drawn = image.copy()
    bottom = size.height
    for line in reversed(lines):
        tile = label_tile(line, WARNING, text_size=text_size, room=size)
        top = bottom - tile.shape[0]
        if top < 0:
            break
        drawn[top:bottom] = WARNING
        drawn[top:bottom, : tile.shape[1]] = tile
        bottom = top
    return BgrImage(drawn)


def draw_plane_mosaic(
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
    size = fitted(own, into=cell)
    left = number % 2 * cell.width + (cell.width - size.width) // 2
    top = number // 2 * cell.height + (cell.height - size.height) // 2
    canvas[top : top + size.height, left : left + size.width] = (
        shrunk(image, size)
        if max(size.cv2) < max(own.cv2)
        else cv2.resize(image, size.cv2, interpolation=cv2.INTER_NEAREST)
    )
    tile = label_tile(words, INK, text_size=Pen.of(cell).text, room=cell)
    row, column = number // 2 * cell.height, number % 2 * cell.width
    canvas[row : row + tile.shape[0], column : column + tile.shape[1]] = tile
