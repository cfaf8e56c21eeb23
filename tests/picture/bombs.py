"""Pictures made to cost a decoder time or memory, and honest ones at the limits."""

import struct
import zlib
from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image

from core.picture.image import Picture, decode_picture
from tests.picture.files import chunk, encoded, heic

WIDE, HIGH = 8000, 5000  # 40 million pixels
ROOM = 20 * 10**6 - 4000  # bytes of a file, with some left for its header


def visit(data: bytes) -> str:
    """Decode a picture, as a visit does."""
    height, width = decode_picture(Picture("bomb", data)).shape[:2]
    return f"decoded: {width} x {height}"


# --- PNG ---


def zeros(count: int) -> bytes:
    """Deflate so many MiB of zeros; a thousandth of them is left."""
    packer = zlib.compressobj(9)
    first = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + again * (count - 1) + b"\x03\0" + bytes(4)


_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def png(
    width: int,
    height: int,
    *,
    bits: int = 8,
    colour: int = 2,
    laced: int = 0,
    extra: bytes = b"",
) -> bytes:
    """Make a PNG of a pattern."""
    sizes = [(width, height)]
    if laced:
        steps = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4))
        steps += ((1, 0, 2, 2), (0, 1, 1, 2))
        sizes = [(-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in steps]
    packer = zlib.compressobj(1)
    packed = b""
    for across, down in sizes:
        length = (across * bits * _CHANNELS[colour] + 7) // 8
        row = b"\0" + (bytes(range(256)) * (length // 256 + 1))[:length]
        packed += b"".join(packer.compress(row) for _ in range(down))
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, laced)
    return _png(head, packed + packer.flush(), extra)


def _png(head: bytes, packed: bytes, extra: bytes = b"") -> bytes:
    parts = chunk(b"IHDR", head), extra, chunk(b"IDAT", packed), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _tiny(extra: bytes = b"") -> bytes:
    return png(10, 10, extra=extra)


def _many(one: bytes) -> bytes:
    return one * (ROOM // len(one))


def _apng() -> bytes:
    control = struct.pack(">IIIIIHHBB", 0, 10, 10, 0, 0, 1, 1, 0, 0)
    frames = chunk(b"acTL", struct.pack(">II", 2**20, 0)) + chunk(b"fcTL", control)
    later = chunk(b"fcTL", control) + chunk(b"fdAT", bytes(4) + zlib.compress(bytes(310)))
    return _tiny(frames)[:-12] + later * 20_000 + chunk(b"IEND", b"")


def _small_chunks() -> bytes:
    rows = np.random.default_rng(0).integers(0, 256, (120, 361)).astype(np.uint8)
    rows[:, 0] = 0  # no filter
    packed = zlib.compress(rows.tobytes(), 0)
    head = struct.pack(">IIBBBBB", 120, 120, 8, 2, 0, 0, 0)
    pieces = b"".join(chunk(b"IDAT", packed[at : at + 1]) for at in range(len(packed)))
    parts = chunk(b"IHDR", head), pieces, chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


PNG_ROWS: dict[str, Callable[[], bytes]] = {
    "PNG 10 x 10, IDAT of 19 GB": lambda: _png(
        struct.pack(">IIBBBBB", 10, 10, 8, 2, 0, 0, 0), zeros(18_500)
    ),
    "PNG 40 MP, IDAT of 19 GB": lambda: _png(
        struct.pack(">IIBBBBB", WIDE, HIGH, 8, 2, 0, 0, 0), zeros(18_500)
    ),
    "PNG, 1.6 million tEXt": lambda: _tiny(_many(chunk(b"tEXt", b""))),
    "PNG, iCCP of 19 GB": lambda: _tiny(chunk(b"iCCP", b"a\0\0" + zeros(18_500))),
    "PNG, 40 zTXt of 0.5 GB": lambda: _tiny(chunk(b"zTXt", b"a\0\0" + zeros(450)) * 40),
    "PNG, iTXt of 19 GB": lambda: _tiny(chunk(b"iTXt", b"a\0\1\0\0\0" + zeros(18_500))),
    "PNG, eXIf of 20 MB": lambda: _tiny(
        chunk(b"eXIf", b"II*\0\x08\0\0\0\xff\xff" + bytes(ROOM))
    ),
    "PNG, 40,000 chunks of pixels": _small_chunks,
    "APNG of a million frames": _apng,
    "PNG 40 MP, RGB": lambda: png(WIDE, HIGH),
    "PNG 40 MP, RGBA": lambda: png(WIDE, HIGH, colour=6),
    "PNG 40 MP, RGBA, interlaced": lambda: png(WIDE, HIGH, colour=6, laced=1),
    "PNG 40 MP, RGBA of 16 bits": lambda: png(WIDE, HIGH, colour=6, bits=16),
    "PNG 20 MP, RGBA of 16 bits": lambda: png(5000, 4000, colour=6, bits=16),
    "PNG 20 MP, RGBA of 16 bits, interlaced": lambda: png(
        5000, 4000, colour=6, bits=16, laced=1
    ),
    "PNG 26 MP, RGB of 16 bits": lambda: png(8000, 3320, bits=16),
    "PNG 20 MP, RGB of 16 bits with tRNS": lambda: png(
        5000, 4000, bits=16, extra=chunk(b"tRNS", bytes(6))
    ),
    "PNG 40 MP, grey of 16 bits with tRNS": lambda: png(
        WIDE, HIGH, bits=16, colour=0, extra=chunk(b"tRNS", bytes(2))
    ),
    "PNG 40 MP, palette with tRNS": lambda: png(
        WIDE, HIGH, colour=3, extra=chunk(b"PLTE", bytes(768)) + chunk(b"tRNS", bytes(256))
    ),
    "PNG 1 x 16384": lambda: png(1, 16384, colour=6, bits=16),
    "PNG 16384 x 1": lambda: png(16384, 1, colour=6, bits=16),
}

# --- JPEG ---


def photo(width: int = WIDE, height: int = HIGH) -> np.ndarray:
    """Draw something with detail everywhere."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (height // 8, width // 8, 3)).astype(np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def jpeg(image: np.ndarray, *options: int) -> bytes:
    """Encode with cv2's options."""
    return cv2.imencode(".jpg", image, list(options))[1].tobytes()


_FULL_CHROMA = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)
_PROGRESSIVE = (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)


def _segments(segment: bytes) -> bytes:
    small = jpeg(photo(64, 64))
    return small[:2] + segment * (ROOM // len(segment)) + small[2:]


def rescanned(image: np.ndarray, scans: int) -> bytes:
    """Repeat the last scan of a progressive JPEG until it has so many."""
    data = jpeg(image, *_PROGRESSIVE)
    last = data[data.rindex(b"\xff\xc4", 0, data.rindex(b"\xff\xda")) : -2]
    return data[:-2] + last * (scans - data.count(b"\xff\xda")) + data[-2:]


def _flat(channels: int = 3) -> np.ndarray:
    shape = (HIGH, WIDE, channels) if channels > 1 else (HIGH, WIDE)
    return np.full(shape, 127, np.uint8)


def _most_scans() -> bytes:
    """As many scans as fit into what all scans together may paint, of 40 million pixels."""
    return rescanned(_flat(1), 15)


JPEG_ROWS: dict[str, Callable[[], bytes]] = {
    "JPEG, 5 million empty APP5": lambda: _segments(b"\xff\xe5\0\2"),
    "JPEG, 5 million empty comments": lambda: _segments(b"\xff\xfe\0\2"),
    "JPEG, 300 ICC profiles of 64 kB": lambda: _segments(
        b"\xff\xe2\xff\xff" + b"ICC_PROFILE\0\1\xff" + bytes(65519)
    ),
    "JPEG, EXIF of 5,000 tags": lambda: _segments(
        b"\xff\xe1\xff\xff" + b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + bytes(65517)
    ),
    "JPEG, 20 MB of fill bytes": lambda: _segments(b"\xff"),
    "JPEG, 40,000 Huffman tables": lambda: _segments(
        b"\xff\xc4\0\x14\x10\1" + bytes(15) + b"\0"
    ),
    "JPEG 40 MP": lambda: jpeg(photo(), 1, 90, *_FULL_CHROMA),
    "JPEG 40 MP, a restart marker each row": lambda: jpeg(
        photo(), 1, 75, cv2.IMWRITE_JPEG_RST_INTERVAL, 1
    ),
    "JPEG 40 MP, progressive": lambda: jpeg(photo(), 1, 85, *_PROGRESSIVE),
    "JPEG 40 MP, progressive, full chroma": lambda: jpeg(
        photo(), 1, 60, *_PROGRESSIVE, *_FULL_CHROMA
    ),
    "JPEG 40 MP, grey, 15 scans": _most_scans,
    "JPEG 40 MP, grey, 100 scans": lambda: rescanned(_flat(1), 100),
    "JPEG 6 MP, grey, 100 scans": lambda: rescanned(_flat(1)[:2000, :3000].copy(), 100),
    "JPEG 40 MP, no end marker": lambda: jpeg(photo(), 1, 75)[:-2],
    "JPEG 20 MP, no end marker": lambda: jpeg(photo(5000, 4000), 1, 90)[:-2],
    "JPEG 20 MP, progressive, no end marker": lambda: jpeg(
        photo(5000, 4000), 1, 85, *_PROGRESSIVE
    )[:-2],
    "JPEG 20 MB of restart markers": lambda: (
        jpeg(photo(64, 64))[:-2] + b"\xff\xd0" * (ROOM // 2) + b"\xff\xd9"
    ),
    "JPEG 20 MB of stuffed bytes": lambda: (
        jpeg(photo(64, 64))[:-2] + b"\xff\0" * (ROOM // 2) + b"\xff\xd9"
    ),
}

# --- BMP, WebP ---


def _bmp(width: int, height: int, packing: int, bits: int, pixels: bytes) -> bytes:
    table = bytes(1024) if bits <= 8 else b""
    start = 54 + len(table)
    info = struct.pack(
        "<IiiHHIIiiII", 40, width, height, 1, bits, packing, len(pixels), 0, 0, 0, 0
    )
    size = struct.pack("<IHHI", start + len(pixels), 0, 0, start)
    return b"BM" + size + info + table + pixels


def _rgba(width: int, height: int) -> np.ndarray:
    return np.dstack([photo(width, height), photo(width, height)[..., 0]])


def _webp(image: np.ndarray, quality: int) -> bytes:
    return cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, quality])[1].tobytes()


def _animated_webp() -> bytes:
    one = Image.new("RGB", (16, 16))
    frames = [Image.new("RGB", (16, 16), (each, 0, 0)) for each in range(200)]
    data = encoded(one, "WEBP", save_all=True, append_images=frames)
    body = data[12:] + data[data.index(b"ANMF") :] * 1000
    return struct.pack("<4sI4s", b"RIFF", 4 + len(body), b"WEBP") + body[: ROOM - 100]


OTHER_ROWS: dict[str, Callable[[], bytes]] = {
    "BMP 40 MP, run-length, runs of 1": lambda: _bmp(
        WIDE, HIGH, 1, 8, b"\1\x05" * (ROOM // 2 - 2000) + b"\0\1"
    ),
    "BMP 40 MP, run-length, runs of 255": lambda: _bmp(
        WIDE,
        HIGH,
        1,
        8,
        b"".join(b"\xff\5" * 31 + b"\x5f\5\0\0" for _ in range(HIGH)) + b"\0\1",
    ),
    "BMP 40 MP, run-length, jumps of 0": lambda: _bmp(
        WIDE, HIGH, 1, 8, b"\0\2\0\0" * (ROOM // 4 - 1000) + b"\0\1"
    ),
    "BMP 40 MP, run-length, no data": lambda: _bmp(WIDE, HIGH, 1, 8, b"\0\1"),
    "BMP 40 MP, run-length of 4 bits": lambda: _bmp(
        WIDE, HIGH, 2, 4, b"\xff\x12" * (ROOM // 2 - 2000) + b"\0\1"
    ),
    "BMP 40 MP, 1 bit": lambda: _bmp(WIDE, HIGH, 0, 1, bytes(1000 * HIGH)),
    "BMP 10 MP, 16 bits": lambda: _bmp(4000, 2450, 0, 16, bytes(8000 * 2450)),
    "WebP 40 MP": lambda: _webp(photo(), 60),
    "WebP 25 MP with alpha": lambda: _webp(_rgba(5000, 5000), 30),
    "WebP 40 MP, lossless": lambda: encoded(
        Image.fromarray(np.repeat(photo(WIDE // 16, HIGH), 16, axis=1)),
        "WEBP",
        lossless=True,
        quality=0,
        method=0,
    ),
    "WebP, 20 MB of frames": _animated_webp,
    "WebP, 2.5 million empty chunks": lambda: (
        _webp(photo(64, 64), 80) + b"JUNK\0\0\0\0" * (ROOM // 8 - 1000)
    ),
}

# --- GIF, TIFF ---


def _gif(width: int, height: int, packed: bytes, before: bytes = b"") -> bytes:
    blocks = b"".join(
        bytes([len(packed[at : at + 255])]) + packed[at : at + 255]
        for at in range(0, len(packed), 255)
    )
    sides = struct.pack("<HH", width, height)
    screen = b"GIF89a" + sides + b"\xf7\0\0" + bytes(768)
    return screen + before + b"\x2c" + bytes(4) + sides + b"\0\x08" + blocks + b"\0\x3b"


def _clear_codes(count: int) -> bytes:
    return (int("100000000" * 8, 2).to_bytes(9, "little")) * (count // 8)


def _tiff(tags: dict[int, tuple[int, ...]], pixels: bytes) -> bytes:
    """Make a TIFF of longs; a strip offset of -1 stands for where the pixels begin."""
    count = len(tags)
    place = 8 + 2 + 12 * count + 4
    start = place + sum(4 * len(each) for each in tags.values() if len(each) > 1)
    entries, values = b"", b""
    for tag, numbers in sorted(tags.items()):
        placed = [start if each == -1 else each for each in numbers]
        packed = struct.pack(f"<{len(placed)}I", *placed)
        entries += struct.pack("<HHI", tag, 4, len(placed))
        entries += packed if len(placed) == 1 else struct.pack("<I", place + len(values))
        values += packed if len(placed) > 1 else b""
    head = b"II*\0" + struct.pack("<IH", 8, count)
    return head + entries + bytes(4) + values + pixels


def tiff_strips(width: int, height: int, rows: int, packing: int, strip: bytes) -> bytes:
    """Make an RGB TIFF whose strips are all the same bytes."""
    strips = -(-height // rows)
    tags = {256: (width,), 257: (height,), 258: (8, 8, 8), 259: (packing,), 262: (2,)}
    tags |= {273: (-1,) * strips, 277: (3,), 278: (rows,), 279: (len(strip),) * strips}
    return _tiff(tags, strip)


def _tiff_tags() -> bytes:
    """Make 900 tags, each with the same five million values."""
    entries = b"".join(
        struct.pack("<HHII", tag, 3, 5_000_000, 20_000) for tag in range(1000, 1900)
    )
    return b"II*\0" + struct.pack("<IH", 8, 900) + entries + bytes(ROOM - len(entries))


GIF_TIFF_ROWS: dict[str, Callable[[], bytes]] = {
    "GIF 40 MP": lambda: encoded(Image.fromarray(photo()[..., 0] // 64 * 64), "GIF"),
    "GIF 40 MP of one colour": lambda: encoded(Image.new("P", (WIDE, HIGH)), "GIF"),
    "GIF 10 x 10 on a screen of 40 MP": lambda: (
        _gif(10, 10, b"")[:6]
        + struct.pack("<HH", WIDE, HIGH)
        + encoded(Image.new("P", (10, 10)), "GIF")[10:]
    ),
    "GIF 40 MP, 20 MB of clear codes": lambda: _gif(WIDE, HIGH, _clear_codes(ROOM * 8 // 10)),
    "GIF, 10 million comment blocks": lambda: _gif(
        10, 10, b"", b"\x21\xfe" + b"\1a" * (ROOM // 2 - 1000) + b"\0"
    ),
    "TIFF 40 MP, Deflate": lambda: tiff_strips(
        WIDE, HIGH, 8, 8, zlib.compress(bytes(range(240)) * 800)
    ),
    "TIFF 16,384 strips of the same 19 MB": lambda: tiff_strips(
        2000, 16384, 1, 8, zlib.compress(bytes(6000)) + bytes(19 * 10**6)
    ),
    "TIFF strip that unpacks to 19 GB": lambda: tiff_strips(100, 100, 100, 8, zeros(18_000)),
    "TIFF, tags of 5 million values": _tiff_tags,
    "TIFF 40 MP, LZW": lambda: encoded(
        Image.fromarray(_flat()), "TIFF", compression="tiff_lzw"
    ),
    "TIFF 40 MP, CMYK": lambda: encoded(
        Image.new("CMYK", (WIDE, HIGH)), "TIFF", compression="tiff_deflate"
    ),
    "TIFF 40 MP, group 4": lambda: encoded(
        Image.fromarray(photo()[..., 0] > 127), "TIFF", compression="group4"
    )[:ROOM],
    "TIFF 40 MP, JPEG": lambda: encoded(
        Image.fromarray(photo()), "TIFF", compression="jpeg", quality=60
    ),
    "TIFF 20 MP, RGBA of 16 bits": lambda: cv2.imencode(
        ".tiff", np.full((5000, 4000, 4), 30000, np.uint16), [cv2.IMWRITE_TIFF_COMPRESSION, 8]
    )[1].tobytes(),
}

# --- AVIF, HEIC ---


def _lying(data: bytes, width: int, height: int) -> bytes:
    """Let a file's boxes claim another size."""
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", width, height) + data[at + 8 :]


def _avif(image: np.ndarray) -> bytes:
    return encoded(Image.fromarray(image), "AVIF", quality=50, speed=10)


def _heic(image: np.ndarray) -> bytes:
    return heic(Image.fromarray(image), quality=20)


HEIF_ROWS: dict[str, Callable[[], bytes]] = {
    "AVIF 24 MP": lambda: _avif(photo(6000, 4000)),
    "AVIF 16 MP with alpha": lambda: _avif(_rgba(4000, 4000)),
    "AVIF 40 MP that claims 64 x 64": lambda: _lying(_avif(_flat()), 64, 64),
    "AVIF 64 x 64 that claims 24 MP": lambda: _lying(_avif(photo(64, 64)), 6000, 4000),
    "AVIF 100 MP that claims 64 x 64": lambda: _lying(
        _avif(np.zeros((10_000, 10_000, 3), np.uint8)), 64, 64
    ),
    "HEIC 24 MP": lambda: _heic(cv2.resize(photo(750, 500), (6000, 4000))),
    "HEIC 40 MP that claims 64 x 64": lambda: _lying(_heic(_flat()), 64, 64),
    "HEIC 64 x 64 that claims 24 MP": lambda: _lying(_heic(photo(64, 64)), 6000, 4000),
}

BOMBS = PNG_ROWS | JPEG_ROWS | OTHER_ROWS | GIF_TIFF_ROWS | HEIF_ROWS
