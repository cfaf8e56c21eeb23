"""From an image to a blob, with cv2.dnn itself, and back to a picture for display."""

from typing import Any, NewType

import cv2
import numpy as np
import numpy.typing as npt

from core.blob.spec import MAX_BLOB_SIDE, BlobLayout, BlobSpec, Triple
from core.errors import BlobImpossible
from core.picture.image import BgrImage
from core.picture.placement import Placement, crop, letterbox, stretch
from core.picture.size import Size

Blob = NewType("Blob", npt.NDArray[np.float32 | np.uint8])

_MODES = {
    "stretch": cv2.dnn.DNN_PMODE_NULL,
    "crop": cv2.dnn.DNN_PMODE_CROP_CENTER,
    "letterbox": cv2.dnn.DNN_PMODE_LETTERBOX,
    "letterbox, rounded": cv2.dnn.DNN_PMODE_NULL,  # the bars are there already
}
_LAYOUTS = {"NCHW": cv2.dnn.DNN_LAYOUT_NCHW, "NHWC": cv2.dnn.DNN_LAYOUT_NHWC}
_DEPTHS = {"float32": cv2.CV_32F, "uint8": cv2.CV_8U}


def place(image: Size, spec: BlobSpec) -> Placement:
    """Work out where an image lands in its blob.

    Raises:
        BlobImpossible: the image's shape does not go with the spec's size and fit.
    """
    into = spec.size or image
    if max(into.cv2) > MAX_BLOB_SIDE:
        raise BlobImpossible(
            f"A blob of this picture's own size, {image}, is too large. "
            f"Choose a size of at most {MAX_BLOB_SIDE} a side."
        )
    if spec.letterboxed:
        rounded = spec.fit == "letterbox, rounded"
        return letterbox(image, into=into, anchor=spec.anchor, rounded=rounded)
    return crop(image, into=into) if spec.fit == "crop" else stretch(image, into=into)


def make_blob(image: npt.NDArray[Any], spec: BlobSpec) -> tuple[Blob, Placement]:
    """Make the blob that cv2.dnn makes, and say where the image landed in it.

    Args:
        image: (H, W), (H, W, 1), (H, W, 3) or (H, W, 4); uint8, uint16, int16, float32
            or float64; B, G, R.
        spec: how.

    Returns:
        A read-only blob, (1, C, H, W) or (1, H, W, C), and its placement.

    Raises:
        BlobImpossible: OpenCV could not make this blob, or would make a wrong one.
    """
    check(image, spec)
    image = entering(image, spec)
    placement = place(Size.of(image), spec)
    try:
        blob: npt.NDArray[Any] = cv2.dnn.blobFromImageWithParams(
            anchored(image, spec, placement), params(spec)
        )
    except cv2.error as error:
        raise BlobImpossible(
            f"OpenCV cannot make this blob of a {placement.image} picture: {error.err}"
        ) from error
    if spec.std != (1.0, 1.0, 1.0):
        blob = blob / along_channels(spec.std, blob, spec.layout)
    blob.setflags(write=False)
    return Blob(blob), placement


def entering(image: npt.NDArray[Any], spec: BlobSpec) -> npt.NDArray[Any]:
    """Return the image as it enters: made grey, (H, W), where the spec wants one channel."""
    channels = 1 if image.ndim == 2 else image.shape[2]
    if spec.channels == 3 or channels == 1:
        return image
    code = cv2.COLOR_BGR2GRAY if channels == 3 else cv2.COLOR_BGRA2GRAY
    return cv2.cvtColor(image, code)


