"""The app shows its own source beside its pictures."""

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st

Shown = Callable[..., Any] | type


def show_source(*functions: Shown) -> None:
    """Fold out the source of the core functions (or classes) that made what is above.

    What is folded away is neither looked up nor sent. A page shows the same functions in
    one place only: their names are the expander's key.
    """
    names = [f"{function.__module__}.{function.__qualname__}" for function in functions]
    folded = st.expander(
        "How this is made",
        key=f"source.{'+'.join(names)}",
        on_change="rerun",
        icon=":material/code:",
    )
    if folded.open:
        with folded:
            for name, function in zip(names, functions, strict=True):
                st.caption(f"`{name}`")
                st.code(_source(function), wrap_lines=True)


@cache
def _source(function: Shown) -> str:
    return inspect.getsource(function)
