"""Thresholds read the outputs again and leave the net alone."""

import pytest

from core.nets.catalog import card_named
from core.nets.downloads import download
from tests.pages.screen import metric
from tests.shared import where_present

STARTER = "starter-detector-darknet"


def test_limits_that_shrink_take_their_values_along(visit):
    app = visit("classification", classification__model="Starter classifier, ONNX")
    app.slider(key="classification.k").set_value(20).run()
    app.selectbox(key="classification.model").set_value("Dominant colour").run()
    assert not app.exception
    assert len(app.dataframe[0].value) == 12
    app = visit("blob")
    app.number_input(key="blob.x").set_value(200).run()
    app.number_input(key="blob.width").set_value(64).run()
    assert not app.exception
    assert app.number_input(key="blob.x").value < 64


@pytest.mark.parametrize("name", [STARTER, *where_present("yolo-fastest-1.1-coco")])
def test_moving_a_slider_does_not_run_the_net(name, visit, forwards):
    model = card_named(name)
    if not model.shipped:
        download(model)
    app = visit("detection", sample="motorcycle", detection__model=model.title)
    assert forwards.count(name) > 0
    before = len(forwards)
    kept = int(metric(app, "Detections"))
    app.slider(key=f"detection.{name}.confidence").set_value(0.02).run()
    more = int(metric(app, "Detections"))
    app.slider(key=f"detection.{name}.iou").set_value(0.9).run()
    app.segmented_control(key="detection.nms").set_value("class-agnostic").run()
    app.segmented_control(key="detection.method").set_value("soft").run()
    app.multiselect(key=f"detection.{name}.classes").set_value(["cat"]).run()
    assert not app.error
    assert more > kept >= 1
    assert len(forwards) == before
