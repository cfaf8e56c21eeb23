"""The app shows its own source beside its pictures."""

import inspect
from collections.abc import Callable
from typing import Any

import streamlit as st


def show_source(*functions: Callable[..., Any] | type) -> None:
    """Fold out the source of the core functions (or classes) that made what is above."""
    with st.expander("How this is made", icon=":material/code:"):
        for function in functions:
            st.caption(f"`{function.__module__}.{function.__qualname__}`")
            st.code(inspect.getsource(function), wrap_lines=True)
