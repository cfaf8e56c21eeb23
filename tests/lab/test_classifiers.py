"""Several nets about one picture: the label's text decides where they agree."""

from dataclasses import replace

import numpy as np
import pytest

from core.lab.classifiers import agreement, common_rows, confidence_of
from core.nets.catalog import card_named
from core.picture.samples import sample_picture
from core.pipeline import Ranking, ranking, run_model
from core.results.classification import top_k

BASE = run_model(sample_picture("cat"), card_named("tiny-dominant-colour"))


def net(labels: str, sure: list[float], groups: str = "", offset: int = 0) -> Ranking:
    model = replace(
        BASE.card,
        labels=tuple(labels.split()),
        groups=tuple(groups.split()),
        label_offset=offset,
    )
    confidence = np.array(sure)
    best = top_k(confidence, 2, label=model.label)
    return Ranking(replace(BASE, card=model), confidence, best, read_ms=0)


def test_rows_are_matched_by_text_however_the_nets_number_their_classes():
    one = net("cat dog owl", [0.7, 0.2, 0.1])
    other = net("dog cat", [0.0, 0.6, 0.4], offset=1)
    rows = {row.label: row.confidence for row in common_rows([one, other])}
    assert rows == {"cat": (0.7, 0.4), "dog": (0.2, 0.6)}


def test_a_label_that_a_net_does_not_have_is_none_and_comes_last():
    rows = common_rows([net("cat dog", [0.6, 0.4]), net("car dog", [0.9, 0.1])])
    assert [(row.label, row.confidence) for row in rows] == [
        ("dog", (0.4, 0.1)),
        ("car", (None, 0.9)),
        ("cat", (0.6, None)),
    ]


def test_of_two_classes_with_one_label_the_surer_counts():
    assert confidence_of("crane", net("crane hen crane", [0.2, 0.3, 0.5])) == 0.5


CAT, CAT_TOO = net("cat dog", [0.6, 0.4]), net("dog cat", [0.1, 0.9])
DOG = net("cat dog", [0.3, 0.7])
CAR = net("car bus", [0.8, 0.2])


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ([CAT, CAT_TOO], "Both rank the same class first: cat."),
        ([CAT, CAT_TOO, CAT], "All 3 rank the same class first: cat."),
        ([CAT, DOG, CAT_TOO], "2 of 3 rank the same class first: cat."),
        ([CAT, DOG], "Each ranks a different class first."),
        (
            [CAT, CAR],
            "Each ranks a different class first; some have no label for the classes "
            "of the others.",
        ),
        (
            [net("tabby pug", [0.9, 0.1], "cat dog"), net("siamese pug", [1, 0], "cat dog")],
            "Each ranks a different class first, but all in the group cat.",
        ),
    ],
)
def test_the_sentence_counts_who_agrees(answers, sentence):
    assert agreement(answers) == sentence


def test_one_net_in_two_formats_has_one_opinion():
    answers = []
    for name in ("starter-classifier-onnx", "starter-classifier-caffe"):
        run = run_model(sample_picture("cat"), card_named(name))
        answers.append(ranking(run, 5))
    assert agreement(answers) == "Both rank the same class first: Egyptian cat."
    for row in common_rows(answers):
        assert row.confidence[0] == pytest.approx(row.confidence[1], abs=0.02)
        assert row.confidence[0] == confidence_of(row.label, answers[0])
