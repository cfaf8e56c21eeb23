"""Reasons not to believe an answer, beside the answer."""

import streamlit as st

from core.doubts import constant_doubt, plain_doubts
from core.nets.card import ModelCard
from core.picture.samples import sample_picture
from core.pipeline import Run
from core.series.settled import Settled
from pages.components.shell.cached import cached_run
from pages.components.shell.text import plain


def show_doubts(run: Run) -> None:
    """Say that size or labels do not fit the net, or that it always answers the same.

    The last check runs the net once or twice more, in the first visit that it gets.
    """
    for doubt in plain_doubts(run):
        _show(doubt)
    _show_constant_doubt(run)


def show_reading(settled: Settled) -> None:
    """Say how a series is read, and which doubts there are, as soon as an image has told."""
    reading = settled.reading
    if reading is None:
        return
    if reading.layout:
        st.caption(plain(reading.layout))
    for doubt in reading.doubts:
        _show(doubt)


def show_constant_doubt(card: ModelCard) -> None:
    """Say that a net always answers the same, where no picture was asked of it yet."""
    _show_constant_doubt(cached_run(sample_picture("cat"), card))


def _show_constant_doubt(run: Run) -> None:
    digests = tuple(file.digest for file in run.card.files)
    _show(_constant_doubt(run.card.name, digests, run))


@st.cache_data(max_entries=64, show_spinner=False)
def _constant_doubt(model: str, digests: tuple[str, ...], _run: Run) -> str:  # noqa: ARG001 - the key
    """Check a net once in the life of the process, whatever picture it is met with."""
    return constant_doubt(_run)


def _show(doubt: str) -> None:
    if doubt:
        st.warning(plain(doubt), icon=":material/warning:")
