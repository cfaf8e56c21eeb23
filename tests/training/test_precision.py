"""Average precision against a slow reference."""

import numpy as np
import pytest

from training.data import CLASSES, LABELLED, Photos, Stacked
from training.overlaps import iou_matrix
from training.precision import (
    answered,
    average_precision,
    average_precisions,
    matches,
    suppressed,
)


def test_a_box_overlaps_itself_wholly_and_a_far_one_not_at_all():
    boxes = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [9, 9, 10, 10]], float)
    wanted = [[1, 1 / 3, 0], [1 / 3, 1, 0], [0, 0, 1]]
    np.testing.assert_allclose(iou_matrix(boxes, boxes), wanted, atol=1e-6)


def test_suppression_keeps_the_best_of_near_boxes_and_all_far_ones():
    rows = np.array([[0, 0, 2, 2, 0.5], [0, 0, 2, 2.1, 0.9], [5, 5, 6, 6, 0.1]])
    np.testing.assert_array_equal(suppressed(rows)[:, 4], [0.9, 0.1])


def test_a_true_box_is_hit_only_once():
    found = np.array([[0, 0, 2, 2, 0.9], [0, 0, 2, 2, 0.8]])
    np.testing.assert_array_equal(matches(found, np.array([[0.0, 0, 2, 2]])), [True, False])


def test_nothing_is_hit_where_nothing_is():
    assert not matches(np.array([[0, 0, 2, 2, 0.9]]), np.zeros((0, 4))).any()


def test_average_precision_of_a_perfect_and_of_a_blind_detector():
    assert average_precision(np.array([0.9, 0.8]), np.array([True, True]), 2) == 100
    assert average_precision(np.array([0.9, 0.8]), np.array([False, False]), 2) == 0
    assert average_precision(np.zeros(0), np.zeros(0, bool), 2) == 0


@pytest.mark.parametrize("seed", range(5))
def test_average_precision_is_the_area_counted_box_by_box(seed):
    rng = np.random.default_rng(seed)
    confidence, hits = rng.random(40), rng.random(40) < 0.4
    boxes = int(hits.sum()) + 5
    ranked = hits[np.argsort(-confidence)]
    area = 0.0
    for number in np.flatnonzero(ranked):
        best = max(ranked[: last + 1].mean() for last in range(number, 40))
        area += best / boxes
    assert average_precision(confidence, hits, boxes) == pytest.approx(100 * area)


def photos_of(boxes, *, unlabelled=None, pool=False):
    count, side = len(boxes), np.zeros((1, 1, 1, 3), np.uint8)
    marks = np.zeros((count, len(CLASSES)), bool) if unlabelled is None else unlabelled
    rows = np.arange(count)
    return Photos(
        Stacked(side, side), tuple(boxes), marks, np.full(count, pool), rows[:0], rows
    )


def test_a_class_that_a_source_never_labels_counts_for_nothing():
    boxes = [np.array([[0.2, 0.2, 0.6, 0.6, c, 1]], np.float32) for c in range(len(LABELLED))]
    unlabelled = np.zeros((len(boxes), len(CLASSES)), bool)
    unlabelled[:, 0] = np.arange(len(boxes)) != 0
    photos = photos_of(boxes, unlabelled=unlabelled)

    def says(photo, *class_ids):
        found = [[0.2, 0.2, 0.6, 0.6, 0.9, class_id] for class_id in class_ids]
        return photo, np.array(found)

    everywhere_a_person = [says(photo, photo, 0) for photo in range(len(boxes))]
    assert set(average_precisions(photos, everywhere_a_person).values()) == {100.0}


def test_what_teachers_doubt_counts_neither_for_nor_against():
    boxes = np.array([[0.1, 0.1, 0.4, 0.4, 0, 0.9], [0.6, 0.6, 0.9, 0.9, 0, 0.3]], np.float32)
    found = np.array([[0.6, 0.6, 0.9, 0.9, 0.95, 0], [0.1, 0.1, 0.4, 0.4, 0.5, 0]])
    ap = average_precisions(photos_of([boxes], pool=True), [(0, found)], classes=("person",))
    assert ap == {"person": 100.0}
    alone = average_precisions(photos_of([boxes], pool=True), [(0, found[:1])], ("person",))
    assert alone == {"person": 0.0}


def test_answers_keep_the_best_of_overlapping_rows_of_each_class():
    rows = np.zeros((3, 7))
    rows[:, :4] = [[0.5, 0.5, 0.2, 0.2], [0.5, 0.5, 0.2, 0.21], [0.2, 0.2, 0.1, 0.1]]
    rows[:, 5:] = [[0.9, 0.1], [0.8, 0.0], [0.3, 0.0]]
    assert answered(rows)[:, [4, 5]].tolist() == [[0.9, 0], [0.3, 0], [0.1, 1]]
