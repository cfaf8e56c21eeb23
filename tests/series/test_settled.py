"""A series is read in one layout, whatever its images would be taken for alone."""

from dataclasses import replace

import numpy as np
import pytest

from core.blob.make import make_blob
from core.errors import LayoutUnknown
from core.nets.catalog import card_named
from core.outputs import AUTO, Outputs
from core.picture.image import decode_picture
from core.picture.samples import sample_picture
from core.picture.size import Size
from core.pipeline import Thresholds, detect, ranking, run_model
from core.series.settled import Settled

CARD = card_named("tiny-blob-detector")
SIDE = 96
NAMES = tuple(f"name {number}" for number in range(80))


@pytest.fixture(scope="module")
def plain_run():
    """A run of a net for 96 x 96 pixels, whose outputs the tests replace."""
    run = run_model(sample_picture("cat"), CARD)
    spec = replace(CARD.blob, size=Size(SIDE, SIDE))
    _, placement = make_blob(decode_picture(sample_picture("cat")), spec)
    run = replace(run, spec=spec, placement=placement)
    card = replace(CARD, layout=AUTO, labels=NAMES, framework="onnx")
    return replace(run, card=card)


def cells(side=SIDE):
    return sum((side // stride) ** 2 for stride in (8, 16, 32))


def table(score):
    """YOLOv8's columns for 80 classes."""
    rows = np.zeros((1, 84, cells()), np.float32)
    if score:
        rows[0, :4] = [[48], [48], [10], [10]]
        rows[0, 4:] = 0.001
        rows[0, 4 + 7, 40] = score
    return Outputs({"out": rows})


def frame(plain_run, outputs):
    return replace(plain_run, outputs=outputs)


def of_few(plain_run):
    """The same with fewer labels than classes: they do not tell the layout."""
    return replace(plain_run, card=replace(plain_run.card, labels=NAMES[:9]))


def test_a_frame_that_alone_would_be_read_otherwise_is_read_as_the_first(plain_run):
    settled = Settled()
    plain_run = of_few(plain_run)
    first = settled.settle(frame(plain_run, table(0.9)), where="frame 3")
    assert first.reading.layout == "yolov8"
    assert settled.reading.layout.startswith(
        "Output layout: yolov8, recognised in frame 3 and kept for all that follow: "
    )
    empty = frame(plain_run, table(0))
    assert empty.reading.layout == "end-to-end-pose", "the hazard of this test"
    assert settled.settle(empty, where="frame 4").reading.layout == "yolov8"


def test_a_frame_with_nothing_on_it_does_not_decide(plain_run):
    settled = Settled()
    plain_run = of_few(plain_run)
    empty = settled.settle(frame(plain_run, table(0)), where="frame 0")
    assert settled.reading is None
    assert len(detect(empty, Thresholds()).kept) == 0
    settled.settle(frame(plain_run, table(0.9)), where="frame 1")
    assert "yolov8, recognised in frame 1" in settled.reading.layout


def test_a_frame_that_contradicts_the_layout_is_named(plain_run):
    settled = Settled()
    settled.settle(frame(plain_run, table(0.9)), where="frame 0")
    with pytest.raises(LayoutUnknown, match=r"frame 1 makes no sense.*run from 0.001 to 77"):
        settled.settle(frame(plain_run, table(77)), where="frame 1")


def test_another_model_or_spec_begins_anew(plain_run):
    settled = Settled()
    settled.settle(frame(plain_run, table(0.9)), where="frame 0")
    other = of_few(plain_run)
    settled.settle(frame(other, table(0.9)), where="frame 1")
    assert "recognised in frame 1" in settled.reading.layout
    spec = replace(plain_run.spec, swap_rb=not plain_run.spec.swap_rb)
    settled.settle(replace(frame(other, table(0.9)), spec=spec), where="frame 2")
    assert "recognised in frame 2" in settled.reading.layout


def test_a_layout_that_somebody_names_is_kept(plain_run):
    settled = Settled()
    named = replace(plain_run, card=replace(plain_run.card, layout="yolov8"))
    settled.settle(frame(named, table(0.9)), where="frame 0")
    assert "yolov8, as chosen or as the model card says" in settled.reading.layout


def test_labels_and_sizes_that_do_not_fit_are_told_once_for_the_series(plain_run):
    settled = Settled()
    settled.settle(frame(of_few(plain_run), table(0.9)), where="frame 0")
    assert any("answers 80 classes, but its card lists 9" in each for each in doubts(settled))
    settled.settle(frame(plain_run, table(0.9)), where="frame 1")
    assert not any("classes" in each for each in doubts(settled))


def doubts(settled):
    return settled.reading.doubts


def test_a_classifier_has_no_layout_but_its_labels_are_counted():
    card = card_named("tiny-dominant-colour")
    run = run_model(sample_picture("cat"), replace(card, labels=card.labels[:2]))
    settled = Settled()
    assert ranking(settled.settle(run, where="cat.png"), 1).best == ranking(run, 1).best
    assert settled.reading.layout == ""
    assert any("its card lists 2 labels" in each for each in settled.reading.doubts)
