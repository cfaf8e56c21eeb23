"""BMP: what its headers say. Source: Microsoft, BITMAPV5HEADER and Bitmap Compression."""

import struct

import numpy as np

from core.picture.header import Header, Kind, PixelReader, Unfit, checked_size

_CORE, _ALPHA_FROM = 12, 56  # lengths: OS/2's header, and the first that has an alpha mask
_PLAIN, _RLE8, _RLE4, _MASKS = 0, 1, 2, 3


def read_bmp(data: bytes) -> Header:
    """Read the header.

    An alpha channel that is 0 everywhere was never filled: most programs, and Blobscope,
    show such a picture opaque.

    Raises:
        Unfit: too large, or a rare kind.
        ValueError: damaged, or cut off before the last row.
    """
    start, length = struct.unpack_from("<II", data, 10)
    if length == _CORE:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        packing = _PLAIN
    else:
        width, height, _, bits, packing = struct.unpack_from("<iiHHI", data, 18)
    size = checked_size(width, abs(height))
    if packing not in (_PLAIN, _RLE8, _RLE4, _MASKS) or bits not in (1, 4, 8, 16, 24, 32):
        raise Unfit(
            f"is a BMP of a rare kind ({bits} bits a pixel, compression {packing}). Save it "
            "again as a PNG."
        )
    if packing in (_PLAIN, _MASKS):
        row = (size.width * bits + 31) // 32 * 4
        if start + row * size.height > len(data):
            raise ValueError("cut off before the last row")
    kind = _kind(data, start, length, bits, packing)
    decoder: PixelReader = "Pillow" if bits in (16, 32) else "cv2 colour"
    return Header(
        "BMP",
        size,
        kind,
        data,
        decoder=decoder,
        channels=4 if kind == "alpha" else 3,
        like_imread=bits != 16,  # cv2 fills 5 bits up with zeros: its white is 248
    )


def _kind(data: bytes, start: int, length: int, bits: int, packing: int) -> Kind:
    if bits == 32 and packing == _MASKS and length >= _ALPHA_FROM:
        (mask,) = struct.unpack_from("<I", data, 66)
        pixels = np.frombuffer(data, "<u4", (len(data) - start) // 4, start)
        if mask and (pixels & np.uint32(mask)).any():
            return "alpha"
    return "colour"
