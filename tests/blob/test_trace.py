"""The stages, the code lines and cv2.dnn itself agree on every bit."""

import cv2
import numpy as np
import pytest

from core.blob.make import make_blob
from core.blob.spec import BlobSpec
from core.blob.trace import trace
from core.picture.size import Size

MODES = {
    "stretch": cv2.dnn.DNN_PMODE_NULL,
    "crop": cv2.dnn.DNN_PMODE_CROP_CENTER,
    "letterbox": cv2.dnn.DNN_PMODE_LETTERBOX,
    "letterbox, rounded": cv2.dnn.DNN_PMODE_NULL,
}
VALUES = ("uint8", "uint8", "uint16", "int16", "float32", "float64")
MADE_GREY = ("uint8", "uint16", "float32")  # what cv2.cvtColor takes
IN_NHWC = ("uint8", "float32")  # cv2 fails on the others
NAMES = ["image", "resized", "fitted", "float", "minus mean", "scaled", "swapped", "planes"]


def random_image(rng, dtype="uint8"):
    height, width = rng.integers(1, 90, 2)
    shape = [(height, width), (height, width, 1), (height, width, 3), (height, width, 4)]
    values = rng.integers(0, 256, shape[rng.choice(4, p=[0.1, 0.1, 0.6, 0.2])])
    if dtype != "uint8":
        values = values * 100.3 - (5000 if dtype == "int16" else 0)
    return values.astype(dtype)


def random_spec(rng, image):
    fit = rng.choice(list(MODES))
    layout = rng.choice(["NCHW", "NHWC"]) if image.dtype.name in IN_NHWC else "NCHW"
    swap_rb = bool(rng.integers(2)) and not (layout == "NHWC" and image.shape[2:] == (4,))
    longest = max(image.shape[:2])
    # a letterbox keeps at least a pixel of the short side
    sides = rng.integers(longest if "letterbox" in fit else 1, longest + 60, 2)
    bytes_kept = image.dtype == np.uint8 and rng.random() < 0.1
    numbers = {} if bytes_kept else random_numbers(rng)
    return BlobSpec(
        size=None if rng.random() < 0.1 else Size(*map(int, sides)),
        swap_rb=swap_rb,
        fit=str(fit),
        pad_value=tuple(map(float, rng.integers(0, 256, 3))),
        anchor=str(rng.choice(["centre", "top-left"])),
        ddepth="uint8" if bytes_kept else "float32",
        layout=str(layout),
        channels=1 if image.dtype.name in MADE_GREY and rng.random() < 0.2 else 3,
        **numbers,
    )


def random_numbers(rng):
    scales = [(1.0,) * 3, (1 / 255,) * 3, (0.007843,) * 3, tuple(rng.normal(0, 1, 3))]
    means = [(0.0,) * 3, (104.0, 177.0, 123.0), tuple(rng.uniform(0, 255, 3))]
    stds = [(1.0,) * 3, (1.0,) * 3, (0.229, 0.224, 0.225)]
    return {
        "scalefactor": tuple(map(float, scales[rng.integers(4)])),
        "mean": tuple(map(float, means[rng.integers(3)])),
        "std": stds[rng.integers(3)],
    }


def reference(image, spec):
    """What cv2.dnn returns, written without Blobscope's code."""
    if spec.channels == 1 and image.shape[2:] in ((3,), (4,)):
        codes = {3: cv2.COLOR_BGR2GRAY, 4: cv2.COLOR_BGRA2GRAY}
        image = cv2.cvtColor(image, codes[image.shape[2]])
    if spec.fit == "letterbox, rounded" or (
        spec.fit == "letterbox" and spec.anchor == "top-left"
    ):
        image = padded_by_hand(image, spec)
    # a copy: in NHWC, cv2 writes into float32 images
    made = cv2.dnn.blobFromImageWithParams(image.copy(), reference_params(spec))
    if spec.std != (1.0, 1.0, 1.0):
        axis = 1 if spec.layout == "NCHW" else 3
        std = np.float32([*spec.std, 1])[: made.shape[axis]]
        made = np.moveaxis(np.moveaxis(made, axis, -1) / std, -1, axis)
    return made


def reference_params(spec):
    params = cv2.dnn.Image2BlobParams()
    params.scalefactor = [*spec.scalefactor, spec.scalefactor[2]]
    params.mean = [*spec.mean, 0]
    params.size = (spec.size.width, spec.size.height) if spec.size else (0, 0)
    params.swapRB = spec.swap_rb and spec.channels == 3
    params.ddepth = cv2.CV_8U if spec.ddepth == "uint8" else cv2.CV_32F
    params.datalayout = getattr(cv2.dnn, f"DNN_LAYOUT_{spec.layout}")
    params.paddingmode = MODES[spec.fit]
    params.borderValue = [*spec.pad_value, 0]
    return params


