"""A choice among a few options."""

import pytest
from streamlit.testing.v1 import AppTest


def script(default):
    import streamlit as st

    from pages.components.shell.choice import choice

    st.session_state.chosen = choice("Letter", ("a", "b", "c"), key="letter", default=default)


@pytest.mark.parametrize(("default", "first"), [(None, "a"), ("c", "c")])
def test_the_default_is_chosen_until_the_visitor_chooses(default, first):
    app = AppTest.from_function(script, args=(default,), default_timeout=60).run()
    assert app.session_state["chosen"] == first
    app.segmented_control(key="letter").set_value("b").run()
    assert app.session_state["chosen"] == "b"


def test_a_link_carries_the_choice():
    app = AppTest.from_function(script, args=(None,), default_timeout=60)
    app.query_params["letter"] = "c"
    assert app.run().session_state["chosen"] == "c"
