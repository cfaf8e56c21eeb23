"""Several classifiers side by side on one picture."""

import numpy as np

from core.errors import ForwardFailed
from core.nets import engine
from core.nets.catalog import card_named, cards
from core.nets.downloads import download
from tests.pages.screen import tab, table, words
from tests.shared import needs_shared

STARTER = "Starter classifier, ONNX"


TINY = "Dominant colour"


def test_two_nets_stand_side_by_side_at_once_and_a_table_holds_what_they_share(visit):
    app = tab(visit, "Compare models", classification__model=STARTER)
    chosen = app.multiselect(key="panel.nets").value
    assert len(chosen) == 2
    assert chosen[0] == STARTER
    for title in chosen:
        assert any(title in each.value for each in app.markdown)
    assert "Both rank the same class first" in words(app)
    common = table(app, STARTER)
    assert common["label"][0] == "Egyptian cat"
    np.testing.assert_allclose(common[chosen[0]], common[chosen[1]], atol=0.03)
    assert "more can be downloaded" in words(app)


def test_only_nets_of_this_machine_are_offered(visit):
    app = tab(visit, "Compare models")
    here = [each.title for each in cards("classification") if each.shipped]
    assert app.multiselect(key="panel.nets").options == here


@needs_shared
def test_a_net_that_was_fetched_is_the_first_to_be_set_beside_ours(visit):
    download(card_named("squeezenet-v1.1-fp16-onnx"))
    app = tab(visit, "Compare models", classification__model=STARTER)
    assert app.multiselect(key="panel.nets").value == [STARTER, "SqueezeNet v1.1"]


def test_a_net_that_was_asked_before_is_not_asked_again(visit, forwards):
    app = tab(visit, "Compare models", classification__model=STARTER)
    asked = len(forwards)
    app.multiselect(key="panel.nets").set_value([STARTER, TINY]).run()
    assert set(forwards[asked:]) == {"tiny-dominant-colour"}
    assert "some have no label" in words(app)
    app.multiselect(key="panel.nets").set_value([STARTER]).run()
    assert "Choose a second model" in words(app)
    app.multiselect(key="panel.nets").set_value([]).run()
    assert not app.exception


def test_a_net_that_fails_says_so_in_its_own_column_and_the_others_stay(visit, monkeypatch):
    local = engine.LocalEngine()

    class Failing:
        def infer(self, model, blob):
            if model.name == "tiny-dominant-colour":
                raise ForwardFailed("It has the hiccups.")
            return local.infer(model, blob)

    monkeypatch.setattr(engine, "engine", Failing)
    app = tab(visit, "Compare models", classification__model=STARTER)
    others = [STARTER, TINY, "Starter classifier, Caffe"]
    app.multiselect(key="panel.nets").set_value(others).run()
    assert [each.value for each in app.error] == ["It has the hiccups."]
    assert "Both rank the same class first" in words(app)
