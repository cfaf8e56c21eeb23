"""Teachers' answers become objects with a probability."""

import numpy as np
import pytest

from training.data import with_teachers
from training.teachers import (
    Answers,
    Grouped,
    drawn_by_people,
    features,
    fitted,
    grouped,
    probability,
)

BOX = [0.1, 0.1, 0.5, 0.5]


def answers(*rows):
    """Rows of box, class, confidence, teacher, mirrored."""
    boxes, classes, confidences, teachers, mirrored = zip(*rows, strict=True)
    return Answers(
        np.array(boxes, np.float32), np.array(classes), np.array(confidences, np.float32),
        np.array(teachers), np.array(mirrored),
    )  # fmt: skip


def test_answers_that_overlap_are_one_object_and_a_silent_view_counts_as_doubt():
    said = answers((BOX, 0, 0.8, 0, False), (BOX, 0, 0.6, 0, True), (BOX, 0, 0.5, 1, False))
    objects = grouped(said, {0: 3}, views=2)
    assert objects.class_id.tolist() == [3]
    np.testing.assert_allclose(objects.means, [[0.7, (0.5 + 0.02) / 2]], atol=1e-6)
    np.testing.assert_allclose(objects.xyxy, [BOX], atol=1e-6)


def test_classes_that_we_do_not_learn_fall_out():
    assert len(grouped(answers((BOX, 7, 0.9, 0, False)), {0: 0}, views=1)) == 0


def test_the_regression_finds_the_odds_that_made_the_labels():
    rng = np.random.default_rng(1)
    means = rng.uniform(0.02, 0.98, (20_000, 2))
    true = np.array([0.3, 0.8, 0.5, 0.0])
    right = rng.random(len(means)) < 1 / (1 + np.exp(-features(means) @ true))
    weights = fitted(features(means), right)
    np.testing.assert_allclose(weights, true, atol=0.1)
    objects = Grouped(np.zeros((1, 4)), np.zeros(1, int), means[:1])
    assert probability(objects, weights) == pytest.approx(
        1 / (1 + np.exp(-features(means[:1]) @ weights))
    )


def test_an_object_is_right_where_people_drew_one_of_its_class():
    objects = Grouped(np.array([BOX, BOX], np.float32), np.array([0, 1]), np.zeros((2, 2)))
    assert drawn_by_people(objects, np.array([[*BOX, 1]])).tolist() == [False, True]


@pytest.mark.parametrize(
    ("unlabelled", "p", "kept"), [(True, 0.6, [0.6]), (False, 0.6, [-1]), (False, 0.3, [])]
)
def test_people_are_believed_where_they_label_a_class(unlabelled, p, kept):
    people = np.array([[0.6, 0.6, 0.9, 0.9, 0]], np.float32)
    taught = np.array([[*BOX, 1, p]], np.float32)
    rows = with_teachers(people, np.array([False, unlabelled]), taught)
    assert rows[0].tolist() == pytest.approx([0.6, 0.6, 0.9, 0.9, 0, 1])
    assert rows[1:, 5].tolist() == pytest.approx(kept)


def test_what_people_drew_is_not_taught_twice():
    people = np.array([[*BOX, 1]], np.float32)
    taught = np.array([[0.1, 0.1, 0.5, 0.52, 1, 0.9]], np.float32)
    assert len(with_teachers(people, np.array([False, False]), taught)) == 1
