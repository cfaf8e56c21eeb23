"""The jobs of a worker that holds one video: what it is, and its frames.

FFmpeg, inside PyAV, does the reading. It is given the bytes and the one container format
that their first bytes show, never a name to guess from; whatever else a file asks it to
open (a playlist's parts, a reference to another file) is denied. This module runs behind
the walls of ``core.sandbox``; ``core.video.reading`` asks it, and checks what it answers. PyAV
imports some of its parts when they are first needed; behind the walls no file can be read,
so they are named here.
"""

import io
import struct
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any, Literal, NoReturn

import av
import av.audio.stream
import av.container
import av.logging
import av.sidedata.encparams
import av.sidedata.motionvectors
import av.subtitles.codeccontext
import av.subtitles.stream
import numpy as np
import numpy.typing as npt
from av import Packet, VideoFrame
from av.stream import Discard, Disposition
from av.video.stream import VideoStream

from core.errors import VideoRefused
from core.sandbox.jobs import Parts, Values, part, worker_job
from core.sandbox.messages import SentArray
from core.sandbox.walls import allow_processor_time
from core.video.claims import check_claims

CODECS = {
    "h264": "H.264",
    "hevc": "H.265",
    "libdav1d": "AV1",
    "av1": "AV1",
    "vp8": "VP8",
    "vp9": "VP9",
    "mpeg4": "MPEG-4",
    "mjpeg": "Motion JPEG",
}
"""What phones, cameras, browsers and editors write; every decoder more is a risk more."""

SLOWEST, FASTEST = 0.01, 1000.0  # frames a second; others are a mistake in the file
LOOK_CPU_SECONDS = 1.4
"""Of processor time to look a video through; the longest ones take 1.0 here."""

FRAME_CPU_SECONDS = 1.0
"""Of processor time from one decoded frame to the next; a large one takes a tenth."""

MOST_HIDDEN = 16
"""Packets of VP8 and VP9 that are never shown, beyond one for each that is."""

MOST_SILENT_PACKETS = 1_000
"""Packets in a row that give no frame; a damaged stretch is that long, no honest one."""

_USUAL_RATE = 25.0
_THREADS = 2  # each holds a few frames; more would not help beside a net
_ALIVE_SECONDS = 0.2

Clock = Literal["shown", "decoded", "none"]
"""Which time stamps of packets tell when a frame is shown: those of showing, those of
decoding (AVI has no others), or none, so that frames are counted."""

StoredImage = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class VideoBounds:
    """What a video may have: frames, and pixels in each."""

    frames: int
    pixels: int


@dataclass(frozen=True, slots=True)
class Orientation:
    """How a stored frame is brought upright: rows and columns swapped first, then mirrored."""

    swapped: bool = False
    left_right: bool = False
    top_bottom: bool = False

    @classmethod
    def of(cls, matrix: Sequence[int] | None) -> "Orientation":
        """Read a display matrix (ISO/IEC 14496-12, 6.2.2); other angles go to the nearest.

        It takes a stored point (p, q) to (a p + c q, b p + d q), as a, b, u, c, d, v, ...

        >>> Orientation.of([0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30])  # clockwise
        Orientation(swapped=True, left_right=True, top_bottom=False)
        """
        if matrix is None:
            return cls()
        a, b, c, d = matrix[0], matrix[1], matrix[3], matrix[4]
        if abs(a) + abs(d) >= abs(b) + abs(c):
            return cls(False, a < 0, d < 0)
        return cls(True, c < 0, b < 0)

    def upright(self, stored: StoredImage) -> StoredImage:
        """Turn an image, (H, W, 3); the result is contiguous."""
        image = stored.swapaxes(0, 1) if self.swapped else stored
        image = image[:: -1 if self.top_bottom else 1, :: -1 if self.left_right else 1]
        return np.ascontiguousarray(image)


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """What is needed to read the frames of a video again.

    Attributes:
        container: FFmpeg's name of the format.
        index: of the chosen stream in the file.
        width, height: of a stored frame with square pixels, before it is brought upright.
        orientation: how it is brought upright.
        clock: which time stamps count.
        origin: the first frame's time stamp, in the file's own unit.
    """

    container: str
    index: int
    width: int
    height: int
    orientation: Orientation
    clock: Clock
    origin: int

    @classmethod
    def told(cls, values: Mapping[str, Any]) -> "VideoTrack":
        """Read it from a message's values."""
        return cls(**{**values, "orientation": Orientation(**values["orientation"])})


