"""The road as a whole, on the committed nets and, where they are, on real ones."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from core.nets import engine
from core.nets.catalog import card_named
from core.nets.downloads import download
from core.outputs import Outputs
from core.picture.image import Picture, decode_picture
from core.picture.placement import stretch
from core.picture.samples import sample_picture
from core.picture.size import Size
from core.pipeline import (
    MOST_CANDIDATES,
    ClassCount,
    RoadTimes,
    Run,
    Thresholds,
    detect,
    ranking,
    raw_detections,
    run_model,
)
from core.render.shown import Shown
from tests.shared import IMAGES, NETS, needs_shared, where_present

pytestmark = pytest.mark.usefixtures("mirrored")


def photo(name: str) -> Picture:
    return Picture(name, (IMAGES / name).read_bytes())


def size_of(name: str) -> list[int]:
    return list(cv2.imread(str(IMAGES / name)).shape[1::-1])


def fetched(name: str):
    model = card_named(name)
    if not model.shipped:
        download(model)
    return model


def png(image) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


@needs_shared
@pytest.mark.parametrize(
    "name",
    where_present(
        "yolo-fastest-1.1-coco",
        "yolo-fastest-1.1-xl-coco",
        "yolox-nano-onnx",
        "yufacedetectnet-v2-caffe-ssd",
        "opencv-face-detector-uint8-tf-ssd",
    ),
)
def test_the_road_finds_what_was_measured_on_real_photos(name):
    model = fetched(name)
    facts = json.loads((NETS / name / "manifest.json").read_text())["measured"]
    measured = facts["detected_on_images"]
    checked = 0
    for picture_name, wanted in measured["images"].items():
        result = detect(
            run_model(photo(picture_name), model), Thresholds(measured["conf"], 0.45)
        )
        have = [
            (model.label(class_id), confidence, xyxy)
            for class_id, confidence, xyxy in zip(
                result.kept.class_id.tolist(),
                result.kept.confidence.tolist(),
                result.kept.xyxy,
                strict=True,
            )
        ]
        for label, confidence, measured_xyxy in wanted:
            xyxy = np.clip(measured_xyxy, 0, size_of(picture_name) * 2)
            assert any(
                label == its_label
                and abs(confidence - its_confidence) <= 0.02
                and np.abs(xyxy - its_xyxy.round()).max() <= 2  # the facts are rounded
                for its_label, its_confidence, its_xyxy in have
            ), f"{picture_name}: {label} {confidence} {xyxy} is not in {have}"
            checked += 1
    assert checked > 0


of_each_detector = pytest.mark.parametrize(
    "name", ["starter-detector-darknet", *where_present("yolo-fastest-1.1-coco")]
)
of_each_classifier = pytest.mark.parametrize(
    "name", ["starter-classifier-onnx", *where_present("squeezenet-v1.1-fp16-onnx")]
)


@of_each_detector
def test_moving_a_threshold_needs_no_second_forward(name, monkeypatch):
    run = run_model(sample_picture("motorcycle"), fetched(name))
    monkeypatch.setattr(engine, "engine", lambda: pytest.fail("the net ran again"))
    counts = [len(detect(run, Thresholds(c)).kept) for c in (0.05, 0.25, 0.5, 0.9)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


@of_each_classifier
def test_a_fresh_net_tells_its_first_forward_from_a_warm_one(name, monkeypatch):
    local = engine.LocalEngine()
    monkeypatch.setattr(engine, "engine", lambda: local)
    model = fetched(name)
    fresh, again = (run_model(sample_picture("coffee"), model).times for _ in range(2))
    assert fresh.load is not None
    assert fresh.first_forward is not None
    assert again.load is None
    assert again.first_forward is None


@of_each_classifier
def test_a_classifier_names_the_cat(name):
    best = ranking(run_model(sample_picture("cat"), fetched(name)), 5).best
    assert "cat" in best[0].label
    assert [each.confidence for each in best] == sorted(
        (each.confidence for each in best), reverse=True
    )


@of_each_detector
def test_boxes_on_the_shown_picture_cover_the_same_part_as_on_the_original(name):
    model = fetched(name)
    small = decode_picture(sample_picture("motorcycle"))
    large = Picture("large.png", png(cv2.resize(small, None, fx=4, fy=4)))
    run = run_model(large, model)
    kept = detect(run, Thresholds()).kept
    assert len(kept) > 0
    parts = kept.xyxy / (*run.image_size.cv2, *run.image_size.cv2)
    shown = Shown.of(decode_picture(large))
    assert shown.image.shape[1] < run.image_size.width
    placed = shown.placed(kept).xyxy / np.tile(shown.image.shape[1::-1], 2)
    np.testing.assert_allclose(placed, parts, atol=1e-9)


@of_each_detector
def test_only_the_wanted_classes_are_kept(name):
    model = fetched(name)
    run = run_model(sample_picture("motorcycle"), model)
    person = model.labels.index("person")
    assert len(set(detect(run, Thresholds(0.1)).kept.class_id.tolist())) > 1
    kept = detect(run, Thresholds(0.1, class_ids=frozenset({person}))).kept
    assert set(kept.class_id.tolist()) == {person}
    assert len(raw_detections(run)) > len(kept)


SQUARE = Size(100, 100)
PLAIN = Thresholds(confidence=0.25, iou=0.45)


def detector(**changes):
    """A card for hand-made outputs: five classes, SSD's rows."""
    labels = ("cat", "dog", "owl", "fox", "elk")
    return replace(
        card_named("tiny-blob-detector"), labels=labels, groups=(), layout="ssd", **changes
    )


