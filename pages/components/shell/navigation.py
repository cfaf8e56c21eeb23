"""The list of pages, and the entry through app.py."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.video.scratch import remove_abandoned
from pages.components.shell.leaving import note_visit
from pages.components.shell.uploads import forget_left_uploads
from pages.components.shell.widget_memory import note_page

ROOT = Path(__file__).resolve().parents[3]
HOME = ROOT / "pages/home.py"
BLOB = ROOT / "pages/blob.py"
CLASSIFICATION = ROOT / "pages/classification.py"
DETECTION = ROOT / "pages/detection.py"
MANY = ROOT / "pages/many.py"
VIDEO = ROOT / "pages/video.py"
LIVE = ROOT / "pages/live.py"
EXPERIMENTS = ROOT / "pages/experiments.py"

MARK = Path(__file__).with_name("blobscope.svg")
ICON = Path(__file__).with_name("blobscope.png")

_INSIDE_APP = ContextVar("inside_app", default=False)


def navigation() -> st.Page:
    """Give Streamlit the logo and the pages, and return the page to run.

    The address of a page is its file name: any other would be "not found" on a cold deep link.
    Pages have no icons: Streamlit would use them as the favicon and load it from Google.
    """
    _clean_up()
    note_visit()
    st.logo(MARK, size="large")
    page = st.navigation(
        [
            st.Page(HOME, title="Home", default=True),
            st.Page(BLOB, title="Blob"),
            st.Page(CLASSIFICATION, title="Classification"),
            st.Page(DETECTION, title="Detection"),
            st.Page(MANY, title="Batch"),
            st.Page(VIDEO, title="Video"),
            st.Page(LIVE, title="Live"),
            st.Page(EXPERIMENTS, title="Experiments"),
        ],
        position="top",
    )
    if note_page(page.title):
        forget_left_uploads()
    return page


@st.cache_resource(show_spinner=False)
def _clean_up() -> int:
    """Remove, once in a process, what servers left behind that were killed."""
    return remove_abandoned()


@contextmanager
def inside_app() -> Iterator[None]:
    """Mark that this run came through app.py."""
    # not in the session state, which st.stop() closes before it can be reset
    token = _INSIDE_APP.set(True)
    try:
        yield
    finally:
        _INSIDE_APP.reset(token)


def route_through_app() -> None:
    """Make sure that app.py runs the page; the first line of every page.

    Streamlit looks for a folder named ``pages`` and, in a process that has not run app.py
    yet, answers a deep link with the page alone: no navigation, no error handling, every
    file in the folder listed. Declaring our own navigation ends that mode, and the rerun
    then goes through app.py.
    """
    context = get_script_run_ctx()
    if _INSIDE_APP.get() or context is None:
        return
    if Path(context.main_script_path).resolve() == ROOT / "app.py":
        navigation()
        st.rerun()
