"""Every stage between an image and its blob, with the line of Python that makes it.

OpenCV does all of this inside one call; here it is taken apart in numpy and cv2.resize.
The last stage equals what cv2.dnn returns bit for bit, and the lines of code, run one
after the other, give the arrays of the stages: the tests hold both promises.
"""

from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from core.blob.make import Blob, bordered, check, entering, place
from core.blob.spec import BlobSpec, Triple
from core.picture.placement import Placement
from core.picture.size import Size

StageName = Literal[
    "image", "resized", "fitted", "float", "minus mean", "scaled", "swapped", "planes"
]
ChannelOrder = Literal["grey", "BGR", "RGB", "BGRA", "RGBA"]
StageArray = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Stage:
    """One step from an image to its blob, and its result.

    Attributes:
        name: what the step is called.
        array: (H, W, C); the last stage holds the blob, (1, C, H, W) or (1, H, W, C).
        code: the line of Python that makes it of the stage before.
        note: a sentence on what happened.
        channel_order: what the channels of the array mean.
    """

    name: StageName
    array: StageArray
    code: str
    note: str
    channel_order: ChannelOrder

    def __post_init__(self) -> None:
        frozen = self.array.view()
        frozen.setflags(write=False)
        object.__setattr__(self, "array", frozen)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array."""
        return self.array.shape

    @property
    def dtype(self) -> str:
        """The name of the array's type, such as ``uint8``."""
        return self.array.dtype.name

    @property
    def range(self) -> tuple[float, float]:
        """The smallest and the largest value."""
        return float(self.array.min()), float(self.array.max())


@dataclass(frozen=True, eq=False)
class Trace:
    """All stages in order, the blob they end in, and where the image landed in it."""

    stages: tuple[Stage, ...]
    blob: Blob
    placement: Placement

    def __getitem__(self, name: StageName) -> Stage:
        return next(stage for stage in self.stages if stage.name == name)


def trace(image: StageArray, spec: BlobSpec) -> Trace:
    """Make a blob step by step; takes and raises what ``make_blob`` does.

    >>> spec = BlobSpec(size=Size(2, 2), scalefactor=(0.5,) * 3, mean=(1, 2, 3), swap_rb=True)
    >>> for stage in trace(np.full((4, 4, 3), (10, 20, 30), np.uint8), spec).stages[3:]:
    ...     print(stage.code)
    floats = fitted.astype(np.float32)
    centred = floats - np.float32([3, 2, 1])
    scaled = centred * np.float32([0.5, 0.5, 0.5])
    swapped = scaled[..., [2, 1, 0]]
    blob = swapped.transpose(2, 0, 1)[np.newaxis]
    """
    check(image, spec)
    placement = place(Size.of(image), spec)
    first = _image(image, spec)
    resized = _resized(first, spec, placement)
    fitted = _fitted(resized, spec, placement)
    floats = _floats(fitted, spec)
    centred = _centred(floats, spec)
    scaled = _scaled(centred, spec)
    swapped = _swapped(scaled, spec)
    last = _planes(swapped, spec)
    stages = (first, resized, fitted, floats, centred, scaled, swapped, last)
    return Trace(stages, Blob(last.array), placement)


def _image(image: StageArray, spec: BlobSpec) -> Stage:
    grey = entering(image, spec)
    if grey is not image:
        return _grey(grey, image.shape[2])
    channels = image[..., np.newaxis] if image.ndim == 2 else image
    orders: dict[int, ChannelOrder] = {1: "grey", 3: "BGR", 4: "BGRA"}
    order = orders[channels.shape[2]]
    flag = "IMREAD_COLOR" if order == "BGR" else "IMREAD_UNCHANGED"
    code = f'image = cv2.imread("picture.png", cv2.{flag})'
    if order == "grey":
        code += "[..., np.newaxis]"
    note = f"The picture as OpenCV holds it: rows of pixels, channels in the order {order}."
    return Stage("image", channels, code, note, order)


