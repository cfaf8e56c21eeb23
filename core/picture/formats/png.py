"""PNG: what its chunks say. Source: PNG specification, third edition (W3C, 2025)."""

import struct
import zlib
from dataclasses import dataclass, field

from core.picture.header import Header, Kind, Unfit, checked_size
from core.picture.orientation import exif_orientation

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_PNG_CHUNKS = 50_000
SPARE_BYTES = 2**16
"""So many bytes may follow the pixels in the packed data; some encoders round up."""

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PIXELS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT"}
_PASSES = (  # Adam7: left, top, step along x, step along y
    *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2)),
    (0, 1, 1, 2),
)
_END = b"\0\0\0\0IEND\xaeB`\x82"


@dataclass(slots=True)
class _Chunks:
    """What a walk over the chunks found."""

    kept: list[bytes] = field(default_factory=lambda: [PNG_SIGNATURE])
    first: dict[bytes, bytes] = field(default_factory=dict)  # kind -> its first content
    whole: bool = False
    late_exif: bool = False


def read_png(data: bytes) -> Header:
    """Read the header; keep only the chunks that make the pixels.

    Raises:
        Unfit: too large, or cut into too many chunks.
        ValueError: damaged, or cut off before the pixels end.
    """
    chunks = _walked(data)
    width, height, bits, colour, _, _, interlaced = struct.unpack(
        ">IIBBBBB", chunks.first[b"IHDR"]
    )
    channels = _CHANNELS[colour]
    shown = 4 if b"tRNS" in chunks.first and colour in (2, 3) else channels
    shown = 3 if shown == 1 and colour == 3 else 4 if colour == 4 else shown
    size = checked_size(width, height, channels=shown, bits=max(8, bits))
    shade = _shade(chunks.first.get(b"tRNS"), bits) if colour == 0 else None
    return Header(
        "PNG",
        size,
        _kind(colour, b"tRNS" in chunks.first),
        b"".join([*chunks.kept, _END]),
        channels=shown,
        bits=max(8, bits),
        orientation=exif_orientation(chunks.first.get(b"eXIf", b"")),
        inflated=_inflated(width, height, channels * bits, interlaced=bool(interlaced)),
        shade=shade,
        whole=chunks.whole,
        first_of_many=b"acTL" in chunks.first,
        like_imread=chunks.whole and shade is None and not chunks.late_exif,
    )


def check_inflated(header: Header) -> None:
    """Make sure that the packed pixels unpack to as many bytes as the header implies.

    A decoder would go on to the end: 20 MB can hold 20 GB of zeros.

    Raises:
        Unfit: they unpack to more.
        ValueError: they unpack to less, which some decoders would show as black.
    """
    packed = zlib.decompressobj()
    total = 0
    at = len(PNG_SIGNATURE)
    kept = header.data
    while at + 12 <= len(kept) and not packed.eof:
        length, kind = struct.unpack_from(">I4s", kept, at)
        rest = kept[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
        while rest and not packed.eof:
            total += len(packed.decompress(rest, 2**20))
            rest = packed.unconsumed_tail
            if total > header.inflated + SPARE_BYTES:
                raise Unfit(
                    f"unpacks to more than the {header.size} pixels that its header promises. "
                    "Save it again with another program."
                )
    if total < header.inflated:
        raise ValueError("the packed pixels end before the picture does")


def _walked(data: bytes) -> _Chunks:
    found = _Chunks()
    at = len(PNG_SIGNATURE)
    for _ in range(MAX_PNG_CHUNKS):
        if at + 12 > len(data):
            break
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IEND":
            found.whole = True
            break
        if at + 12 + length > len(data):
            if b"IDAT" not in found.first or kind == b"IDAT":
                raise ValueError("a chunk reaches behind the end of the file")
            break
        _note(found, kind, data[at + 8 : at + 8 + length])
        if kind in _PIXELS:
            found.kept.append(data[at : at + 12 + length])
        at += 12 + length
    else:
        raise Unfit(
            f"is cut into more than {MAX_PNG_CHUNKS:,} chunks, the limit. Save it again with "
            "another program."
        )
    if b"IDAT" not in found.first or len(found.first[b"IHDR"]) != 13:
        raise ValueError("no pixels")
    return found


def _note(found: _Chunks, kind: bytes, content: bytes) -> None:
    if not found.first and kind != b"IHDR":
        raise ValueError("the first chunk is not the header")
    if kind == b"IHDR" and found.first:
        raise ValueError("two headers")
    if kind == b"eXIf" and b"IDAT" in found.first:
        found.late_exif = True
    found.first.setdefault(kind, content)


def _kind(colour: int, transparent: bool) -> Kind:
    if colour in (4, 6) or transparent:
        return "alpha"
    return "grey" if colour == 0 else "colour"


def _shade(content: bytes | None, bits: int) -> int | None:
    """Return the transparent grey as cv2 gives it, who spreads 1, 2 and 4 bits over 8."""
    if content is None or len(content) < 2:
        return None
    value = int.from_bytes(content[:2], "big") & ((1 << bits) - 1)
    return value if bits >= 8 else value * 255 // ((1 << bits) - 1)


def _inflated(width: int, height: int, bits: int, *, interlaced: bool) -> int:
    """Count the bytes of all rows, each with its filter byte in front."""
    total = 0
    for left, top, across, down in _PASSES if interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        total += rows * (1 + (columns * bits + 7) // 8) if columns > 0 and rows > 0 else 0
    return total
