"""Thresholds read the outputs again and leave the net alone."""

from core.nets import engine
from core.nets.catalog import card_named
from core.nets.downloads import download
from tests.pages.screen import metric
from tests.shared import needs_shared


@needs_shared
def test_limits_that_shrink_take_their_values_along(visit):
    download(card_named("squeezenet-v1.1-fp16-onnx"))
    app = visit("classification", classification__model="SqueezeNet v1.1")
    app.slider(key="classification.k").set_value(20).run()
    app.selectbox(key="classification.model").set_value("Dominant colour").run()
    assert not app.exception
    assert len(app.dataframe[0].value) == 12
    app = visit("blob")
    app.number_input(key="blob.x").set_value(200).run()
    app.number_input(key="blob.width").set_value(64).run()
    assert not app.exception
    assert app.number_input(key="blob.x").value < 64


@needs_shared
def test_moving_a_slider_does_not_run_the_net(visit, monkeypatch):
    download(card_named("yolo-fastest-1.1-coco"))
    forwards = []
    local = engine.LocalEngine()

    class Counting:
        def infer(self, model, blob):
            forwards.append(model.name)
            return local.infer(model, blob)

    monkeypatch.setattr(engine, "engine", Counting)
    app = visit("detection", sample="motorcycle", detection__model="YOLO-Fastest 1.1")
    assert forwards.count("yolo-fastest-1.1-coco") > 0
    before = len(forwards)
    kept = int(metric(app, "detections"))
    app.slider(key="detection.yolo-fastest-1.1-coco.confidence").set_value(0.02).run()
    more = int(metric(app, "detections"))
    app.slider(key="detection.yolo-fastest-1.1-coco.iou").set_value(0.9).run()
    app.segmented_control(key="detection.nms").set_value("class-agnostic").run()
    app.segmented_control(key="detection.method").set_value("soft").run()
    app.multiselect(key="detection.yolo-fastest-1.1-coco.classes").set_value(["cat"]).run()
    assert not app.error
    assert more > kept >= 1
    assert len(forwards) == before