def _grey(grey: StageArray, channels: int) -> Stage:
    flag, name = ("COLOR", "BGR") if channels == 3 else ("UNCHANGED", "BGRA")
    code = (
        f'image = cv2.cvtColor(cv2.imread("picture.png", cv2.IMREAD_{flag}), '
        f"cv2.COLOR_{name}2GRAY)[..., np.newaxis]"
    )
    note = (
        "The picture made grey by cv2.cvtColor: each pixel is 0.299 R + 0.587 G + 0.114 B, "
        "rounded."
    )
    return Stage("image", grey[..., np.newaxis], code, note, "grey")


def _resized(image: Stage, spec: BlobSpec, placement: Placement) -> Stage:
    before, after = placement.image, placement.resized
    order = image.channel_order
    if before == placement.blob:
        note = "The picture already has the blob's size."
        return Stage("resized", image.array, "resized = image", note, order)
    if spec.fit == "crop":  # a factor instead of a size: cv2.resize then maps with this factor
        fx, fy = placement.scale
        array = cv2.resize(image.array, None, fx=fx, fy=fy, interpolation=cv2.INTER_LINEAR)
        how = f"None, fx={fx!r}, fy={fy!r}"
    else:
        array = cv2.resize(image.array, after.cv2, interpolation=cv2.INTER_LINEAR)
        how = f"{after.cv2}"
    code = f"resized = cv2.resize(image, {how}, interpolation=cv2.INTER_LINEAR)"
    note = f"Resized from {before} to {after}; the values stay {image.dtype} and are rounded."
    if image.dtype.startswith("float"):
        note = f"Resized from {before} to {after}."
    if min(placement.scale) < 0.5:
        note += (
            " INTER_LINEAR looks at four neighbours only, so shrinking this far skips pixels."
        )
    return Stage("resized", *_with_channels(array, code), note, order)


def _fitted(resized: Stage, spec: BlobSpec, placement: Placement) -> Stage:
    array = resized.array
    order = resized.channel_order
    if Size.of(array) == placement.blob:
        note = "The picture fills the whole blob: no crop and no bars."
        return Stage("fitted", array, "fitted = resized", note, order)
    if spec.letterboxed:
        return _letterboxed(resized, spec, placement)
    left, top = -placement.corner[0], -placement.corner[1]
    right, bottom = left + placement.blob.width, top + placement.blob.height
    note = f"Cropped to the central {placement.blob}."
    code = f"fitted = resized[{top}:{bottom}, {left}:{right}]"
    return Stage("fitted", array[top:bottom, left:right], code, note, order)


def _letterboxed(resized: Stage, spec: BlobSpec, placement: Placement) -> Stage:
    left, top, right, bottom = placement.bars
    colour = _numbers((*spec.pad_value, 0.0))
    code = (
        f"fitted = cv2.copyMakeBorder(resized, {top}, {bottom}, {left}, {right}, "
        f"cv2.BORDER_CONSTANT, value=({colour}))"
    )
    note = (
        f"Bars of colour (B, G, R) = ({_numbers(spec.pad_value)}) fill the rest: {left} left, "
        f"{right} right, {top} above, {bottom} below. Mean and scale apply to them as well."
    )
    array = bordered(resized.array, spec, placement)
    return Stage("fitted", *_with_channels(array, code), note, resized.channel_order)


def _floats(fitted: Stage, spec: BlobSpec) -> Stage:
    if spec.ddepth == "uint8":
        note = "ddepth is CV_8U: the values stay uint8."
        return Stage("float", fitted.array, "floats = fitted", note, fitted.channel_order)
    note = f"{fitted.dtype} becomes float32; the numbers are the same."
    code = "floats = fitted.astype(np.float32)"
    return Stage("float", fitted.array.astype(np.float32), code, note, fitted.channel_order)


