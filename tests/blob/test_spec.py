"""A spec that exists can be used; every other one is refused with a sentence."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.blob.make import make_blob
from core.blob.spec import BLOB_LAYOUTS, MAX_NUMBER, MIN_FACTOR, BlobSpec
from core.errors import BlobImpossible
from core.picture.size import Size

REFUSED = {
    "std of 0": ({"std": (1, 0, 1)}, r"std divides.*\(1, 0, 1\)"),
    "negative std": ({"std": (1, 1, -2)}, "above 0"),
    "scalefactor of 0": ({"scalefactor": (1, 0, 0)}, r"all values 0.*1/255"),
    "scalefactor that is no number": ({"scalefactor": (math.nan, 1, 1)}, "finite"),
    "infinite mean": ({"mean": (0, math.inf, 0)}, "mean is three finite numbers"),
    "std that float32 calls 0": ({"std": (1, 1e-300, 1)}, r"std divides.*1e-09 at least"),
    "scalefactor that float32 calls 0": ({"scalefactor": (1, 1, -1e-300)}, "all values 0"),
    "scalefactor with endless products": ({"scalefactor": (1e38, 1, 1)}, "beyond 1,000,000"),
    "mean that float32 calls endless": ({"mean": (0, -1e39, 0)}, "mean is .*beyond 1,000,000"),
    "std beyond all sense": ({"std": (1, 1, 1e7)}, "beyond 1,000,000"),
    "two values": ({"mean": (1, 2)}, "three finite numbers"),
    "bars brighter than white": ({"pad_value": (0, 0, 256)}, "0 to 255"),
    "bars darker than black": ({"pad_value": (-1, 0, 0)}, "0 to 255"),
    "a side too long": ({"size": Size(5000, 10)}, "5000 x 10 is too big.*4096"),
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


EXTREME = st.tuples(*[st.floats(-MAX_NUMBER, MAX_NUMBER)] * 3)
FACTORS = st.tuples(*[st.floats(MIN_FACTOR, MAX_NUMBER)] * 3)


@given(mean=EXTREME, scalefactor=FACTORS, std=FACTORS, layout=st.sampled_from(BLOB_LAYOUTS))
def test_no_spec_that_exists_makes_endless_values(mean, scalefactor, std, layout):
    spec = BlobSpec(mean=mean, scalefactor=scalefactor, std=std, layout=layout)
    image = np.uint8([[[0, 1, 255], [255, 128, 0]]])
    assert np.isfinite(make_blob(image, spec)[0]).all()


def test_longest_sides_and_bytes_are_allowed():
    assert BlobSpec(size=Size(4096, 1)).size == Size(4096, 1)
    assert BlobSpec(ddepth="uint8", swap_rb=True).is_plain


def test_equal_specs_are_one_cache_key():
    assert len({BlobSpec(mean=(1, 2, 3)), BlobSpec(mean=(1.0, 2.0, 3.0))}) == 1
