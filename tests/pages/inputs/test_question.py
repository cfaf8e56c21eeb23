"""What a series is asked."""

from streamlit.testing.v1 import AppTest

from core.nets.catalog import card_named


def script():
    import streamlit as st

    from pages.components.inputs.question import pick_question

    st.session_state.question = pick_question("own")


def test_the_question_is_what_the_knobs_say():
    app = AppTest.from_function(script, default_timeout=60).run()
    assert not app.exception
    question = app.session_state["question"]
    assert question.finds_boxes
    own = f"own.detection.{question.card.name}"
    app.slider(key=f"{own}.confidence").set_value(0.7).run()
    app.multiselect(key=f"{own}.classes").set_value(["dog"]).run()
    thresholds = app.session_state["question"].thresholds
    assert thresholds.confidence == 0.7
    label = card_named(question.card.name).labels.index("dog")
    assert thresholds.class_ids == {label + question.card.label_offset}
    app.segmented_control(key="own.task").set_value("classification").run()
    app.slider(key="own.classification.k").set_value(3).run()
    question = app.session_state["question"]
    assert (question.finds_boxes, question.k) == (False, 3)
    assert question.card.task == "classification"
