"""A choice among a few options, all of them visible."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.components.shell.widget_memory import persistent


def choice(
    label: str, options: Sequence[str], *, key: str, default: str | None = None, **how: Any
) -> Any:
    """Let the visitor choose one option, by default the first; a link includes the choice.

    Args:
        label: what is chosen.
        options: their texts are also the values in the address bar.
        key: app-wide; the choice survives a change of page.
        default: the default, if it is not the first.
        how: more for ``st.segmented_control``, such as ``help`` or ``wrap``.
    """
    return st.segmented_control(
        label,
        options,
        default=options[0] if default is None else default,
        required=True,
        key=persistent(key),
        bind="query-params",
        **how,
    )
