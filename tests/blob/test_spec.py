"""A spec that exists can be used; every other one is refused with a sentence."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.blob.checker import check_spec
from core.blob.make import image_from_blob, make_blob
from core.blob.spec import BLOB_LAYOUTS, BlobSpec
from core.errors import BlobImpossible
from core.picture.size import Size

REFUSED = {
    "std of 0": ({"std": (1, 0, 1)}, r"std divides.*\(1, 0, 1\)"),
    "negative std": ({"std": (1, 1, -2)}, "above 0"),
    "scalefactor of 0": ({"scalefactor": (1, 0, 0)}, r"all values 0.*1/255"),
    "scalefactor that is no number": ({"scalefactor": (math.nan, 1, 1)}, "finite"),
    "infinite mean": ({"mean": (0, math.inf, 0)}, "mean is three finite numbers"),
    "std that float32 calls 0": ({"std": (1, 1e-300, 1)}, r"std \(1, 1e-300, 1\), float32"),
    "scalefactor that float32 calls 0": ({"scalefactor": (1, 1, -1e-300)}, "float32 cannot"),
    "scalefactor with endless products": ({"scalefactor": (1e38, 1, 1)}, "float32 cannot"),
    "mean that float32 calls endless": ({"mean": (0, -1e39, 0)}, r"mean \(0, -1e\+39, 0\)"),
    "mean that ends with the scale": (
        {"mean": (1e30,) * 3, "scalefactor": (1e10,) * 3},
        "infin",
    ),
    "std that divides to nothing": ({"std": (1e30,) * 3, "scalefactor": (1e-20,) * 3}, "all 0"),
    "two values": ({"mean": (1, 2)}, "three finite numbers"),
    "bars brighter than white": ({"pad_value": (0, 0, 256)}, "0 to 255"),
    "bars darker than black": ({"pad_value": (-1, 0, 0)}, "0 to 255"),
    "a side too long": ({"size": Size(5000, 10)}, "5000 x 10 is too large.*4096"),
    "unknown fit": ({"fit": "squeeze"}, "fit is one of stretch, crop, letterbox"),
    "unknown anchor": ({"anchor": "bottom"}, "anchor is one of"),
    "unknown ddepth": ({"ddepth": "float16"}, "ddepth is one of"),
    "unknown layout": ({"layout": "CHW"}, "layout is one of NCHW, NHWC"),
    "bytes with mean": ({"ddepth": "uint8", "mean": (1, 1, 1)}, "ddepth float32"),
    "bytes with scale": ({"ddepth": "uint8", "scalefactor": (2, 2, 2)}, "ddepth float32"),
    "bytes with std": ({"ddepth": "uint8", "std": (2, 2, 2)}, "ddepth float32"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_value_is_refused_at_birth(name):
    values, words = REFUSED[name]
    with pytest.raises(BlobImpossible, match=words) as caught:
        BlobSpec(**values)
    assert str(caught.value).endswith(".")


FACTORS = st.floats(1e-37, 1e37)
EXTREMES = {
    "mean": st.tuples(*[st.floats(-1e37, 1e37)] * 3),
    "scalefactor": st.tuples(*[FACTORS | FACTORS.map(lambda value: -value)] * 3),
    "std": st.tuples(*[FACTORS] * 3),
}


@settings(max_examples=300)
@given(values=st.fixed_dictionaries(EXTREMES), layout=st.sampled_from(BLOB_LAYOUTS))
def test_a_spec_that_exists_makes_no_endless_values_and_can_be_checked(values, layout):
    try:
        spec = BlobSpec(**values, layout=layout)
    except BlobImpossible:
        return
    image = np.uint8([[[0, 1, 255], [255, 128, 0]]])
    blob, _ = make_blob(image, spec)
    assert np.isfinite(blob).all()
    assert image_from_blob(blob, spec).shape == image.shape
    check_spec(image, spec)


@pytest.mark.parametrize("mean", [0, 0.5, -0.999, 1e6, 1e34])
@pytest.mark.parametrize("scale", [1e-37, -1e-30, 1e-9, 1 / 255, 1])
@pytest.mark.parametrize("std", [1, 255])
def test_numbers_at_the_edge_make_the_blob_of_the_formula_and_no_error(mean, scale, std):
    scale *= std  # else the smallest scale, divided, would be none
    spec = BlobSpec(mean=(mean,) * 3, scalefactor=(scale,) * 3, std=(std,) * 3)
    image = np.uint8([[[0, 1, 255], [255, 128, 0]]])
    blob, _ = make_blob(image, spec)
    wanted = (image.astype(np.float64) - mean) * scale / std
    np.testing.assert_allclose(blob[0].transpose(1, 2, 0), wanted, rtol=1e-5)
    assert all(each.severity != "error" for each in check_spec(image, spec))


def test_longest_sides_and_bytes_are_allowed():
    assert BlobSpec(size=Size(4096, 1)).size == Size(4096, 1)
    assert BlobSpec(ddepth="uint8", swap_rb=True).is_plain


def test_equal_specs_are_one_cache_key():
    assert len({BlobSpec(mean=(1, 2, 3)), BlobSpec(mean=(1.0, 2.0, 3.0))}) == 1
