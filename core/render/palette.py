"""Colours that are distinguishable with colour blindness: one per class, and colour maps.

All colours are B, G, R, 0..255, as OpenCV draws them.
"""

from typing import Literal, NewType

import numpy as np
import numpy.typing as npt

Bgr = tuple[int, int, int]
Channel = Literal["B", "G", "R", "grey"]
ColourMap = NewType("ColourMap", npt.NDArray[np.uint8])
"""256 colours, (256, 1, 3), as cv2.applyColorMap wants them; entry 0 is the lowest value."""


def _bgr(code: str) -> Bgr:
    """Read a colour such as "#E69F00" (red, green, blue).

    >>> _bgr("#E69F00")
    (0, 159, 230)
    """
    red, green, blue = bytes.fromhex(code.removeprefix("#"))
    return blue, green, red


# The first seven are Okabe and Ito's of 2008, without black, as in many journals. The others
# were chosen one by one, each as far as possible (CIE Lab) from all before it, for the
# worst of four pairs of eyes: normal, protan, deutan and tritan. Neither so dark nor so
# bright that a thin line is lost in a photo. 21, so that COCO's animals differ from person,
# bicycle and car.
CLASS_COLOURS = tuple(
    _bgr(code)
    for code in (
        *("#56B4E9", "#E69F00", "#009E73", "#F0E442", "#D55E00", "#CC79A7", "#0072B2"),
        *("#9900FF", "#00FF99", "#960000", "#882255", "#B2DFDB", "#9F87FF", "#FF0066"),
        *("#BEA84E", "#87E7FF", "#4E4EBE", "#005A12", "#FF879F", "#96003C", "#780096"),
    )
)


def class_colour(class_id: int) -> Bgr:
    """Return a class's colour: the same in every picture, run and session.

    >>> class_colour(0) == class_colour(len(CLASS_COLOURS))
    True
    """
    return CLASS_COLOURS[class_id % len(CLASS_COLOURS)]


def luminance(colour: Bgr) -> float:
    """Return how bright a colour is, 0..1: WCAG 2's relative luminance.

    >>> luminance((255, 255, 255))
    1.0
    """
    shares = [each / 255 for each in colour]
    blue, green, red = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in shares
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def text_colour(background: Bgr) -> Bgr:
    """Return black or white, whichever stands out more from the background (WCAG 2)."""
    against_white = 1.05 / (luminance(background) + 0.05)
    against_black = (luminance(background) + 0.05) / 0.05
    return (255, 255, 255) if against_white > against_black else (0, 0, 0)


def _between(*codes: str) -> ColourMap:
    """Spread the colours evenly over 1..255, straight lines between them.

    Entry 0 repeats entry 1, so that 128 is exactly the middle.
    """
    anchors = np.array([_bgr(code) for code in codes], np.float64)
    at = np.linspace(1, 255, len(anchors))
    lines = [np.interp(np.arange(256), at, column) for column in anchors.T]
    return ColourMap(np.stack(lines, axis=1).round().astype(np.uint8)[:, None])


GREY = _between("#000000", "#FFFFFF")
# ColorBrewer's RdBu, turned round: blue below zero, white at zero, red above.
DIVERGING = _between(
    *("#053061", "#2166AC", "#4393C3", "#92C5DE", "#D1E5F0", "#F7F7F7"),
    *("#FDDBC7", "#F4A582", "#D6604D", "#B2182B", "#67001F"),
)
# Viridis of van der Walt and Smith (CC0), every ninth of it: even steps in brightness, for
# colour-blind eyes as well, and a grey print still has the order. Without its two darkest
# ninths, in which thin lines are lost.
SEQUENTIAL = _between(
    *("#3E4989", "#31688E", "#26828E", "#1F9E89", "#35B779", "#6DCD59", "#B4DE2C", "#FDE725")
)
# A screen's own blue is too dark to see detail in it; these end a little brighter.
TINTS: dict[Channel, ColourMap] = {
    "B": _between("#000000", "#3A5BFF", "#C4D0FF"),
    "G": _between("#000000", "#1FA63A", "#C8F5CF"),
    "R": _between("#000000", "#E0322B", "#FFD0CC"),
    "grey": GREY,
}


def confidence_colour(confidence: float) -> Bgr:
    """Return the colour of a confidence of 0..1; brighter is higher.

    >>> confidence_colour(0.0), confidence_colour(1.0)
    ((137, 73, 62), (37, 231, 253))
    """
    blue, green, red = SEQUENTIAL[1 + round(254 * min(1.0, max(0.0, confidence))), 0].tolist()
    return blue, green, red
