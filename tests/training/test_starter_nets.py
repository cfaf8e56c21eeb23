"""The shipped nets: whole, alike in all formats, and right about the sample photos."""

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from core.nets.catalog import MODELS, card_named
from training.golden import CLASSIFIED, DETECTED, GOLDEN, boxes, classified, ranking, sample

FORMATS = ("onnx", "caffe", "tensorflow", "darknet")
FOLDERS = (*(f"starter-classifier-{name}" for name in FORMATS), "starter-detector-darknet")
golden = json.loads((Path(__file__).parent / GOLDEN.name).read_text("utf-8"))


@pytest.mark.parametrize("name", FOLDERS)
def test_every_file_is_there_and_is_the_one_on_the_card(name):
    net = card_named(name)
    assert net.shipped
    for file in net.files:
        content = (net.folder / file.name).read_bytes()
        assert len(content) == file.size
        assert f"sha256:{sha256(content).hexdigest()}" == file.digest


def test_all_starter_nets_together_stay_small():
    total = sum(path.stat().st_size for name in FOLDERS for path in (MODELS / name).iterdir())
    assert total < 24_000_000


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_label_and_a_group_for_each_class(format_name):
    net = card_named(f"starter-classifier-{format_name}")
    assert len(net.labels) == len(set(net.labels)) == 200
    assert len(net.groups) == 200
    assert classified(sample("chelsea"), net).shape == (200,)
    groups = dict(zip(net.labels, net.groups, strict=True))
    assert groups["tabby cat"] == groups["Egyptian cat"] == "cat"
    assert groups["golden retriever"] == "dog"
    assert groups["sports car"] == "car"


def test_the_detector_knows_its_ten_classes():
    assert card_named("starter-detector-darknet").labels == (
        "person", "car", "bus", "truck", "motorbike", "dog", "cat", "horse", "sheep", "cow",
    )  # fmt: skip


@pytest.mark.parametrize("photo", CLASSIFIED)
@pytest.mark.parametrize("format_name", FORMATS)
def test_every_format_gives_the_golden_answer(photo, format_name):
    said = ranking(sample(photo), card_named(f"starter-classifier-{format_name}"))
    wanted = golden["classified"][photo]
    assert [row["label"] for row in said] == [row["label"] for row in wanted]
    np.testing.assert_allclose(
        [row["confidence"] for row in said], [row["confidence"] for row in wanted], atol=1e-4
    )


@pytest.mark.parametrize("photo", CLASSIFIED)
def test_the_formats_differ_by_a_ten_thousandth_at_most(photo):
    answers = [
        classified(sample(photo), card_named(f"starter-classifier-{name}")) for name in FORMATS
    ]
    assert np.ptp(answers, axis=0).max() < 1e-4


@pytest.mark.parametrize("photo", DETECTED)
def test_the_detector_gives_the_golden_boxes(photo):
    found = boxes(sample(photo), card_named("starter-detector-darknet"))
    wanted = golden["detected"][photo]
    assert [row["label"] for row in found] == [row["label"] for row in wanted]
    for row, right in zip(found, wanted, strict=True):
        assert row["confidence"] == pytest.approx(right["confidence"], abs=1e-3)
        assert row["xyxy"] == pytest.approx(right["xyxy"], abs=0.5)


def test_the_sample_cat_is_a_cat():
    net = card_named("starter-classifier-onnx")
    best = int(classified(sample("chelsea"), net).argmax())
    assert net.groups[best] == "cat"


def test_the_sample_coffee_is_an_espresso():
    net = card_named("starter-classifier-onnx")
    assert net.label(int(classified(sample("coffee"), net).argmax())) == "espresso"


@pytest.mark.parametrize(
    ("photo", "label"),
    [("chelsea", "cat"), ("astronaut", "person"), ("motorcycle", "motorbike")],
)
def test_the_sample_photos_show_what_the_detector_finds_first(photo, label):
    assert boxes(sample(photo), card_named("starter-detector-darknet"))[0]["label"] == label
