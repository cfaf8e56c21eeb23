import numpy as np
import pytest

from core.render.encode import for_display, jpeg
from core.render.screen import LONGEST_STRIP, MOST_SCREEN_HEIGHT, on_screen
from tests.pictures import noise


@pytest.mark.parametrize(("width", "shown"), [(20, 480), (60, 480), (224, 448), (300, 300)])
def test_small_pictures_grow_in_whole_pixels_with_sharp_edges(width, shown):
    pixels = noise(30, width, 3)
    grown = on_screen(pixels, width=640, least=480)
    factor = shown // width
    assert grown.shape == (30 * factor, shown, 3)
    np.testing.assert_array_equal(grown, pixels.repeat(factor, axis=0).repeat(factor, axis=1))


def test_large_planes_are_averaged_so_that_no_pixel_is_skipped():
    chequered = np.float32(np.indices((300, 300)).sum(axis=0) % 2)
    np.testing.assert_allclose(on_screen(chequered, width=150), 0.5)


@pytest.mark.parametrize(
    "size", [(1, 1), (16384, 1), (1, 16384), (16384, 4), (10000, 60), (4096, 4096), (3, 2)]
)
def test_no_shape_leaves_the_room_or_becomes_invisible(size):
    shown = for_display(noise(*size, 3))
    assert shown.shape[0] <= MOST_SCREEN_HEIGHT
    assert shown.shape[1] <= 1460
    assert max(shown.shape[:2]) <= LONGEST_STRIP * min(shown.shape[:2])
    assert jpeg(shown).startswith(b"\xff\xd8\xff")
