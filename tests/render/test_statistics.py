import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from core.render.statistics import histogram, plane_statistics

PLANES = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, max_side=40),
    elements=st.floats(-1e4, 1e4, width=32),
)


@given(PLANES)
def test_the_table_says_what_numpy_says_in_float64(plane):
    wide, row = plane.astype(np.float64), plane_statistics(plane)
    assert (row.min, row.max) == (wide.min(), wide.max())
    assert row.mean == pytest.approx(wide.mean(), rel=1e-9, abs=1e-6)
    assert row.std == pytest.approx(wide.std(), rel=1e-6, abs=1e-3)


def test_a_large_plane_does_not_lose_its_small_numbers_on_the_way():
    plane = np.random.default_rng(0).normal(1000, 0.5, (1080, 1920)).astype(np.float32)
    row = plane_statistics(plane)
    assert row.mean == pytest.approx(plane.mean(dtype=np.float64), rel=1e-12)
    assert row.std == pytest.approx(plane.std(dtype=np.float64), rel=1e-6)


def test_a_plane_may_be_bytes_and_a_view_with_gaps():
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    row = plane_statistics(image[..., 1])
    assert row.mean == pytest.approx(image[..., 1].mean())


@given(st.lists(PLANES, min_size=1, max_size=4))
def test_planes_share_the_edges_and_no_value_is_lost(planes):
    counted = histogram(planes, bins=16)
    assert counted.counts.sum(axis=1).tolist() == [plane.size for plane in planes]
    assert counted.edges[0] <= min(plane.min() for plane in planes)
    assert counted.edges[-1] >= max(plane.max() for plane in planes)
    assert counted.edges.shape == (17,)


FINITE = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, max_side=9),
    elements={"allow_nan": False, "allow_infinity": False},
)


@given(st.lists(FINITE, min_size=1, max_size=3), st.sampled_from([1, 2, 128]))
def test_any_finite_planes_can_be_counted_and_no_value_is_lost(planes, bins):
    counted = histogram(planes, bins=bins)
    assert counted.counts.sum(axis=1).tolist() == [plane.size for plane in planes]
    assert (np.diff(counted.edges) > 0).all()


@pytest.mark.parametrize("value", [0, 114, 1e20, -1e20, 3.4e38])
def test_one_single_value_lies_in_one_bin(value):
    counted = histogram([np.full((4, 4), value, np.float32)])
    assert sorted(counted.counts[0].tolist())[-2:] == [0, 16]


def test_what_is_no_number_is_not_counted():
    counted = histogram([np.float32([[0, 1, np.nan, np.inf]])], bins=2)
    assert counted.counts.tolist() == [[1, 1]]
