"""Where an image lands in a blob, and the way back for boxes."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from core.errors import BlobImpossible
from core.picture.size import Size

MAX_RESIZED_PIXELS = 100 * 10**6


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an image landed in a blob: ``blob_xy = image_xy * scale + offset``.

    Coordinates are continuous: pixel 0 reaches from 0.0 to 1.0, as cv2.resize sees it.

    Attributes:
        image: the size of the image that was placed.
        blob: the size of the blob it was placed into.
        scale: blob pixels for one image pixel, along x and along y.
        offset: the blob coordinates of the image's top left corner; whole pixels, at
            least 0 behind letterbox bars and at most 0 where a crop cut something off.

    >>> placement = letterbox(Size(1280, 720), into=Size(640, 640))
    >>> placement.offset
    (0.0, 140.0)
    >>> placement.to_image(np.array([[100, 100, 300, 300]]))
    array([[200., -80., 600., 320.]])
    """

    image: Size
    blob: Size
    scale: tuple[float, float]
    offset: tuple[float, float]

    def __post_init__(self) -> None:
        if not all(math.isfinite(value) for value in (*self.scale, *self.offset)):
            raise ValueError(f"a placement is finite, not {self.scale} and {self.offset}")
        if min(self.scale) <= 0:
            raise ValueError(f"a placement's scale is above 0, not {self.scale}")

    @property
    def resized(self) -> Size:
        """The size of the whole image after resizing, before crop or bars."""
        # round() goes to the even neighbour, like the cvRound inside cv2.resize
        return Size(
            round(self.image.width * self.scale[0]), round(self.image.height * self.scale[1])
        )

    @property
    def corner(self) -> tuple[int, int]:
        """The offset in whole pixels (x, y)."""
        return round(self.offset[0]), round(self.offset[1])

    @property
    def bars(self) -> tuple[int, int, int, int]:
        """The widths of the letterbox bars: left, top, right, bottom; 0 where none is."""
        left, top = (max(0, edge) for edge in self.corner)
        right = max(0, self.blob.width - self.resized.width - left)
        bottom = max(0, self.blob.height - self.resized.height - top)
        return left, top, right, bottom

    def to_blob(self, xyxy: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Move boxes (N, 4) from image pixels to blob pixels."""
        return np.asarray(xyxy, np.float64) * (self.scale * 2) + self.offset * 2

    def to_image(self, xyxy: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Move boxes (N, 4) from blob pixels to image pixels; nothing is clipped."""
        return (np.asarray(xyxy, np.float64) - self.offset * 2) / (self.scale * 2)


def stretch(image: Size, *, into: Size) -> Placement:
    """Fill the blob and let the aspect ratio go."""
    scale = into.width / image.width, into.height / image.height
    return Placement(image, into, scale, (0.0, 0.0))


def crop(image: Size, *, into: Size) -> Placement:
    """Keep the aspect ratio, fill the blob and cut off what sticks out, evenly.

    The numbers are those of blobFromImage with ``crop=True``: the factor in float32,
    the resized size rounded, the corner truncated.

    Raises:
        BlobImpossible: the shape is so long that resizing would need too much memory.
    """
    scale = float(max(_ratios(image, into)))
    resized = round(image.width * scale), round(image.height * scale)
    if resized[0] * resized[1] > MAX_RESIZED_PIXELS:
        raise BlobImpossible(
            f"To crop this {image} picture to {into}, OpenCV would first resize it to "
            f"{resized[0]} x {resized[1]} pixels, more than {MAX_RESIZED_PIXELS // 10**6} "
            "million. Choose a smaller size, or stretch or letterbox it."
        )
    corner = (resized[0] - into.width) // 2, (resized[1] - into.height) // 2
    return Placement(image, into, (scale, scale), (float(-corner[0]), float(-corner[1])))


def letterbox(
    image: Size,
    *,
    into: Size,
    anchor: Literal["centre", "top-left"] = "centre",
    rounded: bool = False,
) -> Placement:
    """Keep the aspect ratio and the whole image; bars fill the rest.

    The numbers are those of ``DNN_PMODE_LETTERBOX``: the factor in float32, the resized
    size truncated, the image centred. ``top-left``, which OpenCV has not, puts both bars
    behind the image and rounds the size, which keeps the aspect ratio closer. ``rounded``
    gives the numbers of Ultralytics' ``LetterBox``: the factor in float64, the size rounded.

    >>> letterbox(Size(500, 333), into=Size(320, 320)).resized
    Size(width=320, height=213)
    >>> letterbox(Size(500, 334), into=Size(320, 320), rounded=True).resized
    Size(width=320, height=214)

    Raises:
        BlobImpossible: the shape is so long that nothing of its short side would remain.
    """
    width, height = _rounded_sides(image, into) if rounded else _sides(image, into, anchor)
    if width < 1 or height < 1:
        raise BlobImpossible(
            f"This {image} picture is too long for a letterbox of {into}: it would be "
            f"{width} x {height} pixels. Choose a larger size, or stretch or crop it."
        )
    bars = (0, 0) if anchor == "top-left" else (into.width - width, into.height - height)
    scale = width / image.width, height / image.height
    return Placement(image, into, scale, (float(bars[0] // 2), float(bars[1] // 2)))


def _sides(image: Size, into: Size, anchor: str) -> tuple[int, int]:
    """Return the resized width and height as OpenCV works them out, in float32."""
    factor = min(_ratios(image, into))
    whole = round if anchor == "top-left" else int
    width, height = (float(np.float32(side) * factor) for side in image.cv2)
    return whole(width), whole(height)


def _rounded_sides(image: Size, into: Size) -> tuple[int, int]:
    """Return the resized width and height as Ultralytics works them out."""
    factor = min(into.width / image.width, into.height / image.height)
    return round(image.width * factor), round(image.height * factor)


def _ratios(image: Size, into: Size) -> tuple[np.float32, np.float32]:
    """Divide the sides in float32, as OpenCV does."""
    return (
        np.float32(into.width) / np.float32(image.width),
        np.float32(into.height) / np.float32(image.height),
    )
