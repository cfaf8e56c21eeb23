"""Reasons not to believe an answer, beside the answer."""

import streamlit as st

from core.doubts import constant_doubt, label_doubt, size_doubt
from core.pipeline import Run
from pages.components.shell.text import plain


def show_doubts(run: Run) -> None:
    """Say that size or labels do not fit the net, or that it always answers the same.

    The last check runs the net once or twice more, in the first visit that it gets.
    """
    card = run.card
    _show(size_doubt(card, run.spec))
    _show(label_doubt(run))
    _show(_constant_doubt(card.name, tuple(file.digest for file in card.files), run))


@st.cache_data(max_entries=64, show_spinner=False)
def _constant_doubt(model: str, digests: tuple[str, ...], _run: Run) -> str:  # noqa: ARG001 - the key
    """Check a net once in the life of the process, whatever picture it is met with."""
    return constant_doubt(_run)


def _show(doubt: str) -> None:
    if doubt:
        st.warning(plain(doubt), icon=":material/warning:")
