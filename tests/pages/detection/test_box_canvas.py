"""The box canvas, the ledger and the NMS lesson as the Detection page uses them."""

import json
import re
import struct
from types import SimpleNamespace

import numpy as np
import pytest
import streamlit as st

from core.lab.nms_lesson import NMS_MISUSES
from core.nets.catalog import card_named
from core.picture.samples import sample_picture
from core.pipeline import Thresholds, detect, nms_candidates, run_model, suppression_ledger
from core.results.ledger import OUTCOMES
from pages.components.detection import box_canvas
from tests.pages.test_pages import metric

MODEL = "starter-detector-darknet"


def answered():
    model = card_named(MODEL)
    return run_model(sample_picture("motorcycle"), model), model


def unpacked(data: bytes) -> tuple[dict, dict[str, bytes]]:
    (length,) = struct.unpack_from("<I", data)
    head, at, parts = json.loads(data[4 : 4 + length]), 4 + length, {}
    for name, size in head["parts"]:
        parts[name] = data[at : at + size]
        at += size
    assert at == len(data)
    return head, parts


def canvas_of(app) -> tuple[dict, dict[str, bytes]]:
    (component,) = app.get("bidi_component")
    return unpacked(component.proto.bytes)


def visit_low(visit, **query):
    app = visit("detection", sample="motorcycle", **query)
    app.slider(key=f"detection.{MODEL}.confidence").set_value(0.1).run()
    return app


def test_the_browser_gets_every_candidate_exactly():
    run, model = answered()
    head, parts = unpacked(box_canvas.packed(run, model, Thresholds(0.3, 0.6, soft=True), {}))
    sent = nms_candidates(run, model)
    np.testing.assert_array_equal(np.frombuffer(parts["xyxy"]).reshape(-1, 4), sent.xyxy)
    np.testing.assert_array_equal(np.frombuffer(parts["confidence"], "<f4"), sent.confidence)
    np.testing.assert_array_equal(np.frombuffer(parts["classId"], "<i4"), sent.class_id)
    np.testing.assert_array_equal(np.frombuffer(parts["row"], "<i4"), sent.row)
    assert parts["picture"].startswith(b"\xff\xd8")
    assert (head["threshold"], head["iou"], head["soft"]) == (0.3, 0.6, True)
    assert {each["label"] for each in head["classes"].values()} <= set(model.labels)


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
    app.segmented_control(key="detection.nms").set_value("agnostic").run()
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


def test_the_ledger_adds_up_and_its_kept_rows_are_the_table(visit):
    app = visit_low(visit, detection__more="Ledger")
    (total,) = (each.value for each in app.markdown if "raw rows** =" in each.value)
    whole, parts = total.replace(",", "").split(" = ")
    counts = [int(part.split(" ", 1)[0]) for part in parts.split(" + ")]
    assert sum(counts) == int(re.sub(r"\D", "", whole)) == 6300
    table, lines = (each.value for each in app.dataframe)
    assert len(table) == int(metric(app, "kept after NMS"))
    kept = lines[lines["fate"] == "kept"]
    assert kept["raw row"].tolist() == table["raw row"].tolist()
    assert set(lines["fate"]) == {"kept", "suppressed"}
    suppressed = lines[lines["fate"] == "suppressed"]
    assert set(suppressed["removed by row"]) <= set(kept["raw row"])
    assert set(suppressed["removed by #"]) <= set(table["#"])
    assert (suppressed["IoU"] > 0.45).all()


def test_the_ledger_is_filtered_by_fate_and_by_the_chosen_box(visit):
    app = visit_low(visit, detection__more="Ledger")
    app.pills(key="detection.ledger.fates").set_value(["suppressed"]).run()
    _, lines = (each.value for each in app.dataframe)
    assert set(lines["fate"]) == {"suppressed"}
    app.toggle(key="detection.ledger.mine").set_value(True).run()
    chosen = app.selectbox(key="detection.box").value
    _, mine = (each.value for each in app.dataframe)
    assert 0 < len(mine) < len(lines)
    assert set(mine["removed by row"]) == {chosen}
    app.pills(key="detection.ledger.fates").set_value([]).run()
    assert any("No row has these fates" in each.value for each in app.info)
    assert not app.exception


def test_of_thousands_of_rows_the_table_shows_some_and_says_so(visit):
    app = visit_low(visit, detection__more="Ledger")
    app.pills(key="detection.ledger.fates").set_value(list(OUTCOMES)).run()
    _, lines = (each.value for each in app.dataframe)
    assert len(lines) == 2000
    assert any("first 2,000 of 6,300 rows" in each.value for each in app.caption)
    assert any("the 300 surest of" in str(each.captions) for each in app.image)


@pytest.mark.parametrize("method", ["hard", "soft"])
def test_the_ledger_knows_what_soft_nms_did(method, visit):
    app = visit_low(visit, detection__more="Ledger", detection__method=method)
    _, lines = (each.value for each in app.dataframe)
    run, model = answered()
    book = suppression_ledger(run, model, Thresholds(0.1, soft=method == "soft"))
    assert ("softened" in set(lines["fate"])) == (method == "soft")
    assert len(lines) == sum(
        count
        for outcome, count in book.counts().items()
        if outcome not in ("below confidence", "no box")
    )


@pytest.mark.parametrize("misuse", NMS_MISUSES)
@pytest.mark.parametrize("whose", ["a made-up crowd", "this picture's"])
def test_the_lesson_shows_both_calls_and_what_gets_lost(misuse, whose, visit):
    app = visit_low(visit, detection__more="NMS by hand")
    app.segmented_control(key="detection.lesson.slip").set_value(misuse).run()
    app.segmented_control(key="detection.lesson.boxes").set_value(whose).run()
    assert not app.error
    alts = [each.proto.imgs[0].alt for each in app.image]
    (right,) = (alt for alt in alts if alt.startswith("Right:"))
    (wrong,) = (alt for alt in alts if alt.startswith("Wrong:"))
    kept, (still, lost, doubled) = int(right.split()[1]), map(int, re.findall(r"\d+", wrong))
    assert still == kept - lost + doubled
    if whose == "a made-up crowd":
        assert lost + doubled > 0
    else:
        run, model = answered()
        assert kept == len(detect(run, model, Thresholds(0.1)).kept)
    differences = app.dataframe[1].value if lost + doubled else []
    assert len(differences) == lost + doubled


def test_on_a_page_without_any_box_everything_still_stands(visit):
    for tab in ("Ledger", "NMS by hand"):
        app = visit("detection", sample="motorcycle", detection__more=tab)
        app.slider(key=f"detection.{MODEL}.confidence").set_value(1.0).run()
        assert not app.exception
        assert metric(app, "kept after NMS") == "0"
