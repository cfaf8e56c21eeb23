"""COCO's own tools read what we write, and find the same boxes in it."""

import json
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from core.nets.catalog import card_named, catalog
from core.picture.size import Size
from core.results.detections import Detections
from core.share.coco import categories, coco_dataset, coco_results, numberings

YOLO, TINY, VOC = (
    card_named(name)
    for name in ("yolo-fastest-1.1-coco", "tiny-blob-detector", "mobilenet-ssd-voc-caffe")
)
SIZE = Size(640, 480)


def boxes(classes: range, count: int = 40) -> Detections:
    random = np.random.default_rng(5)
    corners = random.uniform(0, 300, (count, 2))
    xyxy = np.hstack([corners, corners + random.uniform(3, 150, (count, 2))])
    sure = np.sort(random.uniform(0.1, 1, count))[::-1]
    return Detections(xyxy, sure, random.choice(classes, count), np.arange(count))


def loaded(tmp_path, kept, model, numbering, name="cat.png"):
    """Let pycocotools read both files."""
    data, results = tmp_path / "dataset.json", tmp_path / "results.json"
    data.write_text(
        coco_dataset(kept, model, picture_name=name, size=SIZE, numbering=numbering)
    )
    results.write_text(coco_results(kept, model, picture_name=name, numbering=numbering))
    with redirect_stdout(StringIO()):
        truth = COCO(str(data))
        return truth, truth.loadRes(str(results))


CASES = [(YOLO, "official"), (YOLO, "counted"), (TINY, "counted"), (VOC, "official")]


@pytest.mark.parametrize(("model", "numbering"), CASES)
def test_pycocotools_reads_the_same_boxes_again(model, numbering, tmp_path):
    first = model.label_offset
    kept = boxes(range(first, first + len(model.labels)))
    truth, found = loaded(tmp_path, kept, model, numbering)
    rows = found.loadAnns(sorted(found.getAnnIds()))
    xywh = np.array([row["bbox"] for row in rows])
    xyxy = np.hstack([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]])
    np.testing.assert_allclose(xyxy, kept.xyxy, atol=1.5e-3)
    np.testing.assert_allclose([row["score"] for row in rows], kept.confidence, atol=1e-6)
    names = [truth.loadCats(row["category_id"])[0]["name"] for row in rows]
    assert names == [model.label(class_id) for class_id in kept.class_id.tolist()]
    assert truth.imgs[1]["file_name"] == "cat.png"


@pytest.mark.parametrize(("model", "numbering"), CASES)
def test_results_held_against_themselves_are_perfect(model, numbering, tmp_path):
    first = model.label_offset
    kept = boxes(range(first, first + len(model.labels)))
    truth, found = loaded(tmp_path, kept, model, numbering)
    with redirect_stdout(StringIO()):
        judge = COCOeval(truth, found, "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    assert judge.stats[0] == pytest.approx(1)  # AP at IoU 0.50 to 0.95


def test_the_official_numbers_are_those_of_cocos_annotations():
    ids = categories(YOLO, "official")
    by_label = {YOLO.label(class_id): number for class_id, number in ids.items()}
    # from instances_val2017.json
    known = {"person": 1, "fire hydrant": 11, "stop sign": 13, "bench": 15, "backpack": 27}
    known |= {"bottle": 44, "wine glass": 46, "chair": 62, "toilet": 70, "tvmonitor": 72}
    known |= {"laptop": 73, "refrigerator": 82, "book": 84, "toothbrush": 90}
    assert {label: by_label[label] for label in known} == known
    assert len(set(ids.values())) == 80


def test_a_model_that_knows_some_of_cocos_classes_has_their_official_numbers():
    starter = card_named("starter-detector-darknet")
    assert numberings(starter) == ("official", "counted")
    ids = categories(starter, "official")
    assert ids[starter.labels.index("dog")] == 18
    assert numberings(TINY) == ("counted",)


def test_cocos_own_spellings_have_the_same_numbers():
    own = ("motorcycle", "airplane", "couch", "potted plant", "dining table", "tv")
    ids = categories(replace(YOLO, labels=own), "official")
    assert list(ids.values()) == [4, 5, 63, 64, 67, 72]


def test_counted_numbers_begin_with_1_whatever_the_offset():
    assert categories(VOC, "counted")[VOC.label_offset] == 1
    assert categories(TINY, "counted")[0] == 1


def test_a_class_without_a_label_has_no_category_and_is_left_out():
    kept = replace(boxes(range(7), 3), class_id=[0, 99, 2])
    told = json.loads(coco_results(kept, TINY, picture_name="x.png", numbering="counted"))
    assert [row["category_id"] for row in told] == [1, 3]


def test_a_picture_of_coco_keeps_its_number(tmp_path):
    truth, found = loaded(tmp_path, boxes(range(7)), TINY, "counted", "000000397133.jpg")
    assert truth.getImgIds() == found.getImgIds() == [397133]


@pytest.mark.parametrize("model", [c for c in catalog() if c.task == "detection"])
def test_every_detector_has_a_numbering(model):
    for numbering in numberings(model):
        ids = categories(model, numbering)
        assert len(ids) == len(set(ids.values())) == len(model.labels)
        assert min(ids.values()) >= 1
