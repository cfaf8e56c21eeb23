"""From an uploaded video to upright images, one at a time.

A video is opened, walked and decoded in a worker process (``core.sandbox``), which knows
``core.video.decoding`` and nothing else of Blobscope. What comes from there is checked here
before anybody uses it.
"""

import hashlib
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Any, Literal, TypeVar

import numpy as np

from core.errors import SandboxError, SandboxUnavailable, VideoRefused
from core.picture.image import BgrImage
from core.picture.size import Size
from core.sandbox.messages import SentArray, WorkerMessage
from core.sandbox.walls import Limits
from core.sandbox.worker import lent
from core.video.decoding import CODECS, FASTEST, VideoBounds, VideoTrack

T = TypeVar("T")

Container = Literal["mov", "matroska", "avi"]

MAX_VIDEO_BYTES = 100 * 10**6
MAX_SECONDS = 15 * 60
MAX_FRAMES = MAX_SECONDS * 60
MAX_FRAME_PIXELS = 4096 * 2304
VIDEO_LOOK_SECONDS = 20.0
"""How long a page waits for one answer about a video: what it is, or one frame of it."""

VIDEO_LIMITS = Limits(
    memory_bytes=490 * 2**20,  # beside the video itself; AV1 of the largest frames takes 435
    cpu_seconds=3600,  # both threads of a whole job; frames and looks have narrower limits
    idle_seconds=30.0,
    message_bytes=3 * MAX_FRAME_PIXELS + MAX_VIDEO_BYTES,
)

_MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
_SILENCE_SECONDS = 30.0  # a worker at work tells that it lives several times a second
_MOST_NAME = 200  # characters of a file's name in a sentence


@dataclass(frozen=True)
class Video:
    """An encoded film as somebody gave it: its name and its bytes."""

    name: str
    data: bytes = field(repr=False)

    @cached_property
    def digest(self) -> str:
        """The sha256 of the bytes, as 64 hex digits: what caches know the video by."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, eq=False, kw_only=True)
class VideoInfo:
    """What a video is, found by looking at every packet and at its first frame.

    Attributes:
        codec: its name for people.
        size: of a frame, upright and with square pixels.
        rate: frames a second, on average.
        times: when each frame is shown, in seconds after the first one.
        track: what is needed to read its frames.
    """

    codec: str
    size: Size
    rate: float
    times: tuple[float, ...] = field(repr=False)
    track: VideoTrack = field(repr=False)

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

    Raises:
        VideoRefused: no video of ours, a damaged one, or one beyond the limits.
        MachineBusy, SandboxUnavailable: nobody can look at it just now.
    """
    container = _container_of(video)
    info: VideoInfo | None = None
    asked = {"container": container, "bounds": _bounds()}
    for answer in _within(
        video, VIDEO_LOOK_SECONDS, _answers(video, "look_through_video", asked)
    ):
        info = _info_of(video, answer, container)
    if info is None:
        raise _nonsense(video)
    if info.times[-1] > MAX_SECONDS:
        raise VideoRefused(
            f"{video.name} is {info.times[-1] / 60:.0f} minutes long; the limit is "
            f"{MAX_SECONDS // 60}. Cut a part out of it first."
        )
    return info


def expected(info: VideoInfo, frame_range: FrameRange) -> int:
    """Count the frames that a cut takes."""
    inside = (each for each in info.times if frame_range.begin <= each <= frame_range.end)
    return sum(1 for _ in islice(inside, 0, None, frame_range.stride))


def frames(video: Video, info: VideoInfo, frame_range: FrameRange) -> Generator[Frame]:
    """Decode the frames of a cut, one at a time; each is upright and read-only.

    What is damaged in the middle of a file is left out, and so is a frame that comes after
    a later one because of it: numbers and times only rise.
    """
    with closing(pulsed_frames(video, info, frame_range)) as chosen:
        for frame in chosen:
            if frame is not None:
                yield frame


def pulsed_frames(
    video: Video, info: VideoInfo, frame_range: FrameRange, *, most: int = MAX_FRAMES
) -> Generator[Frame | None]:
    """Decode as ``frames`` does, and give None a few times a second while none comes.

    So whoever has waited long enough can stop: closing the generator ends the decoding.

    Raises:
        VideoRefused: the video takes more than one file may, or gives no more frames.
    """
    if frame_range.begin > info.times[-1]:
        return
    asked = {
        "track": asdict(info.track),
        "bounds": _bounds(),
        "begin": frame_range.begin,
        "end": min(frame_range.end, info.times[-1]),
        "stride": frame_range.stride,
        "most": most,
    }
    last = -1
    with closing(_answers(video, "decode_frames", asked, [np.array(info.times)])) as answers:
        for answer in answers:
            if answer is None:
                yield None
            else:
                frame = _frame(video, answer, info, last)
                last = frame.number
                yield frame


