import numpy as np
import pytest

from core.lab.nms_lesson import (
    CROWD,
    CROWD_LABELS,
    CROWD_SIZE,
    MISUSE_REASONS,
    NMS_MISUSES,
    given_to_nms,
    lesson,
    nms,
)
from core.results.boxes import iou_matrix, xyxy_to_xywh
from core.results.detections import Detections


def random_crowd(rng: np.random.Generator) -> Detections:
    count = int(rng.integers(1, 40))
    corner = rng.uniform(0, 300, (count, 2))
    xyxy = np.hstack([corner, corner + rng.uniform(5, 120, (count, 2))])
    found = Detections(
        xyxy, rng.permutation(count) / 50 + 0.1, rng.integers(0, 3, count), np.arange(count)
    )
    return found.above(0.0)


@pytest.mark.parametrize("misuse", NMS_MISUSES)
def test_the_right_call_is_what_the_app_itself_keeps(misuse):
    rng = np.random.default_rng(1)
    for _ in range(100):
        boxes = random_crowd(rng)
        kept = boxes.suppressed(iou=0.45).row.tolist()
        assert lesson(boxes, misuse, iou=0.45).right.row.tolist() == kept


def test_corners_given_as_widths_lose_neighbours_that_do_not_touch():
    told = lesson(CROWD, "corners as x, y, w, h", iou=0.45)
    assert len(told.lost) > 2
    assert len(told.doubled) == 0
    for each in told.differences:
        assert each.kept_rightly
        assert each.iou == 0
        assert each.believed > 0.45


def test_centres_given_as_corners_keep_doubles():
    told = lesson(CROWD, "centres as x, y, w, h", iou=0.45)
    assert len(told.doubled) > 2
    for each in told.differences:
        assert not each.kept_rightly
        assert each.iou > 0.45 > each.believed


def test_all_classes_at_once_lose_the_motorbike_below_the_person():
    told = lesson(CROWD, "all classes at once", iou=0.45)
    assert [CROWD_LABELS[each] for each in told.lost.class_id] == ["motorbike"]
    (difference,) = told.differences
    suppressed_by = CROWD.class_id[CROWD.row.tolist().index(difference.suppressed_by)]
    assert CROWD_LABELS[suppressed_by] == "person"
    assert difference.iou == difference.believed > 0.45


@pytest.mark.parametrize("misuse", NMS_MISUSES)
def test_every_difference_is_explained_by_a_box_of_the_other_call(misuse):
    rng = np.random.default_rng(2)
    told_of = 0
    for _ in range(100):
        boxes = random_crowd(rng)
        told = lesson(boxes, misuse, iou=0.3)
        lost, doubled = set(told.lost.row.tolist()), set(told.doubled.row.tolist())
        assert {each.row for each in told.differences if each.kept_rightly} == lost
        assert {each.row for each in told.differences if not each.kept_rightly} == doubled
        for each in told.differences:
            other = told.wrong if each.kept_rightly else told.right
            assert each.suppressed_by in other.row
            pair = [boxes.row.tolist().index(row) for row in (each.row, each.suppressed_by)]
            shared = iou_matrix(boxes.xyxy[pair[:1]], boxes.xyxy[pair[1:]])[0, 0]
            assert each.iou == pytest.approx(shared)
            assert (each.believed if each.kept_rightly else each.iou) > 0.3 - 1e-6
            told_of += 1
    assert told_of > 0


def test_what_is_given_is_read_by_cv2_as_left_top_width_height():
    boxes = Detections([[100, 100, 150, 150], [160, 100, 210, 150]], [0.9, 0.8], [0, 0], [0, 1])
    right = nms(xyxy_to_xywh(boxes.xyxy), boxes, iou=0.3, per_class=True)
    given = given_to_nms(boxes.xyxy, "corners as x, y, w, h")
    assert right.tolist() == [0, 1]
    assert nms(given, boxes, iou=0.3, per_class=True).tolist() == [0]


@pytest.mark.parametrize("misuse", NMS_MISUSES)
def test_of_nothing_there_is_nothing_to_learn(misuse):
    told = lesson(Detections([], [], [], []), misuse, iou=0.45)
    assert (len(told.right), len(told.wrong), told.differences) == (0, 0, ())


def test_the_made_up_crowd_lies_in_its_picture_and_every_slip_is_explained():
    assert (CROWD.xyxy >= 0).all()
    assert (CROWD.xyxy[:, 2:] <= CROWD_SIZE.cv2).all()
    assert set(MISUSE_REASONS) == set(NMS_MISUSES)
