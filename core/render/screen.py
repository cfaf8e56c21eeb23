"""Pixels brought to the room there is on a screen."""

from typing import Any

import numpy.typing as npt

from core.picture.shrinking import fitted, shrunk
from core.picture.size import Size

MOST_SCREEN_HEIGHT = 1600
LONGEST_STRIP = 64
"""Times as long as thick; thinner strips are drawn thicker to stay visible."""

Pixels = npt.NDArray[Any]


def on_screen(
    pixels: Pixels, *, width: int, height: int = MOST_SCREEN_HEIGHT, least: int = 1
) -> Pixels:
    """Shrink what is larger than the room, enlarge what is too small to be seen.

    Shrinking averages areas. Enlarging repeats pixels by a whole factor, so that each stays
    a square with edges, which a browser would blur.

    Args:
        pixels: (H, W) or (H, W, C).
        width: the room in pixels.
        height: likewise; neither side leaves it.
        least: enlarge until another whole factor would pass this width.

    >>> import numpy as np
    >>> on_screen(np.array([[1, 2]], np.uint8), width=640, least=5)
    array([[1, 1, 2, 2],
           [1, 1, 2, 2]], dtype=uint8)
    """
    rows, columns = pixels.shape[:2]
    if columns > width or rows > height:
        size = fitted(Size(columns, rows), into=Size(width, height))
        return _thickened(shrunk(pixels, size))
    factor = max(1, min(least // columns, height // rows))
    return _thickened(_repeated(pixels, factor, factor))


def _thickened(pixels: Pixels) -> Pixels:
    rows, columns = pixels.shape[:2]
    return _repeated(
        pixels, -(-columns // (LONGEST_STRIP * rows)), -(-rows // (LONGEST_STRIP * columns))
    )


def _repeated(pixels: Pixels, rows: int, columns: int) -> Pixels:
    if rows > 1:
        pixels = pixels.repeat(rows, axis=0)
    return pixels.repeat(columns, axis=1) if columns > 1 else pixels
