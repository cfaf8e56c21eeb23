"""Ghosts: boxes that are not kept, as dashed lines behind those that are."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.picture.image import BgrImage
from core.picture.size import Size
from core.render.boxes import NUMBERED, BoxStyle, Pen, draw_detections
from core.render.palette import CLASS_COLOURS, Bgr
from core.results.detections import Detections
from core.results.ledger import Outcome

BLUE, ORANGE, GREEN, YELLOW, VERMILION, PINK = CLASS_COLOURS[:6]
DARK: Bgr = (20, 20, 20)


@dataclass(frozen=True, slots=True)
class Dashes:
    """How a ghost's line looks: colour and pattern, for eyes that see no colours as well.

    Attributes:
        words: the same for a legend.
        colour: of the dashes; each ends dark, so that it shows on any picture.
        dash: how long a dash is, in widths of the line.
        gap: how long a gap is, its dark begin included, likewise.
    """

    words: str
    colour: Bgr
    dash: int
    gap: int


GHOST_DASHES: Mapping[Outcome, Dashes] = {
    "suppressed": Dashes("orange, long dashes", ORANGE, 8, 4),
    "softened": Dashes("pink, dashes and gaps alike", PINK, 5, 5),
    "beyond the surest": Dashes("yellow, wide gaps", YELLOW, 4, 12),
    "class filtered": Dashes("green, short dashes", GREEN, 3, 3),
    "below confidence": Dashes("white, dots", (255, 255, 255), 1, 3),
}


def draw_with_ghosts(
    image: BgrImage,
    kept: Detections,
    ghosts: Iterable[tuple[Dashes, Detections]],
    *,
    label: Callable[[int], str] = str,
    style: BoxStyle = NUMBERED,
) -> BgrImage:
    """Draw ghosts on a copy of the picture, and over them the kept boxes.

    Args:
        image: the picture whose pixels the boxes are in.
        kept: drawn whole, with label and confidence.
        ghosts: drawn dashed and without words; the first ones lie on top.
        label: the text of a class.
        style: of the kept boxes.
    """
    drawn = BgrImage(image.copy())
    size = Size.of(image)
    width = max(1, Pen.of(size).line // 2)
    for dashes, detections in reversed(list(ghosts)):
        for xyxy in reversed(detections.clipped(size).xyxy.tolist()):
            _draw_dashed(drawn, xyxy, dashes, width)
    return draw_detections(drawn, kept, label=label, style=style)


def _draw_dashed(image: BgrImage, xyxy: list[float], dashes: Dashes, width: int) -> None:
    """Draw four dashed bars just inside the box; nothing of a box without an area."""
    left, top = int(xyxy[0]), int(xyxy[1])
    right, bottom = round(xyxy[2]), round(xyxy[3])
    if xyxy[0] >= xyxy[2] or xyxy[1] >= xyxy[3]:
        return
    above, below = slice(top, min(top + width, bottom)), slice(max(bottom - width, top), bottom)
    ahead, behind = (
        slice(left, min(left + width, right)),
        slice(max(right - width, left), right),
    )
    for part, colour in _pattern(right - left, dashes, width):
        image[above, left:right][:, part] = image[below, left:right][:, part] = colour
    for part, colour in _pattern(bottom - top, dashes, width):
        image[top:bottom, ahead][part] = image[top:bottom, behind][part] = colour


def _pattern(
    length: int, dashes: Dashes, width: int
) -> Iterator[tuple[npt.NDArray[np.bool_], Bgr]]:
    """Say which pixels of a line have which colour: a dash, its dark end, a gap, a dash ..."""
    place = np.arange(length) // width % (dashes.dash + dashes.gap)
    yield place < dashes.dash, dashes.colour
    yield place == dashes.dash, DARK
