"""The one box that is asked about."""

from streamlit.testing.v1 import AppTest

from core.nets.catalog import card_named
from core.picture.samples import sample_picture
from core.pipeline import Thresholds, detect, run_model

MODEL = "starter-detector-darknet"


def script(result):
    import streamlit as st

    from pages.components.inputs.chosen_box import choose_box

    st.session_state.row = choose_box("box", result)


def test_the_first_box_is_chosen_and_a_dropped_choice_is_forgotten():
    run = run_model(sample_picture("motorcycle"), card_named(MODEL))
    many = detect(run, Thresholds(0.1))
    rows = many.kept.row.tolist()
    app = AppTest.from_function(script, args=(many,), default_timeout=60).run()
    assert app.session_state["row"] == rows[0]
    assert len(app.selectbox(key="box").options) == len(rows) > 1
    app.selectbox(key="box").select_index(len(rows) - 1).run()
    assert app.session_state["row"] == rows[-1]
    few = detect(run, Thresholds(many.kept.confidence[0] - 1e-3))
    app = AppTest.from_function(script, args=(few,), default_timeout=60)
    app.session_state["box"] = rows[-1]
    assert app.run().session_state["row"] == rows[0]


def test_without_boxes_there_is_nothing_to_choose():
    run = run_model(sample_picture("motorcycle"), card_named(MODEL))
    nothing = detect(run, Thresholds(1.0))
    app = AppTest.from_function(script, args=(nothing,), default_timeout=60).run()
    assert app.session_state["row"] is None
    assert not app.selectbox
