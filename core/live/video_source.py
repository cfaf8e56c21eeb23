"""Video sources: videos instead of a camera, played at their own speed, in a loop."""

import math
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field
from threading import Event
from time import monotonic
from typing import Protocol

import av

from core.errors import LiveRefused
from core.picture.image import decode_picture
from core.picture.samples import sample_picture
from core.picture.size import Size
from core.video.camera import wandered
from core.video.reading import FrameRange, Video, VideoInfo, pulsed_frames, video_info

MOST_SOURCE_BYTES = 20 * 10**6
MOST_SOURCE_PIXELS = 1920 * 1920
MOST_FPS = 60.0
CLIPS = ("motorcycle", "cat", "coffee")
"""Samples that make a moving clip: photographs in which something is to be found."""

_CLIP_SIZE = Size(640, 480)
_CLIP_FPS, _CLIP_SECONDS = 25, 8
_WHOLE = FrameRange(0.0, math.inf)

Timed = tuple[float, av.VideoFrame]
"""A frame and its second, counted from the start of the video."""


class VideoSource(Protocol):
    """Whatever can be played in the place of a camera."""

    def frames(self) -> Generator[Timed | None]:
        """Go through it once, from its first frame to its last; None while it waits."""


@dataclass(frozen=True, slots=True)
class SampleClip:
    """A sample photo under a camera that wanders: a moving crop, drawn on the way."""

    name: str

    def frames(self) -> Generator[Timed | None]:
        """Wander once around the photo."""
        photo = decode_picture(sample_picture(self.name))
        window = _window(Size.of(photo))
        count = _CLIP_FPS * _CLIP_SECONDS
        for number in range(count):
            image = wandered(photo, window, number / count)
            yield number / _CLIP_FPS, av.VideoFrame.from_ndarray(image, format="bgr24")


@dataclass(frozen=True)
class VideoFile:
    """An uploaded video of bounded size; ``core.video.reading`` reads it.

    Raises:
        VideoRefused: it is no video that Blobscope opens, or a damaged one.
        LiveRefused: it is too big to be played again and again.
    """

    video: Video
    _info: VideoInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        video = self.video
        if len(video.data) > MOST_SOURCE_BYTES:
            raise LiveRefused(
                f"{video.name} has {len(video.data) / 1e6:.0f} MB; at most "
                f"{MOST_SOURCE_BYTES / 1e6:.0f} MB can be played here. Shorten it first."
            )
        info = video_info(video)
        if info.size.width * info.size.height > MOST_SOURCE_PIXELS:
            raise LiveRefused(
                f"{video.name} has frames of {info.size}; at most 1920 x 1920 can be "
                "played here. Scale it down first."
            )
        object.__setattr__(self, "_info", info)

    def frames(self) -> Generator[Timed | None]:
        """Decode it once; frames stand upright and all have the first one's size."""
        with closing(pulsed_frames(self.video, self._info, _WHOLE)) as decoded:
            for each in decoded:
                if each is None:
                    yield None
                    continue
                yield each.seconds, av.VideoFrame.from_ndarray(each.image, format="bgr24")


def play(
    current: Callable[[], VideoSource | None],
    show: Callable[[av.VideoFrame], None],
    ended: Event,
) -> None:
    """Show frame after frame when its time has come, in a loop, until it is ended.

    ``current`` returns the source; a new one starts at once. Late frames are shown
    at once; no frame is left out here.
    """
    while (video_source := current()) is not None:
        began = monotonic()
        shown = -math.inf
        with closing(video_source.frames()) as timed:
            for each in timed:
                if each is not None:
                    shown = max(each[0], shown + 1 / MOST_FPS)  # a file may lie about its times
                    ended.wait(max(0.0, began + shown - monotonic()))
                if ended.is_set():
                    return
                if each is not None:
                    show(each[1])
                if current() != video_source:
                    break
        ended.wait(1 / _CLIP_FPS)  # the last frame stands as long as the others


def _window(photo: Size) -> Size:
    """Take three quarters of the photo, or the clip's size where that is less."""
    width = min(_CLIP_SIZE.width, photo.width * 9 // 10) // 2 * 2
    height = min(_CLIP_SIZE.height, photo.height * 9 // 10) // 2 * 2
    return Size(max(2, width), max(2, height))