def padded_by_hand(image, spec):
    height, width = image.shape[:2]
    size = spec.size or Size(width, height)
    factor = min(
        np.float32(size.width) / np.float32(width), np.float32(size.height) / np.float32(height)
    )
    if spec.fit == "letterbox, rounded":
        factor = min(size.width / width, size.height / height)
    inner = round(float(width * factor)), round(float(height * factor))
    resized = cv2.resize(image, inner)
    canvas = np.zeros((size.height, size.width, *resized.shape[2:]), image.dtype)
    canvas[:] = np.array(
        [*spec.pad_value, 0][: canvas.shape[2]] if canvas.ndim == 3 else spec.pad_value[0]
    )
    left, top = (
        (0, 0)
        if spec.anchor == "top-left"
        else (
            (size.width - inner[0]) // 2,
            (size.height - inner[1]) // 2,
        )
    )
    canvas[top : top + inner[1], left : left + inner[0]] = resized
    return canvas


def run(stages):
    """Run the lines of code after the first, as a reader would who copies them."""
    names = {"cv2": cv2, "np": np, "image": stages[0].array}
    yield stages[0].array
    for stage in stages[1:]:
        exec(stage.code, names)
        yield names[stage.code.split(" = ")[0]]


@pytest.mark.parametrize("seed", range(12))
def test_last_stage_is_the_blob_of_cv2_bit_for_bit(seed):
    rng = np.random.default_rng(seed)
    for _ in range(100):
        image = random_image(rng, rng.choice(VALUES))
        spec = random_spec(rng, image)
        expected = reference(image, spec)
        traced = trace(image, spec)
        assert traced.blob.dtype == expected.dtype
        np.testing.assert_array_equal(traced.blob, expected, err_msg=f"{image.shape} {spec}")
        blob, placement = make_blob(image, spec)
        np.testing.assert_array_equal(blob, expected, err_msg=f"{image.shape} {spec}")
        assert placement == traced.placement


def test_plain_specs_give_the_blob_of_blob_from_image():
    rng = np.random.default_rng(99)
    for _ in range(300):
        image = random_image(rng)
        size = tuple(map(int, rng.integers(1, 120, 2)))
        scale, mean = float(rng.normal()), tuple(map(float, rng.uniform(0, 255, 3)))
        swap, crop = bool(rng.integers(2)), bool(rng.integers(2))
        expected = cv2.dnn.blobFromImage(image, scale, size, mean, swapRB=swap, crop=crop)
        fit = "crop" if crop else "stretch"
        spec = BlobSpec(Size(*size), (scale,) * 3, mean, swap_rb=swap, fit=fit)
        np.testing.assert_array_equal(trace(image, spec).blob, expected)
        np.testing.assert_array_equal(make_blob(image, spec)[0], expected)


@pytest.mark.parametrize("seed", range(3))
def test_code_lines_make_the_arrays_they_stand_beside(seed):
    rng = np.random.default_rng(1000 + seed)
    for _ in range(100):
        image = random_image(rng, rng.choice(VALUES))
        stages = trace(image, random_spec(rng, image)).stages
        assert [stage.name for stage in stages] == NAMES
        for stage, made in zip(stages, run(stages), strict=True):
            assert made.dtype == stage.array.dtype, stage.code
            np.testing.assert_array_equal(made, stage.array, err_msg=stage.code)


def test_channel_order_follows_the_colours_not_the_settings():
    blue = np.zeros((4, 4, 3), np.uint8)
    blue[..., 0] = 200
    stages = trace(blue, BlobSpec(swap_rb=True, layout="NHWC")).stages
    for stage in stages:
        at = stage.channel_order.index("B")
        assert stage.array[..., at].min() == 200
    assert stages[0].channel_order == "BGR"
    assert stages[-1].channel_order == "RGB"
    assert trace(blue[..., 0], BlobSpec(swap_rb=True)).stages[-1].channel_order == "grey"


def test_stages_cannot_be_written_and_the_callers_image_still_can():
    image = np.zeros((4, 6, 3), np.uint8)
    traced = trace(image, BlobSpec(size=Size(3, 3)))
    assert not any(stage.array.flags.writeable for stage in traced.stages)
    assert not traced.blob.flags.writeable
    assert image.flags.writeable


def test_stage_tells_shape_type_and_range():
    image = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    stage = trace(image, BlobSpec(scalefactor=(2.0,) * 3))["scaled"]
    assert (stage.shape, stage.dtype, stage.range) == ((2, 2, 3), "float32", (0.0, 22.0))
