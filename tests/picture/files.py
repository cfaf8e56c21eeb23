"""Pictures made byte by byte, and by the encoders of others."""

import io
import struct
import zlib

import numpy as np
import pillow_heif
import tifffile
from PIL import Image

from tests import pictures


def smooth(width=48, height=32):
    """Draw a picture that lossy formats keep nearly as it is."""
    y, x = np.mgrid[:height, :width]
    rgb = np.stack([x * 5, y * 7, 255 - x * 2 - y], axis=-1).astype(np.uint8)
    return Image.fromarray(rgb)


def encoded(image, kind, **options):
    """Encode with Pillow."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def chunk(kind, body):
    """Make a PNG's chunk."""
    return (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    )


def png(bits, colour, rows, *, width, extra=b""):
    """Make a PNG of packed rows, none of them filtered."""
    head = struct.pack(">IIBBBBB", width, len(rows), bits, colour, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = chunk(b"IHDR", head), extra, chunk(b"IDAT", pixels), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def bmp(pixels, *, header, masks, packing=3):
    """Make a BMP of (H, W, 4) bytes or (H, W) shorts, the last row first."""
    bits = 8 * pixels[0, 0].nbytes
    height, width = pixels.shape[:2]
    info = struct.pack(
        "<IiiHHIIiiII", header, width, height, 1, bits, packing, pixels.nbytes, 0, 0, 0, 0
    )
    masks = struct.pack(f"<{len(masks)}I", *masks)
    info = info + masks if header == 40 else (info + masks).ljust(header, b"\0")
    start = 14 + len(info)
    head = b"BM" + struct.pack("<IHHI", start + pixels.nbytes, 0, 0, start)
    return head + info + pixels[::-1].tobytes()


def tiff(array, **options):
    """Encode with tifffile, whose pixels are the witness for TIFF."""
    file = io.BytesIO()
    tifffile.imwrite(file, array, **options)
    return file.getvalue()


def heic(image, *, exif=b"", quality=90, **options):
    """Encode with libheif, which makes irot and imir of EXIF's orientation."""
    made = pillow_heif.from_pillow(image)
    if exif:
        made[0].info["exif"] = exif
    file = io.BytesIO()
    made.save(file, quality=quality, **options)
    return file.getvalue()


def noise(height=12, width=20, channels=3, dtype=np.uint8):
    """Draw pixels that are all different."""
    shape = (height, width, channels) if channels > 1 else (height, width)
    return pictures.noise(*shape, dtype=dtype)


def over_white(rgba, white=255):
    """Lay over white in exact fractions, as slow as it likes."""
    colour, alpha = rgba[..., :3].astype(object), rgba[..., 3:].astype(object)
    laid = (2 * (colour * alpha + white * (white - alpha)) + white) // (2 * white)
    return laid.astype(np.int64)


def rounded(deep):
    """Round 16 bits to 8."""
    return (deep.astype(np.int64) * 2 + 257) // (2 * 257)
