"""Stages of the preprocessing, and whole blobs, as pictures."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from core.blob.make import Blob, planes
from core.blob.spec import BlobSpec
from core.blob.trace import Stage
from core.picture.image import BgrImage
from core.render.planes import render_planes

COLOURFUL = ("image", "resized", "fitted", "float")
"""Stages whose values are still 0 to 255 in the order B, G, R: they look like pictures."""


def render_stage(stage: Stage, *, width: int | None = None) -> BgrImage:
    """Show a stage (H, W, C): a picture as long as it is one, then its channels in a row.

    A mean, a factor or a swap is hard to see in colours; side by side on one scale, in
    the order in which they lie in memory, channels show all three. ``width`` is the room
    on the screen for a row of channels, see ``side_by_side``.
    """
    if stage.name not in COLOURFUL:
        return side_by_side(list(np.moveaxis(stage.array, -1, 0)), width=width)
    shown = stage.array[..., :3]
    if shown.dtype != np.uint8:
        shown = np.clip(np.rint(shown), 0, 255).astype(np.uint8)
    if shown.shape[2] == 1:
        shown = np.repeat(shown, 3, axis=2)
    return BgrImage(shown)


def render_planes_together(blob: Blob, spec: BlobSpec, *, width: int | None = None) -> BgrImage:
    """Show a blob's planes side by side on one scale; ``width`` as in ``side_by_side``."""
    return side_by_side(planes(blob, spec.layout), width=width)


def side_by_side(parts: Sequence[npt.NDArray[Any]], *, width: int | None = None) -> BgrImage:
    """Show planes (H, W) in a row, on one scale, with thin white gaps.

    Args:
        parts: the planes, all of one size.
        width: the room on the screen for all of them, in pixels; None keeps each value a
            pixel. Fewer pixels are coloured so than by shrinking the whole row afterwards.
    """
    each = None if width is None else max(1, width // len(parts))
    rendered = [plane.image for plane in render_planes(parts, width=each)]
    gap = max(1, rendered[0].shape[1] // 40)
    framed = [
        cv2.copyMakeBorder(image, 0, 0, 0, gap, cv2.BORDER_CONSTANT, value=(255,) * 3)
        for image in rendered
    ]
    return BgrImage(np.hstack(framed)[:, :-gap].astype(np.uint8, copy=False))
