import numpy as np
import pytest

from core.results.boxes import area, cxcywh_to_xyxy, iou_matrix, xywh_to_xyxy, xyxy_to_xywh


def random_xyxy(count, seed=0):
    rng = np.random.default_rng(seed)
    corner = rng.uniform(-50, 600, (count, 2))
    return np.hstack([corner, corner + rng.uniform(0.1, 200, (count, 2))])


def naive_iou(a, b):
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def test_iou_equals_the_one_worked_out_pair_by_pair():
    a, b = random_xyxy(60), random_xyxy(80, seed=1)
    expected = [[naive_iou(each, other) for other in b] for each in a]
    np.testing.assert_allclose(iou_matrix(a, b), expected, rtol=1e-12)


def test_a_box_overlaps_itself_fully():
    boxes = random_xyxy(100)
    np.testing.assert_allclose(np.diag(iou_matrix(boxes, boxes)), 1)


def test_boxes_that_only_touch_do_not_overlap():
    assert iou_matrix([[0, 0, 5, 5]], [[5, 0, 9, 5], [0, 5, 5, 9], [5, 5, 9, 9]]).sum() == 0


@pytest.mark.parametrize("empty", [[3, 3, 3, 3], [5, 1, 2, 9], [1, 5, 9, 2]], ids=str)
def test_a_box_without_area_overlaps_nothing_not_even_itself(empty):
    assert area([empty]) == 0
    assert iou_matrix([empty], [empty, [0, 0, 9, 9]]).sum() == 0


def test_no_boxes_give_an_empty_matrix():
    nothing = np.empty((0, 4))
    assert iou_matrix(nothing, random_xyxy(3)).shape == (0, 3)


def test_widths_and_corners_are_two_ways_to_write_the_same_box():
    boxes = random_xyxy(100)
    np.testing.assert_allclose(xywh_to_xyxy(xyxy_to_xywh(boxes)), boxes)
    xywh = xyxy_to_xywh(boxes)
    centred = np.hstack([xywh[:, :2] + xywh[:, 2:] / 2, xywh[:, 2:]])
    np.testing.assert_allclose(cxcywh_to_xyxy(centred), boxes)
