import csv
import io
import threading
import time

import cv2
import numpy as np
import pytest

from core.jobs import start_job
from core.nets.catalog import card_named
from core.picture.image import Picture
from core.picture.samples import sample_picture
from core.pipeline import Thresholds, detect, ranking, run_model
from core.series import many as many_module
from core.series.many import THUMBNAIL, many, pictures_with, together
from core.series.question import Question, counts, labels_of
from core.share.series import many_csv

DETECTOR = card_named("starter-detector-darknet")
CLASSIFIER = card_named("starter-classifier-onnx")
LOOKING = Question(DETECTOR, Thresholds(0.2))
NAMING = Question(CLASSIFIER, k=2)
BROKEN = Picture("broken.png", sample_picture("coffee").data[:2000])
TEXT = Picture("=notes.png", b"just a text")
GIVEN = (
    sample_picture("cat"),
    BROKEN,
    sample_picture("coffee"),
    TEXT,
    sample_picture("motorcycle"),
)


@pytest.fixture(scope="module")
def entries():
    return tuple(many(GIVEN, LOOKING))


def test_a_broken_file_gets_its_own_entry_and_the_rest_goes_on(entries):
    assert [entry.name for entry in entries] == [picture.name for picture in GIVEN]
    assert [bool(entry.answer) for entry in entries] == [True, False, True, False, True]
    assert "damaged or was cut off" in entries[1].reason
    assert "a text file" in entries[3].reason
    assert not entries[0].reason


def test_each_answer_is_what_the_picture_gets_alone(entries):
    for picture, entry in zip(GIVEN, entries, strict=True):
        if entry.answer:
            run = run_model(picture, DETECTOR)
            kept = detect(run, LOOKING.thresholds).kept
            np.testing.assert_array_equal(entry.answer.boxes.xyxy, kept.xyxy)
            assert entry.size == run.image_size


def test_a_classifier_names_as_many_classes_as_asked():
    (entry,) = many(GIVEN[:1], NAMING)
    assert entry.answer.ranked == ranking(run_model(GIVEN[0], CLASSIFIER), 2).best
    assert labels_of(entry.answer) == (entry.answer.best.label,)


def test_thumbnails_are_small_and_keep_the_shape(entries):
    for entry in entries:
        if not entry.answer:
            assert entry.thumbnail == b""
            continue
        small = cv2.imdecode(np.frombuffer(entry.thumbnail, np.uint8), cv2.IMREAD_COLOR)
        height, width = small.shape[:2]
        assert max(height, width) == THUMBNAIL
        assert width / height == pytest.approx(entry.size.width / entry.size.height, rel=0.02)
        assert len(entry.thumbnail) < 20_000


def test_nothing_is_decoded_before_it_is_asked_for(monkeypatch):
    asked = []
    real = many_module.decode_picture
    monkeypatch.setattr(
        many_module,
        "decode_picture",
        lambda picture: asked.append(picture) or real(picture),
    )
    steps = many(GIVEN, LOOKING)
    next(steps)
    next(steps)
    assert asked == list(GIVEN[:2])


def test_stopping_keeps_what_came():
    def slow():
        for picture in GIVEN * 40:
            yield picture
            looked.acquire(timeout=20)

    looked = threading.Semaphore(0)
    job = start_job(many(slow(), LOOKING), 200)
    while not job.count:
        job.wait(0.01)
    job.stop()
    looked.release()
    assert job.wait(20)
    assert 1 <= job.count <= 2
    assert job.came[0].name == GIVEN[0].name


def test_too_many_or_too_large_together_are_cut_off_in_order(monkeypatch):
    three = tuple(Picture(f"{number}.png", bytes(10)) for number in range(3))
    assert together(three) == three
    monkeypatch.setattr(many_module, "MOST_PICTURES", 2)
    assert together(three) == three[:2]
    monkeypatch.setattr(many_module, "MOST_SERIES_BYTES", 15)
    assert together(three) == three[:1]


def test_counts_are_of_boxes_and_of_pictures(entries):
    answers = [entry.answer for entry in entries if entry.answer]
    assert counts(answers).total() == sum(len(answer.boxes) for answer in answers)
    with_label = pictures_with(entries)
    assert all(1 <= number <= 3 for number in with_label.values())
    assert set(with_label) == set(counts(answers))


def test_the_csv_has_a_line_a_box_and_one_for_what_has_none(entries):
    lines = list(csv.DictReader(io.StringIO(many_csv(entries))))
    for entry in entries:
        mine = [line for line in lines if line["file"].lstrip("'") == entry.name]
        boxes = entry.answer.boxes.xyxy if entry.answer else []
        assert len(mine) == max(1, len(boxes))
        corners = [
            [float(line[c] or "nan") for c in ("x_min", "y_min", "x_max", "y_max")]
            for line in mine
        ]
        if len(boxes):
            np.testing.assert_array_equal(corners, boxes)
        assert mine[0]["problem"].lstrip("'") == entry.reason
    assert any(line["file"] == "'=notes.png" for line in lines), "a spreadsheet runs nothing"


def test_times_are_of_this_picture_alone():
    begin = time.perf_counter()
    (entry,) = many(GIVEN[:1], LOOKING)
    assert 0 < entry.ms <= 1e3 * (time.perf_counter() - begin)
