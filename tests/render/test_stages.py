import numpy as np
import pytest

from core.blob.make import make_blob
from core.blob.spec import BlobSpec
from core.blob.trace import trace
from core.picture.size import Size
from core.render.stages import render_planes_together, render_stage

ORANGE = np.full((8, 8, 3), (0, 128, 255), np.uint8)  # B, G, R


@pytest.mark.parametrize("name", ["image", "resized", "fitted", "float"])
def test_as_long_as_a_stage_is_a_picture_it_is_shown_as_it_is(name):
    stages = trace(ORANGE, BlobSpec(size=Size(4, 4), mean=(9.0, 9.0, 9.0)))
    assert (render_stage(stages[name]) == (0, 128, 255)).all()


def test_the_swap_is_seen_as_channels_that_change_places():
    stages = trace(ORANGE, BlobSpec(size=Size(40, 40), swap_rb=True))
    before, after = render_stage(stages["scaled"]), render_stage(stages["swapped"])
    assert before.shape == after.shape == (40, 3 * 40 + 2, 3)
    np.testing.assert_array_equal(before[:, :40], after[:, -40:])
    np.testing.assert_array_equal(before[:, -40:], after[:, :40])
    assert before[0, 0, 0] < after[0, 0, 0]  # blue is dark, red is bright


def test_a_mean_that_makes_values_negative_shows_in_another_colour():
    stages = trace(ORANGE, BlobSpec(size=Size(40, 40), mean=(100.0, 100.0, 100.0)))
    shown = render_stage(stages["minus mean"])
    below, above = shown[0, 0], shown[0, -1]
    assert below.tolist() != above.tolist()
    assert len(set(below.tolist())) > 1  # a colour, not a grey


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_the_planes_stand_side_by_side_in_the_order_of_the_blob(layout):
    spec = BlobSpec(size=Size(40, 20), layout=layout, swap_rb=True)
    shown = render_planes_together(make_blob(ORANGE, spec)[0], spec)
    assert shown.shape == (20, 3 * 40 + 2, 3)
    red, green, blue = (int(shown[0, column, 0]) for column in (0, 45, 90))
    assert red > green > blue
