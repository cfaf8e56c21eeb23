"""AVIF and HEIC: what the boxes of an image file say.

Source: ISO/IEC 14496-12 (boxes), ISO/IEC 23008-12 (HEIF), AV1 Image File Format 1.1.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.picture.header import Format, Header, Unfit, checked_size
from core.picture.orientation import turned
from core.picture.size import Size

MAX_BOXES = 20_000
MAX_ITEMS = 2000
MAX_META = 2**20
MAX_HEIF_PIXELS, MAX_HEIF_ALPHA_PIXELS = 25 * 10**6, 16 * 10**6
"""These codecs take twice the time of the other formats for each pixel, and alpha is a second
picture."""

_AVIF = {b"avif", b"avis"}
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}
_CODED = {b"av01": "AVIF", b"hvc1": "HEIC"}
_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")

Box = tuple[bytes, bytes]
"""A box's kind and content."""


@dataclass(slots=True)
class _Items:
    """The items of a file: their kinds, properties, and those that each one is made of."""

    primary: int
    kinds: dict[int, bytes]
    properties: list[Box]
    own: dict[int, list[int]]  # item -> places in ``properties``, from 1
    parts: dict[int, list[int]]

    def of(self, item: int) -> list[Box]:
        """List an item's properties, in order."""
        places = self.own.get(item, [])
        return [self.properties[each - 1] for each in places if each]

    def area(self, item: int) -> int:
        """Return the pixels that an item claims."""
        return _extent(self.of(item))[0] * _extent(self.of(item))[1]


def is_heif(data: bytes) -> bool:
    """Tell whether a file begins as AVIF and HEIC do."""
    return data[4:8] == b"ftyp" and bool(_brands(data) & (_AVIF | _HEIC | {b"mif1", b"msf1"}))


def read_heif(data: bytes) -> Header:
    """Read the header of the primary picture.

    The boxes irot and imir alone turn it; EXIF and XMP do not (HEIF, 6.5.10).

    Raises:
        Unfit: too large, a kind that is not opened, or too many parts.
        ValueError: damaged.
    """
    top = dict(_boxes(data, 0))
    if b"meta" not in top:
        raise Unfit(
            "is a sequence of pictures without a still one. Export one of them as a JPEG or "
            "PNG, or the whole as an MP4 for the Video page."
        )
    items = _items(top[b"meta"])
    own = items.of(items.primary)
    coded = _format(items)
    stored = checked_size(*_extent(own))
    _check_parts(items, stored)
    alpha = any(kind == b"auxC" and _is_alpha(each) for kind, each in items.properties)
    limit = MAX_HEIF_ALPHA_PIXELS if alpha else MAX_HEIF_PIXELS
    if stored.width * stored.height > limit:
        raise Unfit(
            f"has {stored} pixels; the limit for {coded} is {limit // 10**6} million"
            f"{' with transparency' if alpha else ''}. Scale it down, or export it as a JPEG."
        )
    return Header(
        coded,
        stored,
        "alpha" if alpha else "colour",
        data,
        decoder="Pillow" if coded == "AVIF" else "pillow-heif",
        channels=4 if alpha else 3,
        orientation=_orientation(own) if coded == "AVIF" else 1,  # libheif turns by itself
        first_of_many=b"moov" in top,
        like_imread=False,
    )


def _format(items: _Items) -> Format:
    """Tell AVIF from HEIC by the codec of the primary picture, or of its tiles."""
    kind = items.kinds.get(items.primary, b"")
    parts = items.parts.get(items.primary, []) if kind == b"grid" else [items.primary]
    kinds = {items.kinds.get(part, b"") for part in parts}
    if kinds == {b"av01"}:
        return "AVIF"
    if kinds == {b"hvc1"}:
        return "HEIC"
    names = ", ".join(sorted(each.decode("ascii", "replace") for each in {kind} | kinds))
    raise Unfit(
        f"is a HEIF file whose picture is of a kind that is not opened here ({names}). "
        "Export it as a JPEG or PNG."
    )


def _check_parts(items: _Items, stored: Size) -> None:
    """Make sure that nothing in the file is far larger than the picture that is shown."""
    for kind, content in items.properties:
        if kind == b"ispe":
            checked_size(*_extent([(kind, content)]))
    parts = items.parts.get(items.primary, [])
    room = 2 * stored.width * stored.height + 2**22
    if sum(items.area(part) for part in parts) > room:
        raise Unfit("has tiles that are far larger than the picture. Export it as a JPEG.")


