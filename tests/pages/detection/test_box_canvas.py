"""What the box canvas sends to the browser and takes from it."""

from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import streamlit as st

from core import pipeline
from core.nets.catalog import card_named
from core.nets.engine import Inference, Timings
from core.outputs import Outputs
from core.picture.image import decode_picture
from core.picture.samples import sample_picture
from core.pipeline import Thresholds, detect, nms_candidates, run_model
from pages.components.detection import box_canvas
from tests.pages.screen import unpacked

MODEL = "starter-detector-darknet"
STRONG = 60
"""A change that no JPEG makes; a line does."""


def answered():
    return run_model(sample_picture("motorcycle"), card_named(MODEL))


def canvas_of(app) -> tuple[dict, dict[str, bytes]]:
    (component,) = app.get("bidi_component")
    return unpacked(component.proto.bytes)


def visit_low(visit, **query):
    app = visit("detection", sample="motorcycle", **query)
    app.slider(key=f"detection.{MODEL}.confidence").set_value(0.1).run()
    return app


def test_the_browser_gets_every_candidate_exactly():
    run = answered()
    picture = sample_picture("motorcycle")
    result = detect(run, Thresholds(0.3, 0.6, soft=True))
    head, parts = unpacked(box_canvas.packed(picture, result, {}))
    sent = nms_candidates(run)
    np.testing.assert_array_equal(np.frombuffer(parts["xyxy"]).reshape(-1, 4), sent.xyxy)
    np.testing.assert_array_equal(np.frombuffer(parts["confidence"], "<f4"), sent.confidence)
    np.testing.assert_array_equal(np.frombuffer(parts["classId"], "<i4"), sent.class_id)
    np.testing.assert_array_equal(np.frombuffer(parts["row"], "<i4"), sent.row)
    assert parts["picture"].startswith(b"\xff\xd8")
    assert (head["threshold"], head["iou"], head["soft"]) == (0.3, 0.6, True)
    assert {each["label"] for each in head["classes"].values()} <= set(run.card.labels)


def test_the_browser_gets_the_corners_of_turned_boxes_and_of_no_others(monkeypatch):
    result = detect(answered(), Thresholds())
    picture = sample_picture("motorcycle")
    upright = nms_candidates(result.run)
    assert "corners" not in unpacked(box_canvas.packed(picture, result, {}))[1]
    corners = np.random.default_rng(0).random((len(upright), 8))
    monkeypatch.setattr(
        "pages.components.detection.box_canvas.nms_candidates",
        lambda *_: replace(upright, corners=corners),
    )
    parts = unpacked(box_canvas.packed(picture, result, {}))[1]
    np.testing.assert_array_equal(np.frombuffer(parts["corners"]).reshape(-1, 8), corners)


def test_a_second_run_sends_the_very_same_bytes(visit):
    app = visit_low(visit)
    (first,) = app.get("bidi_component")
    (second,) = app.run().get("bidi_component")
    assert first.proto.bytes == second.proto.bytes  # Streamlit then sends only their hash
    assert "\n" in first.proto.js_content
    assert "\n" in first.proto.css_content


def test_the_canvas_follows_the_servers_knobs_and_the_chosen_box(visit):
    app = visit_low(visit)
    head, _ = canvas_of(app)
    assert (head["threshold"], head["chosen"]) == (
        0.1,
        app.selectbox(key="detection.box").value,
    )
    app.segmented_control(key="detection.method").set_value("soft").run()
    app.segmented_control(key="detection.nms").set_value("class-agnostic").run()
    app.slider(key=f"detection.{MODEL}.iou").set_value(0.7).run()
    app.selectbox(key="detection.box").select_index(1).run()
    head, _ = canvas_of(app)
    assert (head["soft"], head["perClass"], head["iou"]) == (True, False, 0.7)
    assert head["chosen"] == app.selectbox(key="detection.box").value
    app.multiselect(key=f"detection.{MODEL}.classes").set_value(["person"]).run()
    _, parts = canvas_of(app)
    assert set(np.frombuffer(parts["classId"], "<i4").tolist()) == {0}


