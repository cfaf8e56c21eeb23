"""Stages of the road, and whole blobs, as pictures whatever their numbers are."""

import cv2
import numpy as np
import numpy.typing as npt

from core.blob.make import Blob, planes
from core.blob.spec import BlobSpec
from core.blob.trace import Stage
from core.picture.image import BgrImage


def render_stage(stage: Stage) -> BgrImage:
    """Show the channels of a stage (H, W, C) together, as a picture of its own size.

    Bytes are shown as they are. Other values are stretched so that the smallest is black
    and the largest white, over all channels at once.
    """
    colours = _as_bytes(stage.array[..., :3])
    if colours.ndim == 2 or colours.shape[2] == 1:
        return BgrImage(cv2.cvtColor(colours, cv2.COLOR_GRAY2BGR).astype(np.uint8))
    if stage.channel_order in ("RGB", "RGBA"):
        return BgrImage(np.ascontiguousarray(colours[..., ::-1]))
    return BgrImage(colours)


def render_planes_together(blob: Blob, spec: BlobSpec) -> BgrImage:
    """Show a blob's planes side by side in grey, on one scale, with thin white gaps."""
    grey = _as_bytes(np.stack(planes(blob, spec.layout)))
    gap = max(1, grey.shape[2] // 40)
    framed = np.pad(grey, ((0, 0), (0, 0), (0, gap)), constant_values=255)
    row = np.hstack(list(framed))[:, :-gap]
    return BgrImage(cv2.cvtColor(row, cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False))


def _as_bytes(values: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    """Stretch numbers to 0..255; bytes stay what they are."""
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values, np.uint8)
    low, high = float(values.min()), float(values.max())
    factor = 255 / (high - low) if high > low else 0.0
    stretched = (values.astype(np.float32) - low) * factor
    return np.asarray(np.rint(stretched), np.uint8)
