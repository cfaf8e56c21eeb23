"""The job of a worker that decodes one picture.

This module runs behind the walls of ``core.sandbox``; ``core.picture.walled`` asks it, and
checks what it answers. Pillow imports its plugins when they are first needed; behind the
walls no file can be read, so they are named here.
"""

from collections.abc import Sequence

import PIL.TiffImagePlugin  # noqa: F401
from PIL import Image

from core.errors import PictureRefused
from core.picture.header import Header
from core.picture.pixels import flat_pixels
from core.picture.size import Size
from core.sandbox.jobs import Parts, Values, part, worker_job
from core.sandbox.messages import SentArray

CPU_SECONDS = 1.7
"""Beside some 0.3 for the start of the process."""

Image.preinit()


@worker_job(cpu_seconds=CPU_SECONDS)
def decode_behind_walls(values: Values, arrays: Sequence[SentArray]) -> Parts:
    """Decode a picture whose header the parent has read; answer (H, W, 3) in B, G, R."""
    told = dict(values)
    size = Size(*told.pop("size"))
    corner = tuple(told.pop("corner"))
    header = Header(size=size, corner=corner, data=arrays[0].tobytes(), **told)
    try:
        pixels = flat_pixels(header)
    except MemoryError:
        raise
    except Exception as error:  # decoders raise a dozen kinds; all mean a damaged file
        raise PictureRefused(f"{type(error).__name__}: {error}") from error
    yield part(pixels)
