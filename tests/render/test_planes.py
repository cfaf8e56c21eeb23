import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from core.render.palette import DIVERGING, GREY, TINTS
from core.render.planes import PlaneScale, colour_bar, render_plane, render_planes

VALUES = st.floats(-1e3, 1e3, width=32)
PLANES = arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=VALUES)


def naive_grey(value, scale):
    """Say which grey, 0..255, a value has."""
    if scale.high == scale.low:
        return 128
    share = (min(max(value, scale.low), scale.high) - scale.low) / (scale.high - scale.low)
    return 255 * share


@given(PLANES, VALUES, VALUES)
def test_each_value_has_the_grey_of_its_place_on_the_scale(plane, one, other):
    scale = PlaneScale(min(one, other), max(one, other))
    image = render_plane(plane, scale, width=plane.shape[1]).image
    if 0 < scale.high - scale.low < 1e-2:
        return  # the end of float32
    expected = [[naive_grey(value, scale) for value in row] for row in plane.tolist()]
    assert np.abs(image[..., 0] - expected).max() < 1.1  # 255 steps, and rounding


def test_equal_values_look_equal_on_a_shared_scale_only():
    planes = np.float32([[[2, 3]], [[0, 2]], [[2, 4]]])
    shared = render_planes(planes, shared=True, width=2)
    assert shared[0].image[0, 0, 0] == shared[1].image[0, 1, 0] == shared[2].image[0, 0, 0]
    assert {each.scale for each in shared} == {PlaneScale(0, 4)}
    own = render_planes(planes, shared=False, width=2)
    assert all(each.image[0, :, 0].tolist() == [0, 255] for each in own)
    assert [each.scale for each in own] == [
        PlaneScale(2, 3),
        PlaneScale(0, 2),
        PlaneScale(2, 4),
    ]


@given(PLANES)
def test_zero_is_the_colourless_middle_of_signed_planes(plane):
    plane = np.concatenate([plane.ravel(), [-1, 0, 1]])[None]
    (rendered,) = render_planes([plane.astype(np.float32)], width=1)
    assert rendered.colour_map is DIVERGING
    assert rendered.scale.low == -rendered.scale.high
    assert (
        render_plane(np.zeros((1, 1)), rendered.scale, colour_map=DIVERGING, width=1).image[
            0, 0
        ]
        == DIVERGING[128, 0]
    ).all()


def test_planes_of_one_sign_are_grey_unless_asked_otherwise():
    plane = np.float32([[0, 7]])
    (auto,) = render_planes([plane])
    (diverging,) = render_planes([plane], colouring="diverging")
    (tint,) = render_planes([plane], colouring="tint", channels="R")
    assert auto.colour_map is GREY
    assert diverging.colour_map is DIVERGING
    assert diverging.scale == PlaneScale(-7, 7)
    assert tint.colour_map is TINTS["R"]


def test_a_fourth_plane_has_no_tint_and_stays_grey():
    rendered = render_planes([np.float32([[0, 1]])] * 4, colouring="tint", channels="BGR")
    assert [each.colour_map is GREY for each in rendered] == [False, False, False, True]


@pytest.mark.parametrize("value", [0, 5, -3.5, 3e38, np.nan, np.inf, -np.inf])
def test_a_plane_of_one_value_is_drawn_in_one_colour_without_a_warning(value):
    (rendered,) = render_planes([np.full((3, 4), value, np.float32)], width=4)
    assert rendered.image.shape == (3, 4, 3)
    assert (rendered.image == rendered.image[0, 0]).all()


def test_values_that_are_no_numbers_do_not_stretch_the_scale():
    plane = np.float32([[0, 1, np.nan, np.inf, -np.inf]])
    (rendered,) = render_planes([plane], width=5)
    assert rendered.scale == PlaneScale(0, 1)
    assert rendered.image[0, :, 0].tolist() == [0, 255, 0, 255, 0]


def test_large_planes_shrink_but_their_scale_is_that_of_every_value():
    plane = np.zeros((500, 1000), np.float32)
    plane[250, 500] = 9
    (rendered,) = render_planes([plane], width=100)
    assert rendered.image.shape == (50, 100, 3)
    assert rendered.scale == PlaneScale(0, 9)


def test_the_callers_plane_stays_as_it_was():
    plane = np.float32([[0, np.nan], [2, 3]])
    plane.setflags(write=False)
    render_planes([plane], width=2)
    assert np.isnan(plane[0, 1])


def test_the_colour_bar_runs_from_the_lowest_to_the_highest_colour():
    bar = colour_bar(DIVERGING)
    assert (bar[0, 0] == DIVERGING[1, 0]).all()
    assert (bar[0, -1] == DIVERGING[255, 0]).all()


@pytest.mark.parametrize(("low", "high"), [(1, 0), (np.nan, 1), (0, np.inf)])
def test_a_scale_that_runs_nowhere_is_refused(low, high):
    with pytest.raises(ValueError, match="from low to high"):
        PlaneScale(low, high)
