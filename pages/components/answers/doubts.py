"""Reasons not to believe an answer, beside the answer."""

import streamlit as st

from core.blob.spec import BlobSpec
from core.doubts import constant_doubt, label_doubt, size_doubt
from core.nets.card import ModelCard
from core.nets.catalog import card_named
from core.pipeline import Run
from pages.components.shell.text import plain


def show_size_doubt(card: ModelCard, spec: BlobSpec) -> None:
    """Say, before the net runs, that it was made for another size than the blob's."""
    _show(size_doubt(card, spec))


def show_doubts(run: Run) -> None:
    """Say that labels do not fit the net, or that it answers the same to every picture."""
    card = run.card
    _show(label_doubt(run))
    _show(_constant_doubt(card.name, tuple(file.digest for file in card.files)))


@st.cache_data(max_entries=64, show_spinner=False)
def _constant_doubt(model: str, digests: tuple[str, ...]) -> str:  # noqa: ARG001 - the key
    """Ask a net about two photos, once in the life of the process."""
    return constant_doubt(card_named(model))


def _show(doubt: str) -> None:
    if doubt:
        st.warning(plain(doubt), icon=":material/warning:")