def answered(*rows: tuple[int, float, list[float]], **changes) -> Run:
    """The run of a net that answered (class, confidence, xyxy) on a picture of 100 x 100."""
    card = detector(**changes)
    table = [[0, class_id, surety, *(x / 100 for x in xyxy)] for class_id, surety, xyxy in rows]
    return Run(
        card=card,
        spec=card.blob,
        image_size=SQUARE,
        blob=np.zeros((1, 3, 100, 100), np.float32),
        placement=stretch(SQUARE, into=SQUARE),
        outputs=Outputs({"rows": np.array([[table]], np.float32)}),
        times=RoadTimes(0, 0, None, None, 0),
    )


BOX, SHIFTED = [10, 10, 50, 50], [10, 10, 50, 40]  # IoU 0.75
TWINS = answered((1, 0.9, BOX), (1, 0.8, SHIFTED), (2, 0.7, SHIFTED))


def test_of_twins_the_surer_one_stays_of_each_class():
    assert detect(TWINS, PLAIN).kept.row.tolist() == [0, 2]
    assert detect(TWINS, replace(PLAIN, iou=0.8)).kept.row.tolist() == [0, 1, 2]


def test_agnostic_lets_classes_suppress_each_other():
    kept = detect(TWINS, replace(PLAIN, per_class=False)).kept
    assert kept.row.tolist() == [0]


@pytest.mark.parametrize(
    ("per_class", "confidence"),
    [(True, {0: 0.9, 2: 0.7, 1: 0.8 * 0.25}), (False, {0: 0.9, 1: 0.8 * 0.25})],
    ids=["per class", "agnostic"],
)
def test_soft_lowers_the_confidence_of_doubles_instead_of_dropping_them(per_class, confidence):
    soft = replace(PLAIN, soft=True, per_class=per_class, confidence=0.15)
    kept = detect(TWINS, soft).kept
    assert dict(zip(kept.row.tolist(), kept.confidence, strict=True)) == pytest.approx(
        confidence
    )


def test_what_soft_lowered_below_the_confidence_goes():
    soft = replace(PLAIN, soft=True)  # 0.8 became 0.2
    result = detect(TWINS, soft)
    assert result.kept.row.tolist() == [0, 2]
    assert result.confident == 3


