"""From an uploaded file to pixels; the only place where bytes become an image."""

import codecs
import hashlib
import io
import re
import struct
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from threading import BoundedSemaphore
from typing import Any, Literal, NewType

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from core.errors import PictureRefused

BgrImage = NewType("BgrImage", npt.NDArray[np.uint8])
Kind = Literal["colour", "grey", "alpha"]
"""What a file holds for each pixel; ``decode_picture`` makes three colours of all of them."""

MAX_PICTURE_BYTES = 20 * 10**6
MAX_PICTURE_PIXELS = 40 * 10**6
MAX_SIDE = 16384
PICTURE_FORMATS = ("JPEG", "PNG", "WEBP", "BMP")

MAX_SCANS = 100
STRIP_PIXELS = 2**20

_DECODING = BoundedSemaphore(2)  # 40 million pixels of 16 bits are 0.5 GB each meanwhile
_JPEGS = ("JPEG", "MPO")  # MPO: a JPEG with a second one behind it, as phones make them
_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")  # those followed by a length
_ORIENTATION = 0x0112  # the EXIF tag
_OTHERS = (
    (b"GIF8", "a GIF"),
    (b"II*\x00", "a TIFF"),
    (b"MM\x00*", "a TIFF"),
    (b"%PDF", "a PDF"),
    (b"8BPS", "a Photoshop file"),
    (b"PK\x03\x04", "a zip archive"),
)

# Once, at import: warnings.catch_warnings is not thread-safe, and decode refuses such
# pictures by their header anyway.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


@dataclass(frozen=True)
class Picture:
    """An encoded file as somebody gave it: its name and its bytes."""

    name: str
    data: bytes = field(repr=False)

    @cached_property
    def digest(self) -> str:
        """The sha256 of the bytes, as 64 hex digits: what caches know the picture by."""
        return hashlib.sha256(self.data).hexdigest()


def decode_picture(picture: Picture) -> BgrImage:
    """Decode a JPEG, PNG, WebP or BMP into a read-only image, upright as its EXIF says.

    Grey and palette become three channels, transparency is laid over white, 16 bits are
    rounded to 8, CMYK is converted, and of an animation the first frame is taken.

    Raises:
        PictureRefused: another format, a damaged file, or one beyond MAX_BYTES,
            MAX_PIXELS or MAX_SIDE; the header tells, before any pixel is decoded.
    """
    header = _header(picture)
    try:
        with _DECODING:
            image = _turned(_image(header, picture.data), _orientation(header, picture.data))
    except Exception as error:  # Pillow raises a dozen kinds, see FACTS; all mean this
        if _is_memory(error):
            raise _no_memory(picture.name, header.size) from error
        raise PictureRefused(
            f"{picture.name} is damaged or was cut off: its header promises a "
            f"{header.format} picture, but the pixels cannot be read. Save it again and retry."
        ) from error
    image.setflags(write=False)
    return BgrImage(image)


def kind_of(picture: Picture) -> Kind:
    """Tell from the header what the file holds, before ``decode_picture`` makes it B, G, R.

    Raises:
        PictureRefused: as ``decode_picture``, for what the header alone tells.
    """
    header = _header(picture)
    if header.has_transparency_data:
        return "alpha"
    # 1 is black and white, L eight bits, I sixteen
    return "grey" if header.mode in ("1", "L", "I", "I;16", "I;16B") else "colour"


