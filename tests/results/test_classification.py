import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.errors import LayoutUnknown
from core.outputs import Outputs
from core.results.classification import (
    answer_kind,
    confidences,
    implied_logits,
    sigmoid,
    softmax,
    softmax_steps,
    top_k,
)

SHAPES = [(6,), (1, 6), (1, 6, 1, 1), (1, 1, 1, 6), (1, 1, 6)]
LOGITS = arrays(np.float32, st.integers(2, 40), elements=st.floats(-3e4, 3e4, width=32))


@given(LOGITS)
def test_softmax_equals_the_formula_in_long_numbers_however_large_the_logits(logits):
    powers = np.exp(logits.astype(np.longdouble) - logits.max())
    np.testing.assert_allclose(softmax(logits), powers / powers.sum(), rtol=1e-12, atol=1e-300)
    assert softmax(logits).sum() == pytest.approx(1)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_shape_of_a_classifiers_answer_does_not_matter(shape):
    logits = np.array([3, -1, 0, 12, 5, 5], np.float32)
    answered = confidences(Outputs({"prob": logits.reshape(shape)}))
    np.testing.assert_array_equal(answered, softmax(logits))


def test_softmax_is_not_applied_twice():
    once = softmax(np.array([1.0, 4.0, 2.0])).astype(np.float32)
    np.testing.assert_array_equal(confidences(Outputs({"prob": once[None]})), once)


def test_the_card_knows_better_than_the_numbers():
    looks_finished = Outputs({"out": np.array([[0.2, 0.7, 0.1]], np.float32)})
    assert confidences(looks_finished).max() == pytest.approx(0.7)
    assert confidences(looks_finished, logits=True).max() < 0.5
    assert (
        confidences(Outputs({"out": np.array([[0, 7]], np.float32)}), logits=False).max() == 1
    )


@given(LOGITS)
def test_what_softmax_made_is_never_taken_for_logits(logits):
    assert answer_kind(softmax(logits).astype(np.float16)) == "softmax"


@pytest.mark.parametrize(
    ("scores", "card_says", "expected"),
    [
        ([0.5, 0.5], None, "softmax"),
        ([0, 1.0], None, "softmax"),
        ([0.5, 0.9], None, "sigmoids"),
        ([0.97, 0.93, 0.88, 0.02, 0.01], None, "sigmoids"),
        ([0, 0], None, "sigmoids"),
        ([0.93], None, "sigmoids"),
        ([-2, 3], None, "logits"),
        ([0.2, 0.3, 1.2], None, "logits"),
        ([float("nan"), 0.5], None, "logits"),
        ([0.5, 0.9], True, "logits"),
        ([0.5, 0.5], True, "logits"),
        ([0, 7], False, "sigmoids"),
    ],
    ids=str,
)
def test_numbers_are_taken_for_what_the_card_says_or_what_they_can_be(
    scores, card_says, expected
):
    assert answer_kind(np.array(scores), logits=card_says) == expected


def test_sigmoids_are_confidences_already_and_stay_as_they_are():
    tags = np.array([[0.97, 0.93, 0.88, 0.02, 0.01]], np.float32)
    np.testing.assert_array_equal(confidences(Outputs({"tags": tags})), tags[0])


@pytest.mark.parametrize("shape", [(1,), (1, 1), (1, 1, 1, 1)], ids=str)
def test_a_net_with_one_class_answers_one_number(shape):
    sure = Outputs({"out": np.full(shape, 0.93, np.float32)})
    assert confidences(sure) == pytest.approx([0.93])
    logit = Outputs({"out": np.full(shape, 2.0, np.float32)})
    assert confidences(logit) == pytest.approx([1 / (1 + math.exp(-2))])


