"""Small videos whose frames carry their number in big grey blocks."""

import io
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TypeVar

import av
import numpy as np

BITS = 10
Step = TypeVar("Step")


def numbered(
    count: int = 60,
    *,
    size: tuple[int, int] = (320, 240),
    rate: int = 15,
    container: str = "mp4",
    codec: str = "libx264",
    times: Sequence[float] | None = None,
    **options: str,
) -> bytes:
    """Encode ``count`` frames; ``times`` in seconds where the rate varies."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as opened:
        stream = opened.add_stream(codec, rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.options = options
        if times:
            stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(blocks(number, size), format="bgr24")
            if times:
                frame.pts, frame.time_base = round(1000 * times[number]), Fraction(1, 1000)
            opened.mux(stream.encode(frame))
        opened.mux(stream.encode(None))
    return file.getvalue()


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
