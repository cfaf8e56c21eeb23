"""Formats whose decoders are large are decoded in a worker, and nothing gets out of it."""

import numpy as np
import pytest

from core.errors import PictureRefused
from core.picture.header import MAX_PICTURE_PIXELS, Unfit
from core.picture.image import Picture, decode_picture, header_of
from core.picture.pixels import flat_pixels
from core.picture.walled import (
    BEHIND_WALLS,
    picture_worker,
    pixels_from,
    walled_pixels,
)
from tests.picture.files import encoded, heic, noise, smooth, tiff

FILES = {
    "GIF": encoded(smooth().quantize(16), "GIF", transparency=2),
    "TIFF": encoded(smooth(), "TIFF", compression="tiff_lzw"),
    "TIFF of 16 bits": tiff(noise(dtype=np.uint16), photometric="rgb"),
    "TIFF with a JPEG inside": encoded(smooth(), "TIFF", compression="jpeg"),
    "AVIF": encoded(smooth(), "AVIF"),
    "HEIC": heic(smooth()),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_worker_decodes_the_same_pixels(kind):
    header = header_of(Picture("a", FILES[kind]))
    assert header.format in BEHIND_WALLS
    np.testing.assert_array_equal(walled_pixels(header), flat_pixels(header))


def test_damage_that_a_worker_finds_is_damage_of_the_picture():
    data = FILES["GIF"]
    with pytest.raises(PictureRefused, match=r"a\.gif is damaged or was cut off"):
        decode_picture(Picture("a.gif", data[:-40] + b"\xff" * 38 + data[-2:]))


MUTANTS = 2000


def mutants():
    """Change some bytes of each file, cut one in eight short, the same every time."""
    rng = np.random.default_rng(13)
    for number in range(MUTANTS):
        original = np.frombuffer(list(FILES.values())[number % len(FILES)], np.uint8)
        damaged = original.copy()
        at = rng.integers(0, len(damaged), rng.integers(1, 12))
        damaged[at] = rng.integers(0, 256, len(at))
        yield damaged[: rng.integers(1, len(damaged)) if number % 8 == 7 else None].tobytes()


def test_two_thousand_mutants_give_an_image_or_a_sentence():
    shown = refused = 0
    worker = picture_worker()
    for data in mutants():
        try:
            header = header_of(Picture("mutant", data))
            pixels = pixels_from(worker, header)
        except (PictureRefused, ValueError):
            refused += 1
        except Unfit:  # that worker is gone, and nothing else
            refused += 1
            worker.close()
            worker = picture_worker()
        else:
            shown += 1
            assert pixels.shape[0] * pixels.shape[1] <= MAX_PICTURE_PIXELS
    worker.close()
    assert shown + refused == MUTANTS
    assert shown > MUTANTS / 10
    assert refused > MUTANTS / 10
