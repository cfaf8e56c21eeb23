"""What a visitor takes home from an answer, through app.py."""

import csv
import io
import json
from functools import partial
from zipfile import ZipFile

import pytest
import streamlit as st

from core.nets.catalog import card_named
from core.picture.samples import sample_picture
from tests.shared import NETS, needs_shared

BOXES = {
    "detection__model": "Colour blobs",
    "detection__more": "Export",
    "detection.tiny-blob-detector.confidence": "0.2",
}


RANKING = {
    "classification__model": "Starter classifier, ONNX",
    "classification__more": "Export",
}


@pytest.fixture
def offered(monkeypatch) -> dict[str, dict]:
    """Keep what every download button of the tab was given in the last run, by its label."""
    kept = {}
    original = st.download_button

    def recording(label, data, **options):
        if ".home." in options.get("key", ""):
            kept[label] = {"data": data, **options}
        return original(label, data, **options)

    monkeypatch.setattr(st, "download_button", recording)
    return kept


def made(given: dict) -> bytes | str:
    return given["data"]() if callable(given["data"]) else given["data"]


def test_the_detection_page_offers_every_file_and_each_is_of_its_kind(visit, offered):
    assert not visit("detection", sample="coffee", **BOXES).error
    assert list(offered) == [
        "Report",
        "PNG",
        "JPEG",
        "Crops",
        "CSV",
        "JSON",
        "COCO results",
        "COCO dataset",
        "YOLO txt",
        "YOLO predictions",
        "classes.txt",
        "detect.py",
        "Runnable ZIP",
    ]
    starts = {"Report": b"<!doctype html>", "PNG": b"\x89PNG", "JPEG": b"\xff\xd8\xff"}
    starts |= {"Crops": b"PK", "Runnable ZIP": b"PK"}
    for label, start in starts.items():
        assert made(offered[label]).startswith(start), label
    assert offered["CSV"]["file_name"] == "coffee.csv"
    assert offered["YOLO txt"]["file_name"] == "coffee.txt"


def test_the_csv_lists_what_the_table_lists(visit, offered):
    app = visit("detection", sample="coffee", **BOXES)
    table = app.dataframe[0].value
    rows = list(csv.DictReader(io.StringIO(made(offered["CSV"]))))
    assert len(rows) == len(table) > 0
    assert [row["label"] for row in rows] == list(table["label"])
    for column in ("x_min", "y_min", "x_max", "y_max"):
        assert [round(float(row[column]), 1) for row in rows] == pytest.approx(
            list(table[column]), abs=0.11
        )


def test_the_classification_page_offers_every_file(visit, offered):
    app = visit("classification", sample="cat", **RANKING)
    assert not app.error
    assert list(offered) == [
        "Report",
        "CSV",
        "CSV of all scores",
        "JSON",
        "classes.txt",
        "classify.py",
        "Runnable ZIP",
    ]
    rows = list(csv.DictReader(io.StringIO(made(offered["CSV"]))))
    assert [row["label"] for row in rows] == list(app.dataframe[0].value["label"])
    scores = list(csv.DictReader(io.StringIO(made(offered["CSV of all scores"]))))
    assert len(scores) == len(card_named("starter-classifier-onnx").labels)
    assert json.loads(made(offered["JSON"]))["picture"]["name"] == sample_picture("cat").name


@pytest.mark.parametrize(("page", "query"), [("detection", BOXES), ("classification", RANKING)])
def test_no_download_keeps_a_page_alive_or_runs_it_again(page, query, visit, offered):
    visit(page, sample="coffee", **query)
    for label, given in offered.items():
        assert given["on_click"] == "ignore", label
        assert isinstance(given["data"], str | partial), label
        if isinstance(given["data"], partial):
            assert given["data"].func.__module__.startswith("core.share."), label


def test_nothing_is_made_while_the_tab_is_closed(visit, offered):
    visit("detection", sample="coffee", detection__model="Colour blobs")
    assert offered == {}


def test_a_visitor_chooses_how_coco_counts_only_where_both_make_sense(visit, offered):
    app = visit("detection", sample="motorcycle", detection__more="Export")
    assert any("instances_val2017.json" in each.value for each in app.caption)
    official = json.loads(made(offered["COCO results"]))
    app.segmented_control(key="detection.home.categories").set_value("counted").run()
    assert any("counts the labels of this model from 1" in each.value for each in app.caption)
    counted = json.loads(made(offered["COCO results"]))
    assert [row["bbox"] for row in official] == [row["bbox"] for row in counted] != []
    assert official[0]["category_id"] == 4  # COCO's motorcycle
    assert counted[0]["category_id"] == 5
    own = visit("detection", sample="coffee", **BOXES)
    keys = [each.key for each in own.segmented_control]
    assert "detection.home.categories" not in keys
    assert any("counts the labels of this model from 1" in each.value for each in own.caption)


def test_without_a_box_there_is_nothing_to_cut_out(visit, offered):
    query = {**BOXES, "detection.tiny-blob-detector.confidence": "1"}
    assert not visit("detection", sample="coffee", **query).error
    assert "Crops" not in offered
    assert made(offered["CSV"]).count("\n") == 1
    assert json.loads(made(offered["COCO results"])) == []
    assert made(offered["YOLO txt"]) == ""
    assert b"No detections." in made(offered["Report"])


def test_the_script_on_the_page_is_the_one_to_download(visit, offered):
    app = visit("classification", sample="cat", **RANKING)
    shown = next(each.value for each in app.code if "classify.py" in each.value)
    assert shown == made(offered["classify.py"]).strip()


@needs_shared
def test_other_peoples_weights_travel_only_when_wanted(visit, offered, monkeypatch):
    monkeypatch.setenv("BLOBSCOPE_MODELS", str(NETS))
    app = visit(
        "detection",
        sample="coffee",
        detection__model="YOLOX-nano",
        detection__more="Export",
    )
    assert any("model files are not included" in each.value for each in app.caption)
    assert len(made(offered["Runnable ZIP"])) < 1_000_000
    (wanted,) = (each for each in app.checkbox if "(3.7 MB)" in each.label)
    wanted.check().run()
    names = ZipFile(io.BytesIO(made(offered["Runnable ZIP"]))).namelist()
    assert {"yolox_nano.onnx", "LICENCE-AND-SOURCE.txt"} <= set(names)
