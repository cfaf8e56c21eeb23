"""From an uploaded file to pixels; the only place where bytes become an image."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import NewType

import cv2
import numpy as np
import numpy.typing as npt

from core.errors import PictureRefused, SandboxUnavailable
from core.picture.header import Header, Kind, Unfit
from core.picture.orientation import turned
from core.picture.pixels import flat_pixels
from core.picture.reading import damaged, read_header
from core.picture.size import Size
from core.picture.slots import SLOTS
from core.picture.walled import BEHIND_WALLS, walled_pixels

BgrImage = NewType("BgrImage", npt.NDArray[np.uint8])


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
    """Decode a picture of one of the FORMATS into a read-only image, upright.

    Each question has one answer, here and in the scripts that are taken home:

    - upright as EXIF says, in HEIC and AVIF as irot and imir say; XMP does not count;
    - alpha and a transparent colour of any depth are laid over white; the alpha of a BMP
      that is 0 everywhere counts as none;
    - 16 bits are rounded to 8; grey and palette become three channels; CMYK is converted
      without its profile, and colour profiles are not applied, as in cv2.imread;
    - of an animation or of several pages the first is taken;
    - a missing end marker is forgiven where all pixels are there, see ``remarks``.

    Raises:
        PictureRefused: another format, a damaged file, or one beyond a limit of
            ``core.picture.header``; the header tells, before any pixel is decoded.
        SandboxUnavailable: no process can be started for the formats BEHIND_WALLS.
    """
    header = header_of(picture)
    try:
        with SLOTS.taken():
            read = walled_pixels if header.format in BEHIND_WALLS else flat_pixels
            image = turned(read(header), header.orientation)
    except Unfit as error:
        raise PictureRefused(f"{picture.name} {error}") from error
    except SandboxUnavailable:
        raise
    except Exception as error:  # decoders raise a dozen kinds, see FACTS; all mean this
        if _is_memory(error):
            raise _no_memory(picture.name, header.size) from error
        raise damaged(picture.name) from error
    image.setflags(write=False)
    return BgrImage(image)


def kind_of(picture: Picture) -> Kind:
    """Tell from the header what the file holds, before ``decode_picture`` makes it B, G, R.

    Raises:
        PictureRefused: as ``decode_picture``, for what the header alone tells.
    """
    return header_of(picture).kind


def orientation_of(picture: Picture) -> int:
    """Read from the header how ``decode_picture`` turns the picture: EXIF's 1 to 8.

    1 is not at all. HEIC counts as 1: its decoder turns it by itself.

    Raises:
        PictureRefused: as ``decode_picture``, for what the header alone tells.
    """
    return header_of(picture).orientation


def remarks(picture: Picture) -> tuple[str, ...]:
    """Say what a person who sees the picture would not expect.

    Raises:
        PictureRefused: as ``decode_picture``, for what the header alone tells.
    """
    header = header_of(picture)
    words = []
    if header.first_of_many:
        noun = "page" if header.format == "TIFF" else "frame"
        words.append(f"{picture.name} holds more than one {noun}; the first one is used.")
    if not header.whole:
        words.append(
            f"{picture.name} lacks its end marker, as files do that were cut off or badly "
            "written. All its pixels are there."
        )
    return tuple(words)


def header_of(picture: Picture) -> Header:
    """Read the header of a picture.

    Raises:
        PictureRefused: as ``decode_picture``, for what the header alone tells.
    """
    return read_header(picture.name, picture.data)


def _is_memory(error: Exception) -> bool:
    """Tell whether there was not enough memory, which is nobody's damaged file."""
    return isinstance(error, MemoryError) or (
        isinstance(error, cv2.error) and error.code == cv2.Error.StsNoMem
    )


def _no_memory(name: str, size: Size) -> PictureRefused:
    return PictureRefused(
        f"There is not enough memory just now for the {size} pixels of {name}. "
        "Wait a moment and try again, or scale it down first."
    )
