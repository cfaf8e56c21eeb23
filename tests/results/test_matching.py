"""Matching against brute force and against COCO's own evaluation."""

import contextlib
import io

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from core.results.boxes import xyxy_to_xywh
from core.results.detections import Detections
from core.results.matching import (
    DetectionMetrics,
    average_precision,
    match,
    mean_average_precision,
    score,
    scores_by_class,
)
from core.results.truth import Marked, Truth, truth_for

CLASSES = 3


def truth_of(*rows, labels=("cat", "dog", "owl")):
    return truth_for([Marked(class_id, xyxy) for class_id, xyxy in rows], labels)


def scattered(rng, count):
    corner = rng.uniform(0, 60, (count, 2))
    return np.hstack([corner, corner + rng.uniform(5, 50, (count, 2))])


def random_case(rng, *, ignored=False):
    """Draw objects, and boxes near some of them."""
    marked, found = int(rng.integers(0, 9)), int(rng.integers(0, 13))
    xyxy = scattered(rng, marked)
    flags = rng.random((2, marked)) < (0.25 if ignored else 0)
    truth = Truth(
        xyxy, rng.integers(0, CLASSES, marked).astype(np.int64), flags[0] | flags[1], flags[1]
    )
    boxes = scattered(rng, found)
    if marked:
        near = rng.random(found) < 0.7
        boxes[near] = xyxy[rng.integers(0, marked, found)][near]
        boxes += np.sort(rng.normal(0, 2, (found, 2, 2)), axis=1).reshape(found, 4)
    confidence = rng.permutation(found) / 20 + 0.1
    return Detections(boxes, confidence, rng.integers(0, CLASSES, found), range(found)), truth


def brute_force(detections, truth, min_iou):
    """Tell it as a person would: one box after the other, each object once."""
    free = set(range(len(truth)))
    hits, false_alarms = 0, 0
    for index in sorted(range(len(detections)), key=lambda i: -detections.confidence[i]):
        best, best_iou = None, 0.0
        for row in free:
            if truth.class_id[row] == detections.class_id[index]:
                a, b = detections.xyxy[index], truth.xyxy[row]
                wide = max(0, min(a[2], b[2]) - max(a[0], b[0]))
                high = max(0, min(a[3], b[3]) - max(a[1], b[1]))
                both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
                overlap = wide * high / (both - wide * high)
                if overlap >= min_iou and overlap > best_iou:
                    best, best_iou = row, overlap
        hits, false_alarms = hits + (best is not None), false_alarms + (best is None)
        free.discard(best)
    return DetectionMetrics(hits, false_alarms, len(free))


@pytest.mark.parametrize("min_iou", [0.3, 0.5, 0.75])
def test_matching_equals_brute_force_on_random_sets(min_iou):
    rng = np.random.default_rng(9)
    for _ in range(1000):
        detections, truth = random_case(rng)
        matching = match(detections, truth, min_iou=min_iou)
        assert score(matching) == brute_force(detections, truth, min_iou)


def test_every_box_and_every_object_is_counted_once():
    rng = np.random.default_rng(10)
    for _ in range(300):
        detections, truth = random_case(rng, ignored=True)
        matching = match(detections, truth)
        counts = matching.hits.sum(), matching.false_alarms.sum(), matching.ignored.sum()
        assert sum(counts) == len(detections)
        assert counts[0] + matching.missed.sum() == (~truth.ignored).sum()
        single = matching.truth_row[matching.hits]
        assert len(set(single.tolist())) == len(single)


