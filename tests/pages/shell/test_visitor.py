"""Whose picture waits for a decoding slot reads it, and only then."""

from streamlit.testing.v1 import AppTest

from pages.components.shell.visitor import WAITING


def page():
    import streamlit as st

    from core.picture.slots import TELL, VISITOR
    from pages.components.shell.visitor import as_visitor

    @st.cache_resource(show_spinner=False)
    def decoded():
        TELL.get()(True)
        return "pixels"

    with as_visitor():
        assert VISITOR.get()
        st.text(decoded())


def ended_page():
    import streamlit as st

    from core.picture.slots import TELL, VISITOR
    from pages.components.shell.visitor import as_visitor

    with as_visitor():
        TELL.get()(True)
        TELL.get()(False)
    assert not VISITOR.get()
    st.text("pixels")


def job_page():
    import threading

    import streamlit as st

    from core.picture.slots import VISITOR
    from pages.components.shell.visitor import in_visitors_name, visitor_name

    names = []
    steps = in_visitors_name(VISITOR.get() for _ in range(1))
    thread = threading.Thread(target=lambda: names.extend(steps))
    thread.start()
    thread.join()
    st.text(names == [visitor_name()] and bool(names[0]))


def test_a_waiting_picture_is_told_of_and_a_cached_one_is_not():
    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    assert [each.value for each in app.info] == [WAITING]
    app.run()
    assert not app.exception
    assert not app.info


def test_when_its_turn_has_come_the_sentence_goes():
    app = AppTest.from_function(ended_page, default_timeout=60).run()
    assert not app.exception
    assert not app.info
    assert app.text[0].value == "pixels"


def test_a_job_decodes_in_the_name_of_whoever_started_it():
    app = AppTest.from_function(job_page, default_timeout=60).run()
    assert not app.exception
    assert app.text[0].value == "True"
