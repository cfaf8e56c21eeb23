"""What a visitor gave stays for the visit, until it is forgotten or replaced."""

from dataclasses import dataclass

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.components.shell.uploads import forget_upload, kept_upload


@dataclass
class File:
    name: str
    file_id: str
    data: bytes = b"data"

    def getvalue(self) -> bytes:
        return self.data


@pytest.fixture
def _visit(monkeypatch) -> None:
    monkeypatch.setattr(st, "session_state", {})


@pytest.mark.usefixtures("_visit")
def test_a_file_is_read_once_and_stays_when_the_uploader_forgets_it():
    read = []

    def reading(name, data):
        read.append(name)
        return name, data

    assert kept_upload("own", None, reading) is None
    first = kept_upload("own", File("a.mp4", "1"), reading)
    assert kept_upload("own", File("a.mp4", "1"), reading) is first
    assert kept_upload("own", None, reading) is first
    assert kept_upload("own", File("a.mp4", "2", b"other"), reading) == ("a.mp4", b"other")
    assert len(read) == 2
    forget_upload("own")
    assert kept_upload("own", None, reading) is None


@pytest.mark.usefixtures("_visit")
def test_a_file_that_cannot_be_read_leaves_nothing_behind():
    kept_upload("own", File("good", "1"), lambda name, _: name)

    def failing(_name, _data):
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        kept_upload("own", File("bad", "2"), failing)
    assert kept_upload("own", None, failing) is None


def script(held):
    import streamlit as st

    from pages.components.shell.uploads import show_kept

    st.session_state.setdefault("forgotten", 0)

    def forget():
        st.session_state.forgotten += 1

    show_kept("Kept: a.mp4", key="own", forget=None if held else forget)


def test_the_button_stands_where_the_uploader_has_no_cross_of_its_own():
    app = AppTest.from_function(script, args=(False,), default_timeout=60).run()
    assert app.caption[0].value == "Kept: a.mp4"
    app.button(key="own.forget").click().run()
    assert app.session_state["forgotten"] == 1
    assert not AppTest.from_function(script, args=(True,), default_timeout=60).run().button
