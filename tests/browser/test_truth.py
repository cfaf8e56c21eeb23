"""A file of marked objects is uploaded, and the numbers beside the result are right."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from core.nets.catalog import card_named
from core.picture.samples import sample_picture
from core.pipeline import DetectionResult, Thresholds, detect, run_model
from tests.browser.visit import idle, metric

MODEL = "starter-detector-darknet"
CONFIDENCE = 0.2
ADDRESS = (
    "/detection?sample=motorcycle&detection.model=Starter detector"
    f"&detection.{MODEL}.confidence={CONFIDENCE}&detection.more=Ground truth"
)
WIDTH, HEIGHT = 741, 500


def result() -> DetectionResult:
    model = card_named(MODEL)
    run = run_model(sample_picture("motorcycle"), model)
    return detect(run, Thresholds(CONFIDENCE, model.iou))


def marked() -> list[tuple[str, list[float]]]:
    """Mark what the net found first, and a car where there is none."""
    kept = result().kept
    first = card_named(MODEL).label(int(kept.class_id[0])), kept.xyxy[0].round().tolist()
    return [first, ("car", [1.0, 1.0, 31.0, 21.0])]


def yolo() -> str:
    lines = []
    for label, (left, top, right, bottom) in marked():
        centre = (left + right) / 2 / WIDTH, (top + bottom) / 2 / HEIGHT
        sides = (right - left) / WIDTH, (bottom - top) / HEIGHT
        number = card_named(MODEL).labels.index(label)
        lines.append(" ".join(map(str, (number, *centre, *sides))))
    return "\n".join(lines)


def voc() -> str:
    objects = "".join(
        f"<object><name>{label}</name><bndbox><xmin>{left + 1}</xmin><ymin>{top + 1}</ymin>"
        f"<xmax>{right}</xmax><ymax>{bottom}</ymax></bndbox></object>"
        for label, (left, top, right, bottom) in marked()
    )
    return f"<annotation>{objects}</annotation>"


def coco() -> str:
    rows = marked()
    return json.dumps(
        {
            "images": [{"id": 1, "file_name": "motorcycle_left.png"}],
            "categories": [{"id": at, "name": label} for at, (label, _) in enumerate(rows)],
            "annotations": [
                {"image_id": 1, "category_id": at, "bbox": [a, b, c - a, d - b]}
                for at, (_, (a, b, c, d)) in enumerate(rows)
            ],
        }
    )


def give(page: Page, name: str, text: str) -> None:
    uploader = page.get_by_role("tabpanel").locator("input[type=file]")
    uploader.set_input_files({"name": name, "mimeType": "text/plain", "buffer": text.encode()})


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.txt", yolo), ("a.xml", voc), ("a.json", coco)],
    ids=["txt", "xml", "json"],
)
def test_an_uploaded_truth_shows_matches_misses_precision_and_recall(
    name: str, text: Callable[[], str], page: Page
):
    page.goto(ADDRESS)
    idle(page)
    give(page, name, text())
    page.get_by_text("true positives (TP)").wait_for()
    idle(page)
    count = len(result().kept)
    assert metric(page, "True positives (TP)") == "1"
    assert metric(page, "False negatives (FN)") == "1"
    assert metric(page, "False positives (FP)") == str(count - 1)
    assert metric(page, "Precision") == f"{1 / count:.1%}"
    assert metric(page, "Recall") == "50.0%"
    compared = f"Compared: TP 1, FN 1, FP {count - 1}"
    expect(page.get_by_role("img", name=compared, exact=True)).to_be_visible()
    expect(page.get_by_role("img", name="Ground truth: 2 objects", exact=True)).to_be_visible()
    slider = page.get_by_test_id("stSlider").get_by_role("slider", name="Confidence")
    slider.focus()
    slider.press("End")
    misses = page.get_by_test_id("stMetric").filter(has_text="false negatives (FN)")
    expect(misses).to_contain_text("2")
    idle(page)
    assert metric(page, "Recall") == "0.0%"
    assert metric(page, "Precision") == "n/a"


def test_a_truth_never_travels_with_a_link(page: Page, open_page: Callable[..., Page]):
    page.goto(ADDRESS)
    idle(page)
    give(page, "a.txt", yolo())
    page.get_by_text("true positives (TP)").wait_for()
    other = open_page()
    other.goto(page.url)
    expect(other.get_by_text("Example files")).to_be_visible()
    expect(other.get_by_text("true positives (TP)")).to_have_count(0)


def test_a_broken_truth_gets_a_sentence_and_a_better_one_is_taken(page: Page):
    page.goto(ADDRESS)
    idle(page)
    give(page, "a.txt", "0 0.5 0.5")
    expect(page.get_by_text("a.txt, line 1: a line has five numbers")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    give(page, "b.txt", yolo())
    page.get_by_text("true positives (TP)").wait_for()
    expect(page.get_by_text("a line has five numbers")).to_have_count(0)
