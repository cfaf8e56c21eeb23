"""Reasons not to believe an answer, beside the answer."""

import streamlit as st

from core.blob.spec import BlobSpec
from core.doubts import constant_doubt, label_doubt, size_doubt
from core.nets.card import ModelCard
from core.nets.catalog import card_named
from core.picture.image import Picture
from core.pipeline import Run
from pages.components.shell.cached import cached_run
from pages.components.shell.text import plain


def run_with_doubts(picture: Picture, card: ModelCard, spec: BlobSpec) -> Run:
    """Run a net, and say what speaks against its answer, in part before it has one."""
    _show(size_doubt(card, spec))
    run = cached_run(picture, card, spec)
    _show(label_doubt(run, card))
    _show(_constant_doubt(card.name, tuple(file.digest for file in card.files)))
    return run


@st.cache_data(max_entries=64, show_spinner=False)
def _constant_doubt(model: str, digests: tuple[str, ...]) -> str:  # noqa: ARG001 - the key
    """Ask a net about two photos, once in the life of the process."""
    return constant_doubt(card_named(model))


def _show(doubt: str) -> None:
    if doubt:
        st.warning(plain(doubt), icon=":material/warning:")
