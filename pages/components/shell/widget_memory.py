"""Values of widgets that follow the visitor from page to page."""

from typing import Any

import streamlit as st

_MEMORY, _PAGE, _MOVED = "kept.memory", "kept.page", "kept.moved"
_VISITS = "kept.visits"


def note_page(title: str) -> bool:
    """Record which page this run shows; return whether the visitor came from another one."""
    moved = st.session_state.get(_PAGE) != title
    st.session_state[_MOVED] = moved
    st.session_state[_VISITS] = visits() + moved
    st.session_state[_PAGE] = title
    return moved


def set_persistent(key: str, value: Any) -> None:
    """Set the value of a persistent widget that this run has not created yet."""
    st.session_state[key] = st.session_state.setdefault(_MEMORY, {})[key] = value


def visits() -> int:
    """Return the number of page changes in this session."""
    return int(st.session_state.get(_VISITS, 0))


def persistent(key: str) -> str:
    """Return the key, having made sure that its value survives a change of page.

    Streamlit carries the value of a bound widget to the next page, but not one that came
    with a link and was never touched, and none when the visitor goes back. So it is
    remembered here; what the address bar says comes first. Not for widgets whose limits
    change, where a value beyond them would raise, and not inside fragments, which run again
    without noting that the page is the same.
    """
    memory: dict[str, Any] = st.session_state.setdefault(_MEMORY, {})
    moved = st.session_state.get(_MOVED, False)
    if moved and key in memory and key not in st.query_params:
        st.session_state[key] = memory[key]
    elif key in st.session_state:
        st.session_state[key] = memory[key] = st.session_state[key]
    return key