class _Given:
    """The video that this worker was given."""

    name = ""
    data = b""


@worker_job(cpu_seconds=LOOK_CPU_SECONDS)
def take_video(values: Values, arrays: Sequence[SentArray]) -> Parts:
    """Take a video: its name and its bytes."""
    _Given.name = values["name"]
    _Given.data = arrays[0].tobytes()
    av.logging.set_level(None)
    yield part()


@worker_job(cpu_seconds=LOOK_CPU_SECONDS)
def look_through_video(values: Values, arrays: Sequence[SentArray]) -> Parts:  # noqa: ARG001
    """Tell what the video is: codec, rate, track, size, and the time of each frame.

    The durations and counts that files claim are not believed: every packet is looked at.
    """
    container = values["container"]
    bounds = VideoBounds(**values["bounds"])
    check_claims(_Given.name, _Given.data, container, bounds.frames)
    with _opened(container) as (opened, index):
        stream = _chosen(opened, index)
        codec = _checked_codec(stream, bounds)
        rate, clock, stamps = _timetable(opened, stream, container, bounds)
    with _opened(container) as (opened, _):
        stream = _chosen(opened, index)
        frame = next(
            (each for each in _decoded(opened, stream, bounds, threads=1) if each), None
        )
        if frame is None:
            raise _damaged()
        width, height = _square(stream, frame, bounds)
    if clock == "decoded":
        stamps = _when_shown(stamps, frame, rate, stream)
    unit = float(stream.time_base or 0) if clock != "none" else 1 / rate
    times = [(stamp - stamps[0]) * unit for stamp in stamps]
    upright = Orientation.of(_matrix(frame))
    track = VideoTrack(container, index, width, height, upright, clock, stamps[0])
    yield part(np.array(times), codec=codec, rate=rate, track=asdict(track))


@worker_job(cpu_seconds=FRAME_CPU_SECONDS)
def decode_frames(values: Values, arrays: Sequence[SentArray]) -> Parts:
    """Give the frames of a range, upright, one at a time: number and image.

    The array holds the time of each frame; ``most`` ends it after so many.
    """
    track = VideoTrack.told(values["track"])
    bounds = VideoBounds(**values["bounds"])
    begin, end, stride, most = (values[name] for name in ("begin", "end", "stride", "most"))
    times = arrays[0].tolist()
    last = -1
    inside = -1
    heard = time.monotonic()
    with _opened(track.container) as (opened, _):
        stream = _chosen(opened, track.index)
        if track.clock == "shown":
            _seek(opened, stream, track.origin, begin)
        for frame in _decoded(opened, stream, bounds, threads=_THREADS):
            if time.monotonic() - heard > _ALIVE_SECONDS:
                heard = time.monotonic()
                yield None
            if frame is None or (number := _number(track, times, frame, stream, last)) == last:
                continue
            last = number
            if times[number] > end:
                return
            inside += times[number] >= begin
            if inside >= 0 and inside % stride == 0:
                yield part(_pixels(frame, track), number=number)
                heard = time.monotonic()
                most -= 1
                if not most:
                    return


@contextmanager
def _opened(container: str) -> Iterator[tuple[av.container.InputContainer, int]]:
    """Open the video, and find the track that ffmpeg shows: the default one, or the largest."""
    try:
        opened = av.open(
            io.BytesIO(_Given.data),
            "r",
            format=container,
            container_options={"codec_whitelist": ",".join(CODECS)},
            metadata_errors="replace",
            io_open=_deny,
        )
    except av.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise MemoryError from error
        raise _damaged() from error
    with opened:
        shown = [
            each
            for each in opened.streams.video
            if not each.disposition & Disposition.attached_pic  # a cover of an album
        ]
        if not shown:
            raise VideoRefused(f"{_Given.name} holds no pictures, only sound or text.")
        yield opened, max(shown, key=_rank).index


def _rank(stream: VideoStream) -> tuple[bool, int]:
    context = stream.codec_context
    pixels = context.width * context.height if context else 0
    return bool(stream.disposition & Disposition.default), pixels


def _chosen(opened: av.container.InputContainer, index: int) -> VideoStream:
    """Take one stream; the demuxer skips the others, and unpacks nothing of them."""
    for each in opened.streams:
        if each.index != index:
            each.discard = Discard.all
    chosen = opened.streams[index]
    if not isinstance(chosen, VideoStream):
        raise _damaged()
    return chosen


