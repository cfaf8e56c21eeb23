"""What the header of a picture's file says, and the limits that a file must keep."""

from dataclasses import dataclass, field
from typing import Literal

from core.picture.size import Size

Format = Literal["JPEG", "PNG", "WebP", "BMP", "GIF", "TIFF", "AVIF", "HEIC"]
Kind = Literal["colour", "grey", "alpha"]
"""What a file holds for each pixel; ``decode_picture`` makes three colours of all of them."""

PixelReader = Literal["cv2", "cv2 colour", "Pillow", "pillow-heif"]
"""Who decodes: cv2 with IMREAD_UNCHANGED, cv2 with IMREAD_COLOR, or one of the others."""

MAX_PICTURE_BYTES = 20 * 10**6
MAX_PICTURE_PIXELS = 40 * 10**6
MAX_PICTURE_SIDE = 16384
MAX_UNPACKED = 160 * 10**6
"""Bytes of the pixels as the file's channels and bits have them: 40 million pixels of 4 x 8
bits, 26 million of 3 x 16, 20 million of 4 x 16. cv2 holds them twice while it decodes."""


class Unfit(Exception):  # noqa: N818 - reads as what happened, like the errors of core
    """A file that is not opened; the text goes on behind its name, and ends with a cure."""


@dataclass(frozen=True, slots=True)
class Header:
    """What one file says of itself before any pixel is decoded.

    Attributes:
        format: of the file.
        size: as it is stored, before the orientation turns it.
        kind: what it holds for each pixel.
        data: the file for the decoder: what makes the pixels, and nothing else. Metadata,
            later frames and further pages are gone, so they cost no decoder any time.
        decoder: who reads ``data``.
        channels: of a pixel, as they are stored.
        bits: of a channel, 8 or 16 (fewer count as 8).
        orientation: as EXIF counts it, 1 to 8; 1 is upright.
        inflated: of a PNG, the bytes that its pixels have when they are unpacked.
        shade: of a grey PNG, the value that is transparent, on the scale of ``bits``.
        corner: where the pixels lie on the canvas ``size``: left, top.
        whole: False where the end marker is missing.
        first_of_many: True where the file has further frames or pages.
        like_imread: True where cv2.imread gives the pixels of ``decode_picture``.
    """

    format: Format
    size: Size
    kind: Kind
    data: bytes = field(repr=False)
    decoder: PixelReader = "cv2"
    channels: int = 3
    bits: int = 8
    orientation: int = 1
    inflated: int = 0
    shade: int | None = None
    corner: tuple[int, int] = (0, 0)
    whole: bool = True
    first_of_many: bool = False
    like_imread: bool = True


def checked_size(width: int, height: int, *, channels: int = 3, bits: int = 8) -> Size:
    """Make a size of what a header claims.

    Raises:
        Unfit: no pixel, or more than MAX_PICTURE_PIXELS, MAX_PICTURE_SIDE or MAX_UNPACKED.
    """
    if width < 1 or height < 1:
        raise Unfit(f"is {width} x {height} pixels: there is nothing to see.")
    if width * height > MAX_PICTURE_PIXELS:
        raise Unfit(
            f"has {width} x {height} pixels, {width * height / 1e6:.1f} million; the limit is "
            f"{MAX_PICTURE_PIXELS // 10**6} million. Scale it down first."
        )
    if max(width, height) > MAX_PICTURE_SIDE:
        raise Unfit(
            f"has {width} x {height} pixels; the limit is {MAX_PICTURE_SIDE} for each side. "
            "Scale it down or crop it first."
        )
    if (unpacked := width * height * channels * bits // 8) > MAX_UNPACKED:
        raise Unfit(
            f"has {width} x {height} pixels of {channels} x {bits} bits, {unpacked / 1e6:.0f} "
            f"MB unpacked; the limit is {MAX_UNPACKED // 10**6} MB. Scale it down, or save it "
            "with 8 bits a channel."
        )
    return Size(width, height)
