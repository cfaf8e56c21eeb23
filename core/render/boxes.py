"""Detections drawn on a picture: a frame in the class's colour, and a label beside it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from unicodedata import combining, normalize

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from core.picture.image import BgrImage
from core.picture.size import Size
from core.render.palette import Bgr, class_colour, text_colour
from core.results.detections import Detections

LINE, TEXT = 0.0045, 0.028  # of the mean of the picture's sides
LEAST_LINE, LEAST_TEXT = 2, 11  # pixels
# For labels beyond ASCII, which is all that Pillow's own font can write.
FONTS = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial Unicode.ttf", "arial.ttf")

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, slots=True)
class Pen:
    """How thick lines and how tall letters are, in pixels."""

    line: int
    text: int

    @classmethod
    def of(cls, size: Size) -> "Pen":
        """Follow the picture's size, so that a photo looks alike however it is shrunk.

        >>> Pen.of(Size(640, 480)), Pen.of(Size(4000, 3000))
        (Pen(line=3, text=16), Pen(line=16, text=98))
        """
        side = (size.width + size.height) / 2
        return cls(max(LEAST_LINE, round(side * LINE)), max(LEAST_TEXT, round(side * TEXT)))


@dataclass(frozen=True, slots=True)
class Patch:
    """A rectangle of whole pixels, the right and bottom ones not included."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """The patch as an index into an image."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def meets(self, other: "Patch") -> bool:
        """Say whether both have a pixel in common."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def moved_into(self, size: Size) -> "Patch":
        """Return the patch pushed back into a picture that has room for it.

        >>> Patch(-3, 95, 17, 105).moved_into(Size(100, 100))
        Patch(left=0, top=90, right=20, bottom=100)
        """
        left = max(0, min(self.left, size.width - (self.right - self.left)))
        top = max(0, min(self.top, size.height - (self.bottom - self.top)))
        return Patch(left, top, left + self.right - self.left, top + self.bottom - self.top)


def draw_detections(
    image: BgrImage,
    detections: Detections,
    *,
    label: Callable[[int], str] = str,
    show_labels: bool = True,
    show_confidence: bool = True,
    show_numbers: bool = False,
) -> BgrImage:
    """Draw boxes on a copy of the picture; the first rows lie on top.

    Args:
        image: the picture whose pixels the boxes are in.
        detections: see ``Detections.on_image``; boxes outside the picture are left out.
        label: the text of a class, such as ``card.label``.
        show_labels: write the class beside the box.
        show_confidence: write the confidence with two decimals.
        show_numbers: write the number of the row, counted from 1.
    """
    drawn, size = BgrImage(image.copy()), Size.of(image)
    pen = Pen.of(size)
    frames = dict(_frames(detections, size))
    colours = [class_colour(class_id) for class_id in detections.class_id.tolist()]
    for index in reversed(frames):
        _draw_frame(drawn, frames[index], colours[index], pen.line)
    labels: list[tuple[Patch, npt.NDArray[np.uint8]]] = []
    for index, frame in frames.items():
        class_text = label(int(detections.class_id[index])) if show_labels else ""
        confidence = f"{detections.confidence[index]:.2f}" if show_confidence else ""
        number = f"#{index + 1}" if show_numbers else ""
        if text := " ".join(filter(None, (number, class_text, confidence))):
            tile = label_tile(text, colours[index], text_size=pen.text, room=size)
            labels.append((_place_for(tile, frame, [patch for patch, _ in labels], size), tile))
    for patch, tile in reversed(labels):
        drawn[patch.slices] = tile
    return drawn


def label_tile(
    text: str, background: Bgr, *, text_size: int, room: Size
) -> npt.NDArray[np.uint8]:
    """Write a text on a plate of the colour, (H, W, 3), no larger than the room."""
    pad = max(2, round(text_size * 0.3))
    tile = _plate(text.split(), background, text_size, pad)
    while tile.shape[1] > room.width and len(text) > 4:
        text = text.removesuffix("...")[:-1] + "..."
        tile = _plate(text.split(), background, text_size, pad)
    return tile[: room.height, : room.width]


def _plate(
    words: list[str], background: Bgr, text_size: int, pad: int
) -> npt.NDArray[np.uint8]:
    """Join words with a pad before, between and behind them."""
    gap = np.full((round(text_size * 1.45), pad, 3), background, np.uint8)
    written = (_word(word, background, text_size) for word in words)
    return np.hstack([gap, *(part for word in written for part in (word, gap))])


@lru_cache(maxsize=2048)
def _word(word: str, background: Bgr, text_size: int) -> npt.NDArray[np.uint8]:
    """Write one word; most pictures repeat the words of others, and writing is slow."""
    font, writable = _font_for(word, text_size)
    width, height = max(1, round(font.getlength(writable))), round(text_size * 1.45)
    # Pillow takes our B, G, R for R, G, B and gives it back in the same order.
    plate = Image.new("RGB", (width, height), background)
    ImageDraw.Draw(plate).text(
        (0, height / 2), writable, fill=text_colour(background), font=font, anchor="lm"
    )
    return np.asarray(plate)


def _frames(detections: Detections, size: Size) -> Iterator[tuple[int, Patch]]:
    """Cut the boxes at the picture's edge; those that are empty then are left out."""
    for index, corners in enumerate(detections.clipped(size).xyxy.tolist()):
        if corners[0] < corners[2] and corners[1] < corners[3]:
            left, top = int(corners[0]), int(corners[1])
            right, bottom = round(corners[2]), round(corners[3])
            yield index, Patch(left, top, max(right, left + 1), max(bottom, top + 1))