def coco_numbers(detections, truth, min_iou):
    """Ask pycocotools for hits, false alarms, misses of each class and its AP."""
    xywh = xyxy_to_xywh(truth.xyxy).tolist()
    ground = COCO()
    ground.dataset = {
        "images": [{"id": 1}],
        "categories": [{"id": each} for each in range(CLASSES)],
        "annotations": [
            {
                "id": row + 1,
                "image_id": 1,
                "category_id": class_id,
                "bbox": xywh[row],
                "area": xywh[row][2] * xywh[row][3],
                "iscrowd": int(truth.crowd[row]),
            }
            for row, class_id in enumerate(truth.class_id.tolist())
        ],
    }
    found = [
        {"image_id": 1, "category_id": class_id, "bbox": box, "score": confidence}
        for class_id, box, confidence in zip(
            detections.class_id.tolist(),
            xyxy_to_xywh(detections.xyxy).tolist(),
            detections.confidence.tolist(),
            strict=True,
        )
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        ground.createIndex()
        run = COCOeval(ground, ground.loadRes(found), "bbox")
        run.params.iouThrs = np.array([min_iou])
        run.params.areaRng, run.params.areaRngLbl = [[0, 1e10]], ["all"]
        run.params.maxDets = [100]
        run.evaluate()
        run.accumulate()
    scores = {}
    for class_id, each in enumerate(run.evalImgs):
        if each is None:
            continue
        ours, theirs = each["dtMatches"][0], each["gtMatches"][0]
        counts = ~each["dtIgnore"][0].astype(bool)
        missed = (theirs == 0) & ~np.array(each["gtIgnore"], bool)
        scores[class_id] = DetectionMetrics(
            int((counts & (ours > 0)).sum()),
            int((counts & (ours == 0)).sum()),
            int(missed.sum()),
        )
    return scores, run.eval["precision"][0, :, :, 0, 0].mean(axis=0)


@pytest.mark.parametrize("min_iou", [0.5, 0.7])
def test_numbers_are_those_of_cocos_own_evaluation(min_iou):
    rng = np.random.default_rng(11)
    compared = 0
    while compared < 150:
        detections, truth = random_case(rng, ignored=True)
        # COCO knows crowds, but no difficult objects
        truth = Truth(truth.xyxy, truth.class_id, truth.crowd, truth.crowd)
        if not len(detections):
            continue
        theirs, averages = coco_numbers(detections, truth, min_iou)
        for ours in scores_by_class(detections, truth, everything=detections, min_iou=min_iou):
            assert ours.score == theirs[ours.class_id]
            wanted = averages[ours.class_id]
            assert (ours.average_precision is None) == (wanted == -1)
            if ours.average_precision is not None:
                assert ours.average_precision == pytest.approx(wanted, abs=1e-9)
        compared += 1


BOX = (10.0, 10.0, 30.0, 30.0)


def test_an_object_is_found_once_and_its_second_box_is_a_false_alarm():
    twins = Detections([BOX, BOX], [0.8, 0.9], [1, 1], [0, 1])
    matching = match(twins, truth_of((1, BOX)))
    assert matching.truth_row.tolist() == [-1, 0]  # the surer one found it
    assert matching.hits.tolist() == [False, True]
    assert matching.overlap.tolist() == [0, 1]


def test_another_class_in_the_same_place_is_a_miss_and_a_false_alarm():
    matching = match(Detections([BOX], [0.9], [0], [0]), truth_of((1, BOX)))
    assert score(matching) == DetectionMetrics(0, 1, 1)


def test_the_iou_itself_is_enough():
    half = Detections([(10, 10, 30, 20)], [0.9], [1], [0])
    assert score(match(half, truth_of((1, BOX)), min_iou=0.5)).hits == 1
    assert score(match(half, truth_of((1, BOX)), min_iou=0.51)).hits == 0


def test_a_difficult_object_is_neither_missed_nor_a_hit_nor_a_false_alarm():
    truth = truth_for([Marked(1, BOX, ignored=True)], ["cat", "dog"])
    assert score(match(Detections([BOX], [0.9], [1], [0]), truth)) == DetectionMetrics(0, 0, 0)
    assert score(match(Detections([], [], [], []), truth)) == DetectionMetrics(0, 0, 0)


def test_a_difficult_object_takes_every_box_that_finds_it():
    truth = truth_for([Marked(1, BOX, ignored=True)], ["cat", "dog"])
    twice = Detections([BOX, BOX], [0.9, 0.8], [1, 1], [0, 1])
    found = match(twice, truth)
    assert (found.hits.sum(), found.false_alarms.sum(), found.missed.sum()) == (0, 0, 0)


def test_a_crowd_takes_every_box_inside_it():
    truth = truth_for([Marked(1, (0, 0, 90, 90), ignored=True, crowd=True)], ["cat", "dog"])
    inside = Detections([BOX, (50, 50, 60, 60), (85, 85, 99, 99)], [0.9] * 3, [1] * 3, range(3))
    assert score(match(inside, truth)) == DetectionMetrics(0, 1, 0)


def test_nothing_found_and_nothing_marked_has_no_precision_and_no_recall():
    nothing = Detections([], [], [], [])
    empty = score(match(nothing, truth_of()))
    assert (empty.precision, empty.recall, empty.f1) == (None, None, None)
    assert scores_by_class(nothing, truth_of(), everything=nothing) == ()
    assert mean_average_precision(()) is None
    assert average_precision(np.zeros(0), np.zeros(0, bool), 3) == 0
