"""Only the open tab is drawn."""

from streamlit.testing.v1 import AppTest


def script():
    from functools import partial

    import streamlit as st

    from pages.components.shell.lazy_tabs import show_tabs

    show_tabs("more", {each: partial(st.caption, f"in {each}") for each in ("one", "two")})


def test_the_first_tab_is_open_and_a_link_opens_another():
    app = AppTest.from_function(script, default_timeout=60).run()
    assert [each.label for each in app.tabs] == ["one", "two"]
    assert [each.value for each in app.caption] == ["in one"]
    app = AppTest.from_function(script, default_timeout=60)
    app.query_params["more"] = "two"
    assert [each.value for each in app.run().caption] == ["in two"]