def _draw_frame(image: BgrImage, frame: Patch, colour: Bgr, line: int) -> None:
    """Draw four bars inside the frame, so that no line leaves the picture."""
    across = min(line, frame.right - frame.left)
    down = min(line, frame.bottom - frame.top)
    rows, columns = frame.slices
    image[frame.top : frame.top + down, columns] = colour
    image[frame.bottom - down : frame.bottom, columns] = colour
    image[rows, frame.left : frame.left + across] = colour
    image[rows, frame.right - across : frame.right] = colour


def _place_for(
    tile: npt.NDArray[np.uint8], frame: Patch, taken: list[Patch], size: Size
) -> Patch:
    """Choose where a label is read best: above its box, else in it, else below.

    Of the places inside the picture, the first that no other label took; if all are
    taken, the first.
    """
    height, width = tile.shape[:2]
    corners = (
        (frame.left, frame.top - height),
        (frame.left, frame.top),
        (frame.right - width, frame.top - height),
        (frame.right - width, frame.top),
        (frame.left, frame.bottom),
        (frame.left, frame.bottom - height),
        (frame.right - width, frame.bottom),
        (frame.right - width, frame.bottom - height),
    )
    wished = [Patch(left, top, left + width, top + height) for left, top in corners]
    whole = (patch for patch in wished if patch.moved_into(size) == patch)
    pushed = (patch.moved_into(size) for patch in wished)
    first: Patch | None = None
    for patch in chain(whole, pushed):
        if not any(patch.meets(other) for other in taken):
            return patch
        first = first or patch
    return first or wished[0].moved_into(size)


def _font_for(text: str, text_size: int) -> tuple[Font, str]:
    """Return a font that can write the text, or the text as ASCII can write it."""
    if text.isascii():
        return _own_font(text_size), text
    if font := _system_font(text_size):
        return font, text
    letters = (each for each in normalize("NFKD", text) if not combining(each))
    return _own_font(text_size), "".join(letters).encode("ascii", "replace").decode()


@lru_cache(maxsize=64)
def _own_font(text_size: int) -> Font:
    return ImageFont.load_default(size=text_size)


@lru_cache(maxsize=64)
def _system_font(text_size: int) -> Font | None:
    for name in FONTS:
        try:
            return ImageFont.truetype(name, text_size)
        except OSError:  # not on this machine
            continue
    return None
