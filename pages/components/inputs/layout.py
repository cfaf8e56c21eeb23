"""In which output layout a detector's outputs are read: recognised, or chosen."""

from dataclasses import replace

import streamlit as st

from core.nets.card import ModelCard
from core.outputs import AUTO, layout_names
from core.pipeline import Run, layout_of
from core.results.recognition import Candidate
from pages.components.shell.text import plain
from pages.components.shell.widget_memory import persistent


def pick_layout(key: str, run: Run, card: ModelCard) -> ModelCard:
    """Ask for the output layout; return the card with it.

    ``auto`` is the card's own layout, or the one that the outputs fit. Below the control
    stands what was recognised and why, and what of the rows is not read.

    Raises:
        LayoutUnknown: the outputs fit none, or several, or not the one that was chosen.
    """
    chosen = st.selectbox(
        "output layout",
        (AUTO, *layout_names()),
        key=persistent(f"{key}.{card.name}.layout"),
        bind="query-params",
        help="How the net writes boxes into its outputs. auto: as the model card says, or as "
        "the numbers tell. Choose one where several fit, or where you know better.",
    )
    named = card if chosen == AUTO else replace(card, layout=chosen)
    _show_reading(layout_of(run, named), card, automatic=chosen == AUTO)
    return named


def _show_reading(found: Candidate, card: ModelCard, *, automatic: bool) -> None:
    """Say how the outputs are read, and why."""
    why = "chosen"
    if automatic:
        why = "recognised" if card.layout == AUTO else "from the model card"
    parts = (f"{found.layout}, {why}: {found.grounds}.", found.left_out, found.remark)
    st.caption(plain(" ".join(filter(None, parts))))
