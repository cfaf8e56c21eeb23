"""Where a box came from, on the Detection page."""

import re

import numpy as np
import pytest

from core.nets.catalog import card_named
from core.nets.downloads import download
from core.picture.samples import sample_picture
from core.pipeline import Thresholds, detect, raw_detections, run_model
from tests.shared import needs_shared, where_present

STARTER = "Starter detector"
TAB = "Decode a box"


def opened(visit, model=STARTER, sample="motorcycle", **query):
    return visit(
        "detection", sample=sample, detection__model=model, detection__more=TAB, **query
    )


def facts(app) -> dict[str, str]:
    return {each.label: each.value for each in app.metric}


def steps(app) -> str:
    return "\n".join(each.value for each in app.code)


def last(app, name: str) -> float:
    """Return what the last line of a step ends with."""
    return float(re.search(rf"^{name} = .*\n.* = (\S+)$", steps(app), re.MULTILINE)[1])


def test_the_arithmetic_on_the_page_ends_in_the_box_the_page_found(visit):
    app = opened(visit)
    model = card_named("starter-detector-darknet")
    run = run_model(sample_picture("motorcycle"), model)
    row = int(detect(run, Thresholds(model.confidence)).kept.row[0])
    raw = raw_detections(run)
    assert facts(app)["Raw prediction"] == str(row)
    ends = [last(app, end) for end in ("left", "top", "right", "bottom")]
    np.testing.assert_allclose(ends, raw.xyxy[row], atol=1e-3)
    assert last(app, "confidence") == pytest.approx(raw.confidence[row], abs=1e-5)


def test_another_box_has_another_cell_and_other_numbers(visit):
    app = opened(visit)
    before, told = facts(app), steps(app)
    app.selectbox(key="detection.box").select_index(1).run()
    after = facts(app)
    assert not app.exception
    assert after["Raw prediction"] != before["Raw prediction"]
    assert (after["Stride"], after["Cell (column, row)"]) != (
        before["Stride"],
        before["Cell (column, row)"],
    )
    assert steps(app) != told


def test_each_head_has_a_heat_map_and_the_table_counts_its_numbers(visit):
    app = opened(visit)
    alts = set()
    for name in ("stride 32", "stride 16", "stride 8"):
        app.segmented_control(key="detection.cells.head").set_value(name).run()
        alts |= {each.proto.imgs[0].alt for each in app.image}
        assert f"Blob with the maximum objectness in each cell, {name}" in alts
    table = app.table[-1].value
    assert table["this model"].tolist() == [
        "10 x 10 x 3 x (5 + 10) = **4,500**",
        "20 x 20 x 3 x (5 + 10) = **18,000**",
        "40 x 40 x 3 x (5 + 10) = **72,000**",
    ]
    assert table["the textbook"].tolist()[0] == "10 x 10 x (3 x 5 + 10) = **2,500**"


def test_without_any_box_the_grids_are_still_there(visit):
    confidence = {"detection__starter-detector-darknet__confidence": "1.0"}
    app = opened(visit, **confidence)
    assert any("There is no detection to decode" in each.value for each in app.info)
    assert any("maximum objectness" in each.proto.imgs[0].alt for each in app.image)


def test_a_net_without_anchors_and_files_explains_its_boxes_as_they_are(visit):
    app = opened(visit, model="Colour blobs", sample="circles")
    assert facts(app)["Anchor"] == "unknown"
    assert facts(app)["Box in the cell"].endswith("of 7")


@needs_shared
@pytest.mark.parametrize(
    ("name", "anchor"),
    where_present(("yolox-nano-onnx", "none"), ("yolo-fastest-1.1-coco", "px")),
)
def test_the_families_explain_themselves(name, anchor, visit):
    download(card_named(name))
    app = opened(visit, model=card_named(name).title, sample="motorcycle")
    assert not app.error
    assert facts(app)["Anchor"].endswith(anchor)
    assert last(app, "confidence") > 0.3


@needs_shared
def test_ssd_says_why_there_is_no_grid(visit):
    download(card_named("opencv-face-detector-uint8-tf-ssd"))
    title = card_named("opencv-face-detector-uint8-tf-ssd").title
    app = opened(visit, model=title, sample="astronaut")
    assert any("no grid to show" in each.value for each in app.info)


def test_a_cfg_that_does_not_fit_gets_a_sentence_and_the_page_lives(visit, monkeypatch):
    monkeypatch.setattr("core.pipeline.read_heads", lambda *_, **__: ())
    app = opened(visit)
    assert any("describes 0" in each.value for each in app.info)
    assert not app.exception
    assert not app.error


def test_a_closed_tab_costs_nothing(visit, monkeypatch):
    asked = []
    monkeypatch.setattr("pages.components.detection.cells.grids_of", lambda *_: asked.append(1))
    visit("detection", detection__model=STARTER)
    assert asked == []
