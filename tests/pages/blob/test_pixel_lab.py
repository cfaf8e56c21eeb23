"""The pixel lab as a page uses it: one call, bytes to the browser, nothing back."""

from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.blob.spec import PRESETS, BlobSpec
from core.blob.trace import trace
from core.picture.size import Size
from pages.components.blob import pixel_lab as lab
from tests.pages.screen import unpacked


def page(width, height):
    import numpy as np

    from core.blob.spec import BlobSpec
    from core.blob.trace import trace
    from core.picture.size import Size
    from pages.components.blob.pixel_lab import pixel_lab

    image = np.zeros((20, 30, 3), np.uint8)
    spec = BlobSpec(Size(width, height), mean=(1.0, 2.0, 3.0))
    pixel_lab("lab", trace(image, spec), spec, b"a JPEG")


def test_the_lab_renders_and_a_second_run_sends_the_same_bytes():
    app = AppTest.from_function(page, args=(16, 12), default_timeout=60).run()
    assert not app.exception
    (first,) = app.get("bidi_component")
    (second,) = app.run().get("bidi_component")
    assert first.proto.bytes == second.proto.bytes  # Streamlit then sends only their hash
    assert "\n" in first.proto.js_content
    assert "\n" in first.proto.css_content
    head, _ = unpacked(first.proto.bytes)
    assert head["blob"] == [16, 12]


def test_a_blob_too_big_to_send_gets_a_sentence():
    app = AppTest.from_function(page, args=(1025, 1024), default_timeout=60).run()
    assert not app.exception
    assert "1025 x 1024" in app.info[0].value
    assert not app.get("bidi_component")


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_the_browser_gets_the_exact_blob(layout):
    spec = replace(PRESETS[0].spec, layout=layout)
    image = np.random.default_rng(0).integers(0, 256, (50, 40, 3), np.uint8)
    traced = trace(image, spec)
    head, parts = unpacked(lab.packed(traced, spec, b"a JPEG"))
    assert parts["numbers"] == np.ascontiguousarray(traced.blob).tobytes()
    assert parts["source"] == image.tobytes()
    assert parts["fitted"] == np.ascontiguousarray(traced["fitted"].array).tobytes()
    assert (
        head["scale"] == traced.blob.dtype.type(spec.scalefactor).tolist() or layout == "NHWC"
    )


@pytest.mark.parametrize("fit", ["stretch", "crop", "letterbox"])
def test_of_a_large_picture_only_what_the_blob_is_made_of_travels_exactly(fit, monkeypatch):
    monkeypatch.setattr(lab, "MOST_WHOLE_PIXELS", 1000)
    spec = BlobSpec(Size(20, 14), fit=fit)
    image = np.random.default_rng(1).integers(0, 256, (300, 200, 3), np.uint8)
    _, parts = unpacked(lab.packed(trace(image, spec), spec, b"a JPEG"))
    x, y = (np.frombuffer(parts[name], "<i4") for name in ("columns", "rows"))
    assert parts["source"] == image[np.ix_(y, x)].tobytes()
    assert len(x) <= 40
    assert len(y) <= 28
    assert parts["preview"] == b"a JPEG"
