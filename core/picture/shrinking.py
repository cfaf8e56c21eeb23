"""Smaller pictures: areas averaged into pixels, so that nothing thin is lost."""

from typing import Any, TypeVar, cast

import cv2
import numpy as np
import numpy.typing as npt

from core.picture.size import Size

_Pixels = TypeVar("_Pixels", bound=npt.NDArray[Any])


def shrunk(pixels: _Pixels, size: Size) -> _Pixels:
    """Bring pixels to a size by averaging areas; of that size already, they stay the same.

    Args:
        pixels: (H, W) or (H, W, C), of any type that ``cv2.resize`` takes; the type stays.
        size: of the result.

    >>> shrunk(np.array([[0, 0, 10, 20], [0, 0, 30, 40]], np.uint8), Size(2, 1))
    array([[ 0, 25]], dtype=uint8)
    """
    if Size.of(pixels) == size:
        return pixels
    averaged = cv2.resize(pixels, size.cv2, interpolation=cv2.INTER_AREA)
    return cast("_Pixels", np.asarray(averaged, pixels.dtype))


def fitted(size: Size, *, into: Size) -> Size:
    """Tell the largest size with the same aspect ratio that has room in another.

    >>> fitted(Size(1920, 1080), into=Size(640, 640)), fitted(Size(4000, 1), into=Size(9, 9))
    (Size(width=640, height=360), Size(width=9, height=1))
    """
    scale = min(into.width / size.width, into.height / size.height)
    return Size(max(1, round(size.width * scale)), max(1, round(size.height * scale)))