@pytest.mark.parametrize(
    ("told", "knobs"),
    [
        ({"confidence": 0.3, "iou": 0.6, "turn": 4}, (0.3, 0.6)),
        ({"confidence": 7, "iou": -1, "turn": 1}, (1.0, 0.0)),
        ({"confidence": 0.123456, "iou": float("nan"), "turn": 1}, (0.12, None)),
        ({"confidence": "x", "turn": None}, (None, None)),
        ({"confidence": 10**400, "iou": True, "turn": 10**400}, (None, None)),
        ("nonsense", (None, None)),
        (None, (None, None)),
    ],
)
def test_whatever_a_browser_tells_the_knobs_stay_between_0_and_1(told, knobs, monkeypatch):
    state = {"page.canvas": SimpleNamespace(knobs=told)}
    monkeypatch.setattr(st, "session_state", state)
    box_canvas.turn_knobs("page", "page.model")
    assert (state.get("page.model.confidence"), state.get("page.model.iou")) == knobs


@pytest.mark.parametrize(
    ("told", "chosen"), [(17, 17), ("17", None), (None, None), (True, None)]
)
def test_only_a_row_can_be_chosen(told, chosen, monkeypatch):
    state = {"page.canvas": SimpleNamespace(chosen=told)}
    monkeypatch.setattr(st, "session_state", state)
    box_canvas.choose("page")
    assert state.get("page.box") == chosen


def bytes_of(media, image):
    return np.frombuffer(media[image.proto.imgs[0].url.rsplit("/", 1)[-1]], np.uint8)


def turned_answer(card, blob):
    """Answer as a YOLOv8-obb would: one box of 60 x 20 at 100, 80, turned by 30 degrees."""
    height, width = blob.shape[2:]
    cells = sum((height // stride) * (width // stride) for stride in (8, 16, 32))
    table = np.full((1, 4 + len(card.labels) + 1, cells), 0.001, np.float32)
    table[0, :4] = [[50], [50], [9], [9]]
    table[0, -1] = -0.5
    table[0, :4, 40] = 100, 80, 60, 20
    table[0, 4 + 3, 40] = 0.9
    table[0, -1, 40] = np.pi / 6
    return Inference(Outputs({"output0": table}), Timings(None, 1.0, first=False))


def test_a_turned_box_is_turned_on_the_page_and_in_its_pictures(visit, media, monkeypatch):
    monkeypatch.setattr(pipeline, "infer", turned_answer)
    layout = {f"detection__{MODEL}__layout": "yolov8-obb", "detection__more": "Pictures"}
    app = visit("detection", sample="motorcycle", **layout)
    assert not app.error
    head, parts = canvas_of(app)
    along, across = 30 * np.array([3**0.5 / 2, 0.5]), 10 * np.array([-0.5, 3**0.5 / 2])
    from_middle = (-along - across, along - across, along + across, across - along)
    by_hand = np.array([np.array([100, 80]) + each for each in from_middle])
    sent = np.frombuffer(parts["corners"]).reshape(-1, 4, 2)[0]
    np.testing.assert_allclose(
        sorted(sent.tolist()), sorted(by_hand.tolist()), atol=0.01
    )  # blob pixels
    scale, offset, size = (np.array(head[each]) for each in ("scale", "offset", "image"))
    on_picture = (by_hand - offset) / scale
    (result,) = (each for each in app.image if each.proto.imgs[0].alt.startswith("Result"))
    plain = decode_picture(sample_picture("motorcycle"))
    difference = cv2.absdiff(cv2.imdecode(bytes_of(media, result), cv2.IMREAD_COLOR), plain)
    assert tuple(size) == plain.shape[1::-1], "the picture is small enough to be shown whole"

    def drawn_at(point):
        x, y = np.rint(point).astype(int)
        return int(difference[y - 2 : y + 3, x - 2 : x + 3].max()) > STRONG

    middles = (on_picture + np.roll(on_picture, -1, axis=0)) / 2
    assert [drawn_at(each) for each in middles] == [True] * 4
    (left, _), (right, bottom) = on_picture.min(axis=0), on_picture.max(axis=0)
    assert [drawn_at(each) for each in ((left, bottom), (right, bottom))] == [False] * 2
