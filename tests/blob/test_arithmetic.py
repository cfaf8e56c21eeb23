"""One pixel followed by pencil and paper ends in the blob, bit for bit."""

import cv2
import numpy as np
import pytest

from core.blob.arithmetic import (
    WEIGHT_ONE,
    Operands,
    arithmetic,
    digits,
    hundredths,
    neighbours_across,
    neighbours_down,
)
from core.blob.spec import BlobSpec
from core.blob.trace import trace
from core.errors import BlobImpossible
from core.picture.placement import stretch
from core.picture.size import Size

LETTERBOX = BlobSpec(Size(12, 12), pad_value=(1.0, 2.0, 3.0), fit="letterbox", swap_rb=True)


def random_image(rng):
    height, width = rng.integers(1, 70, 2)
    shapes = [(height, width, 3), (height, width), (height, width, 1), (height, width, 4)]
    return rng.integers(0, 256, shapes[rng.choice(4, p=[0.7, 0.1, 0.1, 0.1])], np.uint8)


def random_spec(rng, image):
    layout = str(rng.choice(["NCHW", "NHWC"]))
    fit = str(rng.choice(["stretch", "crop", "letterbox"]))
    least = max(image.shape[:2]) if fit == "letterbox" else 1
    width, height = (int(side) for side in rng.integers(least, least + 60, 2))
    if rng.random() < 0.2:  # exactly half, where cv2 takes another way
        width, height = max(1, image.shape[1] // 2), max(1, image.shape[0] // 2)
        fit = "stretch"
    alpha_in_nhwc = layout == "NHWC" and image.shape[2:] == (4,)
    return BlobSpec(
        size=None if rng.random() < 0.1 else Size(width, height),
        scalefactor=[(1.0,) * 3, (1 / 255,) * 3, (0.1, 0.2, 0.3)][rng.integers(3)],
        mean=[(0.0,) * 3, (123.675, 116.28, 103.53)][rng.integers(2)],
        std=[(1.0,) * 3, (0.229, 0.224, 0.225)][rng.integers(2)],
        swap_rb=bool(rng.integers(2)) and not alpha_in_nhwc,
        fit=fit,
        pad_value=(114.0, 113.0, 112.0),
        anchor=str(rng.choice(["centre", "top-left"])),
        layout=layout,
        channels=1 if rng.random() < 0.2 else 3,
    )


def assert_every_number_is_the_traces(found, traced):
    at = found.y, found.x
    for name, values in (
        ("fitted", found.fitted),
        ("float", found.fitted),
        ("minus mean", found.centred),
        ("scaled", found.divided),
        ("swapped", found.swapped),
    ):
        assert tuple(traced[name].array[at].tolist()) == values, name
    assert tuple(traced.blob[index].item() for index in found.index) == found.swapped


@pytest.mark.parametrize("seed", range(8))
def test_every_number_is_the_traces_and_the_weighted_pixels_make_the_resized_byte(seed):
    rng = np.random.default_rng(seed)
    in_bars = 0
    for _ in range(30):
        image = random_image(rng)
        spec = random_spec(rng, image)
        traced = trace(image, spec)
        size = traced.placement.blob
        for x, y in zip(
            rng.integers(0, size.width, 20).tolist(),
            rng.integers(0, size.height, 20).tolist(),
            strict=True,
        ):
            found = arithmetic(traced, spec, x=x, y=y)
            assert_every_number_is_the_traces(found, traced)
            if found.in_bar:
                in_bars += 1
                colour = (*spec.pad_value, 0.0)[: len(found.fitted)]
                assert found.fitted == colour
                continue
            column, row = x - traced.placement.corner[0], y - traced.placement.corner[1]
            assert found.resized == tuple(traced["resized"].array[row, column].tolist())
            assert found.resized == found.fitted
            assert sum(pixel.weight for pixel in found.sources) == 1
            for pixel in found.sources:
                assert pixel.values == tuple(traced["image"].array[pixel.y, pixel.x].tolist())
            # shares are cut to quarters: never more than half a step below the plain sum
            for byte, plain in zip(found.resized, found.weighted_sums, strict=True):
                assert -1.02 < byte - plain <= 0.5
    assert in_bars > 0


@pytest.mark.parametrize("seed", range(4))
def test_neighbours_and_weights_remake_whole_pictures_of_cv2(seed):
    rng = np.random.default_rng(100 + seed)
    for _ in range(20):
        image = rng.integers(0, 256, (*rng.integers(1, 200, 2), 3), np.uint8)
        into = Size(*map(int, rng.integers(1, 300, 2)))
        placement = stretch(Size.of(image), into=into)
        across = neighbours_across(placement, np.arange(into.width))
        down = neighbours_down(placement, np.arange(into.height))
        pixels = image.astype(np.int64)
        rows = sum(
            pixels[:, index] * weight[:, np.newaxis]
            for index, weight in zip(across.index, across.weight, strict=True)
        )
        shares = [
            (rows[index] >> 4) * weight[:, np.newaxis, np.newaxis] >> 16
            for index, weight in zip(down.index, down.weight, strict=True)
        ]
        np.testing.assert_array_equal(
            (shares[0] + shares[1] + 2) >> 2, cv2.resize(image, into.cv2)
        )


def test_without_a_resize_there_is_one_pixel_with_weight_1():
    image = np.arange(300, dtype=np.uint8).reshape(10, 10, 3)
    spec = BlobSpec(LETTERBOX.size, fit="letterbox")
    for each in (BlobSpec(), BlobSpec(Size(10, 10)), BlobSpec(Size(6, 10), fit="crop")):
        found = arithmetic(trace(image, each), each, x=3, y=4)
        (pixel,) = found.sources
        assert (pixel.weight_x, pixel.weight_y, pixel.weight) == (WEIGHT_ONE, WEIGHT_ONE, 1)
        assert "1 pixel of the picture, as it is" in found.lines[0]
    assert len(arithmetic(trace(image, spec), spec, x=3, y=4).sources) == 4


def test_in_a_bar_there_is_no_pixel_and_the_numbers_go_on():
    traced = trace(np.full((6, 12, 3), 9, np.uint8), LETTERBOX)
    found = arithmetic(traced, LETTERBOX, x=5, y=0)
    assert found.in_bar
    assert found.sources == ()
    assert found.lines[0] == "blob x 5, y 0 lies in a letterbox bar: no pixel of the picture"
    assert found.lines[1] == "fitted: B 1, G 2, R 3"
    assert found.swapped == (3, 2, 1)


def test_the_blend_is_cut_to_quarters_where_a_reader_would_round():
    image = np.array([[0, 0], [1, 255]], np.uint8)
    spec = BlobSpec(Size(3, 3))
    apart = [
        found
        for x in range(3)
        for y in range(3)
        if (found := arithmetic(trace(image, spec), spec, x=x, y=y)).resized[0]
        != round(found.weighted_sums[0])
    ]
    assert apart, "cv2 rounds like a reader: then the lines explain too much"
    assert any(line.startswith("in quarters, rounded: grey ") for line in apart[0].lines)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_the_index_finds_the_value_in_the_blob(layout):
    spec = BlobSpec(Size(5, 4), swap_rb=True, layout=layout)
    image = np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)
    traced = trace(image, spec)
    found = arithmetic(traced, spec, x=2, y=3)
    assert found.index[0] == ((0, 0, 3, 2) if layout == "NCHW" else (0, 3, 2, 0))
    assert found.lines[-3].startswith(f"blob[{', '.join(map(str, found.index[0]))}] = ")
    assert found.lines[-3].endswith("(R)")