def _centred(floats: Stage, spec: BlobSpec) -> Stage:
    order = floats.channel_order
    mean = _as_stored(spec.mean, 0.0, floats, spec)
    if not any(mean):
        note = "The mean is 0: nothing to subtract."
        return Stage("minus mean", floats.array, "centred = floats", note, order)
    note = f"The mean is subtracted, here in the order {order}, still in 0..255 units."
    code = f"centred = floats - np.float32([{_numbers(mean)}])"
    return Stage("minus mean", floats.array - np.array(mean, np.float32), code, note, order)


def _scaled(centred: Stage, spec: BlobSpec) -> Stage:
    order = centred.channel_order
    scale = _as_stored(spec.scalefactor, spec.scalefactor[2], centred, spec)
    std = _as_stored(spec.std, 1.0, centred, spec)
    array = centred.array
    code = "centred"
    words = []
    if any(value != 1 for value in scale) and spec.layout == "NCHW":
        array = array * np.array(scale, np.float32)
        code = f"{code} * np.float32([{_numbers(scale)}])"
        words.append("multiplied by the scalefactor")
    elif any(value != 1 for value in scale):  # in NHWC, OpenCV multiplies in double
        array = (array * np.array(scale, np.float64)).astype(np.float32)
        code = f"({code} * np.float64([{_numbers(scale)}])).astype(np.float32)"
        words.append("multiplied by the scalefactor")
    if any(value != 1 for value in std):
        array = array / np.array(std, np.float32)
        code = f"{code} / np.float32([{_numbers(std)}])"
        words.append("divided by std (an extra step: blobFromImage has no std)")
    note = f"Each value is {' and '.join(words)}." if words else "The scalefactor is 1."
    return Stage("scaled", array, f"scaled = {code}", note, order)


def _swapped(scaled: Stage, spec: BlobSpec) -> Stage:
    order = scaled.channel_order
    if not spec.swap_rb or order == "grey":
        why = "swapRB is off" if not spec.swap_rb else "There is only one channel"
        note = f"{why}: the channels stay {order}."
        return Stage("swapped", scaled.array, "swapped = scaled", note, order)
    if order == "BGR":
        code = "swapped = scaled[..., [2, 1, 0]]"
        note = "Red and blue are swapped: the channels are now RGB."
        return Stage("swapped", scaled.array[..., ::-1], code, note, "RGB")
    code = "swapped = scaled[..., [2, 1, 0, 3]]"
    note = "Red and blue are swapped, alpha stays: the channels are now RGBA."
    return Stage("swapped", scaled.array[..., [2, 1, 0, 3]], code, note, "RGBA")


def _planes(swapped: Stage, spec: BlobSpec) -> Stage:
    if spec.layout == "NHWC":
        note = "A batch axis is added in front; channels stay last (NHWC)."
        array = swapped.array[np.newaxis]
        code = "blob = swapped[np.newaxis]"
    else:
        note = "The channel axis moves to the front, after the batch axis (NCHW)."
        array = swapped.array.transpose(2, 0, 1)[np.newaxis]
        code = "blob = swapped.transpose(2, 0, 1)[np.newaxis]"
    return Stage("planes", array, code, note, swapped.channel_order)


def _with_channels(array: StageArray, code: str) -> tuple[StageArray, str]:
    """Give grey its channel axis back, which cv2's functions drop."""
    if array.ndim == 3:
        return array, code
    return array[..., np.newaxis], f"{code}[..., np.newaxis]"


def _as_stored(values: Triple, alpha: float, stage: Stage, spec: BlobSpec) -> list[float]:
    """Put values given in the blob's channel order into the order of a stage before swapRB."""
    channels = stage.shape[2]
    swapped = spec.swap_rb and channels >= 3
    return [*(values[::-1] if swapped else values), alpha][:channels]


def _numbers(values: list[float] | tuple[float, ...]) -> str:
    """Write numbers so that Python reads the same ones, whole ones without a point."""
    return ", ".join(repr(int(value) if value == int(value) else value) for value in values)
