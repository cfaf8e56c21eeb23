"""TIFF: what its first directory says. Source: Adobe, TIFF revision 6.0, 1992."""

import struct
from typing import Final

from core.picture.header import Header, Kind, Unfit, checked_size

TIFF_SIGNATURES = (b"II*\0", b"MM\0*")
MAX_TIFF_TAGS = 1000

Tags = dict[int, tuple[int, ...]]
"""The values of each tag that makes the pixels."""

_LENGTHS: Final = {1: 1, 2: 1, 3: 2, 4: 4, 7: 1}  # bytes of a value: byte, text, short, long
_WIDTH, _HEIGHT, _BITS, _PACKING, _COLOURS = 256, 257, 258, 259, 262
_STRIPS, _ORIENTATION, _SAMPLES, _ROWS, _STRIP_BYTES, _PLANAR = 273, 274, 277, 278, 279, 284
_TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_BYTES, _EXTRA, _NUMBERS = 322, 323, 324, 325, 338, 339
_JPEG_TABLES = 347
_MOST: Final = {  # the tags that make the pixels, and how many values each may have
    **dict.fromkeys((_WIDTH, _HEIGHT, _PACKING, _COLOURS, _ORIENTATION, _SAMPLES), 1),
    **dict.fromkeys((_ROWS, _PLANAR, _TILE_WIDTH, _TILE_HEIGHT, 266, 292, 293, 317), 1),
    **dict.fromkeys((_BITS, _EXTRA, _NUMBERS, 530, 531), 8),
    **dict.fromkeys((_STRIPS, _STRIP_BYTES, _TILES, _TILE_BYTES), 3 * 16384),
    320: 3 * 2**16,  # the palette
    _JPEG_TABLES: 2**16,
}
_PACKINGS: Final = {1: "none", 2: "RLE", 3: "G3", 4: "G4", 5: "LZW", 7: "JPEG", 8: "Deflate"}
_PACKINGS.update({32773: "PackBits", 32946: "Deflate"})
_RAW_MARKS: Final = (0xC612, 0x828E)  # DNG's version; the colour filter of a sensor


def read_tiff(data: bytes) -> Header:
    """Read the header; give the first page a directory without anything but its pixels.

    Raises:
        Unfit: too large, or a kind that is not opened; says which.
        ValueError: damaged, or cut off.
    """
    order = "<" if data.startswith(b"II") else ">"
    if data[8:10] == b"CR":
        raise Unfit(_RAW)
    (start,) = struct.unpack_from(order + "I", data, 4)
    tags, following = _directory(data, order, start)
    channels, bits = tags.get(_SAMPLES, (1,))[0], tags.get(_BITS, (1,))[0]
    size = checked_size(
        tags[_WIDTH][0], tags[_HEIGHT][0], channels=max(channels, 3), bits=max(8, bits)
    )
    _check_kind(tags, channels, bits)
    _check_places(data, tags, size.width * size.height)
    has_alpha = _has_alpha(tags, channels)
    kept = {tag: values for tag, values in tags.items() if tag != _ORIENTATION}
    orientation = tags.get(_ORIENTATION, (1,))[0]
    return Header(
        "TIFF",
        size,
        _kind(tags, has_alpha),
        _rebuilt(data, order, kept),
        decoder="cv2" if bits == 16 and channels > 1 else "Pillow",
        channels=channels,
        bits=max(8, bits),
        orientation=orientation if orientation in range(1, 9) else 1,
        first_of_many=following != 0,
        like_imread=False,
    )


_RAW = (
    "is a camera's raw file: it holds what the sensor saw, not a picture yet. Export it as a "
    "JPEG or PNG with your raw converter."
)


def _directory(data: bytes, order: str, start: int) -> tuple[Tags, int]:
    """Read the tags that make the pixels, and where the next directory is."""
    (entries,) = struct.unpack_from(order + "H", data, start)
    if entries > MAX_TIFF_TAGS:
        raise Unfit(f"has more than {MAX_TIFF_TAGS} tags, the limit. Save it again as a PNG.")
    tags: Tags = {}
    for at in range(start + 2, start + 2 + 12 * entries, 12):
        tag, kind, count = struct.unpack_from(order + "HHI", data, at)
        if tag in _RAW_MARKS:
            raise Unfit(_RAW)
        if tag not in _MOST or kind not in _LENGTHS or tag in tags:
            continue
        if not 0 < count <= _MOST[tag]:
            raise ValueError(f"tag {tag} has {count} values")
        place = at + 8
        if count * _LENGTHS[kind] > 4:
            (place,) = struct.unpack_from(order + "I", data, place)
        letter = {1: "B", 2: "H", 4: "I"}[_LENGTHS[kind]]
        tags[tag] = struct.unpack_from(f"{order}{count}{letter}", data, place)
    if _WIDTH not in tags or _HEIGHT not in tags:
        raise ValueError("no size")
    (following,) = struct.unpack_from(order + "I", data, start + 2 + 12 * entries)
    return tags, following


