"""What did the net look at? The occlusion map on both pages."""

import re

import pytest

from core.nets import engine
from core.nets.catalog import card_named
from core.picture.image import decode_picture
from core.picture.samples import sample_picture
from core.pipeline import run_model
from core.results.classification import confidences
from pages.components.shell import cached
from tests.pages.screen import shown, tab, table, words

TINY = "Dominant colour"


def test_the_patch_waits_until_it_is_sent_and_says_how_long_it_will_take(visit, forwards):
    app = tab(visit, "Occlusion sensitivity", classification__model=TINY)
    assert forwards.count("tiny-dominant-colour") == 3  # the first, a warm one, a check
    label = app.button(key="why.go").label
    assert re.fullmatch(r"Run: 65 inferences, about \d+\.\d s", label)


def test_a_map_shows_what_the_class_rests_on_and_the_second_time_asks_no_net(visit, forwards):
    app = tab(visit, "Occlusion sensitivity", classification__model=TINY)
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

    monkeypatch.setattr("core.pipeline.decode_picture", counting)
    app = tab(visit, "Occlusion sensitivity", classification__model=TINY)
    before = len(decoded)
    app.button(key="why.go").click().run()
    assert len(decoded) <= before + 1


def test_the_table_of_the_map_is_what_the_net_says_of_a_picture_with_the_patch(visit):
    app = tab(
        visit,
        "Occlusion sensitivity",
        sample="circles",
        classification__model=TINY,
        why__patch="1 cell",
    )
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
    app = tab(visit, "Occlusion sensitivity", page="detection", sample="circles")
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
    app = tab(visit, "Occlusion sensitivity", page="detection", sample="gradient")
    app.selectbox(key="detection.model").set_value("Colour blobs").run()
    own = "detection.tiny-blob-detector.confidence"
    app.slider(key=own).set_value(1.0).run()
    assert "no detection to explain" in words(app)
    assert not [each for each in app.button if each.key == "detection.why.go"]