def _header(picture: Picture) -> Image.Image:
    """Open the picture without decoding it, or refuse it."""
    if not picture.data:
        raise PictureRefused(f"{picture.name} is empty (0 bytes). Choose another file.")
    if len(picture.data) > MAX_PICTURE_BYTES:
        raise PictureRefused(
            f"{picture.name} has {len(picture.data) / 1e6:.1f} MB; the limit is "
            f"{MAX_PICTURE_BYTES // 10**6} MB. Save a smaller copy of it."
        )
    try:
        header = Image.open(io.BytesIO(picture.data), formats=PICTURE_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureRefused(
            f"{picture.name} has far more pixels than the limit of "
            f"{MAX_PICTURE_PIXELS // 10**6} million. Scale it down first."
        ) from error
    except Exception as error:  # damaged headers raise OSError, SyntaxError, ValueError ...
        raise PictureRefused(
            f"{picture.name} is {_guess(picture.data)}. Blobscope opens JPEG, PNG, WebP "
            "and BMP pictures: save or export it as one of these."
        ) from error
    _check_size(picture.name, *header.size)
    if header.format in _JPEGS and _jpeg_scans(picture.data) > MAX_SCANS:
        raise PictureRefused(
            f"{picture.name} paints its pixels in more than {MAX_SCANS} scans, the limit. "
            "Save it again as an ordinary JPEG."
        )
    return header


def _check_size(name: str, width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise PictureRefused(f"{name} is {width} x {height} pixels: there is nothing to see.")
    if width * height > MAX_PICTURE_PIXELS:
        raise PictureRefused(
            f"{name} has {width} x {height} pixels, {width * height / 1e6:.1f} million; the "
            f"limit is {MAX_PICTURE_PIXELS // 10**6} million. Scale it down first."
        )
    if max(width, height) > MAX_SIDE:
        raise PictureRefused(
            f"{name} has {width} x {height} pixels; the limit is {MAX_SIDE} for each side. "
            "Scale it down or cut it first."
        )


def _jpeg_scans(data: bytes) -> int:
    """Count the scans of a JPEG, up to the first one too many.

    A progressive JPEG paints the whole picture again in every scan. An ordinary one has
    about ten; 82 bytes a scan can keep a decoder busy for hours (28 ms each at 36 million
    pixels).
    """
    scans = 0
    at = 2  # behind the start marker
    while (marker := _MARKER.search(data, at)) and scans <= MAX_SCANS:
        kind = data[marker.start() + 1]
        if kind == 0xD9:  # the end of the picture
            break
        scans += kind == 0xDA
        at = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2])
    return scans


