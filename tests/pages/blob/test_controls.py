"""The knobs of blobFromImage: presets, links, and what OpenCV would refuse."""

import pytest

from core.blob.spec import PRESETS
from tests.pages.screen import metric


@pytest.mark.parametrize("title", [preset.title for preset in PRESETS])
def test_a_preset_turns_every_knob(title, visit):
    app = visit("blob")
    app.selectbox(key="blob.preset").set_value(title).run()
    spec = next(preset.spec for preset in PRESETS if preset.title == title)
    shape = f"1 x 3 x {spec.size.height} x {spec.size.width}"
    assert metric(app, "Shape N x C x H x W") == shape
    assert app.toggle(key="blob.swapRB").value == spec.swap_rb
    assert metric(app, "Max difference to cv2.dnn") == "0"


def test_a_link_restores_the_knobs(visit):
    app = visit(
        "blob",
        sample="coffee",
        blob__width="320",
        blob__height="200",
        blob__fit="letterbox",
        blob__mean="104, 117, 123",
        blob__scalefactor="0.017",
        blob__layout="NHWC",
    )
    assert metric(app, "Shape N x H x W x C") == "1 x 200 x 320 x 3"
    assert app.text_input(key="blob.mean").value == "104, 117, 123"
    assert app.segmented_control(key="blob.fit").value == "letterbox"
    assert any("600 x 400" in str(each.captions) for each in app.image)


def test_knobs_that_opencv_would_refuse_get_a_sentence_and_stay(visit):
    app = visit("blob")
    app.text_input(key="blob.std").set_value("0").run()
    assert "above 0" in app.error[0].value
    app.text_input(key="blob.std").set_value("a half").run()
    assert "fraction" in app.error[0].value
    app.text_input(key="blob.std").set_value("0.5").run()
    assert not app.error
