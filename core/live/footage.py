"""Footage: videos that stand in for a camera, played at their own speed, in a loop."""

import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Event
from time import monotonic
from typing import Any, Protocol

import av
import numpy as np

from core.errors import LiveRefused
from core.picture.image import BgrImage, decode
from core.picture.samples import sample_picture
from core.picture.size import Size

MOST_BYTES = 20 * 10**6
MOST_PIXELS = 1920 * 1920
MOST_FPS = 60.0
CLIPS = ("motorcycle", "cat", "coffee")
"""Samples that make a moving clip: photographs in which something is to be found."""

_CLIP_SIZE = Size(640, 480)
_CLIP_FPS, _CLIP_SECONDS = 25, 8
# by their first bytes; a list of other files (HLS, concat) must never be read as a video
_DEMUXERS = (
    (4, b"ftyp", "mp4"),
    (0, b"\x1a\x45\xdf\xa3", "matroska"),
    (8, b"AVI ", "avi"),
)

Timed = tuple[float, av.VideoFrame]
"""A frame and its second, counted from the beginning of the footage."""


class Footage(Protocol):
    """Whatever can be played in the place of a camera."""

    def frames(self) -> Iterator[Timed]:
        """Go through it once.

        Raises:
            LiveRefused: there is no frame in it that can be read.
        """


@dataclass(frozen=True, slots=True)
class SampleClip:
    """A sample photo under a camera that wanders: a moving crop, drawn on the way."""

    name: str

    def frames(self) -> Iterator[Timed]:
        """Wander once around the photo."""
        photo = decode(sample_picture(self.name))
        window = _window(Size.of(photo))
        count = _CLIP_FPS * _CLIP_SECONDS
        for number in range(count):
            cut = _wandered(photo, window, number / count)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(cut), format="bgr24")
            yield number / _CLIP_FPS, frame


@dataclass(frozen=True, slots=True)
class VideoFile:
    """A video as somebody gave it: MP4, MOV, WebM, MKV or AVI, of bounded size.

    Raises:
        LiveRefused: it is another kind of file, too big, or damaged.
    """

    name: str
    data: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.data) > MOST_BYTES:
            raise LiveRefused(
                f"{self.name} has {len(self.data) / 1e6:.0f} MB; at most "
                f"{MOST_BYTES / 1e6:.0f} MB can be played here. Cut it shorter first."
            )
        with self._opened() as opened:
            _check_size(self.name, opened.streams.video[0])

    def frames(self) -> Iterator[Timed]:
        """Decode it once, from its first frame to its last."""
        with self._opened() as opened:
            track = opened.streams.video[0]
            track.thread_type = "NONE"  # one visitor's film must not take every core
            first, number = None, 0
            try:
                for number, frame in enumerate(opened.decode(track), start=1):
                    second = float(frame.time) if frame.time is not None else number / 25
                    first = second if first is None else first
                    yield second - first, frame
            except av.FFmpegError as error:
                if number == 0:
                    raise self._damaged() from error
            if number == 0:
                raise self._damaged()

    def _opened(self) -> Any:
        kind = next(
            (kind for at, sign, kind in _DEMUXERS if self.data[at:].startswith(sign)), ""
        )
        if not kind:
            raise LiveRefused(
                f"{self.name} is not a video that can be played here. Give an MP4, MOV, WebM, "
                "MKV or AVI file."
            )
        try:
            opened = av.open(io.BytesIO(self.data), format=kind)
        except av.FFmpegError as error:
            raise self._damaged() from error
        if not opened.streams.video:
            opened.close()
            raise LiveRefused(f"There are no pictures in {self.name}, only sound.")
        return opened

    def _damaged(self) -> LiveRefused:
        return LiveRefused(
            f"{self.name} is damaged or was cut off: no picture in it can be read. Save it "
            "again, or choose another video."
        )


def play(
    current: Callable[[], Footage | None], show: Callable[[av.VideoFrame], None], ended: Event
) -> None:
    """Show frame after frame when its time has come, in a loop, until it is ended.

    ``current`` tells the footage; another one is begun at once. What comes late is shown
    at once; no frame is left out here.
    """
    while (footage := current()) is not None:
        began, shown = monotonic(), -math.inf
        for second, frame in footage.frames():
            shown = max(second, shown + 1 / MOST_FPS)  # a file may lie about its times
            if ended.wait(max(0.0, began + shown - monotonic())):
                return
            show(frame)
            if current() != footage:
                break
        ended.wait(1 / _CLIP_FPS)  # the last frame stands as long as the others


def _check_size(name: str, track: Any) -> None:
    if track.width * track.height > MOST_PIXELS or not track.width * track.height:
        raise LiveRefused(
            f"{name} has pictures of {track.width} x {track.height}; at most 1920 x 1080 can "
            "be played here. Scale it down first."
        )


def _window(photo: Size) -> Size:
    """Take three quarters of the photo, or the clip's size where that is less."""
    width = min(_CLIP_SIZE.width, photo.width * 9 // 10) // 2 * 2
    height = min(_CLIP_SIZE.height, photo.height * 9 // 10) // 2 * 2
    return Size(max(2, width), max(2, height))


def _wandered(photo: BgrImage, window: Size, share: float) -> BgrImage:
    """Cut the window out where it stands after a share, 0..1, of its way around."""
    size, angle = Size.of(photo), 2 * math.pi * share
    left = round((size.width - window.width) * (1 - math.cos(angle)) / 2)
    top = round((size.height - window.height) * (1 - math.sin(angle)) / 2)
    return BgrImage(photo[top : top + window.height, left : left + window.width])
