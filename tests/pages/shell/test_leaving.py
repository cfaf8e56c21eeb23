"""What a visitor held is let go of when the tab is closed, and not while somebody is here."""

import threading

import pytest
import streamlit as st

from pages.components.shell import leaving
from pages.components.shell.leaving import Visit

SECONDS = 20  # a test that waits longer has failed
PAGE = {"video__stride": "12"}


@pytest.fixture(autouse=True)
def no_grace(monkeypatch):
    monkeypatch.setattr(leaving, "GRACE_SECONDS", 0.01)


@pytest.fixture
def left():
    """Tell when what was held is let go of."""
    gone = threading.Event()
    visit = Visit("somebody")
    visit.held["thing"] = gone.set
    return visit, gone


class Runtime:
    """Streamlit's own, as far as it is asked who is here."""

    def __init__(self, *here):
        self.here = here

    def is_active_session(self, session):
        return session in self.here


def test_what_is_held_goes_with_the_visitor(left):
    visit, gone = left
    visit.perhaps_left()
    assert gone.wait(SECONDS)
    assert visit.held == {}


def test_cleared_caches_are_no_proof_that_somebody_has_left(left, monkeypatch):
    visit, gone = left
    monkeypatch.setattr(leaving.runtime, "exists", lambda: True)
    monkeypatch.setattr(leaving.runtime, "get_instance", lambda: Runtime("somebody"))
    visit.let_go_if_left()
    assert not gone.is_set()
    monkeypatch.setattr(leaving.runtime, "get_instance", lambda: Runtime("another"))
    visit.let_go_if_left()
    assert gone.is_set()


def test_the_annotated_video_of_who_left_is_removed_and_the_page_says_so(visit):
    app = visit("video", **PAGE)
    app.button(key="video.start").click().run()
    annotated = app.session_state["video.work"].annotated
    assert annotated.path.exists()
    held = app.session_state["leaving.visit"]
    st.cache_resource.clear()  # as Streamlit does for a lost connection
    for _ in range(1000):
        if annotated.removed:
            break
        threading.Event().wait(SECONDS / 1000)
    assert not annotated.path.exists()
    assert held.held == {}
    app.run()
    assert not app.exception
    assert any("connection to this server was lost" in each.value for each in app.info)
    app.button(key="video.start").click().run()
    assert app.session_state["video.work"].annotated.path.exists(), "Start makes it anew"