def _check_kind(tags: Tags, channels: int, bits: int) -> None:
    """Refuse what Pillow and cv2 read differently, wrongly, or not at all."""
    packing = tags.get(_PACKING, (1,))[0]
    colours = tags.get(_COLOURS, (1,))[0]
    numbers = tags.get(_NUMBERS, (1,))
    reason = ""
    if packing not in _PACKINGS:
        reason = f"compression {packing}"
    elif set(numbers) != {1}:
        reason = "signed or floating-point numbers"
    elif bits not in (1, 2, 4, 8, 16) or len(set(tags.get(_BITS, (1,)))) > 1:
        reason = f"{' + '.join(map(str, tags.get(_BITS, (1,))))} bits"
    elif colours not in (0, 1, 2, 3, 5, 6) or channels not in (1, 2, 3, 4):
        reason = f"colour kind {colours}, {channels} channels"
    elif bits == 16 and not _is_plain_deep(tags, channels, colours):
        reason = f"16 bits, colour kind {colours}, {channels} channels"
    if reason:
        raise Unfit(
            f"is a TIFF of a kind that is not opened here ({reason}). Save it again as a PNG "
            "or as a TIFF of 8 bits a channel."
        )


def _is_plain_deep(tags: Tags, channels: int, colours: int) -> bool:
    """Tell whether 16 bits are grey, RGB or RGBA with straight alpha, pixel by pixel."""
    if channels == 1:
        return colours == 1
    straight = channels == 3 or tags.get(_EXTRA, (0,))[0] != 1
    in_rows = tags.get(_PLANAR, (1,))[0] == 1 and _TILES not in tags
    return colours == 2 and channels in (3, 4) and straight and in_rows


def _check_places(data: bytes, tags: Tags, pixels: int) -> None:
    """Make sure that every strip or tile lies in the file, and none is a bomb of its own."""
    offsets = tags.get(_STRIPS) or tags.get(_TILES) or ()
    lengths = tags.get(_STRIP_BYTES) or tags.get(_TILE_BYTES) or ()
    if not offsets or len(offsets) != len(lengths):
        raise ValueError("no pixels")
    pairs = zip(offsets, lengths, strict=True)
    if any(offset + length > len(data) for offset, length in pairs):
        raise ValueError("pixels reach behind the end of the file")
    if _TILES in tags:
        across, down = tags[_TILE_WIDTH][0], tags[_TILE_HEIGHT][0]
        if not 0 < across * down * len(offsets) <= 16 * pixels + 4 * 2**20:
            raise ValueError("tiles far larger than the picture")
    if tags.get(_PACKING, (1,))[0] == 7 and b"\xff\xc2" in data:
        raise Unfit("is a TIFF with a progressive JPEG inside. Save it again as a PNG.")


def _has_alpha(tags: Tags, channels: int) -> bool:
    own = {0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3}[tags.get(_COLOURS, (1,))[0]]
    return channels > own and tags.get(_EXTRA, (0,))[0] in (1, 2)


def _kind(tags: Tags, has_alpha: bool) -> Kind:
    if has_alpha:
        return "alpha"
    return "grey" if tags.get(_COLOURS, (1,))[0] in (0, 1) else "colour"


def _rebuilt(data: bytes, order: str, tags: Tags) -> bytes:
    """Put a new directory behind the file, and let its header point there.

    The pixels stay where they are. Each value is written as a long, but for short ones
    that decoders insist on.
    """
    padded = data + b"\0" * (len(data) % 2)
    start = len(padded)
    place = start + 2 + 12 * len(tags) + 4
    entries = []
    values = b""
    for tag, numbers in sorted(tags.items()):
        kind = 7 if tag == _JPEG_TABLES else 4 if max(numbers) > 65535 or tag in _LONG else 3
        letter = {3: "H", 4: "I", 7: "B"}[kind]
        packed = struct.pack(f"{order}{len(numbers)}{letter}", *numbers)
        if len(packed) > 4:
            field = struct.pack(order + "I", place + len(values))
            values += packed + b"\0" * (len(packed) % 2)
        else:
            field = packed.ljust(4, b"\0")
        entries.append(struct.pack(order + "HHI", tag, kind, len(numbers)) + field)
    head = data[:4] + struct.pack(order + "I", start)
    directory = struct.pack(order + "H", len(tags)) + b"".join(entries) + bytes(4)
    return head + padded[8:] + directory + values


_LONG: Final = (_WIDTH, _HEIGHT, _STRIPS, _STRIP_BYTES, _TILES, _TILE_BYTES, 292, 293)