def cells(class_id, count, surest):
    """Boxes side by side, less and less sure."""
    return [
        (class_id, surest - i / 10_000, [i % 40, i // 40, i % 40 + 0.9, i // 40 + 0.9])
        for i in range(count)
    ]


def test_no_more_candidates_than_the_cap_reach_nms_and_these_are_the_surest():
    rows = cells(1, MOST_CANDIDATES + 200, 0.9)
    result = detect(answered(*rows[::-1]), PLAIN)
    assert (result.raw, result.wanted, len(result.kept)) == (1200, 1200, MOST_CANDIDATES)
    assert sorted(result.kept.row.tolist()) == list(range(200, 1200))


def test_the_crowd_of_another_class_takes_no_place_under_the_cap():
    run = answered(*cells(1, MOST_CANDIDATES, 0.9), (2, 0.3, [90, 90, 99, 99]))
    wanted = detect(run, replace(PLAIN, class_ids=frozenset({2})))
    assert (wanted.confident, wanted.wanted, len(wanted.kept)) == (1001, 1, 1)


def test_boxes_above_the_confidence_are_counted_by_class_whatever_the_filter():
    many = answered((2, 0.9, BOX), (1, 0.8, BOX), (2, 0.2, BOX), (2, 0.7, BOX), (0, 0.6, BOX))
    result = detect(many, replace(PLAIN, class_ids=frozenset({1})))
    assert result.classes == (ClassCount(2, 2), ClassCount(0, 1), ClassCount(1, 1))
    assert detect(many, replace(PLAIN, confidence=1.0)).classes == ()


@pytest.mark.parametrize("offset", [0, 1, 3])
def test_class_ids_are_the_nets_own_and_labels_count_behind_the_offset(offset):
    run = answered(*((class_id, 0.9, BOX) for class_id in range(8)), label_offset=offset)
    model = run.card
    dog = model.labels.index("dog") + offset
    kept = detect(run, replace(PLAIN, class_ids=frozenset({dog}))).kept
    assert [model.label(class_id) for class_id in kept.class_id.tolist()] == ["dog"]
    assert kept.class_id.tolist() == [1 + offset]


@pytest.mark.parametrize("soft", [False, True])
def test_no_wanted_class_means_no_box(soft):
    nothing = detect(TWINS, replace(PLAIN, class_ids=frozenset(), soft=soft))
    assert (nothing.raw, nothing.confident, len(nothing.kept)) == (3, 3, 0)


@pytest.mark.parametrize("confidence", [0.0, 0.3, 0.699, 0.75, 0.85, 0.95, 1.0])
def test_only_what_is_surer_than_the_confidence_stays(confidence):
    kept = detect(TWINS, replace(PLAIN, confidence=confidence, iou=1.0)).kept
    assert kept.row.tolist() == [i for i, c in enumerate((0.9, 0.8, 0.7)) if c > confidence]


def test_boxes_end_at_the_pictures_edge_and_those_outside_vanish():
    run = answered(
        (1, 0.9, [-20, 30, 140, 60]), (2, 0.8, [120, 10, 150, 40]), (3, 0.7, [0, -9, 5, 0])
    )
    result = detect(run, PLAIN)
    np.testing.assert_allclose(result.kept.xyxy, [[0, 30, 100, 60]], atol=1e-4)
    assert (result.raw, result.confident) == (3, 3)


def test_a_net_that_found_nothing_at_all_gives_no_boxes():
    result = detect(answered((0, 0.0, [0, 0, 0, 0])), PLAIN)
    assert (len(result.kept), result.top_confidence) == (0, 0)


class Remembering(engine.LocalEngine):
    """An engine that keeps what it gave."""

    def __init__(self):
        super().__init__()
        self.gave = []

    def infer(self, card, blob):
        self.gave.append(super().infer(card, blob))
        return self.gave[-1]


def test_a_fresh_net_runs_twice_and_its_forward_is_the_second_warm_one(monkeypatch):
    here = Remembering()
    monkeypatch.setattr(engine, "engine", lambda: here)
    red = Picture("red.png", png(np.full((9, 9, 3), (0, 0, 255), np.uint8)))
    run = run_model(red, card_named("tiny-dominant-colour"))
    first, warm = here.gave
    assert run.times.load == first.timings.load_ms
    assert run.times.first_forward == first.timings.forward_ms
    assert run.times.forward == warm.timings.forward_ms
    assert run.outputs is warm.outputs
    again = run_model(red, card_named("tiny-dominant-colour"))
    assert len(here.gave) == 3
    assert again.times.forward == here.gave[2].timings.forward_ms
    assert (again.times.load, again.times.first_forward) == (None, None)
