"""Boxes go into the blob and come back exactly, with the numbers that cv2.dnn uses."""

import math

import cv2
import numpy as np
import pytest

from core.errors import BlobImpossible
from core.picture.placement import Placement, crop, letterbox, stretch
from core.picture.size import Size


def top_left(image, *, into):
    return letterbox(image, into=into, anchor="top-left")


def rounded(image, *, into):
    return letterbox(image, into=into, rounded=True)


FITS = {
    "stretch": stretch,
    "crop": crop,
    "letterbox": letterbox,
    "top-left": top_left,
    "rounded": rounded,
}
MODES = {
    "stretch": cv2.dnn.DNN_PMODE_NULL,
    "crop": cv2.dnn.DNN_PMODE_CROP_CENTER,
    "letterbox": cv2.dnn.DNN_PMODE_LETTERBOX,
}


def random_sizes(count, seed=0, most=2000):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        width, height, *into = map(int, rng.integers(100, most, 4))
        yield Size(width, height), Size(*into)


@pytest.mark.parametrize("fit", FITS)
def test_boxes_come_back_exactly(fit):
    rng = np.random.default_rng(1)
    for image, into in random_sizes(500):
        placement = FITS[fit](image, into=into)
        xyxy = rng.uniform(-100, 2100, (20, 4))
        back = placement.to_image(placement.to_blob(xyxy))
        np.testing.assert_allclose(back, xyxy, rtol=0, atol=1e-9)
        there = placement.to_blob(placement.to_image(xyxy))
        np.testing.assert_allclose(there, xyxy, rtol=0, atol=1e-9)


@pytest.mark.parametrize("fit", MODES)
def test_boxes_come_back_where_opencv_says(fit):
    params = cv2.dnn.Image2BlobParams()
    params.paddingmode = MODES[fit]
    for image, into in random_sizes(200, seed=2):
        params.size = into.cv2
        xywh = (into.width // 4, into.height // 4, into.width // 2, into.height // 2)
        theirs = params.blobRectToImageRect(xywh, image.cv2)
        corners = np.array([[xywh[0], xywh[1], xywh[0] + xywh[2], xywh[1] + xywh[3]]])
        placement = FITS[fit](image, into=into)
        left, top, right, bottom = placement.to_image(corners)[0]
        # OpenCV answers in whole pixels and forgets that the resized sides were whole, too
        one_pixel = np.max(np.abs(theirs)) / min(placement.resized.cv2)
        grain = 2 / min(placement.scale) + one_pixel + 2
        np.testing.assert_allclose((left, top, right - left, bottom - top), theirs, atol=grain)


def test_crop_has_the_size_and_corner_of_cv2_resize():
    for image, into in random_sizes(300, seed=3, most=500):
        placement = crop(image, into=into)
        factor = placement.scale[0]
        resized = cv2.resize(
            np.zeros((image.height, image.width), np.uint8), None, fx=factor, fy=factor
        )
        assert Size.of(resized) == placement.resized
        assert placement.corner == (
            -int(0.5 * (resized.shape[1] - into.width)),
            -int(0.5 * (resized.shape[0] - into.height)),
        )


def test_letterbox_bars_and_image_fill_the_blob():
    for image, into in random_sizes(300, seed=4):
        for fit in (letterbox, top_left, rounded):
            placement = fit(image, into=into)
            left, top, right, bottom = placement.bars
            assert left + placement.resized.width + right == into.width
            assert top + placement.resized.height + bottom == into.height
            assert min(placement.bars) >= 0
            assert placement.corner == (left, top)


def ultralytics(image, into):
    """LetterBox of ultralytics 8.3, data/augment.py, without auto: inner size, left and top."""
    r = min(into.height / image.height, into.width / image.width)
    new_unpad = round(image.width * r), round(image.height * r)
    dw, dh = (into.width - new_unpad[0]) / 2, (into.height - new_unpad[1]) / 2
    return new_unpad, (round(dw - 0.1), round(dh - 0.1))


def test_a_rounded_letterbox_has_the_numbers_of_ultralytics():
    differ = 0
    for image, into in random_sizes(500, seed=8):
        placement = rounded(image, into=into)
        inner, corner = ultralytics(image, into)
        assert (placement.resized.cv2, placement.corner) == (inner, corner)
        differ += placement.resized != letterbox(image, into=into).resized
    assert differ > 100, "where both are alike, nothing is proved"


def test_top_left_leaves_no_bar_before_the_image():
    assert top_left(Size(1280, 720), into=Size(640, 640)).bars == (0, 0, 0, 280)
    assert letterbox(Size(1280, 720), into=Size(640, 640)).bars == (0, 140, 0, 140)


@pytest.mark.parametrize("fit", FITS)
def test_image_of_the_blobs_size_stays_where_it_is(fit):
    placement = FITS[fit](Size(333, 77), into=Size(333, 77))
    assert placement == Placement(Size(333, 77), Size(333, 77), (1.0, 1.0), (0.0, 0.0))
    assert placement.resized == Size(333, 77)


def test_boxes_outside_the_picture_are_not_clipped():
    placement = letterbox(Size(1280, 720), into=Size(640, 640))
    assert placement.to_image(np.array([[0, 0, 640, 640]])).tolist() == [[0, -280, 1280, 1000]]


def test_no_boxes_are_no_boxes():
    placement = stretch(Size(10, 10), into=Size(20, 20))
    assert placement.to_image(np.zeros((0, 4))).shape == (0, 4)


def test_picture_too_long_for_a_letterbox_is_refused():
    with pytest.raises(BlobImpossible, match=r"5000 x 1 picture is too long.*223 x 0"):
        letterbox(Size(5000, 1), into=Size(224, 224))


def test_crop_that_would_fill_the_memory_is_refused():
    with pytest.raises(BlobImpossible, match=r"16384 x 1 picture.*million"):
        crop(Size(16384, 1), into=Size(4096, 4096))


@pytest.mark.parametrize(
    ("scale", "offset"),
    [((0, 1), (0, 0)), ((-1, 1), (0, 0)), ((math.nan, 1), (0, 0)), ((1, 1), (math.inf, 0))],
)
def test_placement_without_a_way_back_is_refused(scale, offset):
    with pytest.raises(ValueError, match="placement"):
        Placement(Size(1, 1), Size(1, 1), scale, offset)