def check(image: npt.NDArray[Any], spec: BlobSpec) -> None:
    """Refuse an image that cv2.dnn would refuse, or misread without a word.

    Raises:
        BlobImpossible: a sentence that names what does not go together.
    """
    channels = 1 if image.ndim == 2 else image.shape[-1]
    if image.ndim not in (2, 3) or channels not in (1, 3, 4) or image.size == 0:
        raise BlobImpossible(
            f"An image is (H, W) or (H, W, C) with 1, 3 or 4 channels, not {image.shape}."
        )
    if image.dtype.name not in ("uint8", "uint16", "int16", "float32", "float64"):
        raise BlobImpossible(
            f"OpenCV cannot make a blob from an image with {image.dtype} values."
        )
    if spec.ddepth == "uint8" and image.dtype != np.uint8:
        raise BlobImpossible(
            f"With ddepth uint8 OpenCV would truncate {image.dtype} values to the lowest byte. "
            " Choose ddepth float32."
        )
    if spec.channels == 1 and channels > 1 and image.dtype.name in ("int16", "float64"):
        raise BlobImpossible(f"OpenCV cannot make a picture of {image.dtype} values grey.")
    if spec.layout == "NHWC" and image.dtype.name not in ("uint8", "float32"):
        raise BlobImpossible(
            f"In the NHWC layout OpenCV takes uint8 and float32 images, not {image.dtype}. "
            "Choose NCHW."
        )
    if spec.layout == "NHWC" and spec.swap_rb and channels == 4:
        raise BlobImpossible(
            "OpenCV cannot swap red and blue of four channels in the NHWC layout. "
            "Choose NCHW, or turn swapRB off."
        )


def params(spec: BlobSpec) -> cv2.dnn.Image2BlobParams:
    """Give the spec in OpenCV's own words, all but std and what ``anchored`` draws."""
    found = cv2.dnn.Image2BlobParams()
    # all four values: a bare number, or a short tuple, sets the other channels to 0
    found.scalefactor = (*spec.scalefactor, spec.scalefactor[2])
    found.mean = (*spec.mean, 0.0)
    found.size = spec.size.cv2 if spec.size else (0, 0)
    found.swapRB = spec.swap_rb and spec.channels == 3
    found.ddepth = _DEPTHS[spec.ddepth]
    found.datalayout = _LAYOUTS[spec.layout]
    found.paddingmode = _MODES[spec.fit]
    found.borderValue = (*spec.pad_value, 0.0)
    return found


def planes(blob: Blob, layout: BlobLayout = "NCHW") -> tuple[npt.NDArray[Any], ...]:
    """Take the channels of a blob's first picture apart: views of shape (H, W)."""
    first = blob[0] if layout == "NCHW" else blob[0].transpose(2, 0, 1)
    return tuple(first)


def image_from_blob(blob: Blob, spec: BlobSpec) -> BgrImage:
    """Undo scale, mean, std and swap: what the net sees, as a picture, in the blob's size.

    Values beyond 0..255 are clipped; a grey blob gives a grey picture; alpha is left out.
    """
    undone = [
        np.clip(np.rint(plane * (std / scale) + mean), 0, 255).astype(np.uint8)
        for plane, scale, mean, std in zip(
            planes(blob, spec.layout), spec.scalefactor, spec.mean, spec.std, strict=False
        )
    ]
    if len(undone) == 1:
        undone = undone * 3
    elif spec.swap_rb:
        undone = undone[::-1]
    return BgrImage(np.stack(undone, axis=-1))


def along_channels(
    values: Triple, blob: npt.NDArray[Any], layout: BlobLayout
) -> npt.NDArray[np.float32]:
    """Shape one value a channel for arithmetic with a blob; alpha gets 1."""
    axis = 1 if layout == "NCHW" else 3
    shape = [1, 1, 1, 1]
    shape[axis] = blob.shape[axis]
    return np.array((*values, 1.0)[: blob.shape[axis]], np.float32).reshape(shape)


def anchored(image: npt.NDArray[Any], spec: BlobSpec, placement: Placement) -> npt.NDArray[Any]:
    """Letterbox as cv2.dnn cannot: top left, or rounded; else leave it to cv2.dnn."""
    if spec.padded_before:
        resized = cv2.resize(image, placement.resized.cv2, interpolation=cv2.INTER_LINEAR)
        return bordered(resized, spec, placement)
    if spec.layout == "NHWC" and image.dtype == np.float32:
        return image.copy()  # else OpenCV writes into it, even where it is read-only
    return image


def bordered(
    resized: npt.NDArray[Any], spec: BlobSpec, placement: Placement
) -> npt.NDArray[Any]:
    """Draw the letterbox bars around a resized image."""
    left, top, right, bottom = placement.bars
    return cv2.copyMakeBorder(
        resized, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(*spec.pad_value, 0.0)
    )
