"""Every file that can be taken home, fetched with a real browser and opened again."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from math import ceil, floor
from pathlib import Path
from zipfile import ZipFile

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from core.nets.catalog import card_named
from core.picture.image import decode_picture
from core.picture.samples import sample_picture
from core.pipeline import Ranking, Thresholds, detect, run_model
from core.results.classification import Ranked
from core.share.provenance import Provenance
from core.share.report import classification_report
from tests.browser.visit import idle, keep, opened, shown_metric

CARD = card_named("tiny-blob-detector")
CONFIDENCE = 0.2
BOXES = (
    "/detection?sample=coffee&detection.model=Colour blobs&detection.more=Export"
    f"&detection.tiny-blob-detector.confidence={CONFIDENCE}"
)
RANKING = (
    "/classification?sample=cat&classification.model=Starter classifier, ONNX"
    "&classification.more=Export"
)
SCRIPT = "Python script for these settings"
OPINION = RANKING.replace("Export", "OpenCV vs ONNX Runtime")


def fetched(page: Page, label: str) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name=label, exact=True).click()
    return Path(download.value.path()).read_bytes()


@pytest.fixture(scope="module")
def kept():
    """What the page must have found."""
    run = run_model(sample_picture("coffee"), CARD)
    return detect(run, Thresholds(CONFIDENCE, CARD.iou)).kept


def labels_of(kept) -> list[str]:
    return [CARD.label(class_id) for class_id in kept.class_id.tolist()]


def test_the_tables_are_the_table_on_the_page(page, kept):
    opened(page, BOXES, shows=SCRIPT)
    labels = page.get_by_test_id("stDataFrame").first.locator("td[aria-colindex='2']")
    labels.first.wait_for(state="attached")
    rows = list(csv.DictReader(io.StringIO(fetched(page, "CSV").decode())))
    shown = labels.all_text_contents()  # the rows in sight
    assert shown == [row["label"] for row in rows][: len(shown)]
    assert [row["label"] for row in rows] == labels_of(kept)
    corners = [[float(row[c]) for c in ("x_min", "y_min", "x_max", "y_max")] for row in rows]
    np.testing.assert_allclose(corners, kept.xyxy, atol=2e-3)
    told = json.loads(fetched(page, "JSON"))
    assert told["thresholds"]["confidence"] == CONFIDENCE
    assert [row["label"] for row in told["detections"]] == labels_of(kept)


def test_coco_and_yolo_hold_the_same_boxes(page, kept):
    opened(page, BOXES, shows=SCRIPT)
    results = json.loads(fetched(page, "COCO results"))
    data_set = json.loads(fetched(page, "COCO dataset"))
    names = {each["id"]: each["name"] for each in data_set["categories"]}
    assert [names[row["category_id"]] for row in results] == labels_of(kept)
    classes = fetched(page, "classes.txt").decode().splitlines()
    for label, columns in (("YOLO txt", 5), ("YOLO predictions", 6)):
        lines = [line.split() for line in fetched(page, label).decode().splitlines()]
        assert {len(line) for line in lines} == {columns}
        assert [classes[int(line[0])] for line in lines] == labels_of(kept)


def test_the_pictures_have_the_size_of_the_original_and_the_crops_its_pixels(page, kept):
    opened(page, BOXES, shows=SCRIPT)
    image = decode_picture(sample_picture("coffee"))
    for label in ("PNG", "JPEG"):
        drawn = cv2.imdecode(np.frombuffer(fetched(page, label), np.uint8), cv2.IMREAD_COLOR)
        assert drawn.shape == image.shape
    crops = ZipFile(io.BytesIO(fetched(page, "Crops")))
    assert len(crops.namelist()) == len(kept)
    for name, label in zip(crops.namelist(), labels_of(kept), strict=True):
        assert name.split("-")[1] == label
    left, top, right, bottom = kept.xyxy[0]
    first = cv2.imdecode(np.frombuffer(crops.read(crops.namelist()[0]), np.uint8), 1)
    whole = image[floor(top) : ceil(bottom), floor(left) : ceil(right)]
    np.testing.assert_array_equal(first, whole)


def test_the_zip_runs_alone_and_finds_what_the_page_shows(page, kept, tmp_path):
    opened(page, BOXES, shows=SCRIPT)
    ZipFile(io.BytesIO(fetched(page, "Runnable ZIP"))).extractall(tmp_path)
    assert (tmp_path / "detect.py").read_bytes() == fetched(page, "detect.py")
    subprocess.run(
        [sys.executable, "-I", "detect.py"], cwd=tmp_path, check=True, timeout=60,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    rows = list(csv.DictReader(io.StringIO((tmp_path / "detections.csv").read_text())))
    assert [row["label"] for row in rows] == labels_of(kept)


@pytest.mark.parametrize(("address", "width"), [(BOXES, 1440), (RANKING, 390)])
def test_the_report_opens_on_its_own_and_asks_for_nothing(
    address, width, open_page: Callable[..., Page], tmp_path
):
    page = opened(open_page(width=width), address)
    file = tmp_path / "report.html"
    file.write_bytes(fetched(page, "Report"))
    reader = open_page(width=width, dark=True)
    asked: list[str] = []
    reader.on("request", lambda request: asked.append(request.url))
    reader.goto(file.as_uri())
    assert [each for each in asked if not each.startswith("data:image/")] == [file.as_uri()]
    expect(reader.get_by_role("heading", level=1)).to_be_visible()
    for image in reader.get_by_role("img").all():
        assert image.evaluate("image => image.complete && image.naturalWidth > 0")
    across = "[document.documentElement.scrollWidth, window.innerWidth]"
    scroll, window = reader.evaluate(across)
    assert scroll <= window
    assert reader.evaluate("document.scripts.length") == 0
    expect(reader.get_by_text("net.setInput(blob)")).to_be_visible()


def test_a_hostile_label_in_a_report_runs_nothing(open_page, tmp_path):
    evil = "<script>document.title = 'run'</script><img src=x onerror=\"document.title='run'\">"
    picture = sample_picture("cat")
    run = run_model(picture, replace(CARD, title=evil))
    provenance = Provenance(picture, run)
    ranked = Ranking(run, np.array([0.5]), (Ranked(0, evil, 0.5),), read_ms=1.0)
    file = tmp_path / "report.html"
    file.write_bytes(classification_report(provenance, ranked, code=evil, made=evil))
    reader = open_page()
    reader.goto(file.as_uri())
    expect(reader.get_by_role("heading", level=1)).to_contain_text(evil)
    expect(reader.get_by_role("img")).to_have_count(2)
    assert reader.title() != "run"


def test_the_ranking_goes_home_as_well(page):
    opened(page, RANKING, shows=SCRIPT)
    rows = list(csv.DictReader(io.StringIO(fetched(page, "CSV").decode())))
    assert len(rows) == 5
    expect(page.get_by_role("heading", name=rows[0]["label"], exact=False)).to_be_visible()
    scores = list(csv.DictReader(io.StringIO(fetched(page, "CSV of all scores").decode())))
    assert len(scores) == 200
    assert json.loads(fetched(page, "JSON"))["ranking"][0]["label"] == rows[0]["label"]
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("Copied.").or_(page.get_by_text("Press Ctrl+C"))).to_be_visible()


def test_a_link_brings_the_tab_and_the_numbering_back(page, open_page):
    opened(page, "/detection?sample=motorcycle&detection.more=Export", shows=SCRIPT)
    page.get_by_role("radio", name="counted").click()
    page.get_by_text("counts the labels of this model from 1", exact=False).wait_for()
    idle(page)
    other = opened(open_page(), page.url)
    expect(other.get_by_role("radio", name="counted")).to_be_checked()


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_the_second_opinion_is_heard_and_fits_its_window(width, dark, open_page):
    page = open_page(width=width, dark=dark)
    page.goto(OPINION)
    expect(page.get_by_text("Both engines agree within 0.001 in every value.")).to_be_visible()
    idle(page)
    times = shown_metric(page, "ONNX Runtime")
    expect(times).to_contain_text("ms")
    main = "document.querySelector('[data-testid=stMain]')"
    assert page.evaluate(f"{main}.scrollWidth <= {main}.clientWidth")
    keep(page, f"second-opinion-{width}-{'dark' if dark else 'light'}")
