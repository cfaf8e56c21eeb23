import io

import cv2
import numpy as np
import pytest
from PIL import Image

from core.render.encode import (
    DISPLAY_WIDTH,
    LEAST_DISPLAY_WIDTH,
    for_display,
    jpeg,
    png,
    png_of_indices,
)
from core.render.palette import DIVERGING
from tests.pictures import noise


def decoded(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def test_png_gives_back_every_pixel():
    image = noise(31, 57, 3)
    np.testing.assert_array_equal(decoded(png(image)), image)


def test_a_picture_without_colour_becomes_a_smaller_png_of_the_same_pixels():
    grey = np.repeat(noise(64, 64, 1), 3, axis=2)
    np.testing.assert_array_equal(decoded(png(grey)), grey)
    assert len(png(grey)) < len(png(noise(64, 64, 3))) / 2


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_colour_in_one_channel_alone_is_still_colour(channel):
    image = np.full((4, 5, 3), 7, np.uint8)
    image[2, 3, channel] = 200
    np.testing.assert_array_equal(decoded(png(image)), image)


def test_jpeg_comes_close():
    smooth = cv2.resize(noise(6, 8, 3), (320, 240), interpolation=cv2.INTER_CUBIC)
    assert np.abs(decoded(jpeg(smooth)).astype(int) - smooth).mean() < 3
    assert jpeg(smooth).startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize("width", [LEAST_DISPLAY_WIDTH, 640, DISPLAY_WIDTH])
def test_pictures_that_fit_the_screen_are_not_touched(width):
    image = noise(30, width, 3)
    assert for_display(image) is image


def test_wider_pictures_shrink_to_the_screen_and_keep_their_shape():
    assert for_display(noise(1500, 3000, 3)).shape == (730, DISPLAY_WIDTH, 3)
    assert for_display(noise(300, 400, 3), width=100).shape == (75, 100, 3)


@pytest.mark.parametrize("size", [(1, 1), (7, 31), (224, 224)])
def test_a_palette_picture_has_the_colours_of_the_map_in_every_decoder(size):
    index = noise(*size)
    wanted = cv2.applyColorMap(index, DIVERGING)
    data = png_of_indices(index, DIVERGING)
    np.testing.assert_array_equal(cv2.imdecode(np.frombuffer(data, np.uint8), 1), wanted)
    with Image.open(io.BytesIO(data)) as opened:
        opened.load()  # checks the check sums
        np.testing.assert_array_equal(np.asarray(opened.convert("RGB"))[..., ::-1], wanted)
