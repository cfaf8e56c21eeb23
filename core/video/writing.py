"""Films: the videos that we write, into private files that go when nobody holds them."""

import os
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import av

from core.errors import VideoRefused
from core.picture.image import BgrImage
from core.picture.shrinking import fitted
from core.picture.size import Size
from core.video.encoder import MP4, WEBM, Encoder, Recipe
from core.video.scratch import scratch_folder

VideoFormat = Literal["MP4", "WebM"]
VIDEO_FORMATS: tuple[VideoFormat, ...] = ("MP4", "WebM")

LONGEST_VIDEO_SIDE = 1280
"""Larger frames are written smaller: nobody looks for a net's pixels in a film."""

MOST_VIDEO_BYTES = 100 * 10**6
"""Of a film; more fills this machine's disk, and nobody's browser likes it."""

RECIPES: dict[VideoFormat, Recipe] = {"MP4": MP4, "WebM": WEBM}


def writable() -> tuple[VideoFormat, ...]:
    """List the formats that this machine's FFmpeg writes, the most widely played first."""
    return tuple(each for each in VIDEO_FORMATS if RECIPES[each].writable)


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
        later each time.

        Raises:
            VideoRefused: the film cannot be written; says why.
        """
        with _refusals():
            encoder = Encoder(self.path, self.recipe, size, rate)

        def write(image: BgrImage, seconds: float) -> None:
            with _refusals():
                encoder.write(image, seconds)
            self.nbytes = encoder.nbytes
            self.latest = image

        try:
            yield write
        finally:
            with _refusals():
                encoder.close()


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
    most = Size(LONGEST_VIDEO_SIDE, LONGEST_VIDEO_SIDE)
    return fitted(frame, into=most) if max(frame.cv2) > LONGEST_VIDEO_SIDE else frame
