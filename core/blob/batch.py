"""Several images in one blob, N x C x H x W, and back to pictures."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from core.blob.make import (
    Blob,
    along_channels,
    anchored,
    check,
    entering,
    image_from_blob,
    make_blob,
    params,
    place,
)
from core.blob.spec import BlobSpec
from core.errors import BlobImpossible
from core.picture.image import BgrImage, Picture, decode_picture
from core.picture.placement import Placement
from core.picture.size import Size

MAX_BATCH_BYTES = 256 * 10**6
MAX_BATCH_PIXELS = 100 * 10**6

Image = npt.NDArray[Any]
"""An image as ``make_blob`` takes it."""


@dataclass(frozen=True, slots=True)
class BatchTimes:
    """Milliseconds for one batch, and for the same images one by one."""

    batch: float
    singles: float


def decode_together(pictures: Sequence[Picture]) -> tuple[BgrImage, ...]:
    """Decode pictures that are to be in memory at the same time.

    Raises:
        PictureRefused: one of them cannot be decoded.
        BlobImpossible: together they have more than MAX_BATCH_PIXELS.
    """
    images: list[BgrImage] = []
    for picture in pictures:
        images.append(decode_picture(picture))
        if sum(image.shape[0] * image.shape[1] for image in images) > MAX_BATCH_PIXELS:
            raise BlobImpossible(
                f"The first {len(images)} of these {len(pictures)} pictures already have more "
                f"than {MAX_BATCH_PIXELS // 10**6} million pixels, the limit for a batch. "
                "Choose fewer or smaller ones."
            )
    return tuple(images)


def make_batch(images: Sequence[Image], spec: BlobSpec) -> tuple[Blob, tuple[Placement, ...]]:
    """Make one blob of several images with cv2.dnn, and say where each landed in it.

    Each picture of the batch equals the blob that ``make_blob`` makes of it alone.

    Returns:
        A read-only blob, (N, C, H, W) or (N, H, W, C), and the placements in order.

    Raises:
        BlobImpossible: no image, images that do not go together, one that goes with no
            spec like this, or more than MAX_BATCH_BYTES.
    """
    images = [entering(image, spec) for image in images]
    _check_together(images, spec)
    placements = tuple(place(Size.of(image), spec) for image in images)
    fitted = [
        anchored(image, spec, placement)
        for image, placement in zip(images, placements, strict=True)
    ]
    try:
        made = cv2.dnn.blobFromImagesWithParams(fitted, params(spec))
    except cv2.error as error:
        raise BlobImpossible(
            f"OpenCV cannot make one blob of these {len(images)} pictures: {error.err}"
        ) from error
    batch: Image = _over_std(made, spec)
    batch.setflags(write=False)
    return Blob(batch), placements


def images_from_batch(batch: Blob, spec: BlobSpec) -> tuple[BgrImage, ...]:
    """Take a batch apart with cv2.dnn.imagesFromBlob; what the net sees of each picture."""
    nchw = batch if spec.layout == "NCHW" else batch.transpose(0, 3, 1, 2)
    # imagesFromBlob takes float32 in NCHW alone, and gives (H, W, C), or (H, W) of one channel
    parts: Sequence[Image] = cv2.dnn.imagesFromBlob(np.ascontiguousarray(nchw, np.float32))
    alone = replace(spec, layout="NHWC")
    return tuple(
        image_from_blob(Blob(part.reshape(1, *part.shape[:2], -1)), alone) for part in parts
    )


def batch_times(images: Sequence[Image], spec: BlobSpec, *, repeats: int = 3) -> BatchTimes:
    """Measure one batch against single blobs; the best of a few rounds that take turns."""
    batch, singles = [], []
    for _ in range(repeats):
        batch.append(_milliseconds(lambda: make_batch(images, spec)))
        singles.append(_milliseconds(lambda: [make_blob(image, spec) for image in images]))
    return BatchTimes(min(batch), min(singles))


def _over_std(batch: Image, spec: BlobSpec) -> Image:
    """Divide by std, which cv2.dnn has not."""
    if spec.std == (1.0, 1.0, 1.0):
        return batch
    return batch / along_channels(spec.std, batch, spec.layout)


def _check_together(images: Sequence[Image], spec: BlobSpec) -> None:
    """Refuse images that cv2.dnn would refuse as a batch, or bring to one size unasked."""
    if not images:
        raise BlobImpossible("A batch needs at least one picture. Choose some.")
    for image in images:
        check(image, spec)
    channels = {image.shape[2:] or (1,) for image in images}
    if len(channels) > 1:
        raise BlobImpossible(
            "All pictures of a batch have the same number of channels; these have "
            f"{', '.join(str(each[0]) for each in sorted(channels))}."
        )
    sizes = {str(Size.of(image)) for image in images}
    if spec.size is None and len(sizes) > 1:
        raise BlobImpossible(
            f"A batch has one size for all its pictures; these have {len(sizes)} different "
            "ones. Choose the blob's width and height."
        )
    _check_memory(images, spec)


def _check_memory(images: Sequence[Image], spec: BlobSpec) -> None:
    size = spec.size or Size.of(images[0])
    channels = images[0].shape[2] if images[0].ndim == 3 else 1
    values = len(images) * channels * size.width * size.height
    if 4 * values > MAX_BATCH_BYTES:
        raise BlobImpossible(
            f"{len(images)} pictures of {size} would be {4 * values / 1e6:.0f} MB of float32; "
            f"the limit is {MAX_BATCH_BYTES // 10**6} MB. Choose fewer, or a smaller size."
        )


def _milliseconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - begin)
