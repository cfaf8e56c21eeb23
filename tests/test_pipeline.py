"""The road as a whole, on the committed nets and, where they are, on real ones."""

import json

import cv2
import numpy as np
import pytest

from core.nets import engine
from core.nets.catalog import card
from core.nets.downloads import download
from core.picture.image import Picture
from core.pipeline import Thresholds, found, on_shown, ranking, raw_detections, run
from tests.shared import IMAGES, NETS, needs_shared


@pytest.fixture(autouse=True)
def mirrored(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("BLOBSCOPE_MIRROR", str(NETS))
    monkeypatch.setenv("BLOBSCOPE_MODELS", str(tmp_path_factory.getbasetemp() / "models"))


def photo(name: str) -> Picture:
    return Picture(name, (IMAGES / name).read_bytes())


def size_of(name: str) -> list[int]:
    return list(cv2.imread(str(IMAGES / name)).shape[1::-1])


def fetched(name: str):
    model = card(name)
    download(model)
    return model


def png(image) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


@needs_shared
@pytest.mark.parametrize(
    "name",
    [
        "yolo-fastest-1.1-coco",
        "yolo-fastest-1.1-xl-coco",
        "yolox-nano-onnx",
        "yufacedetectnet-v2-caffe-ssd",
        "opencv-face-detector-uint8-tf-ssd",
    ],
)
def test_the_road_finds_what_was_measured_on_real_photos(name):
    model = fetched(name)
    facts = json.loads((NETS / name / "manifest.json").read_text())["measured"]
    measured = facts["detected_on_images"]
    checked = 0
    for picture_name, wanted in measured["images"].items():
        result = found(
            run(photo(picture_name), model), model, Thresholds(measured["conf"], 0.45)
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


@needs_shared
def test_moving_a_threshold_needs_no_second_forward(monkeypatch):
    model = fetched("yolo-fastest-1.1-coco")
    done = run(photo("dog.jpg"), model)
    monkeypatch.setattr(engine, "engine", lambda: pytest.fail("the net ran again"))
    counts = [len(found(done, model, Thresholds(c)).kept) for c in (0.05, 0.25, 0.5, 0.9)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


@needs_shared
def test_a_fresh_net_tells_its_first_forward_from_a_warm_one(monkeypatch):
    local = engine.LocalEngine()
    monkeypatch.setattr(engine, "engine", lambda: local)
    model = fetched("squeezenet-v1.1-fp16-onnx")
    fresh, again = (run(photo("coffee.png"), model).times for _ in range(2))
    assert fresh.load is not None
    assert fresh.first_forward is not None
    assert again.load is None
    assert again.first_forward is None


@needs_shared
def test_a_classifier_names_the_cat():
    model = fetched("squeezenet-v1.1-fp16-onnx")
    best = ranking(run(photo("chelsea_cat.png"), model), model, 5).best
    assert "cat" in best[0].label
    assert [each.confidence for each in best] == sorted(
        (each.confidence for each in best), reverse=True
    )


@needs_shared
def test_boxes_on_the_shown_picture_cover_the_same_part_as_on_the_original():
    model = fetched("yolo-fastest-1.1-coco")
    small = cv2.imread(str(IMAGES / "dog.jpg"))
    large = Picture("large.png", png(cv2.resize(small, None, fx=4, fy=4)))
    done = run(large, model)
    kept = found(done, model, Thresholds()).kept
    parts = kept.xyxy / (*done.image_size.cv2, *done.image_size.cv2)
    shown = on_shown(kept, done).xyxy / np.tile(done.shown.shape[1::-1], 2)
    assert done.shown.shape[1] < done.image_size.width
    np.testing.assert_allclose(shown, parts, atol=1e-9)


@needs_shared
def test_only_the_wanted_classes_are_kept():
    model = fetched("yolo-fastest-1.1-coco")
    done = run(photo("dog.jpg"), model)
    dog = model.labels.index("dog")
    kept = found(done, model, Thresholds(0.25, class_ids=frozenset({dog}))).kept
    assert set(kept.class_id.tolist()) == {dog}
    assert len(raw_detections(done, model)) > len(kept)