def _deny(url: str, flags: int, options: dict[str, str]) -> NoReturn:  # noqa: ARG001
    """Open nothing that a file names: it would be a file of this machine, or a request."""
    raise PermissionError("a video may not open another file")


def _damaged() -> VideoRefused:
    return VideoRefused(
        f"{_Given.name} is damaged or was cut off: no frame of it can be read. "
        "Save or export it again and retry."
    )


def _checked_codec(stream: VideoStream, bounds: VideoBounds) -> str:
    """Name the codec, having made sure that we take it and that its frames are not too big."""
    context = stream.codec_context
    if context is None or context.name not in CODECS:
        known = ", ".join(dict.fromkeys(CODECS.values()))
        raise VideoRefused(
            f"The pictures of {_Given.name} are packed in a way that Blobscope does not open; "
            f"it takes {known}. Export it as MP4 with H.264."
        )
    if context.width < 1 or context.height < 1:
        raise _damaged()
    _check_size(context.width, context.height, bounds)
    return CODECS[context.name]


def _check_size(width: int, height: int, bounds: VideoBounds) -> None:
    if width * height > bounds.pixels:
        raise VideoRefused(
            f"The frames of {_Given.name} have {width} x {height} pixels; the limit is "
            f"{bounds.pixels / 1e6:.1f} million. Save it smaller."
        )


def _square(stream: VideoStream, frame: VideoFrame, bounds: VideoBounds) -> tuple[int, int]:
    """Tell the sides of a frame when its pixels are square, which stored ones need not be."""
    aspect = stream.sample_aspect_ratio
    width = round(frame.width * aspect) if aspect and aspect > 0 else frame.width
    width = max(1, width)
    _check_size(width, frame.height, bounds)
    return width, frame.height


def _matrix(frame: VideoFrame) -> tuple[int, ...] | None:
    told: Any = frame.side_data.get("DISPLAYMATRIX")
    return struct.unpack("=9i", bytes(told)) if told is not None else None


def _timetable(
    opened: av.container.InputContainer,
    stream: VideoStream,
    container: str,
    bounds: VideoBounds,
) -> tuple[float, Clock, list[int]]:
    """List the packets that are shown: the rate they claim, their clock, sorted time stamps."""
    shown = _shown(opened, stream, container, bounds)
    rate = float(stream.average_rate or _USUAL_RATE)
    rate = rate if SLOWEST <= rate <= FASTEST else _USUAL_RATE
    stamps = sorted(stamp for stamp in shown if stamp is not None)
    if len(stamps) < len(shown) or not stream.time_base:
        return rate, "none", list(range(len(shown)))
    if container != "avi" and stamps[-1] > stamps[0]:
        seconds = float((stamps[-1] - stamps[0]) * stream.time_base)
        rate = min((len(stamps) - 1) / seconds, FASTEST)
    return rate, "decoded" if container == "avi" else "shown", stamps


def _shown(
    opened: av.container.InputContainer,
    stream: VideoStream,
    container: str,
    bounds: VideoBounds,
) -> list[int | None]:
    """List the time stamps of the packets that are shown, at least one."""
    codec = stream.codec_context.name
    most = _most_bytes(stream)
    shown: list[int | None] = []
    hidden = 0
    for packet in _packets(opened, stream, bounds):
        if packet.size > most:
            raise VideoRefused(
                f"A frame of {_Given.name} takes {packet.size / 1e6:.0f} MB, more than its "
                "pixels can need. Export it as MP4 with H.264."
            )
        if packet.size and _is_hidden(packet, codec):
            hidden += 1
        elif packet.size and not packet.is_discard:
            shown.append(packet.dts if container == "avi" else packet.pts)
    if not shown:
        raise _damaged()
    if hidden > len(shown) + MOST_HIDDEN:
        raise VideoRefused(
            f"{_Given.name} has {hidden:,} frames that are never shown and only "
            f"{len(shown):,} that are. Export it as MP4 with H.264."
        )
    return shown


def _most_bytes(stream: VideoStream) -> int:
    """Tell how large a packet may be: somewhat more than the pixels of its frame, raw."""
    context = stream.codec_context
    return 4 * context.width * context.height + 2**20


