"""Softmax written out: from logits to confidences."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.nets.catalog import card_named
from core.picture.samples import sample_picture
from core.pipeline import run_model
from tests.pages.screen import tab, table, words

STARTER = "Starter classifier, ONNX"


def test_softmax_shows_the_numbers_on_the_way_and_ends_at_the_ranking(visit):
    app = tab(visit, "Softmax", classification__model=STARTER)
    steps, ranked = table(app, "logit z"), app.dataframe[0].value
    assert steps["label"].tolist() == ranked["label"].tolist()
    np.testing.assert_allclose(steps["probability"], ranked["confidence"], rtol=1e-6)
    np.testing.assert_allclose(np.exp(steps["z - max"]), steps["exp"])
    assert "200 probabilities" in words(app)
    assert "up to a constant" in words(app)
    worked = next(each.value for each in app.code if "probability =" in each.value)
    assert f"= {steps['probability'][0]:.4f}" in worked


def test_temperature_moves_softmax_and_neither_the_ranking_nor_the_net(visit, forwards):
    app = tab(visit, "Softmax", classification__model=STARTER)
    before, asked = table(app, "logit z"), len(forwards)
    app.select_slider(key="softmax.temperature").set_value(3.0).run()
    after, ranked = table(app, "logit z"), app.dataframe[0].value
    assert after["label"].tolist() == before["label"].tolist() == ranked["label"].tolist()
    assert (
        after["probability"][0]
        < before["probability"][0]
        == pytest.approx(ranked["confidence"][0])
    )
    np.testing.assert_allclose(after["z / T"], before["logit z"] / 3)
    one, three = (each["probability"][0] for each in (before, after))
    assert f"{one:.1%} at temperature 1 and {three:.1%} at 3;" in words(app)
    assert "always uses temperature 1" in words(app)
    assert len(forwards) == asked


def of_a_net_that_answers_logits():
    from dataclasses import replace

    from core.nets.catalog import card_named
    from core.picture.samples import sample_picture
    from core.pipeline import run_model
    from pages.components.classification.softmax import show_softmax

    model = replace(card_named("tiny-dominant-colour"), logits=True)
    show_softmax("softmax", run_model(sample_picture("cat"), model), 3)


def test_a_net_that_answers_logits_needs_no_logarithm():
    app = AppTest.from_function(of_a_net_that_answers_logits).run()
    assert "12 logits" in words(app)
    assert "logarithms" not in words(app)
    tiny = card_named("tiny-dominant-colour")
    answered = sorted(
        run_model(sample_picture("cat"), tiny).outputs["share"].ravel(), reverse=True
    )
    np.testing.assert_array_equal(table(app, "logit z")["logit z"], answered[:3])