def _guess(data: bytes) -> str:
    """Say in a few words what a file is that is no picture of ours."""
    for magic, noun in _OTHERS:
        if data.startswith(magic):
            return noun
    if data[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif"):
        return "a HEIC or AVIF picture"
    start = data[:1024].lower()
    if b"<svg" in start:
        return "an SVG drawing"
    if _is_text(start):
        return "a text file"
    return "not a picture that Blobscope knows, or a damaged one"


def _is_text(start: bytes) -> bool:
    """Tell whether a file's first bytes are UTF-8, perhaps cut within a character."""
    try:
        return "\x00" not in codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False


def _is_memory(error: Exception) -> bool:
    """Tell whether there was not enough memory, which is nobody's damaged file."""
    return isinstance(error, MemoryError) or (
        isinstance(error, cv2.error) and error.code == cv2.Error.StsNoMem
    )


def _no_memory(name: str, size: tuple[int, int]) -> PictureRefused:
    return PictureRefused(
        f"There is not enough memory just now for the {size[0]} x {size[1]} pixels of {name}. "
        "Wait a moment and try again, or scale it down first."
    )


def _image(header: Image.Image, data: bytes) -> npt.NDArray[np.uint8]:
    """Decode into (H, W, 3) in B, G, R order and 8 bits, not turned yet."""
    if _is_plain(header, data):
        # cv2 is 1.2 to 2 times faster than Pillow here, gives the same pixels, keeps all
        # 16 bits (Pillow cuts RGB to 8), and answers None for a file that was cut off.
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        if pixels is None or pixels.shape[1::-1] != header.size:
            raise ValueError("cv2.imdecode found no whole picture")
        if pixels.dtype == np.uint8 and pixels.shape[2:] == (3,):
            return pixels.astype(np.uint8, copy=False)
        return _by_strips(header.size, lambda top, bottom: pixels[top:bottom])
    header.load()
    if header.has_transparency_data:
        mode, order = "RGBA", cv2.COLOR_RGBA2BGRA
    else:
        mode, order = "RGB", cv2.COLOR_RGB2BGR

    def converted(top: int, bottom: int) -> npt.NDArray[Any]:
        strip = header.crop((0, top, header.width, bottom)).convert(mode)
        return cv2.cvtColor(np.asarray(strip), order)

    return _by_strips(header.size, converted)


def _by_strips(
    size: tuple[int, int], strip: Callable[[int, int], npt.NDArray[Any]]
) -> npt.NDArray[np.uint8]:
    """Flatten a picture a strip of rows at a time: arithmetic needs 5 times its memory.

    ``strip`` gives the rows from one to before another, as ``_flattened`` takes them.
    """
    width, height = size
    image = np.empty((height, width, 3), np.uint8)
    rows = max(1, STRIP_PIXELS // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        image[top:bottom] = _flattened(strip(top, bottom))
    return image


def _is_plain(header: Image.Image, data: bytes) -> bool:
    """Tell whether cv2 reads this picture as Pillow does; raise where it would choke."""
    if header.format != "PNG":
        return header.format in _JPEGS
    # cv2 forgets the transparent grey of a grey PNG, and animations are Pillow's business
    chunks = _png_chunks(data)
    return b"acTL" not in chunks and not (b"tRNS" in chunks and header.mode in ("1", "L"))


def _png_chunks(data: bytes) -> set[bytes]:
    """List the kinds of chunks of a PNG that is whole.

    cv2 believes whatever length a chunk claims: 113 bytes made it ask for 3.6 GB.

    Raises:
        ValueError: a chunk claims to reach behind the end of the file.
    """
    kinds: set[bytes] = set()
    at = 8  # behind the signature
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        at += 12 + length
        kinds.add(kind)
        if kind == b"IEND":
            return kinds
    raise ValueError("a chunk reaches behind the end of the file")


def _flattened(pixels: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Give (H, W, 3) in 8 bits of (H, W), BGR or BGRA in 8 or 16: alpha laid over white."""
    if pixels.ndim == 2:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR)
    if pixels.shape[2] == 4:
        pixels = _over_white(pixels)
    if pixels.dtype == np.uint16:
        return cv2.convertScaleAbs(pixels, alpha=1 / 257).astype(np.uint8, copy=False)
    return pixels.astype(np.uint8, copy=False)


def _over_white(bgra: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Lay B, G, R, A over white: ``(colour * a + white * (white - a)) / white``, rounded."""
    white = np.iinfo(bgra.dtype).max
    alpha = bgra[..., 3].astype(np.uint32)  # 65535 squared and a half still fit
    background = (white - alpha) * white + white // 2
    laid = np.empty((*bgra.shape[:2], 3), bgra.dtype)
    for channel in range(3):  # one at a time: a third of the memory
        laid[..., channel] = (bgra[..., channel] * alpha + background) // white
    return laid


def _orientation(header: Image.Image, data: bytes) -> int:
    """Read the EXIF orientation, 1 to 8; 1 is upright."""
    # Pillow decodes a whole PNG to look for EXIF behind its pixels: ask only if it is there
    if header.format == "PNG" and b"eXIf" not in _png_chunks(data):
        return 1
    try:
        orientation = header.getexif().get(_ORIENTATION, 1)
    except (SyntaxError, ValueError):  # broken EXIF is no reason to refuse good pixels
        return 1
    return orientation if orientation in range(1, 9) else 1


def _turned(image: npt.NDArray[np.uint8], orientation: int) -> npt.NDArray[np.uint8]:
    """Undo an EXIF orientation (CIPA DC-008, 4.6.4): mirror first, then turn."""
    if orientation in (5, 6, 7, 8):
        image = image.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    return np.ascontiguousarray(image)