def _is_hidden(packet: "Packet[VideoStream]", codec: str) -> bool:
    """Tell whether a packet is only decoded and never shown; VP8 and VP9 have such.

    RFC 6386, 9.1: bit 4 of the first byte. VP9 bitstream specification, 6.2: ``show_frame``
    and ``show_existing_frame``, each a bit later in profile 3. Frames that share a packet
    (a superframe) end with one that is shown.
    """
    if codec not in ("vp8", "vp9"):
        return False
    data = memoryview(packet)
    first, last = data[0], data[-1]
    if codec == "vp8":
        return not first & 0x10
    if last & 0xE0 == 0xC0:  # a superframe's index
        return False
    bits = first << 1 if first & 0x30 == 0x30 else first
    return not bits & 0x0A


def _when_shown(
    stamps: list[int], first: VideoFrame, rate: float, stream: VideoStream
) -> list[int]:
    """Turn the time stamps of decoding into those of showing.

    A frame is shown when the packet comes that completes it: some packets after its own
    where a codec reorders, and the first frame tells how many. The last ones then follow at
    the usual pace.
    """
    late = bisect_left(stamps, first.dts) if first.dts is not None else 0
    late = min(late, len(stamps) - 1)
    step = max(1, round(1 / (rate * (stream.time_base or 1))))
    return stamps[late:] + [stamps[-1] + step * (more + 1) for more in range(late)]


def _packets(
    opened: av.container.InputContainer, stream: VideoStream, bounds: VideoBounds
) -> "Iterator[Packet[VideoStream]]":
    """Take a file apart up to its end, or to where it was cut off."""
    count = 0
    try:
        for packet in opened.demux(stream):
            yield packet
            count += 1
            if count > bounds.frames:
                raise VideoRefused(
                    f"The video has more than {bounds.frames:,} frames, the limit. "
                    "Cut a part out of it first."
                )
    except av.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise MemoryError from error


def _decoded(
    opened: av.container.InputContainer,
    stream: VideoStream,
    bounds: VideoBounds,
    *,
    threads: int,
) -> Iterator[VideoFrame | None]:
    """Decode what can be decoded, in the order in which it is shown; None for a packet.

    Every frame renews the processor time. Packets that give none come to an end: by their
    number here, and by the time that they take.
    """
    stream.thread_type = "AUTO"
    stream.codec_context.thread_count = threads
    stream.codec_context.options = {"max_pixels": str(bounds.pixels)}
    silent = 0
    for packet in _packets(opened, stream, bounds):
        try:
            decoded = packet.decode()
        except av.FFmpegError as error:  # a damaged packet; the next ones may be good
            if isinstance(error, MemoryError):
                raise MemoryError from error
            decoded = []
        if decoded:
            allow_processor_time(FRAME_CPU_SECONDS)
        silent = 0 if decoded else silent + 1
        if silent > MOST_SILENT_PACKETS:
            raise VideoRefused(
                f"{_Given.name} has more than {MOST_SILENT_PACKETS:,} packets in a row that "
                "show no frame. Export it as MP4 with H.264, or choose another part of it."
            )
        yield None
        yield from decoded


def _seek(
    opened: av.container.InputContainer, stream: VideoStream, first: int, seconds: float
) -> None:
    """Go to the last key frame before a time, so that what lies before is not decoded."""
    if seconds and stream.time_base:
        with suppress(av.FFmpegError):  # no index: it is decoded from where it stands
            opened.seek(first + int(seconds / stream.time_base), stream=stream)


def _number(
    track: VideoTrack, times: list[float], frame: VideoFrame, stream: VideoStream, last: int
) -> int:
    """Find the number of a decoded frame by its time stamp, or count on; never go back."""
    number = last + 1
    stamp = frame.pts if track.clock == "shown" else frame.dts
    if track.clock != "none" and stamp is not None and stream.time_base:
        seconds = (stamp - track.origin) * float(stream.time_base)
        number = bisect_left(times, seconds)
        if number <= last and times[min(last + 1, len(times) - 1)] == seconds:
            number = last + 1  # two frames at the same time
    return min(max(number, last), len(times) - 1)


def _pixels(frame: VideoFrame, track: VideoTrack) -> StoredImage:
    """Convert a frame to B, G, R and turn it; one of another size is brought to the first's."""
    try:
        stored = frame.to_ndarray(format="bgr24", width=track.width, height=track.height)
    except (av.FFmpegError, ValueError) as error:
        if isinstance(error, MemoryError | BlockingIOError):  # no memory for a thread's stack
            raise MemoryError from error
        raise VideoRefused(
            f"A frame of the video cannot be turned into a picture ({error}). "
            "Export it as MP4 with H.264, or choose another part of it."
        ) from error
    return track.orientation.upright(np.asarray(stored, np.uint8))
