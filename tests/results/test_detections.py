from dataclasses import replace

import cv2
import numpy as np
import pytest

from core.picture.placement import crop, letterbox, stretch
from core.picture.size import Size
from core.results.boxes import iou_matrix, xyxy_to_xywh
from core.results.detections import Detections

RANDOM_SETS = 10_000
NEAR = 1e-5  # an IoU this close to the threshold may fall on either side in float32


def random_detections(rng, most=24, classes=3):
    """Draw a few crowded boxes, some with equal confidences, some outside the picture."""
    count = int(rng.integers(0, most + 1))
    corner = rng.uniform(-30, 60, (count, 2))
    xyxy = np.hstack([corner, corner + rng.uniform(1, 50, (count, 2))])
    confidence = rng.integers(1, 12, count) / 12  # twelfths: equal ones are common
    return Detections(xyxy, confidence, rng.integers(0, classes, count), np.arange(count))


def brute_force_rows(detections, overlap, iou, per_class):
    """Do NMS as the textbook tells it: take the surest, cross out its neighbours, repeat."""
    overlap = overlap.tolist()
    confidence, class_id = detections.confidence.tolist(), detections.class_id.tolist()
    waiting = sorted(range(len(detections)), key=lambda i: -confidence[i])  # stable
    kept = []
    while waiting:
        best = waiting.pop(0)
        kept.append(best)
        waiting = [
            other
            for other in waiting
            if overlap[best][other] <= iou or (per_class and class_id[other] != class_id[best])
        ]
    return kept


def brute_force_soft(detections, iou, sigma, floor, method, per_class):
    """Do soft-NMS as the paper tells it, one box at a time."""
    overlap = iou_matrix(detections.xyxy, detections.xyxy)
    left = {i: float(c) for i, c in enumerate(detections.confidence)}
    kept = []
    while left:
        best = max(left, key=lambda i: (left[i], detections.confidence[i], -i))
        if left[best] < floor:
            break
        kept.append((best, left.pop(best)))
        for other in left:
            if per_class and detections.class_id[other] != detections.class_id[best]:
                continue
            shared = overlap[best, other]
            if method == "gaussian":
                left[other] *= np.exp(-shared * shared / sigma)
            elif shared > iou:
                left[other] *= 1 - shared
    return kept


def test_suppression_equals_brute_force_on_ten_thousand_random_sets_in_both_modes():
    rng = np.random.default_rng(2)
    compared = 0
    while compared < RANDOM_SETS:
        detections = random_detections(rng)
        iou = float(rng.choice([0.0, 0.2, 0.3, 0.45, 0.7, 0.95]))
        overlap = iou_matrix(detections.xyxy, detections.xyxy)
        if ((abs(overlap - iou) < NEAR) & (overlap > 0)).any():
            continue  # cv2 compares in float32, the reference in float64
        for per_class in (True, False):
            kept = detections.suppressed(iou=iou, per_class=per_class)
            expected = brute_force_rows(detections, overlap, iou, per_class)
            assert kept.row.tolist() == expected
        compared += 1


@pytest.mark.parametrize("method", ["gaussian", "linear"])
@pytest.mark.parametrize("per_class", [True, False], ids=["per class", "agnostic"])
def test_soft_suppression_equals_brute_force(method, per_class):
    rng = np.random.default_rng(3)
    for _ in range(300):
        drawn = random_detections(rng, most=16)
        shuffled = rng.permutation(len(drawn)) / 100 + 0.1  # no ties: they round differently
        detections = Detections(drawn.xyxy, shuffled, drawn.class_id, drawn.row)
        soft = detections.softened(
            iou=0.3, sigma=0.5, floor=0.01, method=method, per_class=per_class
        )
        expected = brute_force_soft(detections, 0.3, 0.5, 0.01, method, per_class)
        assert soft.row.tolist() == [row for row, _ in expected]
        np.testing.assert_allclose(soft.confidence, [value for _, value in expected], rtol=1e-5)


