"""Numbers side by side, each under its name."""

from collections.abc import Mapping

import streamlit as st


def show_metrics(
    values: Mapping[str, str | int], *, help: Mapping[str, str] | None = None
) -> None:
    """Show the values in a row that wraps, each no wider than it needs.

    Args:
        values: by their names, in the order in which they stand.
        help: by the same names, what a value means where that needs words.
    """
    with st.container(horizontal=True, gap="medium"):
        for name, value in values.items():
            st.metric(name, value, width="content", help=(help or {}).get(name))
