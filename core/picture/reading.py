"""From a file's bytes to its header, or to a sentence that says why not."""

import codecs
import struct
from collections.abc import Callable

from core.errors import PictureRefused
from core.picture.formats.bmp import read_bmp
from core.picture.formats.gif import GIF_SIGNATURES, read_gif
from core.picture.formats.heif import is_heif, read_heif
from core.picture.formats.jpeg import JPEG_SIGNATURE, read_jpeg
from core.picture.formats.png import PNG_SIGNATURE, read_png
from core.picture.formats.tiff import TIFF_SIGNATURES, read_tiff
from core.picture.formats.webp import read_webp
from core.picture.header import MAX_PICTURE_BYTES, Header, Unfit

_FORMATS = ("JPEG", "PNG", "WebP", "BMP", "GIF", "TIFF", "AVIF", "HEIC")
KNOWN_FORMATS = f"{', '.join(_FORMATS[:-1])} and {_FORMATS[-1]}"
"""The formats as a sentence lists them."""

_READERS: tuple[tuple[Callable[[bytes], bool], Callable[[bytes], Header]], ...] = (
    (lambda data: data.startswith(JPEG_SIGNATURE), read_jpeg),
    (lambda data: data.startswith(PNG_SIGNATURE), read_png),
    (lambda data: data.startswith(b"RIFF") and data[8:12] == b"WEBP", read_webp),
    (lambda data: data.startswith(b"BM"), read_bmp),
    (lambda data: data.startswith(GIF_SIGNATURES), read_gif),
    (lambda data: data.startswith(TIFF_SIGNATURES), read_tiff),
    (is_heif, read_heif),
)
_DAMAGE = (ValueError, IndexError, KeyError, struct.error, OverflowError)

_OTHERS = (
    (b"%PDF", "a PDF"),
    (b"%!PS", "a PostScript file"),
    (b"8BPS", "a Photoshop file"),
    (b"gimp xcf", "a GIMP file"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"II*\x00\x10\0\0\0CR", "a camera's raw file"),
    (b"II\xbc", "a JPEG XR picture"),
    (b"II+\0", "a BigTIFF"),
    (b"MM\0+", "a BigTIFF"),
    (b"FUJIFILMCCD-RAW", "a camera's raw file"),
    (b"\0\0\1\0", "an icon (ICO)"),
    (b"\0\0\2\0", "a cursor (CUR)"),
    (b"icns", "an icon (ICNS)"),
    (b"v/1\x01", "an OpenEXR picture"),
    (b"#?RADIANCE", "a Radiance HDR picture"),
    (b"qoif", "a QOI picture"),
    (b"DDS ", "a DDS texture"),
    (b"SIMPLE  =", "a FITS file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
)


def read_header(name: str, data: bytes) -> Header:
    """Read what a file says of itself, and leave what only costs a decoder's time.

    It takes some milliseconds for the largest file, and no pixel is decoded.

    Raises:
        PictureRefused: another format, damage that shows already, or a limit exceeded.
    """
    if not data:
        raise PictureRefused(f"{name} is empty (0 bytes). Choose another file.")
    if len(data) > MAX_PICTURE_BYTES:
        raise PictureRefused(
            f"{name} has {len(data) / 1e6:.1f} MB; the limit is "
            f"{MAX_PICTURE_BYTES // 10**6} MB. Save a smaller copy of it."
        )
    for knows, read in _READERS:
        if knows(data):
            try:
                return read(data)
            except Unfit as error:
                raise PictureRefused(f"{name} {error}") from error
            except _DAMAGE as error:
                raise damaged(name) from error
    if data[4:8] == b"ftyp" or data.startswith((b"\x1a\x45\xdf\xa3", b"RIFF")):
        raise PictureRefused(f"{name} is a video or a sound. Videos go to the Video page.")
    raise PictureRefused(
        f"{name} is {_guess(data)}. Blobscope opens {KNOWN_FORMATS} pictures: save or export "
        "it as one of these."
    )


def damaged(name: str) -> PictureRefused:
    """Make the sentence for a file whose format is known and whose pixels are not there."""
    return PictureRefused(
        f"{name} is damaged or was cut off: it begins as a picture, but its pixels cannot be "
        "read. Save it again and retry."
    )


def _guess(data: bytes) -> str:
    """Say in a few words what a file is that is no picture of ours."""
    for magic, noun in _OTHERS:
        if data.startswith(magic):
            return noun
    if data[:1] == b"P" and data[1:2] in b"1234567" and data[2:3].isspace():
        return "a Netpbm picture (PNM)"
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