@pytest.mark.parametrize(("method", "cv2_method"), [("linear", 1), ("gaussian", 2)])
def test_on_whole_pixels_soft_suppression_is_the_one_of_cv2(method, cv2_method):
    rng = np.random.default_rng(4)
    for _ in range(300):
        drawn = random_detections(rng, most=16)
        if len(drawn) == 0:
            continue
        confidence = rng.permutation(len(drawn)) / 100 + 0.1
        whole = Detections(drawn.xyxy.round(), confidence, drawn.class_id, drawn.row)
        soft = whole.softened(iou=0.3, sigma=0.5, floor=0.01, method=method, per_class=False)
        xywh = xyxy_to_xywh(whole.xyxy).astype(np.int32)
        scores, rows = cv2.dnn.softNMSBoxes(
            xywh, whole.confidence, 0.01, 0.3, 0, 0.5, cv2_method
        )
        assert soft.row.tolist() == rows.tolist()
        np.testing.assert_allclose(soft.confidence, scores, rtol=1e-5)


def test_corner_boxes_reach_cv2_as_widths_and_heights():
    # Read as x, y, width, height, the corners of these neighbours would overlap.
    neighbours = Detections(
        [[100, 100, 150, 150], [160, 100, 210, 150]], [0.9, 0.8], [0, 0], [0, 1]
    )
    assert len(neighbours.suppressed(iou=0.3)) == 2
    given_corners = cv2.dnn.NMSBoxes(neighbours.xyxy, neighbours.confidence, 0.0, 0.3)
    assert len(given_corners) == 1


def test_a_class_is_not_suppressed_by_another_even_left_of_the_picture():
    # cv2's batched NMS alone keeps one of these: with negative corners its classes meet.
    outside = Detections([[-60, -60, -10, -10]] * 2, [0.9, 0.8], [0, 1], [0, 1])
    assert len(outside.suppressed(iou=0.5)) == 2
    assert len(outside.suppressed(iou=0.5, per_class=False)) == 1


@pytest.mark.parametrize("far", [1e9, 1e20, -1e20, 1e38])
@pytest.mark.parametrize("per_class", [True, False], ids=["per class", "agnostic"])
def test_one_absurd_box_does_not_cost_its_neighbours(far, per_class):
    xyxy = [[0, 0, 9, 9], [20, 0, 29, 9], [far, 0, far, 9], [40, 0, 49, 9], [41, 0, 50, 9]]
    crowd = Detections(xyxy, [0.9, 0.8, 0.7, 0.6, 0.5], [0, 1, 2, 3, 3], range(5))
    assert crowd.suppressed(iou=0.5, per_class=per_class).row.tolist() == [0, 1, 2, 3]
    soft = crowd.softened(iou=0.5, method="linear", per_class=per_class)
    np.testing.assert_allclose(soft.confidence, [0.9, 0.8, 0.7, 0.6, 0.1], rtol=1e-5)


def test_a_dog_and_the_cat_in_the_same_place_both_stay_unless_asked_otherwise():
    twins = Detections([[0, 0, 50, 50], [1, 0, 50, 50]], [0.8, 0.9], [16, 15], [7, 9])
    assert twins.suppressed(iou=0.45).class_id.tolist() == [15, 16]
    assert twins.suppressed(iou=0.45, per_class=False).row.tolist() == [9]


def test_nothing_in_nothing_out():
    nothing = Detections([], [], [], [])
    assert nothing.xyxy.shape == (0, 4)
    for result in (
        nothing.above(0.5),
        nothing.of_classes([1]),
        nothing.first(3),
        nothing.suppressed(iou=0.5),
        nothing.softened(),
        nothing.on_image(stretch(Size(8, 8), into=Size(4, 4))),
        nothing.clipped(Size(8, 8)),
    ):
        assert len(result) == 0
        assert result.xyxy.shape == (0, 4)


def test_the_surest_come_first_and_equals_keep_the_order_of_the_net():
    xyxy = [[9 * i, 0, 9 * i + 5, 5] for i in range(5)]
    detections = Detections(xyxy, [0.5, 0.9, 0.5, 0.1, 0.9], [0, 1, 2, 3, 4], range(10, 15))
    assert detections.above(0.1).row.tolist() == [11, 14, 10, 12]
    assert detections.suppressed(iou=0.5).row.tolist() == [11, 14, 10, 12, 13]
    assert detections.above(0.1).first(2).row.tolist() == [11, 14]


