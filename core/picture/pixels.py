"""From a header to pixels: who decodes, and how grey, alpha and 16 bits become B, G, R."""

import io
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pillow_heif
from PIL import AvifImagePlugin, Image

from core.picture.formats.jpeg import probes
from core.picture.formats.png import check_inflated
from core.picture.header import MAX_PICTURE_PIXELS, Header, Unfit

STRIP_PIXELS = 2**20
PROBED_PIXELS = 20 * 10**6
"""A file without its end marker is decoded three times: half as many pixels are allowed."""

_Pixels = npt.NDArray[Any]
"""(H, W), (H, W, 3) in B, G, R, or (H, W, 4) with alpha; uint8 or uint16."""

Image.MAX_IMAGE_PIXELS = MAX_PICTURE_PIXELS  # the header tells before; this is the second lock
AvifImagePlugin.DEFAULT_MAX_THREADS = 1


def flat_pixels(header: Header) -> npt.NDArray[np.uint8]:
    """Decode into (H, W, 3) in B, G, R order and 8 bits, not turned yet.

    Raises:
        Unfit: the pixels unpack to more than the header promises.
        Exception: a dozen kinds, whatever the decoders raise; all mean a damaged file.
    """
    if header.format == "PNG":
        check_inflated(header)
    image = _DECODERS[header.decoder](header)
    size = header.size
    if image.shape[1::-1] == size.cv2 or header.decoder == "pillow-heif":
        return image
    left, top = header.corner
    canvas = np.full((size.height, size.width, 3), 255, np.uint8)
    canvas[top : top + image.shape[0], left : left + image.shape[1]] = image
    return canvas


def _by_cv2(header: Header) -> npt.NDArray[np.uint8]:
    # cv2 is 1.2 to 2 times faster than Pillow here, gives the same pixels, keeps all 16 bits
    # (Pillow cuts RGB to 8), and answers None for a file that was cut off.
    pixels = _imdecode(header.data, cv2.IMREAD_UNCHANGED)
    if header.format == "JPEG" and not header.whole:
        _check_probes(header, pixels)
    if header.format == "TIFF" and header.kind != "alpha":
        pixels = pixels[..., :3]  # a fourth channel that is no alpha
    if pixels.dtype == np.uint8 and pixels.shape[2:] == (3,):
        return pixels.astype(np.uint8, copy=False)

    image = _by_strips(pixels, lambda top, bottom: pixels[top:bottom])
    if header.shade is not None:
        image[pixels == header.shade] = 255
    return image


def _by_cv2_colour(header: Header) -> npt.NDArray[np.uint8]:
    return _imdecode(header.data, cv2.IMREAD_COLOR).astype(np.uint8, copy=False)


def _by_pillow(header: Header) -> npt.NDArray[np.uint8]:
    with Image.open(io.BytesIO(header.data), formats=[header.format.upper()]) as image:
        return _of_pillow(image, header)


def _by_pillow_heif(header: Header) -> npt.NDArray[np.uint8]:
    options: dict[str, Any] = {"thumbnails": False, "depth_images": False, "aux_images": False}
    file = pillow_heif.open_heif(header.data, decode_threads=1, **options)
    return _of_pillow(file.to_pillow(), header)


def _of_pillow(image: Image.Image, header: Header) -> npt.NDArray[np.uint8]:
    image.load()
    if image.mode.startswith("I;16"):
        deep = np.asarray(image).astype(np.uint16, copy=False)  # in this machine's byte order
        return _by_strips(deep, lambda top, bottom: deep[top:bottom])
    mode = "RGB"
    order = cv2.COLOR_RGB2BGR
    if header.kind == "alpha":
        mode = "RGBA"
        order = cv2.COLOR_RGBA2BGRA

    def strip(top: int, bottom: int) -> _Pixels:
        part = image.crop((0, top, image.width, bottom))
        return cv2.cvtColor(
            np.asarray(part if part.mode == mode else part.convert(mode)), order
        )

    return _by_strips(np.empty((image.height, image.width, 0)), strip)


_DECODERS = {
    "cv2": _by_cv2,
    "cv2 colour": _by_cv2_colour,
    "Pillow": _by_pillow,
    "pillow-heif": _by_pillow_heif,
}


def _imdecode(data: bytes, flags: int) -> _Pixels:
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if pixels is None:
        raise ValueError("cv2.imdecode found no whole picture")
    return pixels


def _check_probes(header: Header, pixels: _Pixels) -> None:
    """Make sure that nothing but the end marker is missing."""
    if header.size.width * header.size.height > PROBED_PIXELS:
        raise Unfit(
            "lacks its end marker, and is too large to find out whether its pixels are all "
            "there. Save it again."
        )
    for data in probes(header):
        if not np.array_equal(_imdecode(data, cv2.IMREAD_UNCHANGED), pixels):
            raise ValueError("the pixels depend on bytes that are missing")


def _by_strips(pixels: _Pixels, strip: Callable[[int, int], _Pixels]) -> npt.NDArray[np.uint8]:
    """Flatten a picture a strip of rows at a time: arithmetic needs 5 times its memory.

    ``strip`` gives the rows from one to before another, as ``_flattened`` takes them.
    """
    height, width = pixels.shape[:2]
    image = np.empty((height, width, 3), np.uint8)
    rows = max(1, STRIP_PIXELS // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        image[top:bottom] = _flattened(strip(top, bottom))
    return image


def _flattened(pixels: _Pixels) -> npt.NDArray[np.uint8]:
    """Give (H, W, 3) in 8 bits of (H, W), BGR or BGRA in 8 or 16: alpha laid over white."""
    if pixels.ndim == 2:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR)
    if pixels.shape[2] == 4:
        pixels = _over_white(pixels)
    if pixels.dtype == np.uint16:
        return cv2.convertScaleAbs(pixels, alpha=1 / 257).astype(np.uint8, copy=False)
    return pixels.astype(np.uint8, copy=False)


def _over_white(bgra: _Pixels) -> _Pixels:
    """Lay B, G, R, A over white: ``(colour * a + white * (white - a)) / white``, rounded."""
    white = np.iinfo(bgra.dtype).max
    if bgra[..., 3].min() == white:
        return cv2.cvtColor(bgra, cv2.COLOR_BGRA2BGR)
    wide = np.uint16 if bgra.dtype == np.uint8 else np.uint32  # white squared and a half fit
    alpha = bgra[..., 3].astype(wide)
    background = (white - alpha) * white + white // 2
    laid = np.empty((*bgra.shape[:2], 3), bgra.dtype)
    for channel in range(3):  # one at a time: a third of the memory
        wider = bgra[..., channel] * alpha
        wider += background
        if white == 255:  # what // gives for every number of 16 bits here, in half the time
            wider += 1
            wider += wider >> 8
            wider >>= 8
        else:
            wider //= white
        laid[..., channel] = wider
    return laid
