"""Why does a net say what it says? Softmax, other nets, and what it looked at."""

import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.errors import ForwardFailed
from core.nets import engine
from core.nets.catalog import card_named, cards
from core.nets.downloads import download
from core.picture.image import decode_picture
from core.picture.samples import sample_picture
from core.pipeline import run_model
from core.results.classification import confidences
from pages.components.shell import cached
from tests.forwards import noted_forwards
from tests.pages.test_pages import shown
from tests.shared import needs_shared

STARTER = "Starter classifier, ONNX"
TINY = "Dominant colour"


@pytest.fixture
def forwards(monkeypatch) -> list[str]:
    """The nets that were asked, in order."""
    return noted_forwards(monkeypatch)


def tab(visit, title, page="classification", **how):
    return visit(page, **{f"{page}__more": title}, **how)


def table(app, column: str):
    (found,) = (each.value for each in app.dataframe if column in each.value.columns)
    return found


def words(app) -> str:
    return "\n".join(each.value for each in (*app.markdown, *app.caption, *app.info))


def test_softmax_shows_the_numbers_on_the_way_and_ends_at_the_ranking(visit):
    app = tab(visit, "Softmax", classification__model=STARTER)
    steps, ranked = table(app, "logit z"), app.dataframe[0].value
    assert steps["label"].tolist() == ranked["label"].tolist()
    np.testing.assert_allclose(steps["share"], ranked["confidence"], rtol=1e-6)
    np.testing.assert_allclose(np.exp(steps["less the largest"]), steps["e to that"])
    assert "200 confidences" in words(app)
    assert "up to one constant" in words(app)
    worked = next(each.value for each in app.code if "confidence =" in each.value)
    assert f"= {steps['share'][0]:.4f}" in worked


def test_temperature_moves_softmax_and_neither_the_ranking_nor_the_net(visit, forwards):
    app = tab(visit, "Softmax", classification__model=STARTER)
    before, asked = table(app, "logit z"), len(forwards)
    app.select_slider(key="softmax.temperature").set_value(3.0).run()
    after, ranked = table(app, "logit z"), app.dataframe[0].value
    assert after["label"].tolist() == before["label"].tolist() == ranked["label"].tolist()
    assert after["share"][0] < before["share"][0] == pytest.approx(ranked["confidence"][0])
    np.testing.assert_allclose(after["z / T"], before["logit z"] / 3)
    first = f"{before['share'][0]:.1%} at temperature 1 and {after['share'][0]:.1%} at 3;"
    assert first in words(app)
    assert "stays at temperature 1" in words(app)
    assert len(forwards) == asked


def of_a_net_that_answers_logits():
    from dataclasses import replace

    from core.nets.catalog import card_named
    from core.picture.samples import sample_picture
    from core.pipeline import run_model
    from pages.components.classification.softmax import show_softmax

    model = replace(card_named("tiny-dominant-colour"), logits=True)
    show_softmax("softmax", run_model(sample_picture("cat"), model), model, 3)


def test_a_net_that_answers_logits_needs_no_logarithm():
    app = AppTest.from_function(of_a_net_that_answers_logits).run()
    assert "12 logits" in words(app)
    assert "logarithms" not in words(app)
    tiny = card_named("tiny-dominant-colour")
    answered = sorted(
        run_model(sample_picture("cat"), tiny).outputs["share"].ravel(), reverse=True
    )
    np.testing.assert_array_equal(table(app, "logit z")["logit z"], answered[:3])


def test_two_nets_stand_side_by_side_at_once_and_a_table_holds_what_they_share(visit):
    app = tab(visit, "Side by side", classification__model=STARTER)
    chosen = app.multiselect(key="panel.nets").value
    assert len(chosen) == 2
    assert chosen[0] == STARTER
    for title in chosen:
        assert any(title in each.value for each in app.markdown)
    assert "Both name the same first" in words(app)
    common = table(app, STARTER)
    assert common["label"][0] == "Egyptian cat"
    np.testing.assert_allclose(common[chosen[0]], common[chosen[1]], atol=0.03)
    assert "more can be had" in words(app)


def test_only_nets_of_this_machine_are_offered(visit):
    app = tab(visit, "Side by side")
    here = [each.title for each in cards("classification") if each.shipped]
    assert app.multiselect(key="panel.nets").options == here


@needs_shared
def test_a_net_that_was_fetched_is_the_first_to_be_set_beside_ours(visit):
    download(card_named("squeezenet-v1.1-fp16-onnx"))
    app = tab(visit, "Side by side", classification__model=STARTER)
    assert app.multiselect(key="panel.nets").value == [STARTER, "SqueezeNet v1.1"]


