"""Decoding behind walls: the formats whose decoders are large and often attacked."""

from contextlib import closing

import numpy as np
import numpy.typing as npt

from core.errors import PictureRefused, SandboxError
from core.picture.header import Header, Unfit
from core.sandbox.walls import Limits
from core.sandbox.worker import Worker

BEHIND_WALLS = frozenset({"GIF", "TIFF", "AVIF", "HEIC"})

LIMITS = Limits(
    memory_bytes=450 * 2**20, cpu_seconds=10, idle_seconds=10.0, message_bytes=160 * 10**6
)
_SILENCE_SECONDS = 60.0


def walled_pixels(header: Header) -> npt.NDArray[np.uint8]:
    """Decode as ``flat_pixels`` does, in a process of its own that ends with its answer.

    Raises:
        Unfit: the decoder asked for too much time or memory, or broke down.
        ValueError: the file is damaged, or the answer cannot be right.
        SandboxUnavailable: this machine cannot start the process.
    """
    with closing(picture_worker()) as worker:
        return pixels_from(worker, header)


def picture_worker() -> Worker:
    """Start a worker that decodes pictures.

    Raises:
        SandboxUnavailable: this machine cannot start it.
    """
    return Worker("core.picture.decoding", LIMITS)


def pixels_from(worker: Worker, header: Header) -> npt.NDArray[np.uint8]:
    """Ask a worker for the pixels; raises as ``walled_pixels`` does."""
    told = {name: getattr(header, name) for name in ("format", "kind", "decoder")}
    numbers = {"channels": header.channels, "bits": header.bits, "corner": header.corner}
    values = {**told, **numbers, "size": header.size.cv2}
    data = np.frombuffer(header.data, np.uint8)
    try:
        answers = worker.ask("decode_behind_walls", values, [data], silence=_SILENCE_SECONDS)
        (answer,) = (each for each in answers if each)
    except PictureRefused as error:
        raise ValueError(str(error)) from error
    except SandboxError as error:
        raise Unfit(f"cannot be decoded. {error} Export it as a JPEG or PNG.") from error
    return _checked(answer.arrays[0], header)


def _checked(pixels: npt.NDArray[np.uint8], header: Header) -> npt.NDArray[np.uint8]:
    """Make sure that an answer can be this picture; nobody vouches for a worker."""
    height, width = pixels.shape[:2]
    if pixels.dtype != np.uint8 or pixels.shape[2:] != (3,) or not height * width:
        raise ValueError("the worker answered no picture")
    # HEIC comes turned and cropped as its boxes say
    if (width, height) != header.size.cv2 and header.format != "HEIC":
        raise ValueError("the worker answered another size")
    return pixels