def test_boxes_that_are_not_finite_are_dropped_with_the_unsure_ones():
    xyxy = [[0, 0, 5, 5], [0, 0, np.inf, 5], [np.nan, 0, 5, 5], [0, 0, 6, 6]]
    detections = Detections(xyxy, [0.5, 0.9, 0.9, np.nan], [0] * 4, range(4))
    assert detections.above(0.1).row.tolist() == [0]
    assert detections.suppressed(iou=0.5).row.tolist() == [0]


def test_of_classes_keeps_exactly_the_asked_classes():
    detections = random_detections(np.random.default_rng(5), classes=6)
    assert set(detections.of_classes({1, 4}).class_id) <= {1, 4}
    assert len(detections.of_classes([])) == 0
    assert len(detections.of_classes(range(6))) == len(detections)


@pytest.mark.parametrize(
    ("name", "arrays"),
    [
        ("xyxy", ([[1, 2, 3]], [0.5], [0], [0])),
        ("xyxy", ([[1, 2, 3, 4]] * 2, [0.5], [0], [0])),
        ("confidence", ([[1, 2, 3, 4]], [[0.5]], [0], [0])),
        ("class_id", ([[1, 2, 3, 4]], [0.5], [0, 1], [0])),
        ("row", ([[1, 2, 3, 4]], [0.5], [0], [])),
    ],
)
def test_arrays_that_do_not_belong_together_are_refused_by_name(name, arrays):
    with pytest.raises(ValueError, match=f"^{name} must have the shape .* but has "):
        Detections(*arrays)


def test_detections_can_not_be_changed_not_even_through_the_arrays_they_came_from():
    xyxy = np.zeros((1, 4))
    detections = Detections(xyxy, [0.5], [0], [0])
    xyxy[:] = 7
    assert detections.xyxy.sum() == 0
    with pytest.raises(ValueError, match="read-only"):
        detections.xyxy[0, 0] = 1


@pytest.mark.parametrize("fit", [stretch, crop, letterbox])
def test_boxes_go_into_the_blob_and_come_back_to_the_same_pixels(fit):
    rng = np.random.default_rng(6)
    for _ in range(100):
        image = Size(*rng.integers(20, 4000, 2).tolist())
        placement = fit(image, into=Size(*rng.integers(20, 700, 2).tolist()))
        on_picture = random_detections(rng)
        in_blob = Detections(
            placement.to_blob(on_picture.xyxy),
            on_picture.confidence,
            on_picture.class_id,
            on_picture.row,
        )
        back = in_blob.on_image(placement)
        np.testing.assert_allclose(back.xyxy, on_picture.xyxy, atol=1e-6)
        assert back.row.tolist() == on_picture.row.tolist()


def test_the_corners_of_turned_boxes_go_wherever_their_boxes_go():
    rng = np.random.default_rng(8)
    upright = random_detections(rng)
    count = len(upright)
    corners = rng.uniform(0, 300, (count, 8))
    turned = replace(upright, corners=corners)
    placement = letterbox(Size(1280, 720), into=Size(640, 640))
    for side in range(4):
        two = corners[:, [2 * side, 2 * side + 1] * 2]
        moved = turned.on_image(placement).corners[:, 2 * side : 2 * side + 2]
        np.testing.assert_allclose(moved, placement.to_image(two)[:, :2])
    np.testing.assert_allclose(turned.scaled(2, 3).corners, corners * ([2, 3] * 4))
    np.testing.assert_allclose(turned.scaled(2, 3).xyxy, upright.xyxy * (2, 3, 2, 3))
    order = np.argsort(-upright.confidence, kind="stable")
    order = order[upright.confidence[order] > 0.3]
    np.testing.assert_array_equal(turned.above(0.3).corners, corners[order])
    assert upright.above(0.3).corners.shape == (len(order), 0)
    with pytest.raises(ValueError, match="corners must have the shape"):
        replace(upright, corners=corners[:, :6])
