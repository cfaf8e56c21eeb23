import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.errors import LayoutUnknown
from core.outputs import Outputs
from core.results.classification import confidences, is_logits, softmax, top_k

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
    assert not is_logits(softmax(logits).astype(np.float16))


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0.5, 0.5], False),
        ([0, 1.0], False),
        ([0.5, 0.9], True),
        ([-2, 3], True),
        ([0, 0], True),
    ],
)
def test_logits_lie_outside_one_or_do_not_sum_to_it(scores, expected):
    assert is_logits(np.array(scores)) is expected


@pytest.mark.parametrize(
    "shapes",
    [[(1, 84, 8400)], [(1, 10), (1, 4)], [(1, 3, 7, 7)], [], [(2, 10)], [()], [(1,)], [(0,)]],
    ids=str,
)
def test_what_no_classifier_answers_is_refused_with_its_shapes(shapes):
    outputs = Outputs({f"out{i}": np.zeros(s, np.float32) for i, s in enumerate(shapes)})
    with pytest.raises(LayoutUnknown, match="one row of numbers") as caught:
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
