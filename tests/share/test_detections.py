"""Boxes as files: the same boxes in each, and nothing a label can do about it."""

import csv
import io
import json
from dataclasses import replace
from zipfile import ZipFile

import cv2
import numpy as np
import pytest

from core.nets.catalog import card_named
from core.outputs import Outputs
from core.picture.image import Picture, decode_picture
from core.picture.samples import sample_picture
from core.picture.size import Size
from core.pipeline import Thresholds, run_model
from core.render.boxes import NUMBERED, draw_detections
from core.results.classification import Ranked
from core.results.detections import Detections
from core.results.truth import read_truth, truth_for
from core.share import pictures
from core.share.detections import (
    COLUMNS,
    box_rows,
    boxes_csv,
    boxes_json,
    class_names,
    yolo_text,
)
from core.share.pictures import annotated_jpeg, annotated_png, crops_zip
from core.share.provenance import Provenance, threshold_facts
from core.share.ranking import ranking_csv, ranking_json, scores_csv

CARD = card_named("tiny-blob-detector")
PICTURE = sample_picture("coffee")
SIZE = Size.of(decode_picture(PICTURE))
PROVENANCE = Provenance(PICTURE, run_model(PICTURE, CARD))
KEPT = Detections(
    [
        [10.1234567, 20.75, 110.5, 219.25],
        [0, 0, 300, 400],
        [SIZE.width - 9.5, 5, SIZE.width, 60],
    ],
    [0.87654321, 0.5, 0.25],
    [3, 0, 6],
    [700, 12, 9],
)
NONE = KEPT.taken(slice(0))
FORMULAS = ("=1+1", "+cmd|'/c calc'!A1", "-2+3", "@SUM(A1)", "\t=1", "\uff1d1+1", "|x")
HOSTILE = replace(CARD, labels=FORMULAS)


def answered(outputs: Outputs, **changes) -> Provenance:
    return replace(PROVENANCE, run=replace(PROVENANCE.run, outputs=outputs, **changes))


