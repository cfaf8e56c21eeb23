"""WebP: what its chunks say. Source: WebP container specification; RFC 6386; RFC 9649."""

import struct
from collections.abc import Iterator

from core.picture.header import Header, Unfit, checked_size
from core.picture.orientation import exif_orientation
from core.picture.size import Size

MAX_WEBP_CHUNKS = 20_000
MAX_WEBP_ALPHA_PIXELS = 25 * 10**6
"""Alpha is a second picture in the file, and takes as long."""

Chunk = tuple[bytes, bytes]
"""A chunk's kind and content."""


def read_webp(data: bytes) -> Header:
    """Read the header; keep the pixels of the still picture or of the first frame.

    Raises:
        Unfit: too large, or cut into too many chunks.
        ValueError: damaged, or cut off.
    """
    chunks = list(_chunks(data, 12))
    first = dict(reversed(chunks))  # the first of each kind
    frame = chunks
    corner = (0, 0)
    canvas = None
    if b"VP8X" in first:
        canvas = _triple(first[b"VP8X"], 4) + 1, _triple(first[b"VP8X"], 7) + 1
    if b"ANMF" in first:
        frame = list(_chunks(first[b"ANMF"], 16))
        corner = 2 * _triple(first[b"ANMF"], 0), 2 * _triple(first[b"ANMF"], 3)
    still, (width, height), transparent = _still(frame)
    size = checked_size(*(canvas or (width, height)))
    if transparent and size.width * size.height > MAX_WEBP_ALPHA_PIXELS:
        raise Unfit(
            f"has {size} pixels; the limit for WebP with transparency is "
            f"{MAX_WEBP_ALPHA_PIXELS // 10**6} million. Scale it down first."
        )
    if corner[0] + width > size.width or corner[1] + height > size.height:
        raise ValueError("a frame reaches behind the canvas")
    is_part = Size(width, height) != size
    if is_part and b"ANMF" not in first:
        raise ValueError("the pixels do not fill the canvas")
    return Header(
        "WebP",
        size,
        "alpha" if transparent or is_part else "colour",
        still,
        channels=4 if transparent else 3,
        orientation=exif_orientation(first.get(b"EXIF", b"")),
        corner=corner,
        first_of_many=sum(kind == b"ANMF" for kind, _ in chunks) > 1,
        like_imread=not is_part,
    )


def _chunks(data: bytes, at: int) -> Iterator[Chunk]:
    for _ in range(MAX_WEBP_CHUNKS):
        if at + 8 > len(data):
            return
        kind, length = struct.unpack_from("<4sI", data, at)
        if at + 8 + length > len(data):
            raise ValueError("a chunk reaches behind the end of the file")
        yield kind, data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    raise Unfit(
        f"is cut into more than {MAX_WEBP_CHUNKS:,} chunks, the limit. Save it again with "
        "another program."
    )


def _still(chunks: list[Chunk]) -> tuple[bytes, tuple[int, int], bool]:
    """Make a file of one frame's pixels alone; tell its size, and whether it has alpha."""
    alpha = b""
    for kind, content in chunks:
        if kind == b"ALPH":
            alpha = alpha or content
        if kind == b"VP8L":
            return _file((kind, content)), *_lossless_size(content)
        if kind == b"VP8 ":
            width, height = _lossy_size(content)
            if not alpha:
                return _file((kind, content)), (width, height), False
            sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
            extended = b"VP8X", b"\x10\0\0\0" + sides  # 0x10: it has alpha
            return _file(extended, (b"ALPH", alpha), (kind, content)), (width, height), True
    raise ValueError("no pixels")


def _lossy_size(content: bytes) -> tuple[int, int]:
    if content[3:6] != b"\x9d\x01\x2a":
        raise ValueError("no key frame")
    width, height = struct.unpack_from("<HH", content, 6)
    return width & 0x3FFF, height & 0x3FFF


def _lossless_size(content: bytes) -> tuple[tuple[int, int], bool]:
    if content[:1] != b"\x2f":
        raise ValueError("no lossless pixels")
    (bits,) = struct.unpack_from("<I", content, 1)
    return ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1), bool(bits >> 28 & 1)


def _file(*chunks: Chunk) -> bytes:
    body = b"".join(
        struct.pack("<4sI", kind, len(content)) + content + b"\0" * (len(content) % 2)
        for kind, content in chunks
    )
    return struct.pack("<4sI4s", b"RIFF", 4 + len(body), b"WEBP") + body


def _triple(content: bytes, at: int) -> int:
    if len(content) < at + 3:
        raise ValueError("a chunk is too short")
    return int.from_bytes(content[at : at + 3], "little")
