"""Stages of the road, and whole blobs, as pictures that show what each step did."""

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


def render_stage(stage: Stage) -> BgrImage:
    """Show a stage (H, W, C): a picture as long as it is one, then its channels in a row.

    A mean, a factor or a swap is hard to see in colours; side by side on one scale, in
    the order in which they lie in memory, channels show all three.
    """
    if stage.name not in COLOURFUL:
        return side_by_side(list(np.moveaxis(stage.array, -1, 0)))
    shown = np.clip(np.rint(stage.array[..., :3]), 0, 255).astype(np.uint8)
    if shown.shape[2] == 1:
        shown = np.repeat(shown, 3, axis=2)
    return BgrImage(shown)


def render_planes_together(blob: Blob, spec: BlobSpec) -> BgrImage:
    """Show a blob's planes side by side on one scale."""
    return side_by_side(planes(blob, spec.layout))


def side_by_side(parts: Sequence[npt.NDArray[Any]]) -> BgrImage:
    """Show planes (H, W) in a row, on one scale, with thin white gaps."""
    width = parts[0].shape[1]
    gap = max(1, width // 40)
    framed = [
        cv2.copyMakeBorder(plane.image, 0, 0, 0, gap, cv2.BORDER_CONSTANT, value=(255,) * 3)
        for plane in render_planes(parts, width=None)
    ]
    return BgrImage(np.hstack(framed)[:, :-gap].astype(np.uint8, copy=False))
