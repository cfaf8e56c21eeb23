"""What a widget holds follows the visitor; what a link says comes first."""

import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.components.shell.widget_memory import note_page, persistent


def script():
    import streamlit as st

    from pages.components.shell.widget_memory import note_page, persistent, visits

    title = st.session_state.get("title", "one")
    note_page(title)
    st.session_state.visits = visits()
    if title != "empty":
        st.number_input("number", 0, 100, 7, key=persistent("number"), bind="query-params")


def test_a_value_outlives_a_page_without_its_widget_and_changes_are_counted():
    app = AppTest.from_function(script, default_timeout=60).run()
    assert app.number_input(key="number").value == 7
    app.number_input(key="number").set_value(42).run()
    for title in ("empty", "two"):
        app.session_state["title"] = title
        app.run()
    assert app.number_input(key="number").value == 42
    assert app.session_state["visits"] == 3
    assert app.run().session_state["visits"] == 3, "a rerun is no change of page"


def test_a_value_that_came_with_a_link_and_was_never_touched_stays_as_well():
    app = AppTest.from_function(script, default_timeout=60)
    app.query_params["number"] = "5"
    assert app.run().number_input(key="number").value == 5
    app.query_params.clear()
    for title in ("empty", "two"):
        app.session_state["title"] = title
        app.run()
    assert app.number_input(key="number").value == 5


def test_what_streamlit_drops_with_the_page_comes_back_unless_a_link_says_otherwise(
    monkeypatch,
):
    state, query = {}, {}
    monkeypatch.setattr(st, "session_state", state)
    monkeypatch.setattr(st, "query_params", query)
    note_page("one")
    state["number"] = 42
    persistent("number")
    del state["number"]
    note_page("one")
    persistent("number")
    assert "number" not in state, "a rerun brings nothing back"
    note_page("two")
    persistent("number")
    assert state["number"] == 42
    del state["number"]
    query["number"] = "5"
    note_page("three")
    persistent("number")
    assert "number" not in state, "the address comes first"
