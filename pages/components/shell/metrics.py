"""Numbers side by side, each under its name."""

from collections.abc import Mapping

import streamlit as st

from pages.components.shell.text import as_label


def show_metrics(
    values: Mapping[str, str | int], *, help: Mapping[str, str] | None = None
) -> None:
    """Show the values in a row that wraps, each as wide as its content.

    Args:
        values: by name, in display order; the names are written in sentence case.
        help: by the same names, an explanation where one is needed.
    """
    with st.container(horizontal=True, gap="medium"):
        for name, value in values.items():
            st.metric(as_label(name), value, width="content", help=(help or {}).get(name))
