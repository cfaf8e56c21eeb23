"""An error that a person can fix becomes a sentence; any other stays an error."""

from streamlit.testing.v1 import AppTest


def page(known):
    import streamlit as st

    from core.errors import PictureRefused
    from pages.components.shell.errors import show_errors

    with show_errors():
        st.toggle("a widget")
        raise PictureRefused("![x](y) is damaged.") if known else KeyError("a bug")


def test_the_sentence_stands_on_top_as_plain_words_and_the_widgets_stay():
    app = AppTest.from_function(page, args=(True,), default_timeout=60).run()
    assert not app.exception
    assert "is damaged." in app.error[0].value
    assert "![x](" not in app.error[0].value
    assert [each.type for each in app.main][1:] == ["error", "toggle"]


def test_a_bug_is_not_taken_for_a_sentence():
    app = AppTest.from_function(page, args=(False,), default_timeout=60).run()
    assert not app.error
    assert app.exception
