"""The camera that films the sample clips and the sample video."""

import numpy as np
import pytest

from core.picture.size import Size
from core.video.camera import approached, wandered
from tests.pictures import noise

SIZE = Size(40, 30)
PHOTO = noise(60, 80, 3)


@pytest.mark.parametrize("share", [0.0, 0.13, 0.25, 0.5, 0.9])
def test_a_wandering_camera_sees_the_photo_s_own_pixels(share):
    seen = wandered(PHOTO, SIZE, share)
    windows = np.lib.stride_tricks.sliding_window_view(PHOTO, (30, 40), axis=(0, 1))
    assert (windows == np.moveaxis(seen, 2, 0)).all(axis=(2, 3, 4)).sum() == 1


def test_a_wandering_camera_goes_around_and_comes_back():
    seen = [wandered(PHOTO, SIZE, share).tobytes() for share in (0, 0.25, 0.5, 0.75, 1)]
    assert seen[0] == seen[-1]
    assert len(set(seen)) == 4


def test_a_camera_that_comes_closer_begins_right_with_the_whole_height():
    first, last = approached(PHOTO, Size(60, 60), 0), approached(PHOTO, Size(60, 60), 1)
    np.testing.assert_array_equal(first, PHOTO[:, 20:])
    np.testing.assert_array_equal(last[0, 0], PHOTO[10, 0])
    assert last.shape == (60, 60, 3)