def _is_alpha(content: bytes) -> bool:
    return content[4:].startswith(_ALPHA)


def _brands(data: bytes) -> set[bytes]:
    end = min(int.from_bytes(data[:4], "big"), 256, len(data))
    return {data[at : at + 4] for at in range(8, end, 4) if at != 12}


def _boxes(data: bytes, at: int) -> Iterator[Box]:
    for _ in range(MAX_BOXES):
        if at + 8 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        length = length or len(data) - at
        if length < head or at + length > len(data):
            raise ValueError("a box reaches behind the end of the file")
        yield kind, data[at + head : at + length]
        at += length
    raise Unfit(f"has more than {MAX_BOXES:,} boxes, the limit. Export it as a JPEG or PNG.")


def _items(meta: bytes) -> _Items:
    if len(meta) > MAX_META:
        raise Unfit(f"has more than {MAX_META // 2**20} MiB of metadata. Export it as a JPEG.")
    boxes = dict(_boxes(meta, 4))
    pitm = boxes[b"pitm"]
    primary = int.from_bytes(pitm[4:6] if pitm[0] == 0 else pitm[4:8], "big")
    described = dict(_boxes(boxes[b"iprp"], 0))
    references = list(_boxes(boxes[b"iref"], 4)) if b"iref" in boxes else []
    wide = bool(boxes[b"iref"][0]) if b"iref" in boxes else False
    return _Items(
        primary,
        _kinds(boxes[b"iinf"]),
        list(_boxes(described[b"ipco"], 0)),
        _associations(described[b"ipma"]),
        dict(_reference(content, wide) for kind, content in references if kind == b"dimg"),
    )


def _kinds(iinf: bytes) -> dict[int, bytes]:
    kinds = {}
    for kind, content in _boxes(iinf, 6 if iinf[0] == 0 else 8):
        if kind == b"infe" and content[0] in (2, 3):
            width = 2 if content[0] == 2 else 4
            name = int.from_bytes(content[4 : 4 + width], "big")
            kinds[name] = content[6 + width : 10 + width]
        if len(kinds) > MAX_ITEMS:
            raise Unfit(f"has more than {MAX_ITEMS:,} parts, the limit. Export it as a JPEG.")
    return kinds


def _associations(ipma: bytes) -> dict[int, list[int]]:
    version = ipma[0]
    wide = ipma[3] & 1
    (count,) = struct.unpack_from(">I", ipma, 4)
    at = 8
    own = {}
    for _ in range(min(count, MAX_ITEMS)):
        width = 2 if version == 0 else 4
        item = int.from_bytes(ipma[at : at + width], "big")
        many = ipma[at + width]
        at += width + 1
        step = 2 if wide else 1
        fields = [ipma[each : each + step] for each in range(at, at + many * step, step)]
        mask = 0x7FFF if wide else 0x7F  # the bit in front says "essential"
        own[item] = [int.from_bytes(field, "big") & mask for field in fields]
        at += many * step
    return own


def _reference(content: bytes, wide: bool) -> tuple[int, list[int]]:
    letter, width = ("I", 4) if wide else ("H", 2)
    item, count = struct.unpack_from(f">{letter}H", content, 0)
    return item, list(struct.unpack_from(f">{count}{letter}", content, width + 2))


def _extent(properties: list[Box]) -> tuple[int, int]:
    for kind, content in properties:
        if kind == b"ispe":
            width, height = struct.unpack_from(">II", content, 4)
            return width, height
    raise ValueError("no size")


def _orientation(properties: list[Box]) -> int:
    """Return the EXIF orientation that does what irot and imir do, in their order."""
    marked = np.arange(6, dtype=np.uint8).reshape(2, 3, 1)
    wanted = marked
    for kind, content in properties:
        if kind == b"irot":  # quarters, anticlockwise
            wanted = np.rot90(wanted, content[0] & 3)
        if kind == b"imir":  # 0 exchanges top and bottom, 1 left and right
            wanted = wanted[:, ::-1] if content[0] & 1 else wanted[::-1]
    return next(each for each in range(1, 9) if np.array_equal(turned(marked, each), wanted))
