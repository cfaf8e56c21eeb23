"""From an uploaded video to upright images, one at a time.

FFmpeg, inside PyAV, does the reading. It is given the bytes and the one container format
that their first bytes show, never a name to guess from; whatever else a file asks it to
open (a playlist's parts, a reference to another file) is denied.
"""

import hashlib
import io
from bisect import bisect_left
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Literal, NoReturn

import av
import av.container
import numpy as np
from av import Packet, VideoFrame
from av.stream import Disposition
from av.video.stream import VideoStream

from core.errors import VideoRefused
from core.picture.image import BgrImage
from core.picture.size import Size

Container = Literal["mov", "matroska", "avi"]

MAX_VIDEO_BYTES = 100 * 10**6
MAX_SECONDS = 15 * 60
MAX_FRAMES = MAX_SECONDS * 60
MAX_FRAME_PIXELS = 4096 * 2304

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

_MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
SLOWEST, FASTEST = 0.01, 1000.0  # frames a second; others are a mistake in the file
_USUAL_RATE = 25.0
_THREADS = 2  # each holds a few frames; more would not help beside a net


@dataclass(frozen=True)
class Video:
    """An encoded film as somebody gave it: its name and its bytes."""

    name: str
    data: bytes = field(repr=False)

    @cached_property
    def digest(self) -> str:
        """The sha256 of the bytes, as 64 hex digits: what caches know the video by."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, eq=False)
class VideoInfo:
    """What a video is, found by looking at every packet and at its first frame.

    Attributes:
        size: of a frame, upright.
        turns: quarter turns against the clock that make a stored frame upright.
        rate: frames a second, on average.
        times: when each frame is shown, in seconds after the first one.
        first: the first frame's time stamp, in the file's own unit; None where the stamps
            say nothing (AVI has none), so that frames have to be counted from the start.
    """

    container: Container
    codec: str
    size: Size
    turns: int
    rate: float
    times: tuple[float, ...] = field(repr=False)
    first: int | None

    @property
    def seconds(self) -> float:
        """How long the video is, its last frame included."""
        return self.times[-1] + 1 / self.rate


@dataclass(frozen=True, slots=True)
class FrameRange:
    """Which frames are taken: of those from ``begin`` to ``end``, both included, every n-th.

    Raises:
        VideoRefused: these bounds take nothing.

    >>> FrameRange(1.0, 2.0, stride=2)
    FrameRange(begin=1.0, end=2.0, stride=2)
    """

    begin: float
    end: float
    stride: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.begin <= self.end:
            raise VideoRefused(
                f"From {self.begin:g} to {self.end:g} seconds there is nothing: "
                "begin at 0 or later, and end after that."
            )
        if self.stride < 1:
            raise VideoRefused(f"Every {self.stride}th frame is none; the least stride is 1.")


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """One image of a video: its number, counted from 0, and its time in seconds."""

    number: int
    seconds: float
    image: BgrImage


def video_info(video: Video) -> VideoInfo:
    """Read what a video is, and make sure that a frame of it can be decoded.

    The durations and counts that files claim are not believed: every packet is looked at,
    which takes a fraction of a second.

    Raises:
        VideoRefused: no video of ours, a damaged one, or one beyond the limits.
    """
    container = _container_of(video)
    with _opened(video, container) as (opened, stream):
        codec = _checked_codec(video, stream)
        rate, times, first = _timetable(video, container, opened, stream)
    if times[-1] > MAX_SECONDS:
        raise VideoRefused(
            f"{video.name} is {times[-1] / 60:.0f} minutes long; the limit is "
            f"{MAX_SECONDS // 60}. Cut a part out of it first."
        )
    with _opened(video, container) as (opened, stream):
        frame = next(_decoded(opened, stream), None)
        if frame is None:
            raise _damaged(video)
        turns = round(frame.rotation / 90) % 4
        sides = frame.width, frame.height
    size = Size(*reversed(sides)) if turns % 2 else Size(*sides)
    return VideoInfo(container, codec, size, turns, rate, times, first)


def expected(info: VideoInfo, frame_range: FrameRange) -> int:
    """Count the frames that a cut takes."""
    inside = (each for each in info.times if frame_range.begin <= each <= frame_range.end)
    return sum(1 for _ in islice(inside, 0, None, frame_range.stride))


def frames(video: Video, info: VideoInfo, frame_range: FrameRange) -> Generator[Frame]:
    """Decode the frames of a cut, one at a time; each is upright and read-only.

    What is damaged in the middle of a file is left out, and so is a frame that comes after
    a later one because of it: numbers and times only rise.
    """
    last, inside = -1, -1
    with _opened(video, info.container) as (opened, stream):
        if info.first is not None:
            _seek(opened, stream, info.first, frame_range.begin)
        for raw in _decoded(opened, stream):
            number = _number(info, raw, stream, last)
            if number == last:
                continue
            last, seconds = number, info.times[number]
            if seconds > frame_range.end:
                return
            inside += seconds >= frame_range.begin
            if inside >= 0 and inside % frame_range.stride == 0:
                yield Frame(number, seconds, _image(raw, info))


def first_frame(video: Video, info: VideoInfo, frame_range: FrameRange) -> Frame:
    """Decode the first frame of a cut.

    Raises:
        VideoRefused: there is none.
    """
    with closing(frames(video, info, frame_range)) as chosen:
        for frame in chosen:
            return frame
    raise VideoRefused(
        f"{video.name} has no frame from {frame_range.begin:g} to {frame_range.end:g} seconds. "
        "Choose more of it."
    )


def _container_of(video: Video) -> Container:
    """Tell the format by the first bytes; a file's name is nobody's proof."""
    if not video.data:
        raise VideoRefused(f"{video.name} is empty (0 bytes). Choose another file.")
    if len(video.data) > MAX_VIDEO_BYTES:
        raise VideoRefused(
            f"{video.name} has {len(video.data) / 1e6:.0f} MB; the limit is "
            f"{MAX_VIDEO_BYTES // 10**6} MB. Cut a part out of it, or save it smaller."
        )
    start = video.data[:12]
    if start[4:8] in _MP4_BOXES:
        return "mov"
    if start.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if start.startswith(b"RIFF") and start[8:12] == b"AVI ":
        return "avi"
    raise VideoRefused(
        f"{video.name} is no video that Blobscope opens: it takes MP4, MOV, WebM and AVI. "
        "Save or export it as one of these."
    )


@contextmanager
def _opened(
    video: Video, container: Container
) -> Iterator[tuple[av.container.InputContainer, VideoStream]]:
    """Open a video and find its pictures; a cover of an album is none."""
    try:
        opened = av.open(
            io.BytesIO(video.data),
            "r",
            format=container,
            container_options={"codec_whitelist": ",".join(CODECS)},
            metadata_errors="replace",
            io_open=_deny,
        )
    except av.FFmpegError as error:
        raise _damaged(video) from error
    with opened:
        for stream in opened.streams.video:
            if not stream.disposition & Disposition.attached_pic:
                yield opened, stream
                return
        raise VideoRefused(f"{video.name} holds no pictures, only sound or text.")


def _deny(url: str, flags: int, options: dict[str, str]) -> NoReturn:  # noqa: ARG001
    """Open nothing that a file names: it would be a file of this machine, or a request."""
    raise PermissionError("a video may not open another file")


def _damaged(video: Video) -> VideoRefused:
    return VideoRefused(
        f"{video.name} is damaged or was cut off: no frame of it can be read. "
        "Save or export it again and retry."
    )


def _checked_codec(video: Video, stream: VideoStream) -> str:
    """Name the codec, having made sure that we take it and that its frames are not too big."""
    context = stream.codec_context
    if context is None or context.name not in CODECS:
        known = ", ".join(dict.fromkeys(CODECS.values()))
        raise VideoRefused(
            f"The pictures of {video.name} are packed in a way that Blobscope does not open; "
            f"it takes {known}. Export it as MP4 with H.264."
        )
    width, height = context.width, context.height
    if width < 1 or height < 1:
        raise _damaged(video)
    if width * height > MAX_FRAME_PIXELS:
        raise VideoRefused(
            f"The frames of {video.name} have {width} x {height} pixels; the limit is "
            f"{MAX_FRAME_PIXELS / 1e6:.1f} million. Save it smaller."
        )
    return CODECS[context.name]


def _timetable(
    video: Video,
    container: Container,
    opened: av.container.InputContainer,
    stream: VideoStream,
) -> tuple[float, tuple[float, ...], int | None]:
    """List the frames: their average rate, the seconds at which each is shown, its origin."""
    packets = [
        packet.pts
        for packet in _packets(opened, stream)
        if packet.size and not packet.is_discard
    ]
    if not packets:
        raise _damaged(video)
    rate = float(stream.average_rate or _USUAL_RATE)
    rate = rate if SLOWEST <= rate <= FASTEST else _USUAL_RATE
    stamps = sorted(stamp for stamp in packets if stamp is not None)
    if container == "avi" or len(stamps) < len(packets):
        return rate, tuple(number / rate for number in range(len(packets))), None
    times = tuple(_seconds(stamp, stamps[0], stream) for stamp in stamps)
    if times[-1] > 0:
        rate = min((len(times) - 1) / times[-1], FASTEST)
    return rate, times, stamps[0]


def _seconds(stamp: int, first: int, stream: VideoStream) -> float:
    return float((stamp - first) * (stream.time_base or 0))


def _packets(
    opened: av.container.InputContainer, stream: VideoStream
) -> "Iterator[Packet[VideoStream]]":
    """Take a file apart up to its end, or to where it was cut off."""
    count = 0
    try:
        for packet in opened.demux(stream):
            yield packet
            count += 1
            if count > MAX_FRAMES:
                raise VideoRefused(
                    f"The video has more than {MAX_FRAMES:,} frames, the limit. "
                    "Cut a part out of it first."
                )
    except av.FFmpegError:
        return


def _decoded(opened: av.container.InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Decode what can be decoded, in the order in which it is shown."""
    stream.thread_type = "AUTO"
    stream.codec_context.thread_count = _THREADS
    stream.codec_context.options = {"max_pixels": str(MAX_FRAME_PIXELS)}
    for packet in _packets(opened, stream):
        try:
            decoded = packet.decode()
        except av.FFmpegError:  # a damaged packet; the next ones may be good
            continue
        yield from decoded


