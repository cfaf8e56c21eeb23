"""A camera that does not exist and films a photo: it wanders around, or comes closer."""

import math

import cv2
import numpy as np

from core.picture.image import BgrImage
from core.picture.size import Size

_MOST_ZOOM = 1.5


def wandered(photo: BgrImage, size: Size, share: float) -> BgrImage:
    """See a part of a size after a share, 0..1, of the way around; at 1 it is back.

    The photo's pixels stay as they are; ``size`` is at most the photo's.
    """
    angle = 2 * math.pi * share
    left = round((photo.shape[1] - size.width) * (1 - math.cos(angle)) / 2)
    top = round((photo.shape[0] - size.height) * (1 - math.sin(angle)) / 2)
    return _seen(photo, size, left, top)


def approached(photo: BgrImage, size: Size, share: float) -> BgrImage:
    """See the photo from further left and closer the larger the share, 0..1."""
    height, width = photo.shape[:2]
    fits = min(width / size.width, height / size.height)
    scale = fits / (1 + (_MOST_ZOOM - 1) * share)
    left = (width - size.width * scale) * (1 - share)
    top = (height - size.height * scale) * share / 2
    return _seen(photo, size, left, top, scale)


def _seen(photo: BgrImage, size: Size, left: float, top: float, scale: float = 1.0) -> BgrImage:
    """Fill an image of a size from a corner of the photo, ``scale`` photo pixels for one."""
    moved = np.array([[scale, 0, left], [0, scale, top]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return BgrImage(cv2.warpAffine(photo, moved, size.cv2, flags=flags))  # type: ignore[arg-type]
