"""Single pictures where no stream can be."""

import pytest

from tests.pages.screen import sentence


@pytest.mark.parametrize("mode", ["detection", "classification", "planes"])
def test_snapshots_show_a_result_for_a_sample(mode, visit):
    app = visit("live")
    app.segmented_control(key="live.sight").set_value(mode).run()
    app.segmented_control(key="live.source").set_value("snapshot").run()
    assert len(app.get("camera_input")) == 1
    app.segmented_control(key="picture").set_value("sample").run()
    assert not app.exception
    assert not sentence(app)
    (result,) = (each.proto.imgs[0].alt for each in app.image)
    assert result.startswith("Result: ")
