"""In which output layout a detector's outputs are read: recognised, or chosen."""

from dataclasses import replace

import streamlit as st

from core.blob.spec import BlobSpec
from core.nets.card import ModelCard
from core.outputs import AUTO, layout_names
from core.picture.image import Picture
from core.pipeline import Run
from core.results.recognition import LayoutMatch
from pages.components.shell.cached import cached_run
from pages.components.shell.text import plain
from pages.components.shell.widget_memory import persistent


def run_in_layout(key: str, picture: Picture, card: ModelCard, spec: BlobSpec) -> Run:
    """Run the net, ask for the output layout, and return the run that is read so.

    Raises:
        LayoutUnknown: the outputs fit none, or several, or not the one that was chosen.
    """
    chosen = _ask(key, card)
    run = cached_run(picture, chosen, spec)
    _show_reading(run.reading, card, automatic=chosen is card)
    return run


def pick_layout_if_unknown(key: str, card: ModelCard) -> ModelCard:
    """Ask for the output layout before a net runs, where its card does not name one."""
    return _ask(key, card) if card.layout == AUTO else card


def _ask(key: str, card: ModelCard) -> ModelCard:
    """Return the card with the chosen layout; ``auto`` leaves the card's own."""
    chosen = st.selectbox(
        "Output layout",
        (AUTO, *layout_names()),
        key=persistent(f"{key}.{card.name}.layout"),
        bind="query-params",
        help="How the net writes boxes into its outputs. auto: as the model card says, or as "
        "the numbers tell. Choose one where several fit, or where you know better.",
    )
    return card if chosen == AUTO else replace(card, layout=chosen)


def _show_reading(found: LayoutMatch, card: ModelCard, *, automatic: bool) -> None:
    """Say how the outputs are read, why, and what of their rows is not read."""
    why = "chosen"
    if automatic:
        why = "recognised" if card.layout == AUTO else "from the model card"
    parts = (f"{found.layout}, {why}: {found.grounds}.", found.left_out, found.remark)
    st.caption(plain(" ".join(filter(None, parts))))