def parsed(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_csv_has_the_columns_and_boxes_that_were_promised():
    rows = parsed(boxes_csv(KEPT, CARD))
    assert tuple(rows[0]) == COLUMNS
    assert COLUMNS == ("x_min", "y_min", "x_max", "y_max", "class_id", "label", "confidence")
    corners = [[float(row[name]) for name in COLUMNS[:4]] for row in rows]
    np.testing.assert_allclose(corners, KEPT.xyxy, atol=5e-4)
    assert [row["label"] for row in rows] == ["green", "red", "pink"]
    assert [int(row["class_id"]) for row in rows] == KEPT.class_id.tolist()
    assert [float(row["confidence"]) for row in rows] == [0.876543, 0.5, 0.25]


def test_a_csv_of_nothing_still_says_its_columns():
    assert boxes_csv(NONE, CARD) == ",".join(COLUMNS) + "\r\n"


@pytest.mark.parametrize("class_id", range(len(FORMULAS)))
def test_no_label_runs_in_a_spreadsheet(class_id):
    kept = replace(KEPT, class_id=[class_id] * 3)
    best = (Ranked(class_id, HOSTILE.label(class_id), 0.5),)
    outputs = Outputs({"prob": np.zeros((1, 7), np.float32)})
    provenance = answered(outputs, card=HOSTILE)
    assert parsed(boxes_csv(kept, HOSTILE))[0]["label"].startswith("'")
    assert parsed(ranking_csv(best))[0]["label"].startswith("'")
    assert parsed(scores_csv(provenance))[class_id]["label"].startswith("'")
    assert class_names(HOSTILE).splitlines()[class_id].startswith("'")


def test_a_negative_number_stays_a_number():
    outside = replace(KEPT, xyxy=KEPT.xyxy - 50)
    assert parsed(boxes_csv(outside, CARD))[0]["x_min"] == "-39.877"


def test_the_json_holds_the_boxes_and_all_it_takes_to_get_them_again():
    thresholds = Thresholds(0.2, 0.4, class_ids=frozenset({6, 0, 3}))
    told = json.loads(boxes_json(KEPT, PROVENANCE, thresholds))
    assert [row["raw_row"] for row in told["detections"]] == [700, 12, 9]
    assert [{k: row[k] for k in COLUMNS} for row in told["detections"]] == box_rows(KEPT, CARD)
    assert told["picture"] == {
        "name": PICTURE.name,
        "width": SIZE.width,
        "height": SIZE.height,
        "sha256": PICTURE.digest,
    }
    assert told["model"]["files"][0]["digest"] == CARD.files[0].digest
    assert told["spec"]["size"] == [256, 256]
    assert told["spec"]["swap_rb"] is True
    assert told["thresholds"]["class_ids"] == [0, 3, 6]
    assert told["versions"]["opencv"] == cv2.__version__


def test_the_json_of_a_broken_net_has_no_nan_in_it():
    broken = replace(KEPT, confidence=[np.inf, 0.5, 0.25])
    told = json.loads(boxes_json(broken, PROVENANCE, Thresholds()), parse_constant=pytest.fail)
    assert told["detections"][0]["confidence"] is None
    best = (Ranked(0, "red", float("nan")),)
    json.loads(ranking_json(best, PROVENANCE), parse_constant=pytest.fail)


def test_thresholds_for_all_classes_say_null():
    assert threshold_facts(Thresholds())["class_ids"] is None


def test_yolo_lines_become_the_same_boxes_again():
    lines = [line.split() for line in yolo_text(KEPT, SIZE).splitlines()]
    assert {len(line) for line in lines} == {5}
    numbers = np.array([line[1:] for line in lines], float) * (SIZE.cv2 * 2)
    xyxy = np.hstack([numbers[:, :2] - numbers[:, 2:] / 2, numbers[:, :2] + numbers[:, 2:] / 2])
    np.testing.assert_allclose(xyxy, KEPT.xyxy, atol=2e-3)
    sure = [line.split() for line in yolo_text(KEPT, SIZE, with_confidence=True).splitlines()]
    assert [line[:5] for line in sure] == lines
    np.testing.assert_allclose([float(line[5]) for line in sure], KEPT.confidence, atol=1e-6)


@pytest.mark.parametrize("name", ["tiny-blob-detector", "mobilenet-ssd-voc-caffe"])
def test_a_yolo_file_of_ours_is_a_ground_truth_of_the_same_classes(name):
    model = card_named(name)
    class_ids = np.arange(len(model.labels)) + model.label_offset
    boxes = np.tile([10.0, 20.0, 60.0, 50.0], (len(class_ids), 1))
    kept = Detections(boxes, np.full(len(class_ids), 0.5), class_ids, np.arange(len(boxes)))
    text = yolo_text(kept, SIZE, label_offset=model.label_offset)
    names = class_names(model).splitlines()
    assert [names[int(line.split()[0])] for line in text.splitlines()] == list(model.labels)
    marked = read_truth("ours.txt", text.encode(), picture="a.png", size=SIZE)
    truth = truth_for(marked, model.labels, label_offset=model.label_offset)
    np.testing.assert_array_equal(truth.class_id, class_ids)


def test_yolo_has_no_number_for_the_background():
    kept = Detections([[0, 0, 9, 9]] * 2, [0.9, 0.8], [0, 1], [0, 1])
    (line,) = yolo_text(kept, SIZE, label_offset=1).splitlines()
    assert line.startswith("0 ")


def test_a_label_of_two_lines_takes_one():
    assert class_names(replace(CARD, labels=("a\nb", "c"))) == "a b\nc\n"


def test_the_picture_is_annotated_in_its_own_size():
    wanted = draw_detections(decode_picture(PICTURE), KEPT, label=CARD.label, style=NUMBERED)
    drawn = cv2.imdecode(np.frombuffer(annotated_png(PICTURE, KEPT, CARD), np.uint8), 1)
    np.testing.assert_array_equal(drawn, wanted)
    photo = cv2.imdecode(np.frombuffer(annotated_jpeg(PICTURE, KEPT, CARD), np.uint8), 1)
    assert photo.shape == wanted.shape
    assert np.abs(photo.astype(int) - wanted).mean() < 6


def test_crops_are_the_pixels_of_the_boxes_cut_at_the_edge():
    image = decode_picture(PICTURE)
    beyond = np.array([[-50, 0, 0, 0], [0, 0, 0, 0], [0, 0, 90, 0]])
    over = replace(KEPT, xyxy=KEPT.xyxy + beyond)
    archive = ZipFile(io.BytesIO(crops_zip(PICTURE, over, CARD)))
    assert archive.testzip() is None
    cut = [
        cv2.imdecode(np.frombuffer(archive.read(n), np.uint8), 1) for n in archive.namelist()
    ]
    np.testing.assert_array_equal(cut[0], image[20:220, 0:111])
    np.testing.assert_array_equal(cut[1], image[0:400, 0:300])
    np.testing.assert_array_equal(cut[2], image[5:60, SIZE.width - 10 :])
    assert archive.namelist()[1] == "002-red-0.50.png"


def test_archives_know_no_time_and_are_empty_without_boxes():
    archive = ZipFile(io.BytesIO(crops_zip(PICTURE, KEPT, CARD)))
    assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert ZipFile(io.BytesIO(crops_zip(PICTURE, NONE, CARD))).namelist() == []


def test_no_label_leads_a_crop_out_of_its_folder():
    evil = replace(CARD, labels=("../../up", "C:\\x", "con", "a/b", "", ".", "<b>"))
    kept = replace(KEPT, class_id=[0, 1, 5])
    names = ZipFile(io.BytesIO(crops_zip(PICTURE, kept, evil))).namelist()
    assert names == ["001-up-0.88.png", "002-x-0.50.png", "003-class-0.25.png"]


def test_a_thousand_boxes_of_a_big_photo_do_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(pictures, "MAX_PICTURE_PIXELS", 300 * 400 + 200 * 101)
    archive = ZipFile(io.BytesIO(crops_zip(PICTURE, KEPT, CARD)))
    assert archive.namelist()[2:] == ["left-out.txt"]
    assert archive.read("left-out.txt") == b"1 of 3 boxes: too many pixels.\n"


def test_scores_keep_every_digit_of_the_net():
    scores = np.float32([[1 / 3, 2 / 3, 0, 0, 0, 0, 0]])
    rows = parsed(scores_csv(answered(Outputs({"prob": scores}))))
    assert np.float32([row["score"] for row in rows]).tolist() == scores[0].tolist()
    assert rows[0]["label"] == "red"


def test_a_name_from_a_stranger_stays_a_name_in_json():
    odd = replace(PROVENANCE, picture=Picture('"},"x":<script>\ud800', PICTURE.data))
    assert (
        json.loads(boxes_json(NONE, odd, Thresholds()))["picture"]["name"] == odd.picture.name
    )