def first_frame(video: Video, info: VideoInfo, frame_range: FrameRange) -> Frame:
    """Decode the first frame of a cut.

    Raises:
        VideoRefused: there is none, or it lies too far behind a key frame.
    """
    chosen = list(
        _within(video, VIDEO_LOOK_SECONDS, pulsed_frames(video, info, frame_range, most=1))
    )
    if chosen:
        return chosen[0]
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


def _bounds() -> dict[str, int]:
    return asdict(VideoBounds(MAX_FRAMES, MAX_FRAME_PIXELS))


def _limits(video: Video) -> Limits:
    return replace(VIDEO_LIMITS, memory_bytes=VIDEO_LIMITS.memory_bytes + len(video.data))


def _answers(
    video: Video, job: str, values: Mapping[str, Any], arrays: Sequence[SentArray] = ()
) -> Generator[WorkerMessage | None]:
    """Ask a worker that holds the video; say in its name what went wrong there."""
    with (
        _told(video),
        lent("core.video.decoding", _limits(video), subject=video.digest) as (worker, new),
    ):
        if new:
            data = np.frombuffer(video.data, np.uint8)
            name = {"name": video.name[:_MOST_NAME]}
            yield from _nothing(
                worker.ask("take_video", name, [data], silence=_SILENCE_SECONDS)
            )
        yield from worker.ask(job, values, arrays, silence=_SILENCE_SECONDS)


def _nothing(answers: Generator[WorkerMessage | None]) -> Generator[None]:
    with closing(answers):
        for _ in answers:
            yield None


@contextmanager
def _told(video: Video) -> Generator[None]:
    try:
        yield
    except SandboxUnavailable:
        raise
    except SandboxError as error:
        raise VideoRefused(
            f"{video.name} cannot be read. {error} Export it as MP4 with H.264 and retry."
        ) from error


def _within(video: Video, seconds: float, answers: Generator[T | None]) -> Generator[T]:
    """Leave out the pulses, and do not wait for longer than a page can."""
    begun = time.monotonic()
    with closing(answers):
        for answer in answers:
            if answer is not None:
                yield answer
            elif time.monotonic() - begun > seconds:
                raise VideoRefused(
                    f"{video.name} took longer than {seconds:g} seconds to give a frame. "
                    "Choose a part nearer its beginning, or export it as MP4 with H.264."
                )


def _info_of(video: Video, answer: WorkerMessage, container: Container) -> VideoInfo:
    """Make sure that an answer can be what a video is; nobody vouches for a worker."""
    try:
        track = VideoTrack.told(answer.values["track"])
        (times,) = answer.arrays
        codec = answer.values["codec"]
        rate = float(answer.values["rate"])
        sides = Size(int(track.width), int(track.height))  # raises below 1
        sane = (
            track.container == container
            and codec in CODECS.values()
            and 0 < rate <= FASTEST
            and sides.width * sides.height <= MAX_FRAME_PIXELS
            and _rises(times)
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _nonsense(video) from error
    if not sane:
        raise _nonsense(video)
    size = Size(sides.height, sides.width) if track.orientation.swapped else sides
    return VideoInfo(
        codec=codec, size=size, rate=rate, times=tuple(times.tolist()), track=track
    )


def _rises(times: SentArray) -> bool:
    """Tell whether these can be the times of frames: from 0 on, never falling."""
    if times.dtype != np.float64 or times.ndim != 1 or not 0 < times.size <= MAX_FRAMES:
        return False
    return bool(np.isfinite(times).all() and times[0] == 0 and (np.diff(times) >= 0).all())


def _frame(video: Video, answer: WorkerMessage, info: VideoInfo, last: int) -> Frame:
    number: Any = answer.values.get("number")
    shape = (info.size.height, info.size.width, 3)
    if type(number) is not int or not last < number < len(info.times):
        raise _nonsense(video)
    if [(each.dtype, each.shape) for each in answer.arrays] != [(np.dtype(np.uint8), shape)]:
        raise _nonsense(video)
    return Frame(number, info.times[number], BgrImage(answer.arrays[0]))


def _nonsense(video: Video) -> VideoRefused:
    return VideoRefused(
        f"{video.name} makes its reader answer what cannot be. Export it as MP4 with H.264 "
        "and retry."
    )
