"""Boxes drawn on a picture: a frame in the class's colour, and a label beside it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Literal, get_args
from unicodedata import combining, normalize

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from core.picture.image import BgrImage
from core.picture.size import Size
from core.render.palette import Bgr, class_colour, confidence_colour, text_colour
from core.results.detections import Detections

LINE, TEXT = 0.0045, 0.028  # of the mean of the picture's sides
LEAST_LINE, LEAST_TEXT = 2, 11  # pixels
FINE = 4  # cv2 counts in 16ths of a pixel, and no farther than this
FARTHEST = 2.0**14
LEGIBLE = 6  # the smallest text size
# For labels beyond ASCII, which is all that Pillow's own font can write.
FONTS = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial Unicode.ttf", "arial.ttf")

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Colours = Literal["class", "confidence"]
COLOURS: tuple[Colours, ...] = get_args(Colours)
LEAST_FACTOR, MOST_FACTOR = 0.25, 4.0


@dataclass(frozen=True, slots=True)
class BoxStyle:
    """What is drawn of a box, and how.

    Attributes:
        boxes: draw the frames; without them, labels stand where they would.
        labels: write the class.
        confidence: write the confidence with two decimals.
        numbers: write the number of the row, counted from 1.
        line: how many times thicker than usual a frame is, LEAST_FACTOR to MOST_FACTOR.
        text: how many times taller than usual letters are, likewise.
        colours: one a class, or one for each confidence, from dark (0) to bright (1).

    Raises:
        ValueError: a factor beyond the limits, or colours by something else.
    """

    boxes: bool = True
    labels: bool = True
    confidence: bool = True
    numbers: bool = False
    line: float = 1.0
    text: float = 1.0
    colours: Colours = "class"

    def __post_init__(self) -> None:
        for name in ("line", "text"):
            if not LEAST_FACTOR <= getattr(self, name) <= MOST_FACTOR:
                raise ValueError(
                    f"{name} is a factor of {LEAST_FACTOR} to {MOST_FACTOR}, "
                    f"not {getattr(self, name)}"
                )
        if self.colours not in COLOURS:
            raise ValueError(f"boxes are coloured by {COLOURS}, not by {self.colours!r}")


PLAIN = BoxStyle()
NUMBERED = BoxStyle(numbers=True)

Pattern = Literal["solid", "dashed", "dotted"]
# drawn, left out; in widths of the line
DASHES: dict[Pattern, tuple[int, int]] = {"dashed": (6, 4), "dotted": (2, 2)}


@dataclass(frozen=True, slots=True)
class Pen:
    """How thick lines and how tall letters are, in pixels."""

    line: int
    text: int

    @classmethod
    def of(cls, size: Size) -> "Pen":
        """Scale with the picture, so that a photo looks the same at every size.

        >>> Pen.of(Size(640, 480)), Pen.of(Size(4000, 3000))
        (Pen(line=3, text=16), Pen(line=16, text=98))
        """
        side = (size.width + size.height) / 2
        return cls(max(LEAST_LINE, round(side * LINE)), max(LEAST_TEXT, round(side * TEXT)))

    def styled(self, style: BoxStyle) -> "Pen":
        """Return the pen with the requested line width and text size, within visible limits.

        >>> Pen(line=3, text=16).styled(BoxStyle(line=2, text=0.25))
        Pen(line=6, text=6)
        """
        line, text = round(self.line * style.line), round(self.text * style.text)
        return Pen(max(1, line), max(LEGIBLE, text))


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


@dataclass(frozen=True, slots=True)
class Outline:
    """A frame to be drawn, and the words beside it.

    Attributes:
        xyxy: in pixels of the picture that is drawn upon.
        text: no words, no label.
        colour: of the frame and of the label's plate.
        pattern: of the line, to distinguish boxes without colour.
        corners: x and y of the four corners of a turned box, whose frame is drawn turned,
            without a pattern; ``xyxy`` is the upright box around it.
    """

    xyxy: tuple[float, float, float, float]
    text: str
    colour: Bgr
    pattern: Pattern = "solid"
    corners: tuple[float, ...] = ()


def draw_detections(
    image: BgrImage,
    detections: Detections,
    *,
    label: Callable[[int], str] = str,
    style: BoxStyle = PLAIN,
) -> BgrImage:
    """Draw boxes on a copy of the picture; the first rows lie on top.

    Args:
        image: the picture whose pixels the boxes are in.
        detections: see ``Detections.on_image``; boxes outside the picture are left out.
        label: the text of a class, such as ``card.label``.
        style: what is drawn of a box, and how.
    """
    colours = _colours(detections, style)
    outlines = [
        Outline(
            xyxy=tuple(xyxy),
            text=words_beside(detections, index, label, style),
            colour=colours[index],
            corners=tuple(corners),
        )
        for index, (xyxy, corners) in enumerate(
            zip(detections.xyxy.tolist(), detections.corners.tolist(), strict=True)
        )
    ]
    return draw_outlines(image, outlines, style=style)


def draw_outlines(
    image: BgrImage, outlines: Sequence[Outline], *, style: BoxStyle = PLAIN
) -> BgrImage:
    """Draw frames and words on a copy of the picture; the first lie on top.

    Of the style, only the widths count and whether there are frames at all: words,
    colours and patterns are the outlines' own.
    """
    drawn = BgrImage(image.copy())
    size = Size.of(image)
    pen = Pen.of(size).styled(style)
    frames = dict(_frames(outlines, size))
    for index in reversed(frames) if style.boxes else ():
        _draw_frame(drawn, frames[index], outlines[index], pen.line)
    taken = np.zeros(image.shape[:2], np.bool_)
    labels: list[tuple[Patch, npt.NDArray[np.uint8]]] = []
    for index, frame in frames.items():
        if text := outlines[index].text:
            tile = label_tile(text, outlines[index].colour, text_size=pen.text, room=size)
            place = _place_for(tile, frame, taken)
            taken[place.slices] = True
            labels.append((place, tile))
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
    written = [_word(word, background, text_size) for word in words]
    width = pad + sum(word.shape[1] + pad for word in written)
    plate = np.empty((round(text_size * 1.45), width, 3), np.uint8)
    plate[:] = _row(background, width)
    left = pad
    for word in written:
        plate[:, left : left + word.shape[1]] = word
        left += word.shape[1] + pad
    return plate


@lru_cache(maxsize=2048)
def _word(word: str, background: Bgr, text_size: int) -> npt.NDArray[np.uint8]:
    """Write one word; most pictures repeat the words of others, and writing is slow."""
    font, writable = _font_for(word, text_size)
    width = max(1, round(font.getlength(writable)))
    height = round(text_size * 1.45)
    # Pillow takes our B, G, R for R, G, B and gives it back in the same order.
    plate = Image.new("RGB", (width, height), background)
    ImageDraw.Draw(plate).text(
        (0, height / 2), writable, fill=text_colour(background), font=font, anchor="lm"
    )
    return np.asarray(plate)


def _colours(detections: Detections, style: BoxStyle) -> list[Bgr]:
    if style.colours == "confidence":
        return [confidence_colour(each) for each in detections.confidence.tolist()]
    return [class_colour(class_id) for class_id in detections.class_id.tolist()]


def words_beside(
    detections: Detections, index: int, label: Callable[[int], str], style: BoxStyle
) -> str:
    """Write what stands beside a box: its number, its class, its confidence."""
    number = f"#{index + 1}" if style.numbers else ""
    class_text = label(int(detections.class_id[index])) if style.labels else ""
    confidence = f"{detections.confidence[index]:.2f}" if style.confidence else ""
    return " ".join(filter(None, (number, class_text, confidence)))


def _frames(outlines: Sequence[Outline], size: Size) -> Iterator[tuple[int, Patch]]:
    """Cut the boxes at the picture's edge; those that are empty then are left out."""
    corner = (size.width, size.height) * 2
    xyxy = np.array([outline.xyxy for outline in outlines], np.float64).reshape(-1, 4)
    for index, corners in enumerate(xyxy.clip(0, corner).tolist()):
        if corners[0] < corners[2] and corners[1] < corners[3]:
            left, top = int(corners[0]), int(corners[1])
            right, bottom = round(corners[2]), round(corners[3])
            yield index, Patch(left, top, max(right, left + 1), max(bottom, top + 1))