def test_a_net_that_was_asked_before_is_not_asked_again(visit, forwards):
    app = tab(visit, "Side by side", classification__model=STARTER)
    asked = len(forwards)
    app.multiselect(key="panel.nets").set_value([STARTER, TINY]).run()
    assert set(forwards[asked:]) == {"tiny-dominant-colour"}
    assert "some have no label" in words(app)
    app.multiselect(key="panel.nets").set_value([STARTER]).run()
    assert "Choose a second net" in words(app)
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
    app = tab(visit, "Side by side", classification__model=STARTER)
    others = [STARTER, TINY, "Starter classifier, Caffe"]
    app.multiselect(key="panel.nets").set_value(others).run()
    assert [each.value for each in app.error] == ["It has the hiccups."]
    assert "Both name the same first" in words(app)


def test_the_patch_waits_until_it_is_sent_and_says_how_long_it_will_take(visit, forwards):
    app = tab(visit, "Why", classification__model=TINY)
    assert forwards.count("tiny-dominant-colour") == 2  # the ranking's: the first, a warm one
    label = app.button(key="why.go").label
    assert re.fullmatch(r"Find out: 65 forwards, about \d+\.\d s", label)


def test_a_map_shows_what_the_class_rests_on_and_the_second_time_asks_no_net(visit, forwards):
    app = tab(visit, "Why", classification__model=TINY)
    asked = len(forwards)
    app.button(key="why.go").click().run()
    assert len(forwards) == asked + 65
    assert not app.error
    alt = next(
        each.proto.imgs[0].alt
        for each in app.image
        if each.proto.imgs[0].alt.startswith("Occlusion map")
    )
    assert "The confidence falls most" in alt
    assert alt.split(". ", 1)[1] in words(app)
    first = table(app, "8").copy()
    assert first.shape == (8, 9)
    app.selectbox(key="why.class").select_index(1).run()
    assert not any("8" in each.value.columns for each in app.dataframe)  # another question
    app.selectbox(key="why.class").select_index(0).run()
    app.button(key="why.go").click().run()
    assert table(app, "8").equals(first)
    assert len(forwards) == asked + 65


def test_the_picture_is_decoded_once_and_not_once_a_place(visit, monkeypatch):
    decoded = []

    def counting(picture):
        decoded.append(picture.name)
        return decode_picture(picture)

    monkeypatch.setattr(cached, "decode_picture", counting)
    monkeypatch.setattr("core.pipeline.decode_picture", counting)
    app = tab(visit, "Why", classification__model=TINY)
    before = len(decoded)
    app.button(key="why.go").click().run()
    assert len(decoded) <= before + 1


def test_the_table_of_the_map_is_what_the_net_says_of_a_picture_with_the_patch(visit):
    app = tab(visit, "Why", sample="circles", classification__model=TINY, why__patch="1 cell")
    app.button(key="why.go").click().run()
    image = decode_picture(sample_picture("circles")).copy()
    before = confidences(
        run_model(sample_picture("circles"), card_named("tiny-dominant-colour")).outputs
    )
    image[240:300, 320:400] = 128  # row 5 of 8, column 5 of 8 of 640 x 480
    blob = cached.make_blob(image, card_named("tiny-dominant-colour").blob)[0]
    after = confidences(engine.infer(card_named("tiny-dominant-colour"), blob).outputs)
    best = before.argmax()
    assert table(app, "8")["5"][4] == pytest.approx(before[best] - after[best], abs=5.1e-4)


def test_a_chosen_box_is_explained_and_the_map_is_drawn_with_it(visit, media, forwards):
    app = tab(visit, "Why", page="detection", sample="circles")
    app.selectbox(key="detection.model").set_value("Colour blobs").run()
    asked = len(forwards)
    app.button(key="detection.why.go").click().run()
    assert len(forwards) == asked + 65
    assert not app.error
    alt = next(
        each.proto.imgs[0].alt
        for each in app.image
        if each.proto.imgs[0].alt.startswith("Occlusion map of #1")
    )
    assert shown(app, media, alt).ndim == 3
    assert table(app, "8")[["4", "5"]].to_numpy().max() > 0
    app.button(key="detection.why.go").click().run()
    assert len(forwards) == asked + 65


def test_where_no_box_was_kept_there_is_none_to_explain(visit):
    app = tab(visit, "Why", page="detection", sample="gradient")
    app.selectbox(key="detection.model").set_value("Colour blobs").run()
    own = "detection.tiny-blob-detector.confidence"
    app.slider(key=own).set_value(1.0).run()
    assert "none to explain" in words(app)
    assert not [each for each in app.button if each.key == "detection.why.go"]
