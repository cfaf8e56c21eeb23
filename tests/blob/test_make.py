"""Blobs of cv2.dnn, where images land in them, and pictures made of them again."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from core.blob.make import image_from_blob, make_blob, place, planes
from core.blob.spec import FITS, PRESETS, BlobSpec
from core.errors import BlobImpossible
from core.picture.size import Size
from tests.pictures import noise


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [3, 4])
def test_one_channel_is_cvtcolors_grey_before_anything_else(dtype, channels):
    image = noise(40, 60, channels).astype(dtype)
    spec = BlobSpec(
        Size(20, 14), channels=1, mean=(9.0,) * 3, scalefactor=(0.5,) * 3, std=(2.0,) * 3
    )
    blob, _ = make_blob(image, spec)
    codes = {3: cv2.COLOR_BGR2GRAY, 4: cv2.COLOR_BGRA2GRAY}
    grey = cv2.cvtColor(image, codes[channels])
    expected = cv2.dnn.blobFromImage(grey, 0.5, (20, 14), (9.0,)) / np.float32(2)
    np.testing.assert_array_equal(blob, expected)
    weights = np.array([0.114, 0.587, 0.299])
    assert np.abs(grey - image[..., :3] @ weights).max() <= 0.51  # weights of 15 bits, rounded
    swapped, _ = make_blob(image, replace(spec, swap_rb=True))
    np.testing.assert_array_equal(swapped, blob)  # one channel has nothing to swap with


def test_a_grey_image_stays_as_it_is_and_looks_like_one():
    grey = noise(40, 60, 1)
    spec = BlobSpec(channels=1)
    blob, _ = make_blob(grey, spec)
    np.testing.assert_array_equal(blob[0, 0], grey[..., 0])
    np.testing.assert_array_equal(image_from_blob(blob, spec), np.repeat(grey, 3, axis=2))


def test_a_blob_has_one_channel_or_those_of_the_image():
    with pytest.raises(BlobImpossible, match="channels is 1"):
        BlobSpec(channels=2)
    with pytest.raises(BlobImpossible, match="int16 values grey"):
        make_blob(noise(40, 60, 3).astype(np.int16), BlobSpec(channels=1))


def test_one_scalefactor_does_not_blank_the_other_channels():
    blob, _ = make_blob(noise(40, 60, 3), BlobSpec(scalefactor=(1 / 255,) * 3))
    assert all(plane.max() > 0.9 for plane in planes(blob))


def test_mean_is_in_the_order_of_the_blob_and_subtracted_before_scaling():
    blue_green_red = np.full((2, 2, 3), (10, 20, 30), np.uint8)
    spec = BlobSpec(mean=(1, 2, 3), scalefactor=(0.5,) * 3, swap_rb=True)
    assert make_blob(blue_green_red, spec)[0][0, :, 0, 0].tolist() == [14.5, 9.0, 3.5]


def test_std_divides_after_scaling_in_the_order_of_the_blob():
    spec = BlobSpec(std=(1, 2, 4), scalefactor=(0.5,) * 3, swap_rb=True)
    blob, _ = make_blob(np.full((2, 2, 3), (8, 16, 32), np.uint8), spec)
    assert blob[0, :, 0, 0].tolist() == [16.0, 4.0, 1.0]


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_make_blob_leaves_the_callers_image_alone(layout, dtype):
    image = noise(40, 60, 3).astype(dtype)
    before = image.copy()
    spec = BlobSpec(mean=(1, 2, 3), scalefactor=(0.5,) * 3, std=(2, 2, 2), layout=layout)
    make_blob(image, spec)
    np.testing.assert_array_equal(image, before)


def test_blob_is_read_only_and_a_net_still_takes_it():
    blob, _ = make_blob(noise(40, 60, 3), BlobSpec())
    assert not blob.flags.writeable
    assert cv2.dnn.imagesFromBlob(blob)[0].shape == (40, 60, 3)


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("anchor", ["centre", "top-left"])
@pytest.mark.parametrize("seed", range(20))
def test_white_rectangle_lands_where_the_placement_says(fit, anchor, seed):
    rng = np.random.default_rng(seed)
    width, height = map(int, rng.integers(60, 400, 2))
    image = np.zeros((height, width, 3), np.uint8)
    xyxy = np.array([[width // 3, height // 3, 2 * width // 3, 2 * height // 3]])
    left, top, right, bottom = xyxy[0]
    image[top:bottom, left:right] = 255
    size = Size(*map(int, rng.integers(100, 300, 2)))
    blob, placement = make_blob(image, BlobSpec(size=size, fit=fit, anchor=anchor))
    lit = np.argwhere(planes(blob)[0] > 127)
    found = [lit[:, 1].min(), lit[:, 0].min(), lit[:, 1].max() + 1, lit[:, 0].max() + 1]
    limits = [size.width, size.height] * 2
    expected = np.clip(placement.to_blob(xyxy)[0], 0, limits)
    np.testing.assert_allclose(found, expected, atol=1.0)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("swap_rb", [False, True])
def test_image_from_blob_gives_the_fitted_image_back(layout, swap_rb):
    spec = BlobSpec(
        size=Size(33, 21),
        scalefactor=(1 / 255,) * 3,
        mean=(123.7, 116.3, 103.5),
        std=(0.229, 0.224, 0.225),
        swap_rb=swap_rb,
        layout=layout,
    )
    blob, _ = make_blob(noise(40, 60, 3), spec)
    seen = image_from_blob(blob, spec)
    np.testing.assert_array_equal(seen, cv2.resize(noise(40, 60, 3), (33, 21)))
    assert seen.dtype == np.uint8


def test_image_from_a_grey_blob_is_grey():
    blob, _ = make_blob(noise(40, 60, 3)[..., 0], BlobSpec())
    seen = image_from_blob(blob, BlobSpec())
    np.testing.assert_array_equal(seen, np.repeat(noise(40, 60, 3)[..., :1], 3, axis=2))


def test_image_from_a_blob_with_alpha_leaves_alpha_out():
    blob, _ = make_blob(noise(40, 60, 4), BlobSpec(swap_rb=True))
    seen = image_from_blob(blob, BlobSpec(swap_rb=True))
    np.testing.assert_array_equal(seen, noise(40, 60, 4)[..., :3])


def test_planes_are_the_same_in_both_layouts():
    image = noise(40, 60, 3)
    nchw, _ = make_blob(image, BlobSpec())
    nhwc, _ = make_blob(image, BlobSpec(layout="NHWC"))
    np.testing.assert_array_equal(planes(nchw), planes(nhwc, "NHWC"))
    assert len(planes(nchw)) == 3
    assert planes(nchw)[0].shape == (40, 60)


def test_without_a_size_the_blob_has_the_images_own():
    blob, placement = make_blob(noise(40, 60, 3), BlobSpec(fit="letterbox"))
    assert blob.shape == (1, 3, 40, 60)
    assert placement.scale == (1.0, 1.0)
    assert placement.offset == (0.0, 0.0)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_presets_are_the_well_known_rows_and_can_be_varied(preset):
    known = {"imagenet": (1 / 255, 224, 0, True), "ssd": (1, 300, 104, False)}
    known["yolo"] = (1 / 255, 416, 0, True)
    spec = preset.spec
    row = (spec.scalefactor[0], spec.size.width, spec.mean[0], spec.swap_rb)
    assert row == known[preset.name]
    assert replace(spec, fit="letterbox").fit == "letterbox"
    assert "Correct for" in preset.fits_nets


IMPOSSIBLE = {
    "two channels": (noise(40, 60, 2), BlobSpec(), "1, 3 or 4 channels"),
    "no pixels": (noise(0, 60, 3), BlobSpec(), r"not \(0, 60, 3\)"),
    "int32": (noise(40, 60, 3).astype(np.int32), BlobSpec(), "int32"),
    "uint8 blob of wider values": (
        noise(40, 60, 3).astype(np.uint16),
        BlobSpec(ddepth="uint8"),
        "lowest byte",
    ),
    "NHWC of uint16": (
        noise(40, 60, 3).astype(np.uint16),
        BlobSpec(layout="NHWC"),
        "Choose NCHW",
    ),
    "NHWC swap of four": (
        noise(40, 60, 4),
        BlobSpec(layout="NHWC", swap_rb=True),
        "four channels",
    ),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_impossible_blob_is_refused_with_a_sentence(name):
    image, spec, words = IMPOSSIBLE[name]
    with pytest.raises(BlobImpossible, match=words):
        make_blob(image, spec)


def test_blob_in_the_size_of_a_huge_image_is_refused():
    with pytest.raises(BlobImpossible, match=r"6000 x 4000.*at most 4096"):
        place(Size(6000, 4000), BlobSpec())
