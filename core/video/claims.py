"""What a video file claims to hold, counted before FFmpeg believes it.

FFmpeg makes an index of everything that a header claims before it looks at a single frame;
a claim costs a file a few bytes, and its reader 30 each. So the boxes of MP4, the elements
of Matroska and the chunks of AVI are walked first. This is for a quick and clear refusal;
what it does not see comes to the worker's limits.

Sources: ISO/IEC 14496-12 (boxes), RFC 9559 (Matroska), OpenDML AVI 1.02.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import VideoRefused

SAMPLES_A_FRAME = 10
"""Pieces of picture, sound and text that all tracks together may claim for each frame."""

_MOST_PARTS = 300_000  # boxes, elements or chunks; 2 for each fragment of an MP4
_MOST_TRACKS = 1_000  # FFmpeg opens no more
_HOLDERS = frozenset(b"moov trak mdia minf stbl mvex edts dinf tref udta sinf meta".split())
_TABLES = {  # bytes of an entry, in a box that counts its entries first
    b"stts": 8,
    b"ctts": 8,
    b"stsc": 12,
    b"stco": 4,
    b"co64": 8,
    b"stss": 4,
    b"stps": 4,
}
_PCM_PIECE = 1024  # samples of raw sound that FFmpeg reads as one piece


class _Impossible(Exception):  # noqa: N818 - reads as what it is
    """A file claims what it cannot hold; the text says what."""


@dataclass(frozen=True, slots=True)
class Part:
    """A box, element or chunk: its name and where its contents lie."""

    name: bytes
    begin: int
    end: int


@dataclass(slots=True)
class _Track:
    """What one track of an MP4 claims."""

    number: int = 0
    handler: bytes = b""
    samples: int = 0
    timed: int = 0
    chunks: int = 0
    chunk_samples: int = 0
    edits: int = 1
    ticks: bool = False  # every sample lasts one tick: raw sound

    @property
    def claimed(self) -> int:
        """How many entries FFmpeg's index of it has, before the edit list."""
        if self.handler == b"soun" and self.ticks:
            return self.chunks * -(-self.chunk_samples // _PCM_PIECE)
        return max(self.samples, self.timed)


def check_claims(name: str, data: bytes, container: str, most_frames: int) -> None:
    """Make sure that a file claims no more than a video within the limits can hold.

    Raises:
        VideoRefused: it does, or it claims what its own bytes cannot hold.
    """
    try:
        frames, pieces = _COUNTS[container](data)
    except _Impossible as error:
        raise VideoRefused(
            f"{name} is damaged or was cut off: it has {error}. Save or export it again and "
            "retry."
        ) from error
    if frames > most_frames:
        raise VideoRefused(
            f"{name} claims {frames:,} frames, and a video may have at most {most_frames:,}. "
            "Cut a part out of it first."
        )
    if pieces > most_frames * SAMPLES_A_FRAME:
        raise VideoRefused(
            f"{name} claims {pieces:,} pieces of picture and sound, far more than a video "
            f"of {most_frames:,} frames has. Save or export it again and retry."
        )


# MP4 and MOV


def boxes(data: bytes) -> Iterator[Part]:
    """Walk the boxes of an MP4, those that hold others before what they hold."""
    ahead = [(0, len(data))]
    walked = 0
    while ahead:
        at, end = ahead.pop()
        while at + 8 <= end:
            size, name = struct.unpack_from(">I4s", data, at)
            begin = at + 8
            if size == 1 and at + 16 <= end:
                size = struct.unpack_from(">Q", data, begin)[0]
                begin += 8
            last = end if size == 0 else min(end, at + size)
            if last < begin:
                break
            walked += 1
            if walked > _MOST_PARTS:
                raise _Impossible(f"more than {_MOST_PARTS:,} boxes")
            yield Part(name, begin, last)
            if name in _HOLDERS:
                ahead.append((last, end))
                at = begin + 4 * _is_full(data, name, begin)
                end = last
            else:
                at = last


def _is_full(data: bytes, name: bytes, begin: int) -> bool:
    """Tell whether a ``meta`` box begins with a version, as ISO's do and QuickTime's do not."""
    return name == b"meta" and data[begin : begin + 4] == bytes(4)


def _claims_of_mp4(data: bytes) -> tuple[int, int]:
    tracks: list[_Track] = []
    fragments: dict[int, int] = {}
    for box in boxes(data):
        if box.name == b"cmov":
            raise _Impossible("a compressed header")
        if box.name == b"moof":
            _note_fragment(data, box, fragments)
        elif box.name == b"trak":
            tracks.append(_Track())
        elif tracks:
            _note(data, box, tracks[-1])
        if len(tracks) > _MOST_TRACKS:
            raise _Impossible(f"more than {_MOST_TRACKS:,} tracks")
    for track in tracks:
        track.samples += fragments.pop(track.number, 0)
    frames = max((track.claimed for track in tracks if track.handler == b"vide"), default=0)
    pieces = sum(track.claimed * track.edits for track in tracks)
    return frames, pieces + sum(fragments.values())


def _note_fragment(data: bytes, moof: Part, fragments: dict[int, int]) -> None:
    """Add what a fragment claims for each track; there may be one for every frame."""
    at = moof.begin
    while (at := data.find(b"tfhd", at, moof.end)) >= 0:
        track = _uint(data, Part(b"tfhd", at + 4, moof.end), 4)
        last = data.find(b"tfhd", at + 4, moof.end)
        last = moof.end if last < 0 else last
        while (at := data.find(b"trun", at + 4, last)) >= 0:
            run = _uint(data, Part(b"trun", at + 4, moof.end), 4)
            fragments[track] = fragments.get(track, 0) + run
        at = last


def _note(data: bytes, box: Part, track: _Track) -> None:
    """Add what a box of a track claims."""
    if box.name == b"tkhd":
        track.number = _uint(data, box, 20 if data[box.begin : box.begin + 1] == b"\1" else 12)
    elif box.name == b"hdlr" and not track.handler:
        track.handler = data[box.begin + 8 : box.begin + 12]
    elif box.name in (b"stsz", b"stz2"):
        track.samples = max(track.samples, _uint(data, box, 8))
    elif box.name == b"elst":
        track.edits = max(1, _uint(data, box, 4))
    elif box.name in _TABLES:
        _note_table(box.name, _table(data, box), track)


def _note_table(name: bytes, table: npt.NDArray[np.uint32], track: _Track) -> None:
    if name in (b"stts", b"ctts"):
        track.timed = max(track.timed, int(table[:, 0].sum(dtype=np.uint64)))
    if name == b"stts":
        track.ticks = len(table) == 1 and int(table[0, 1]) == 1
    if name in (b"stco", b"co64"):
        track.chunks = max(track.chunks, len(table))
    if name == b"stsc" and len(table):
        track.chunk_samples = max(track.chunk_samples, int(table[:, 1].max()))


def _table(data: bytes, box: Part) -> npt.NDArray[np.uint32]:
    """Read a table's entries, as rows of 32-bit numbers."""
    entries = _uint(data, box, 4)
    width = _TABLES[box.name]
    if box.begin + 8 + entries * width > box.end:
        raise _Impossible("a table that claims more entries than it holds")
    numbers = np.frombuffer(data, ">u4", entries * width // 4, box.begin + 8)
    return numbers.reshape(entries, width // 4).astype(np.uint32)


def _uint(data: bytes, box: Part, at: int) -> int:
    if box.begin + at + 4 > box.end:
        raise _Impossible("a box that is too short")
    return int(struct.unpack_from(">I", data, box.begin + at)[0])


# Matroska and WebM

_SEGMENT, _CLUSTER, _CUES, _CUE, _CUE_TRACK = (
    *(b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75", b"\x1c\x53\xbb\x6b"),
    *(b"\xbb", b"\xb7"),
)
_TRACKS, _TRACK, _KIND = b"\x16\x54\xae\x6b", b"\xae", b"\x83"
_ENCODINGS, _ENCODING, _COMPRESSION, _ALGORITHM = (
    b"\x6d\x80",
    b"\x62\x40",
    b"\x50\x34",
    b"\x42\x54",
)
_OPENED = frozenset(
    {_SEGMENT, _CUES, _CUE, _TRACKS, _TRACK, _ENCODINGS, _ENCODING, _COMPRESSION}
)
_HEADER_STRIPPING = 3  # what is left out is a few bytes; everything else inflates
_VIDEO, _SOUND = 1, 2


def elements(data: bytes) -> Iterator[Part]:
    """Walk the elements of a Matroska file; blocks only where their cluster is endless.

    It ends where the file is damaged; a reader that finds its way from there on is behind
    the worker's limits.
    """
    ahead = [(0, len(data))]
    walked = 0
    while ahead:
        at, end = ahead.pop()
        while at < end and (head := _element(data, at)):
            name, at, size = head
            last = end if size is None else min(end, at + size)
            walked += 1
            if walked > _MOST_PARTS:
                raise _Impossible(f"more than {_MOST_PARTS:,} elements")
            yield Part(name, at, last)
            if name in _OPENED or (size is None and name == _CLUSTER):
                ahead.append((last, end))
                end = last
            else:
                at = last


def _element(data: bytes, at: int) -> tuple[bytes, int, int | None] | None:
    """Read an element's name, where it begins, and its size; None for a size is no end."""
    head = data[at : at + 12]
    named = 9 - head[0].bit_length()
    if named > 4 or len(head) <= named:
        return None
    sized = 9 - head[named].bit_length()
    if sized > 8 or len(head) < named + sized:
        return None
    most = (1 << 7 * sized) - 1
    size = int.from_bytes(head[named : named + sized], "big") & most
    return head[:named], at + named + sized, None if size == most else size


def _claims_of_matroska(data: bytes) -> tuple[int, int]:
    cues = 0
    tracks: list[tuple[int, bool]] = []  # the kind of each, and whether its blocks inflate
    for each in elements(data):
        if each.name in (_CUE, _CUE_TRACK):
            cues += 1
        elif each.name == _TRACK:
            tracks.append((0, False))
        elif tracks and each.name == _KIND:
            tracks[-1] = _value(data, each), tracks[-1][1]
        elif tracks and each.name == _COMPRESSION:
            tracks[-1] = tracks[-1][0], True  # zlib, unless an algorithm follows
        elif tracks and each.name == _ALGORITHM:
            tracks[-1] = tracks[-1][0], _value(data, each) != _HEADER_STRIPPING
    if any(inflates and kind in (_VIDEO, _SOUND) for kind, inflates in tracks):
        raise VideoRefused(
            "The pictures or the sound in this file are compressed a second time, and "
            "Blobscope does not unpack that. Remux it without compression, or export it as "
            "MP4 with H.264."
        )
    return 0, cues


def _value(data: bytes, each: Part) -> int:
    return int.from_bytes(data[each.begin : min(each.end, each.begin + 8)], "big")


# AVI

_INDEX_HEAD = 24  # bytes before the entries of an OpenDML index


def chunks(data: bytes) -> Iterator[Part]:
    """Walk the chunks of an AVI; a list of pictures is not opened."""
    ahead = [(0, len(data))]
    walked = 0
    while ahead:
        at, end = ahead.pop()
        while at + 8 <= end:
            name, size = struct.unpack_from("<4sI", data, at)
            last = min(end, at + 8 + size)
            held = data[at + 8 : at + 12] if name in (b"RIFF", b"LIST") else b""
            walked += 1
            if walked > _MOST_PARTS:
                raise _Impossible(f"more than {_MOST_PARTS:,} chunks")
            yield Part(name, at + 8, last)
            if held and held != b"movi":
                ahead.append((last + last % 2, end))
                at += 12
                end = last
            else:
                at = last + last % 2


def _claims_of_avi(data: bytes) -> tuple[int, int]:
    pieces = 0
    for chunk in chunks(data):
        if chunk.name == b"idx1":
            pieces += (chunk.end - chunk.begin) // 16
        elif chunk.name == b"indx":
            pieces += _indexed(data, chunk)
    return 0, pieces


def _indexed(data: bytes, chunk: Part) -> int:
    """Count the entries of an OpenDML index, and of the indexes that it points at."""
    if chunk.begin + _INDEX_HEAD > chunk.end:
        return 0
    width, _, kind, entries = struct.unpack_from("<HBBI", data, chunk.begin)
    if chunk.begin + _INDEX_HEAD + 4 * width * entries > chunk.end:
        raise _Impossible("an index that claims more entries than it holds")
    if kind:  # not an index of indexes
        return int(entries)
    told = 0
    for entry in range(entries):
        (at,) = struct.unpack_from("<Q", data, chunk.begin + _INDEX_HEAD + 16 * entry)
        if at + 16 <= len(data):
            told += struct.unpack_from("<I", data, at + 12)[0]
    return told


_COUNTS = {
    "mov": _claims_of_mp4,
    "matroska": _claims_of_matroska,
    "avi": _claims_of_avi,
}
