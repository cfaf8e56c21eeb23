"""Choosing a model, and fetching its files when they are not here yet."""

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import DownloadFailed
from core.nets.card import Framework, ModelCard, Task
from core.nets.catalog import cards
from core.nets.downloads import Transfer, present, running, start_download
from pages.components.shell.text import megabytes, plain
from pages.components.shell.widget_memory import persistent

FRAMEWORKS: dict[Framework, str] = {
    "caffe": "Caffe",
    "darknet": "Darknet",
    "tensorflow": "TensorFlow",
    "onnx": "ONNX",
    "tflite": "TensorFlow Lite",
}

LOOK_SECONDS = 0.3


def pick_model(key: str, *, task: Task) -> ModelCard:
    """Offer the models of a task and return the chosen one, with its files in place.

    A model whose weights are not on this machine shows its card and a download button;
    until somebody presses it, the page stops there. Then everybody who has chosen the
    model sees the bar; the page goes on by itself when the files have come.
    """
    offered = {card.title: card for card in cards(task)}
    with st.container(horizontal=True, vertical_alignment="bottom", wrap=False):
        title = st.selectbox(
            "Model",
            list(offered),
            key=persistent(f"{key}.model"),
            bind="query-params",
            persist_state="session",
        )
        card = offered[title]
        _about(card)
    line = st.empty()
    _write_line(line, card)
    if not present(card):
        panel = st.empty()
        with panel.container(border=True):
            _fetch(card, key=f"{key}.fetch")
        panel.empty()
        _write_line(line, card)
    return card


def _write_line(line: DeltaGenerator, card: ModelCard) -> None:
    size = f"{megabytes(card.size_bytes)}, " if card.size_bytes else ""
    where = "on this machine" if present(card) else "to be downloaded"
    line.caption(f"{FRAMEWORKS[card.framework]}, {size}{where}. {plain(card.summary)}")


def _about(card: ModelCard) -> None:
    with st.popover("About", icon=":material/info:"):
        rows = {
            "source": card.source,
            "licence": card.licence,
            "measured": card.measured,
            "classes": str(len(card.labels)),
            "files": ", ".join(file.name for file in card.files),
            "notes": " ".join(card.notes),
        }
        for word, text in rows.items():
            if text:
                st.markdown(f"**{word}** {plain(text)}")


def _fetch(card: ModelCard, *, key: str) -> None:
    size = f"{megabytes(card.size_bytes)} " if card.size_bytes else ""
    st.markdown(
        f"The weights of **{plain(card.title)}** are not on this machine. They are fetched "
        "once, for every visitor, from a pinned address, and checked against their digest."
    )
    place, own = st.empty(), f"{key}.{card.name}"
    offer = partial(
        place.button,
        f"Download {size}now",
        key=key,
        icon=":material/download:",
        on_click=_begin,
        args=(own, card),
    )
    # one that failed at once runs no more, but whoever began it must hear why
    begun = st.session_state.pop(own, None)
    transfer = running(card) or begun
    if transfer is None:
        offer()
        st.stop()
    try:
        _watch(transfer, place)
    except DownloadFailed:
        offer()
        raise


def _begin(key: str, card: ModelCard) -> None:
    st.session_state[key] = start_download(card)


def _watch(transfer: Transfer, place: DeltaGenerator) -> None:
    """Show the bar until the files are here.

    Each look is also where Streamlit ends this run if the visitor clicks or leaves; the
    download goes on without them.
    """
    while not transfer.wait(LOOK_SECONDS):
        file, done, total = transfer.progress
        share = min(1.0, done / total) if total else 0.0
        place.progress(share, text=_so_far(file, done, total))


def _so_far(file: str, done: int, total: int) -> str:
    if not done:
        return f"Asking for {plain(file)}"
    if not total:
        return f"{plain(file)}: {megabytes(done)}"
    unit = 1e6 if total >= 1e6 else 1e3
    return f"{plain(file)}: {done / unit:.1f} of {megabytes(total)}"
