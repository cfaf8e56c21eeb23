"""Samples open like uploads, look the same every time, and say whom to thank."""

import pytest

from core.errors import PictureRefused
from core.picture.image import decode_picture
from core.picture.samples import sample_picture, samples

NAMES = [sample.name for sample in samples()]
CARDS = NAMES[5:]


def test_five_photographs_come_before_five_cards():
    photos = ["cat", "coffee", "astronaut", "rocket", "motorcycle"]
    assert [*photos, "colour-bars", "gradient", "circles", "zone-plate", "grid"] == NAMES


def test_every_sample_says_whom_to_thank():
    drawn = [sample.name for sample in samples() if sample.credit == "drawn by Blobscope"]
    assert drawn == CARDS
    assert all(sample.credit for sample in samples())


@pytest.mark.parametrize("name", NAMES)
def test_sample_opens_like_an_upload(name):
    image = decode_picture(sample_picture(name))
    assert image.ndim == 3
    assert image.std() > 20


@pytest.mark.parametrize("name", CARDS)
def test_card_is_the_same_every_time(name):
    first = sample_picture(name).digest
    sample_picture.cache_clear()
    assert sample_picture(name).digest == first


def test_colour_bars_are_the_colours_they_name():
    image = decode_picture(sample_picture("colour-bars"))
    bars = [image[180, 45 + 91 * index, ::-1].tolist() for index in range(7)]
    grey, yellow, cyan, green, magenta, red, blue = bars
    assert (grey, yellow, cyan) == ([191, 191, 191], [191, 191, 0], [0, 191, 191])
    assert (green, magenta) == ([0, 191, 0], [191, 0, 191])
    assert (red, blue) == ([191, 0, 0], [0, 0, 191])


def test_gradient_reaches_both_ends_in_every_channel():
    image = decode_picture(sample_picture("gradient"))
    assert image[60, [0, -1]].tolist() == [[0, 0, 0], [0, 0, 255]]  # red comes first
    assert image[420, [0, -1]].tolist() == [[0, 0, 0], [255, 255, 255]]


def test_unknown_sample_gives_a_sentence_with_the_known_ones():
    with pytest.raises(PictureRefused, match=r"no sample called dog.*cat, coffee"):
        sample_picture("dog")