def _seek(
    opened: av.container.InputContainer, stream: VideoStream, first: int, seconds: float
) -> None:
    """Go to the last key frame before a time, so that what lies before is not decoded."""
    if seconds and stream.time_base:
        with suppress(av.FFmpegError):  # no index: it is decoded from where it stands
            opened.seek(first + int(seconds / stream.time_base), stream=stream)


def _number(info: VideoInfo, raw: VideoFrame, stream: VideoStream, before: int) -> int:
    """Find the number of a decoded frame by its time stamp, or count on; never go back."""
    number = before + 1
    if info.first is not None and raw.pts is not None:
        number = bisect_left(info.times, _seconds(raw.pts, info.first, stream))
    return min(max(number, before), len(info.times) - 1)


def _image(raw: VideoFrame, info: VideoInfo) -> BgrImage:
    """Convert a frame to B, G, R and turn it; one of another size is brought to the first's."""
    sides = info.size.cv2[::-1] if info.turns % 2 else info.size.cv2
    stored = _pixels(raw, *sides)
    image = np.ascontiguousarray(np.rot90(stored, info.turns), np.uint8)
    image.setflags(write=False)
    return BgrImage(image)


def _pixels(raw: VideoFrame, width: int, height: int) -> BgrImage:
    try:
        return BgrImage(raw.to_ndarray(format="bgr24", width=width, height=height))  # type: ignore[arg-type]
    except (av.FFmpegError, ValueError) as error:
        raise VideoRefused(
            f"A frame of the video cannot be turned into a picture ({error}). "
            "Export it as MP4 with H.264, or choose another part of it."
        ) from error
