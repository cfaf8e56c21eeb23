"""Numbers about places laid over a picture as colours, so that both can be seen."""

import cv2
import numpy as np
import numpy.typing as npt

from core.picture.image import BgrImage
from core.picture.size import Size
from core.render.boxes import Patch, Pen
from core.render.palette import DIVERGING, ColourMap
from core.render.planes import PlaneScale, render_plane

FAINTEST, STRONGEST = 0.15, 0.75  # how much of the picture a colour hides


def draw_heat(
    image: BgrImage,
    values: npt.NDArray[np.float64],
    scale: PlaneScale,
    *,
    colour_map: ColourMap = DIVERGING,
) -> BgrImage:
    """Lay a map of cells over a grey copy of the picture; each cell has one colour.

    The further a value is from the middle of the scale, the more of the picture its
    colour hides: where nothing happens, the picture shows.

    Args:
        image: the picture.
        values: (rows, columns), row 0 on top; they divide the picture evenly.
        scale: the values at both ends of the colour map.
        colour_map: by default blue, white, red.
    """
    colours = render_plane(values, scale, colour_map=colour_map).image[:, :, None, :]
    middle = (scale.low + scale.high) / 2
    reach = (scale.high - scale.low) / 2
    strength = np.abs(values - middle) / reach if reach > 0 else np.zeros_like(values)
    share = (FAINTEST + (STRONGEST - FAINTEST) * strength.clip(0, 1))[..., None, None]
    greys = np.arange(256)[:, None]
    # what each grey becomes in each cell: (rows, columns, 256, 3)
    mixed = (greys * (1 - share) + colours * share).round().astype(np.uint8)
    size = Size.of(image)
    row = np.arange(size.height) * values.shape[0] // size.height
    column = np.arange(size.width) * values.shape[1] // size.width
    return BgrImage(mixed[row[:, None], column, cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)])


def draw_outline(image: BgrImage, patch: Patch) -> BgrImage:
    """Draw a frame on a copy: black within white, so that it shows on any ground."""
    drawn = image.copy()
    line = Pen.of(Size.of(image)).line
    corners = (patch.left, patch.top), (patch.right - 1, patch.bottom - 1)
    cv2.rectangle(drawn, *corners, (255, 255, 255), 2 * line + 1)
    cv2.rectangle(drawn, *corners, (0, 0, 0), max(1, line // 2))
    return BgrImage(drawn)
