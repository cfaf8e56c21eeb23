"""Choosing a model, and fetching its files when they are not here yet."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.nets.card import Framework, ModelCard, Task
from core.nets.catalog import cards
from core.nets.downloads import download, present
from pages.components.kept import kept
from pages.components.text import megabytes, plain

FRAMEWORKS: dict[Framework, str] = {
    "caffe": "Caffe",
    "darknet": "Darknet",
    "tensorflow": "TensorFlow",
    "onnx": "ONNX",
    "tflite": "TensorFlow Lite",
}


def pick_model(key: str, *, task: Task) -> ModelCard:
    """Offer the models of a task and return the chosen one, with its files in place.

    A model whose weights are not on this machine shows its card and a download button;
    until somebody presses it, the page stops there.
    """
    offered = {card.title: card for card in cards(task)}
    with st.container(horizontal=True, vertical_alignment="bottom", wrap=False):
        title = st.selectbox(
            "Model",
            list(offered),
            key=kept(f"{key}.model"),
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
    st.button(
        f"Download {size}now",
        key=key,
        icon=":material/download:",
        on_click=st.session_state.update,
        args=({f"{key}.asked": True},),
    )
    if not st.session_state.pop(f"{key}.asked", False):
        st.stop()
    bar = st.progress(
        0.0, text="Asking for the files; if somebody else has, waiting for theirs."
    )

    def report(file: str, done: int, total: int) -> None:
        share = min(1.0, done / total) if total else 0.0
        of_all = f" of {megabytes(total)}" if total else ""
        bar.progress(share, text=f"{plain(file)}: {megabytes(done)}{of_all}")

    download(card, progress=report)
