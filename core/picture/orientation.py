"""Which way is up: the one piece of metadata that changes the pixels."""

import struct
from typing import Any

import numpy as np
import numpy.typing as npt

MOST_ENTRIES = 1000
_ORIENTATION, _SHORT = 0x0112, 3


def exif_orientation(exif: bytes) -> int:
    r"""Read the orientation, 1 to 8, from a TIFF header and its first directory.

    Broken EXIF is no reason to refuse good pixels: it counts as 1, upright. So does XMP's
    tiff:Orientation, which cv2.imread and browsers do not obey either.

    Source: CIPA DC-008 (EXIF 2.32), 4.5 and 4.6.4.

    >>> exif_orientation(bytes.fromhex("4d4d002a00000008 0001 0112000300000001 00060000"))
    6
    """
    exif = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(order + "I", exif, 4)
        (entries,) = struct.unpack_from(order + "H", exif, start)
        for entry in range(min(entries, MOST_ENTRIES)):
            tag, kind, count, value = struct.unpack_from(
                order + "HHIH", exif, start + 2 + 12 * entry
            )
            if tag == _ORIENTATION:
                good = kind == _SHORT and count == 1 and 1 <= value <= 8
                return value if good else 1
    except struct.error:  # the directory reaches behind the end
        pass
    return 1


def turned(image: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """Undo an orientation (CIPA DC-008, 4.6.4): mirror first, then turn; (H, W, C)."""
    if orientation in (5, 6, 7, 8):
        image = image.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    return np.ascontiguousarray(image)
