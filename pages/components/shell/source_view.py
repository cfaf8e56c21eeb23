"""The app shows its own source code beside its results."""

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st

Shown = Callable[..., Any] | type


def show_source(*functions: Shown) -> None:
    """Offer the source of the core functions (or classes) that computed what is above.

    While the expander is closed, the source is neither read nor sent. A page shows the same
    functions in one place only: their names are the key of the expander.
    """
    names = [f"{function.__module__}.{function.__qualname__}" for function in functions]
    folded = st.expander(
        "Source code",
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
