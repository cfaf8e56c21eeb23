"""What a screen shows of a picture, and where its boxes lie on it."""

import numpy as np
import pytest

from core.picture.image import BgrImage
from core.picture.size import Size
from core.render.shown import Shown
from core.results.detections import Detections

PICTURE = Size(400, 200)
BOXES = Detections(
    [[40, 20, 200, 100], [-40, 20, 40, 300], [-40, 20, -1, 40], [400, 0, 500, 9]],
    [0.9, 0.8, 0.7, 0.6],
    [0, 1, 2, 3],
    [4, 5, 6, 7],
)


def shown(width: int, height: int) -> Shown:
    return Shown(BgrImage(np.zeros((height, width, 3), np.uint8)), PICTURE)


@pytest.mark.parametrize(("width", "height"), [(100, 50), (400, 200), (800, 401)])
def test_each_corner_keeps_its_share_of_the_picture(width, height):
    placed = shown(width, height).placed(BOXES)
    for given, moved in zip(BOXES.xyxy.tolist(), placed.xyxy.tolist(), strict=True):
        shares = [x / side for x, side in zip(given, (400, 200) * 2, strict=True)]
        assert moved == pytest.approx(
            [share * side for share, side in zip(shares, (width, height) * 2, strict=True)]
        )
    assert placed.row.tolist() == BOXES.row.tolist()


def test_visible_boxes_end_at_the_picture_s_edge_and_those_outside_are_gone():
    visible = shown(200, 100).visible(BOXES)
    assert visible.row.tolist() == [4, 5]
    np.testing.assert_allclose(visible.xyxy, [[20, 10, 100, 50], [0, 10, 20, 100]])


@pytest.mark.parametrize(
    ("size", "wanted"), [(Size(2920, 1000), Size(1460, 500)), (Size(640, 480), Size(640, 480))]
)
def test_what_is_shown_fits_a_screen_is_read_only_and_remembers_the_picture(size, wanted):
    image = BgrImage(np.zeros((size.height, size.width, 3), np.uint8))
    small = Shown.of(image)
    assert Size.of(small.image) == wanted
    assert small.picture_size == size
    with pytest.raises(ValueError, match="read-only"):
        small.image[0] = 255
    assert image.flags.writeable
