"""The encoder of every video that we write: a recorded stream, an annotated video."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import av
import cv2

from core.picture.image import BgrImage
from core.picture.size import Size

TICKS = 90_000  # a second; so every frame keeps its own time, whatever the rate
SECONDS_BETWEEN_KEYS = 2


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a video is written: its container, codec, type, and the options of both.

    ``most_bits`` a second limit a codec that asks for it; 0 leaves it to the options.
    """

    container: str
    codec: str
    mime: str
    options: Mapping[str, str]
    container_options: Mapping[str, str] = field(default_factory=dict)
    most_bits: int = 0

    @property
    def writable(self) -> bool:
        """Whether this machine's FFmpeg has the encoder."""
        return _has_encoder(self.codec)


MP4 = Recipe(
    "mp4",
    "libx264",
    "video/mp4",
    options={"preset": "veryfast", "crf": "23", "maxrate": "2.5M", "bufsize": "5M"},
    container_options={"movflags": "+faststart"},  # so that it plays before all has come
)
WEBM = Recipe(
    "webm",
    "libvpx-vp9",
    "video/webm",
    options={"deadline": "realtime", "cpu-used": "8", "crf": "33", "row-mt": "1"},
    most_bits=2_500_000,  # usually a tenth
)
LIVE_WEBM = Recipe(
    "webm",
    "libvpx",
    "video/webm",
    # the quickest way of the quickest encoder: it works between two frames of a live stream
    options={"deadline": "realtime", "cpu-used": "8"},
    most_bits=2_000_000,
)


class Encoder:
    """Writes frames of one size into a file; for one thread at a time.

    Sides are made even, which the codecs ask for, by repeating the last row or column.

    Attributes:
        nbytes: of the frames so far; the file's own head and tail are some hundred more.

    Args:
        file: where to, a path or a file that can seek.
        recipe: how.
        size: of the frames.
        rate: in frames a second; a frame's own time counts all the same.

    Raises:
        av.FFmpegError: it cannot be written; so do ``write`` and ``close``.
    """

    def __init__(self, file: Path | IO[bytes], recipe: Recipe, size: Size, rate: float) -> None:
        self.nbytes = 0
        self._container = av.open(
            file, "w", format=recipe.container, options=dict(recipe.container_options)
        )
        self._stream = _stream(self._container, recipe, size, rate)

    def write(self, image: BgrImage, seconds: float) -> None:
        """Append an image and its time from the beginning, later each time."""
        frame = av.VideoFrame.from_ndarray(_padded(image), format="bgr24")
        frame.pts, frame.time_base = round(seconds * TICKS), Fraction(1, TICKS)
        self._mux(self._stream.encode(frame))

    def close(self) -> None:
        """End the file; whatever happens, what was written plays."""
        with self._container:
            self._mux(self._stream.encode(None))

    def _mux(self, packets: list[Any]) -> None:
        self._container.mux(packets)
        self.nbytes += sum(packet.size for packet in packets)


def _stream(container: Any, recipe: Recipe, size: Size, rate: float) -> Any:
    stream = container.add_stream(recipe.codec, as_fraction(rate))
    stream.width = size.width + size.width % 2
    stream.height = size.height + size.height % 2
    stream.pix_fmt = "yuv420p"
    stream.options = dict(recipe.options)
    stream.bit_rate = recipe.most_bits
    stream.gop_size = max(1, round(SECONDS_BETWEEN_KEYS * rate))
    stream.codec_context.time_base = Fraction(1, TICKS)
    return stream


def as_fraction(rate: float) -> Fraction:
    """Tell the fraction that a rate is meant to be, as codecs want it.

    >>> as_fraction(29.97002997)
    Fraction(30000, 1001)
    """
    return Fraction(rate).limit_denominator(1001)


@lru_cache
def _has_encoder(codec: str) -> bool:
    try:
        av.codec.Codec(codec, "w")
    except av.codec.codec.UnknownCodecError:
        return False
    return True


def _padded(image: BgrImage) -> Any:
    height, width = image.shape[:2]
    if height % 2 == width % 2 == 0:
        return image
    return cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