@given(LOGITS)
def test_a_sigmoid_is_the_softmax_of_a_logit_and_a_zero(logits):
    pairs = np.stack([logits, np.zeros_like(logits)], axis=-1)
    np.testing.assert_allclose(sigmoid(logits), softmax(pairs)[:, 0], rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize(
    "shapes",
    [[(1, 84, 8400)], [(1, 10), (1, 4)], [(1, 3, 7, 7)], [], [(2, 10)], [(0,)]],
    ids=str,
)
def test_what_no_classifier_answers_is_refused_with_its_shapes(shapes):
    outputs = Outputs({f"out{i}": np.zeros(s, np.float32) for i, s in enumerate(shapes)})
    with pytest.raises(LayoutUnknown, match="one row of scores") as caught:
        confidences(outputs)
    assert all(str(list(shape)) in str(caught.value) for shape in shapes)


@given(LOGITS, st.integers(1, 50))
def test_top_k_is_the_beginning_of_the_whole_ranking(logits, k):
    confidence = softmax(logits)
    ranked = top_k(confidence, k)
    whole = sorted(enumerate(confidence), key=lambda pair: -pair[1])
    assert [(each.class_id, each.confidence) for each in ranked] == whole[:k]


def test_a_label_offset_is_the_cards_affair():
    labels = ["background", "cat", "dog"]
    (best,) = top_k(np.array([0.1, 0.9]), 1, label=lambda class_id: labels[class_id + 1])
    assert (best.class_id, best.label) == (1, "dog")


TEMPERATURES = st.floats(0.1, 10)


def naive(logits, temperature):
    """Softmax as the formula reads, in double precision."""
    powers = [math.exp(float(each) / temperature) for each in logits]
    return [each / sum(powers) for each in powers]


@given(
    arrays(np.float32, st.integers(2, 40), elements=st.floats(-30, 30, width=32)),
    TEMPERATURES,
    st.integers(1, 50),
)
def test_the_steps_of_softmax_end_at_the_naive_formula(logits, temperature, k):
    steps = softmax_steps(logits, k, temperature=temperature)
    wanted = naive(logits, temperature)
    assert len(steps.first) == min(k, len(logits))
    for each in steps.first:
        assert each.logit == logits[each.class_id]
        assert each.divided == each.logit / temperature
        assert each.shifted == each.divided - steps.largest
        assert each.power == pytest.approx(math.exp(each.shifted), rel=1e-12)
        assert each.share == each.power / steps.total
        assert each.share == pytest.approx(wanted[each.class_id], rel=1e-9, abs=1e-300)


@given(LOGITS)
def test_at_temperature_1_the_steps_are_softmax_itself_and_the_sum_is_over_all(logits):
    steps = softmax_steps(logits, 2)
    whole = softmax(logits)
    assert [each.share for each in steps.first] == [whole[e.class_id] for e in steps.first]
    every = softmax_steps(logits, len(logits))
    assert sum(each.power for each in every.first) == pytest.approx(steps.total)
    assert steps.classes == len(logits)


@given(LOGITS, TEMPERATURES, TEMPERATURES)
def test_temperature_keeps_the_order(logits, one, other):
    orders = [
        [each.class_id for each in softmax_steps(logits, 50, temperature=each_).first]
        for each_ in (one, other)
    ]
    assert orders[0] == orders[1]
    shares = [each.share for each in softmax_steps(logits, 50, temperature=one).first]
    assert shares == sorted(shares, reverse=True)


@given(LOGITS)
def test_great_heat_makes_all_classes_equal_and_great_cold_leaves_one(logits):
    hot = softmax_steps(logits, 50, temperature=1e9)
    np.testing.assert_allclose([each.share for each in hot.first], 1 / len(logits), rtol=1e-3)
    cold = softmax_steps(logits, 1, temperature=1e-9)
    ties = (logits == logits.max()).sum()
    near = (logits >= logits.max() - 1e-6).sum()
    assert 1 / near - 1e-9 <= cold.first[0].share <= 1 / ties + 1e-9


@given(arrays(np.float32, st.integers(2, 40), elements=st.floats(-30, 30, width=32)))
def test_the_logarithm_of_confidences_is_the_logits_but_for_a_constant(logits):
    apart = implied_logits(softmax(logits)) - logits
    np.testing.assert_allclose(apart, apart[0], atol=1e-6)


def test_a_confidence_of_nothing_stays_nothing_at_any_temperature():
    logits = implied_logits(np.array([0.0, 0.25, 0.75], np.float32))
    assert logits[0] == -np.inf
    for temperature in (0.1, 1.0, 10.0):
        steps = softmax_steps(logits, temperature=temperature)
        assert (steps.first[-1].class_id, steps.first[-1].share) == (0, 0.0)
