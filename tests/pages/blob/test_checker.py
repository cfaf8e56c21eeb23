"""The checker beside the knobs it checks, drawn by a small script of its own."""

import pytest
from streamlit.testing.v1 import AppTest

from core.blob.spec import PRESETS
from core.nets.catalog import card_named

COLOUR = "Dominant colour"


def page_of():
    import streamlit as st

    from core.picture.samples import sample_picture
    from pages.components.blob.checker import show_findings
    from pages.components.blob.controls import blob_controls
    from pages.components.blob.knobs import wanted_spec
    from pages.components.shell.errors import show_errors

    with show_errors():
        picture = sample_picture("cat")
        spec = blob_controls("blob", picture)
        show_findings("blob", picture, spec, wanted_spec("blob"))
        st.session_state["spec"] = spec


def opened(preset=COLOUR, **knobs) -> AppTest:
    app = AppTest.from_function(page_of, default_timeout=60)
    app.run()
    app.selectbox(key="blob.preset").set_value(preset).run()
    for name, value in knobs.items():
        app.session_state[f"blob.{name}"] = value
    app.run()
    assert not app.exception, app.exception
    return app


def fixes(app) -> list:
    return [each for each in app.button if each.key.startswith("blob.fix.")]


def said(app) -> str:
    return " ".join(each.value for each in (*app.markdown, *app.caption))


def test_a_cards_own_numbers_get_one_line_that_says_so():
    app = opened()
    assert not fixes(app)
    assert "no problems found" in said(app)


def test_a_row_without_a_model_is_told_what_a_card_would_add():
    assert "Choose a model as the preset" in said(opened(PRESETS[0].title))


@pytest.mark.parametrize(
    "knobs",
    [
        {"swapRB": False},
        {"mean": "0.485, 0.456, 0.406"},
        {"scalefactor": "1/255, 1, 1"},
        {"width": 64},
        {"fit": "letterbox", "std": "0.5"},
        {"swapRB": False, "width": 64, "scalefactor": "1"},
    ],
    ids=str,
)
def test_pressing_every_fix_leads_back_to_what_the_model_wants(knobs):
    app = opened(**knobs)
    assert fixes(app)
    for _ in range(6):
        if not fixes(app):
            break
        fixes(app)[0].click().run()
        assert not app.exception, app.exception
    assert not fixes(app)
    wanted = card_named("tiny-dominant-colour").blob
    assert app.session_state["spec"].swap_rb == wanted.swap_rb
    assert app.session_state["spec"].size == wanted.size
    assert app.session_state["spec"].scalefactor == wanted.scalefactor


def test_a_finding_shows_the_numbers_before_and_after():
    app = opened(mean="0.485, 0.456, 0.406")
    assert "now: **values" in said(app)
    assert "with the fix: **values" in said(app)


def test_one_fix_leaves_the_other_knobs_alone():
    app = opened(PRESETS[0].title, scalefactor="1/255, 1, 1", width=320)
    fixes(app)[0].click().run()
    assert app.text_input(key="blob.scalefactor").value == "1/255"
    assert app.number_input(key="blob.width").value == 320


@pytest.mark.parametrize(
    "knobs",
    [{"ddepth": "uint8"}, {"scalefactor": "1/255, 0, 0"}],
    ids=["bytes with a scale", "a scale for one channel"],
)
def test_knobs_that_make_no_spec_offer_a_fix_beside_the_sentence(knobs):
    app = opened(**knobs)
    assert len(app.error) == 1
    (fix,) = fixes(app)
    fix.click().run()
    assert not app.exception, app.exception
    assert not app.error
    assert "no problems found" in said(app)


def test_a_fault_that_no_click_can_mend_gets_the_sentence_alone():
    app = opened(std="0")
    assert "above 0" in app.error[0].value
    assert not fixes(app)
