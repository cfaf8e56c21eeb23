"""The grid on the blob and on the picture: in its place, and nothing changed in place."""

import numpy as np
import pytest

from core.picture.image import BgrImage
from core.picture.placement import crop, letterbox, stretch
from core.picture.size import Size
from core.render.cells import Backdrop, draw_cell, draw_cell_heat
from core.render.palette import SEQUENTIAL
from core.results.cells import origin
from core.results.decoders import grids
from core.results.layout import NetFacts
from tests.results.test_grids import LARGE, SIZE, SMALL, darknet_rows, outputs_of, rule

IMAGE = Size(1200, 600)
PLACEMENTS = [
    stretch(IMAGE, into=SIZE),
    crop(IMAGE, into=SIZE),
    letterbox(IMAGE, into=SIZE),
    letterbox(IMAGE, into=SIZE, anchor="top-left"),
]
FOUND = grids(
    outputs_of(darknet_rows(32, *LARGE), darknet_rows(16, *SMALL)),
    NetFacts(SIZE, heads=(rule(*LARGE), rule(*SMALL))),
)


def flat(size, value=100):
    image = np.full((size.height, size.width, 3), value, np.uint8)
    image.setflags(write=False)
    return BgrImage(image)


@pytest.mark.parametrize("placement", PLACEMENTS, ids=str)
@pytest.mark.parametrize("width", [1200, 400])
def test_a_grid_on_the_picture_lies_where_the_placement_put_the_blob(placement, width):
    shown = Backdrop.of_picture(flat(Size(width, width // 2)), placement)
    xyxy = np.array([[0, 0, 96, 64], [32, 16, 64, 48.0]])
    factor = shown.image.shape[1] / IMAGE.width
    np.testing.assert_allclose(shown.placed(xyxy), placement.to_image(xyxy) * factor)


def test_a_small_blob_is_drawn_larger_so_that_lines_are_thinner_than_cells():
    shown = Backdrop.of_blob(flat(SIZE))
    assert shown.image.shape == (640, 960, 3)
    np.testing.assert_array_equal(
        shown.placed(np.array([[0, 0, 96, 64.0]])), [[0, 0, 960, 640]]
    )


@pytest.mark.parametrize("placement", PLACEMENTS, ids=str)
@pytest.mark.parametrize("row", [0, 11, 12, 59])
def test_drawing_returns_a_new_picture_of_the_same_size(placement, row):
    told = origin(FOUND, row)
    for backdrop in (
        Backdrop.of_blob(flat(SIZE)),
        Backdrop.of_picture(flat(IMAGE), placement),
    ):
        before = backdrop.image.copy()
        for drawn in (draw_cell(backdrop, told.head), draw_cell(backdrop, told.head, told)):
            assert drawn.shape == before.shape
            assert (drawn != before).any()
        np.testing.assert_array_equal(backdrop.image, before)


def test_the_responsible_cell_is_marked_and_no_other():
    told = origin(FOUND, 12 + 2 * (2 * 6 + 4))
    assert (told.column, told.line) == (4, 2)
    backdrop = Backdrop.of_blob(flat(SIZE))
    plain, drawn = (draw_cell(backdrop, told.head, each) for each in (None, told))
    middles = [(x, y) for y in range(4) for x in range(6)]
    far = np.array(told.xyxy)  # a frame may cross the middle of another cell
    changed = [
        (x, y)
        for x, y in middles
        if (drawn[y * 160 + 80, x * 160 + 80] != plain[y * 160 + 80, x * 160 + 80]).any()
        and (np.abs(far[::2] - (x * 16 + 8)) > 4).all()
        and (np.abs(far[1::2] - (y * 16 + 8)) > 4).all()
    ]
    assert changed == [(4, 2)]


def test_a_line_is_seen_on_black_and_on_white():
    for value in (0, 255):
        drawn = draw_cell(Backdrop.of_blob(flat(SIZE, value)), FOUND.heads[0])
        assert np.abs(drawn[320, :].astype(int) - value).max() > 80


@pytest.mark.parametrize("placement", PLACEMENTS, ids=str)
def test_heat_lies_on_the_cells_and_not_beyond_them(placement):
    head = FOUND.heads[0]  # 3 x 2 cells of 32 pixels
    heat = np.arange(6).reshape(2, 3) / 5
    backdrop = Backdrop.of_picture(flat(IMAGE), placement)
    drawn = draw_cell_heat(backdrop, head, heat)
    for y in range(2):
        for x in range(3):
            box = backdrop.placed(np.array([[x * 32, y * 32, x * 32 + 32, y * 32 + 32.0]]))[0]
            column, row = round((box[0] + box[2]) / 2), round((box[1] + box[3]) / 2)
            if 0 <= column < 1200 and 0 <= row < 600:
                colour = SEQUENTIAL[round(1 + 254 * heat[y, x]), 0]
                expected = 0.6 * colour + 0.4 * 100
                np.testing.assert_allclose(drawn[row, column], expected, atol=1.5)
    left, top, right, bottom = backdrop.placed(np.array([[0, 0, 96, 64.0]]))[0]
    outside = np.ones(drawn.shape[:2], bool)
    outside[max(0, int(top) - 5) : int(bottom) + 5, max(0, int(left) - 5) : int(right) + 5] = (
        False
    )
    assert (drawn[outside] == 100).all()


def test_the_scale_of_the_heat_may_be_shared():
    backdrop, head = Backdrop.of_blob(flat(SIZE)), FOUND.heads[0]
    half = draw_cell_heat(backdrop, head, np.full((2, 3), 0.5), most=0.5)
    whole = draw_cell_heat(backdrop, head, np.full((2, 3), 1.0), most=1.0)
    np.testing.assert_array_equal(half, whole)


def test_a_picture_too_long_to_show_its_cropped_middle_is_drawn_all_the_same():
    placement = crop(Size(60_000, 16), into=SIZE)
    backdrop = Backdrop.of_picture(flat(Size(1460, 23)), placement)
    told = origin(FOUND, 0)
    for drawn in (
        draw_cell_heat(backdrop, told.head, np.ones((2, 3))),
        draw_cell(backdrop, told.head, told),
    ):
        assert drawn.shape == backdrop.image.shape
