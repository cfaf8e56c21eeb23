"""Small videos for tests; the frames of some carry their number in big blocks."""

import io
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import chain
from typing import Any, TypeVar

import av
import numpy as np

BITS = 10
Step = TypeVar("Step")


def film(
    images: Iterable[np.ndarray],
    *,
    container: str = "mp4",
    codec: str = "",
    rate: int = 20,
    times: Sequence[float] | None = None,
    title: str = "",
    **options: str,
) -> bytes:
    """Encode images, (H, W, 3) in B, G, R, all of one size.

    Args:
        images: the frames.
        container: as PyAV names it.
        codec: VP8 in Matroska and WebM, MPEG-4 elsewhere, unless it is named.
        rate: in frames per second.
        times: in seconds, where the rate varies.
        title: stands in the file's metadata.
        options: of the codec.
    """
    file = io.BytesIO()
    codec = codec or ("libvpx" if container in ("webm", "matroska") else "mpeg4")
    with av.open(file, "w", format=container) as opened:
        stream = opened.add_stream(codec, rate=rate)
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.options = options
        if title:
            opened.metadata["title"] = title
        if times:
            stream.codec_context.time_base = Fraction(1, 1000)
        rest = iter(images)
        first = next(rest)
        stream.height, stream.width = first.shape[:2]
        for number, image in enumerate(chain([first], rest)):
            shown = frame(image)
            if times:
                shown.pts, shown.time_base = round(1000 * times[number]), Fraction(1, 1000)
            opened.mux(stream.encode(shown))
        opened.mux(stream.encode(None))
    return file.getvalue()


def frame(image: np.ndarray) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="bgr24")


def plain(blue: int, green: int, red: int, size: tuple[int, int] = (96, 64)) -> np.ndarray:
    return np.full((size[1], size[0], 3), (blue, green, red), np.uint8)


def numbered(
    count: int = 60, *, size: tuple[int, int] = (320, 240), rate: int = 15, **how: Any
) -> bytes:
    """Encode ``count`` frames as :func:`film` does, in H.264 unless a codec is named."""
    images = (blocks(number, size) for number in range(count))
    return film(images, rate=rate, **{"codec": "libx264", **how})


def blocks(number: int, size: tuple[int, int]) -> np.ndarray:
    """Draw a number in binary, a white column for each 1."""
    width, height = size
    image = np.zeros((height, width, 3), np.uint8)
    for bit in range(BITS):
        if number >> bit & 1:
            image[:, bit * width // BITS : (bit + 1) * width // BITS] = 255
    return image


def number_in(image: np.ndarray) -> int:
    """Read the number back, whatever the codec did to the edges."""
    height, width = image.shape[:2]
    middles = [(2 * bit + 1) * width // (2 * BITS) for bit in range(BITS)]
    return sum(
        bool(image[height // 2, at].mean() > 127) << bit for bit, at in enumerate(middles)
    )


def without_pulses(steps: Iterable[Step | None]) -> list[Step]:
    """Take all steps of a job, and none of its pulses."""
    return [each for each in steps if each is not None]


def sound_only() -> bytes:
    """Encode a second of silence."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as opened:
        stream = opened.add_stream("aac", rate=44100, layout="mono")
        for at in range(40):
            frame = av.AudioFrame.from_ndarray(
                np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
            )
            frame.sample_rate, frame.pts = 44100, 1024 * at
            opened.mux(stream.encode(frame))
        opened.mux(stream.encode(None))
    return file.getvalue()
