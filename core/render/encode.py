"""Pictures as bytes, ready for a browser."""

import struct
import zlib

import cv2
import numpy as np
import numpy.typing as npt

from core.picture.image import BgrImage
from core.render.screen import on_screen

DISPLAY_WIDTH = 1460
"""Streamlit shrinks and encodes wider pictures once more, slowly and as JPEG."""

JPEG_QUALITY = 90

LEAST_DISPLAY_WIDTH = 480
"""Browsers blur smaller pictures when they fill a column, and labels would cover them."""


def png(image: BgrImage) -> bytes:
    """Encode without loss; a picture without colour as one channel, in a third of the time.

    Where each pixel counts. The level of compression stays unset: any level makes cv2
    take a slower way (94 ms instead of 53 for 1920 x 1080).
    """
    blue, green, red = image[..., 0], image[..., 1], image[..., 2]
    colourless = np.array_equal(blue, green) and np.array_equal(green, red)
    return _encoded(".png", image[..., :1] if colourless else image)


def png_of_indices(index: npt.NDArray[np.uint8], colours: npt.NDArray[np.uint8]) -> bytes:
    """Encode places on a colour map, (H, W), and the map's 256 colours, (256, 1, 3) B, G, R.

    cv2 writes no palettes, but a grey PNG differs from a palette one only in its colour
    type and the palette (PNG specification, 11.2.1 and 11.2.2). A third of the bytes of
    the coloured picture, in a third of the time, and the same pixels.
    """
    grey = _encoded(".png", index)
    header = bytearray(grey[12:29])  # "IHDR" and its 13 bytes; the last but three is the type
    header[13] = 3
    palette = b"PLTE" + colours[:, 0, ::-1].tobytes()
    return (
        grey[:12]
        + _with_check(header)
        + struct.pack(">I", 768)
        + _with_check(palette)
        + grey[33:]
    )


def jpeg(image: BgrImage, *, quality: int = JPEG_QUALITY) -> bytes:
    """Encode a photo; ten times quicker than PNG, and smaller, but its pixels change."""
    return _encoded(".jpg", image, cv2.IMWRITE_JPEG_QUALITY, quality)


def for_display(image: BgrImage, *, width: int = DISPLAY_WIDTH) -> BgrImage:
    """Bring a picture to the size a screen has room for; see ``on_screen``.

    What must stay exact has to be narrower already, or be offered as a download.
    """
    return BgrImage(on_screen(image, width=width, least=min(LEAST_DISPLAY_WIDTH, width)))


def _encoded(extension: str, image: np.ndarray, *options: int) -> bytes:
    written, data = cv2.imencode(extension, np.ascontiguousarray(image), options)
    if not written:
        raise ValueError(f"cv2 wrote no {extension} of an image of shape {image.shape}")
    return data.tobytes()


def _with_check(chunk: bytes | bytearray) -> bytes:
    return bytes(chunk) + struct.pack(">I", zlib.crc32(chunk))
