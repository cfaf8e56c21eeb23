"""Tabs that compute only the open one."""

from collections.abc import Callable, Mapping

import streamlit as st

from pages.components.shell.widget_memory import persistent


def show_tabs(key: str, parts: Mapping[str, Callable[[], None]]) -> None:
    """Show a tab for each part, by its title, and draw the open one; a link includes which.

    The function of a part is called without arguments: pages pass ``functools.partial``.
    """
    tabs = st.tabs(list(parts), key=persistent(key), bind="query-params")
    for tab, draw in zip(tabs, parts.values(), strict=True):
        if tab.open:
            with tab:
                draw()