def _draw_frame(image: BgrImage, frame: Patch, outline: Outline, line: int) -> None:
    """Draw four bars inside the frame, so that no line leaves the picture."""
    if outline.corners:
        _draw_turned(image, outline, line)
        return
    inside = image[frame.slices]
    rows, columns = (_dashes(length, outline.pattern, line) for length in inside.shape[:2])
    colour = _row(outline.colour, inside.shape[1])
    inside[:line, columns] = inside[-line:, columns] = colour[columns]
    inside[rows, :line] = inside[rows, -line:] = colour[:line]


def _draw_turned(image: BgrImage, outline: Outline, line: int) -> None:
    """Draw the four sides of a turned box, as far as they lie in the picture."""
    corners = np.array(outline.corners).reshape(4, 2).clip(-FARTHEST, FARTHEST)
    points = np.rint((corners - 0.5) * 2**FINE).astype(np.int32)
    cv2.polylines(image, [points], True, outline.colour, line, cv2.LINE_AA, FINE)


def _row(colour: Bgr, width: int) -> npt.NDArray[np.uint8]:
    """Repeat a colour, (width, 3): numpy copies rows ten times as quickly as pixels."""
    row = np.empty((width, 3), np.uint8)
    row[:] = colour
    return row


def _dashes(length: int, pattern: Pattern, line: int) -> npt.NDArray[np.bool_] | slice:
    """Choose the pixels of a bar that are drawn."""
    if pattern == "solid":
        return slice(None)
    drawn, left_out = (part * line for part in DASHES[pattern])
    return np.asarray(np.arange(length) % (drawn + left_out) < drawn)


def _place_for(
    tile: npt.NDArray[np.uint8], frame: Patch, taken: npt.NDArray[np.bool_]
) -> Patch:
    """Choose where a label is read best: of its places, the first that no other took.

    If all are taken, the first.
    """
    height, width = tile.shape[:2]
    places = partial(_places, frame, height, width, Size.of(taken))
    # labels are equally high, so one that meets another covers its first or its last row
    for left, top in places():
        if not taken[top : top + height : max(1, height - 1), left : left + width].any():
            break
    else:
        left, top = next(places())
    return Patch(left, top, left + width, top + height)


def _places(frame: Patch, height: int, width: int, size: Size) -> Iterator[tuple[int, int]]:
    """Return the candidate positions of a label: above its box, in it, below.

    Those inside the picture come first, then all of them, pushed into it.
    """
    across, down = size.width - width, size.height - height
    wished = (
        (frame.left, frame.top - height),
        (frame.left, frame.top),
        (frame.right - width, frame.top - height),
        (frame.right - width, frame.top),
        (frame.left, frame.bottom),
        (frame.left, frame.bottom - height),
        (frame.right - width, frame.bottom),
        (frame.right - width, frame.bottom - height),
    )
    for left, top in wished:
        if 0 <= left <= across and 0 <= top <= down:
            yield left, top
    for left, top in wished:
        yield max(0, min(left, across)), max(0, min(top, down))


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
