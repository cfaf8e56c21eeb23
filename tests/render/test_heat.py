"""A map over a picture: each cell its colour, the picture underneath, nothing changed."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.picture.image import BgrImage
from core.render.boxes import Patch
from core.render.heat import FAINTEST, STRONGEST, draw_heat, draw_outline
from core.render.palette import DIVERGING
from core.render.planes import PlaneScale, render_plane
from tests.pictures import noise

UNIT = PlaneScale(-1, 1)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(9, 50), st.integers(9, 50))
def test_every_pixel_is_its_cells_colour_over_the_grey_picture(rows, columns, height, width):
    image = noise(height, width, 3, seed=1)
    values = np.linspace(-1, 1, rows * columns).reshape(rows, columns)
    drawn = draw_heat(image, values, UNIT)
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    colours = render_plane(values, UNIT, colour_map=DIVERGING).image.astype(float)
    for y, x in ((0, 0), (height - 1, width - 1), (height // 2, width // 3)):
        row, column = y * rows // height, x * columns // width
        hidden = FAINTEST + (STRONGEST - FAINTEST) * abs(values[row, column])
        wanted = grey[y, x] * (1 - hidden) + colours[row, column] * hidden
        np.testing.assert_allclose(drawn[y, x], wanted, atol=0.51)


def test_what_lowers_is_red_and_what_raises_is_blue():
    grey = BgrImage(np.full((20, 20, 3), 128, np.uint8))
    drawn = draw_heat(grey, np.array([[1.0, -1.0]]), UNIT)
    (blue_1, _, red_1), (blue_2, _, red_2) = drawn[10, 5].tolist(), drawn[10, 15].tolist()
    assert red_1 > blue_1
    assert blue_2 > red_2


def test_a_scale_without_any_reach_shows_the_picture():
    drawn = draw_heat(noise(40, 60, 3), np.zeros((2, 2)), PlaneScale(0, 0))
    assert drawn.std() > 40


@pytest.mark.parametrize(
    "draw",
    [
        lambda image: draw_heat(image, np.eye(3), UNIT),
        lambda image: draw_outline(image, Patch(5, 5, 20, 20)),
    ],
)
def test_the_callers_picture_is_not_drawn_on(draw):
    image = noise(40, 60, 3)
    image.setflags(write=False)
    before = image.copy()
    assert draw(image).shape == image.shape
    np.testing.assert_array_equal(image, before)


def test_an_outline_can_be_seen_on_white_and_on_black_and_leaves_the_inside():
    for ground in (0, 255):
        image = BgrImage(np.full((200, 200, 3), ground, np.uint8))
        drawn = draw_outline(image, Patch(50, 50, 150, 150))
        assert {0, 255} <= set(drawn[:, 100].ravel().tolist())
        assert (drawn[70:130, 70:130] == ground).all()
