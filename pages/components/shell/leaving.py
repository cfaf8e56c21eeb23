"""What ends when a visitor closes the tab, and not only when Streamlit forgets the visit.

Streamlit keeps a lost visitor's state for a minute, and longer where nobody else leaves. But
as soon as the connection is lost it clears the caches of the session, and tells what was in
them. That is no proof: anybody may ask a server to clear all its caches. So after a moment,
in which a lost connection may come back, the visitor must be gone indeed.
"""

from collections.abc import Callable
from threading import Timer

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

GRACE_SECONDS = 10.0

_VISIT = "leaving.visit"


class Visit:
    """What to let go of when one visitor has left.

    Args:
        session: Streamlit's name of the visit.
    """

    def __init__(self, session: str) -> None:
        self.session = session
        self.held: dict[str, Callable[[], None]] = {}

    def perhaps_left(self) -> None:
        """Look again in a moment, and let go of everything if the visitor is gone then."""
        if self.held:
            timer = Timer(GRACE_SECONDS, self.let_go_if_left)
            timer.daemon = True
            timer.start()

    def let_go_if_left(self) -> None:
        """Let go of everything, unless the visitor is here."""
        if runtime.exists() and runtime.get_instance().is_active_session(self.session):
            return
        while self.held:
            self.held.popitem()[1]()


def note_visit() -> None:
    """Note that the visitor is here; at every run of a page."""
    context = get_script_run_ctx()
    if context:
        visit = st.session_state.setdefault(_VISIT, Visit(context.session_id))
        _noted(visit.session, visit)


def when_left(name: str, let_go: Callable[[], None]) -> None:
    """Have something let go of when this visitor has left; under a name it replaces another."""
    visit: Visit | None = st.session_state.get(_VISIT)
    if visit:
        visit.held[name] = let_go


@st.cache_resource(
    scope="session", show_spinner=False, on_release=lambda visit: visit.perhaps_left()
)
def _noted(session: str, _visit: Visit) -> Visit:  # noqa: ARG001 - the key
    return _visit