def test_operands_are_turned_into_the_pictures_channel_order():
    image = np.zeros((2, 2, 4), np.uint8)
    spec = BlobSpec(mean=(1.0, 2.0, 3.0), scalefactor=(4.0, 5.0, 6.0), swap_rb=True)
    operands = Operands.of(trace(image, spec), spec)
    assert operands.mean.tolist() == [3, 2, 1, 0]
    assert operands.scale.tolist() == [6, 5, 4, 6]
    assert operands.std.tolist() == [1, 1, 1, 1]
    assert operands.places == (2, 1, 0, 3)


def test_written_numbers_are_read_back_exactly():
    rng = np.random.default_rng(5)
    for value in rng.integers(0, 2**32, 3000, np.uint32).view(np.float32).tolist():
        if np.isfinite(value):
            assert np.float32(digits(value)) == np.float32(value)
    for value in rng.normal(size=300).tolist():
        assert float(digits(value)) == value
    assert digits(-0.0) == "0"
    assert hundredths(0.125) == "0.13"


def test_pictures_that_are_not_bytes_are_refused_and_so_are_points_outside():
    image = np.zeros((4, 4, 3), np.float32)
    with pytest.raises(BlobImpossible, match="float32"):
        arithmetic(trace(image, BlobSpec()), BlobSpec(), x=0, y=0)
    traced = trace(image.astype(np.uint8), BlobSpec())
    with pytest.raises(IndexError, match="4 x 4"):
        arithmetic(traced, BlobSpec(), x=4, y=0)
