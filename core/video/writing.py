"""Films: the videos that we write, into private files that go when nobody holds them."""

import os
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import av
import cv2

from core.errors import VideoRefused
from core.picture.image import BgrImage
from core.picture.size import Size
from core.video.scratch import scratch_folder

VideoFormat = Literal["MP4", "WebM"]
VIDEO_FORMATS: tuple[VideoFormat, ...] = ("MP4", "WebM")

LONGEST_VIDEO_SIDE = 1280
"""Larger frames are written smaller: nobody looks for a net's pixels in a film."""

TICKS = 90_000  # a second; so every frame keeps its own time, whatever the rate
MOST_BITS = 2_500_000  # a second; usually a tenth
MOST_VIDEO_BYTES = 100 * 10**6
"""Of a film; more fills this machine's disk, and nobody's browser likes it."""

SECONDS_BETWEEN_KEYS = 2


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a format is written: its container, codec, type, and the codec's options."""

    container: str
    codec: str
    mime: str
    options: dict[str, str]
    container_options: dict[str, str]


RECIPES: dict[VideoFormat, Recipe] = {
    "MP4": Recipe(
        "mp4",
        "libx264",
        "video/mp4",
        {"preset": "veryfast", "crf": "23", "maxrate": "2.5M", "bufsize": "5M"},
        {"movflags": "+faststart"},  # so that it plays before all of it has come
    ),
    "WebM": Recipe(
        "webm",
        "libvpx-vp9",
        "video/webm",
        {"deadline": "realtime", "cpu-used": "8", "crf": "33", "row-mt": "1"},
        {},
    ),
}


@lru_cache(maxsize=1)
def writable() -> tuple[VideoFormat, ...]:
    """List the formats that this machine's FFmpeg writes, the most widely played first."""
    return tuple(each for each in VIDEO_FORMATS if _has_encoder(RECIPES[each].codec))


def _has_encoder(name: str) -> bool:
    try:
        av.codec.Codec(name, "w")
    except av.codec.codec.UnknownCodecError:
        return False
    return True


class AnnotatedVideo:
    """A video on the disk of this machine, in a file that nobody else can read.

    The file goes when it is removed, when the last one who holds the film lets go of it, and
    at the latest when the process ends.

    Attributes:
        latest: the frame that was written last, for whoever watches.
        nbytes: how much video has been written.
    """

    def __init__(self, kind: VideoFormat) -> None:
        self.kind: VideoFormat = kind
        self.recipe = RECIPES[kind]
        descriptor, name = tempfile.mkstemp(".part", dir=scratch_folder())
        os.close(descriptor)
        self.path = Path(name)
        self.latest: BgrImage | None = None
        self.nbytes = 0
        self._gone = weakref.finalize(self, self.path.unlink, missing_ok=True)

    @property
    def removed(self) -> bool:
        """Whether its file is gone, so that there is nothing to play."""
        return not self._gone.alive

    def remove(self) -> None:
        """Remove the file; removing it twice does no harm."""
        self._gone()

    @property
    def full(self) -> bool:
        """Whether it has the size at which its maker should end it."""
        return self.nbytes >= MOST_VIDEO_BYTES

    @contextmanager
    def writing(self, size: Size, rate: float) -> Iterator[Callable[[BgrImage, float], None]]:
        """Open the film for frames of a size; whatever happens, what was written plays.

        Gives a function that takes an image and its time in seconds from the beginning,
        later each time. Sides are made even, which the codecs ask for, by repeating the
        last row or column.

        Raises:
            VideoRefused: the film cannot be written; says why.
        """
        with _refusals():
            container = av.open(
                self.path,
                "w",
                format=self.recipe.container,
                options=self.recipe.container_options,
            )
            stream = self._stream(container, size, rate)

        def write(image: BgrImage, seconds: float) -> None:
            with _refusals():
                frame = av.VideoFrame.from_ndarray(_padded(image), format="bgr24")
                frame.pts, frame.time_base = round(seconds * TICKS), Fraction(1, TICKS)
                packets = stream.encode(frame)
                container.mux(packets)
            self.nbytes += sum(packet.size for packet in packets)
            self.latest = image

        try:
            yield write
        finally:
            with _refusals(), container:
                container.mux(stream.encode(None))

    def _stream(self, container: Any, size: Size, rate: float) -> Any:
        recipe = self.recipe
        stream = container.add_stream(recipe.codec, _fraction(rate))
        stream.width, stream.height = _even(size.width), _even(size.height)
        stream.pix_fmt = "yuv420p"
        stream.options = dict(recipe.options)
        stream.bit_rate = MOST_BITS if recipe.codec == "libvpx-vp9" else 0
        stream.gop_size = max(1, round(SECONDS_BETWEEN_KEYS * rate))
        stream.codec_context.time_base = Fraction(1, TICKS)
        return stream


@contextmanager
def _refusals() -> Iterator[None]:
    """Say why FFmpeg does not write; only for what is its work, not for the maker's."""
    try:
        yield
    except av.FFmpegError as error:
        raise VideoRefused(
            f"The annotated video cannot be written: {error.strerror}. Perhaps the disk of "
            "this machine is full; a shorter part needs less of it."
        ) from error


def annotated_size(frame: Size) -> Size:
    """Tell the size at which frames of a size are written."""
    shrink = min(1.0, LONGEST_VIDEO_SIDE / max(frame.width, frame.height))
    return Size(max(1, round(frame.width * shrink)), max(1, round(frame.height * shrink)))


def _even(side: int) -> int:
    return side + side % 2


def _padded(image: BgrImage) -> Any:
    height, width = image.shape[:2]
    if height % 2 == width % 2 == 0:
        return image
    return cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)


def _fraction(rate: float) -> Fraction:
    return Fraction(rate).limit_denominator(1001)
