"""JPEG: what its segments say. Source: ITU-T T.81 (ISO/IEC 10918-1), annex B."""

import re
from dataclasses import dataclass, field

from core.picture.header import Header, Unfit, checked_size
from core.picture.orientation import exif_orientation

JPEG_SIGNATURE = b"\xff\xd8\xff"
END = b"\xff\xd9"
MAX_SEGMENTS = 3000
MAX_SCANS = 100
MAX_PAINTED = 600 * 10**6
"""Samples that all scans together may paint. A progressive JPEG of 40 million pixels paints
240 to 560 million, depending on its chroma sampling."""

_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")  # those followed by a length
_FRAMES = {0xC0: "baseline", 0xC1: "extended", 0xC2: "progressive"}
_OTHER_FRAMES = {
    **dict.fromkeys((0xC3, 0xCB), "a lossless JPEG"),
    **dict.fromkeys((0xC9, 0xCA), "a JPEG with arithmetic coding"),
    **dict.fromkeys((0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF), "a hierarchical JPEG"),
}
# of the application segments, only JFIF's and Adobe's change the colours
_KEPT_APPS = (0xE0, 0xEE)


@dataclass(slots=True)
class _Walk:
    """What a walk over the segments found."""

    kept: list[bytes] = field(default_factory=lambda: [JPEG_SIGNATURE[:2]])
    width: int = 0
    height: int = 0
    frame: str = ""
    shares: dict[int, float] = field(default_factory=dict)  # component -> samples a pixel
    exif: bytes = b""
    scans: int = 0
    painted: float = 0.0
    precise: set[tuple[int, int]] = field(default_factory=set)  # component, coefficient
    whole: bool = False


def read_jpeg(data: bytes) -> Header:
    """Read the header; keep only the segments that make the pixels, of the first picture.

    Raises:
        Unfit: too large, a rare kind, too many segments, or too much painted over.
        ValueError: damaged, or cut off before the pixels begin.
    """
    walk = _walked(data)
    if not walk.scans:
        raise ValueError("no pixels")
    if not walk.whole and walk.frame == "progressive" and not _is_fully_painted(walk):
        raise ValueError("cut off before the last scan")
    channels = len(walk.shares)
    return Header(
        "JPEG",
        checked_size(walk.width, walk.height),
        "grey" if channels == 1 else "colour",
        b"".join([*walk.kept, END]),
        channels=channels,
        orientation=exif_orientation(walk.exif),
        whole=walk.whole,
        like_imread=walk.whole,
    )


def probes(header: Header) -> tuple[bytes, ...]:
    """Give a file without its end marker other endings.

    Where all of them decode to the same pixels, no bit of the pixels is missing: whatever
    came next was not theirs.
    """
    body = header.data.removesuffix(END)
    stuffed = body.rstrip(b"\0")  # some cameras fill the end with zeros
    body = stuffed + b"\0" if stuffed.endswith(b"\xff") else stuffed
    guess = bytes((37 * step + 90) % 251 for step in range(64))  # no 0xFF, nor its opposite
    return tuple(body + each + END for each in (guess, bytes(~each & 255 for each in guess)))


def _walked(data: bytes) -> _Walk:
    walk = _Walk()
    at = 2
    for _ in range(MAX_SEGMENTS):
        marker = _MARKER.search(data, at)
        if marker is None:
            walk.kept.append(data[at:])
            return walk
        kind = data[marker.start() + 1]
        if kind == 0xD9:
            walk.kept.append(data[at : marker.start()])
            walk.whole = True
            return walk
        end = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2], "big")
        if kind == 0xD8 or end < marker.end() + 2 or end > len(data):
            raise ValueError("a segment reaches behind the end of the file")
        _note(walk, kind, data[marker.end() + 2 : end])
        is_metadata = (0xE0 <= kind <= 0xEF and kind not in _KEPT_APPS) or kind == 0xFE
        walk.kept.append(data[at : marker.start() if is_metadata else end])
        at = end
    raise Unfit(
        f"has more than {MAX_SEGMENTS:,} segments, the limit. Save it again as an ordinary "
        "JPEG."
    )


def _note(walk: _Walk, kind: int, content: bytes) -> None:
    if kind == 0xE1 and content.startswith(b"Exif\0\0"):
        walk.exif = walk.exif or content
    elif kind in _OTHER_FRAMES:
        raise Unfit(
            f"is {_OTHER_FRAMES[kind]}, which few programs read. Save it again as an ordinary "
            "JPEG or as a PNG."
        )
    elif kind in _FRAMES:
        _note_frame(walk, _FRAMES[kind], content)
    elif kind == 0xDA:
        _note_scan(walk, content)


def _note_frame(walk: _Walk, frame: str, content: bytes) -> None:
    if walk.frame:
        raise ValueError("two frames")
    if content[0] != 8:
        raise Unfit(
            f"is a JPEG of {content[0]} bits a channel, which few programs read. Save it "
            "again as an ordinary JPEG, or as a PNG of 16 bits."
        )
    walk.frame = frame
    walk.height = int.from_bytes(content[1:3], "big")
    walk.width = int.from_bytes(content[3:5], "big")
    triples = [content[at : at + 3] for at in range(6, 6 + 3 * content[5], 3)]
    samples = {each[0]: (each[1] >> 4) * (each[1] & 15) for each in triples}
    across = max(each[1] >> 4 for each in triples)
    down = max(each[1] & 15 for each in triples)
    walk.shares = {name: count / (across * down) for name, count in samples.items()}
    checked_size(walk.width, walk.height)


def _note_scan(walk: _Walk, content: bytes) -> None:
    """Count what one scan paints: a progressive JPEG paints the whole picture in every one.

    An ordinary one has about ten scans; 82 bytes a scan could keep a decoder busy for hours.
    """
    names = [content[at] for at in range(1, 1 + 2 * content[0], 2)]
    first, last, precision = content[1 + 2 * content[0] :][:3]
    walk.scans += 1
    walk.painted += sum(walk.shares[name] for name in names) * walk.width * walk.height
    if walk.scans > MAX_SCANS or walk.painted > MAX_PAINTED:
        raise Unfit(
            f"is a JPEG that paints its {walk.width} x {walk.height} pixels over and over, in "
            f"{walk.scans} scans or more. Save it again as an ordinary JPEG."
        )
    if not precision & 15:  # no bit is left for a later scan
        walk.precise |= {(name, step) for name in names for step in range(first, last + 1)}


def _is_fully_painted(walk: _Walk) -> bool:
    return all((name, step) in walk.precise for name in walk.shares for step in range(64))
