"""Choosing a model, and downloading its files if they are missing."""

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import DownloadFailed
from core.nets.card import Framework, ModelCard, Task
from core.nets.catalog import cards, default_model, read_catalog, recommended
from core.nets.downloads import Transfer, present, running, start_download
from pages.components.shell.text import amount, megabytes, plain
from pages.components.shell.widget_memory import persistent, set_persistent

FRAMEWORKS: dict[Framework, str] = {
    "caffe": "Caffe",
    "darknet": "Darknet",
    "tensorflow": "TensorFlow",
    "onnx": "ONNX",
    "tflite": "TensorFlow Lite",
}

LOOK_SECONDS = 0.3


def pick_model(key: str, *, task: Task, better: bool = False) -> ModelCard:
    """Offer the models of a task and return the chosen one, with its files in place.

    A model whose weights are missing shows its card and a download button, and the page
    stops there. During a download, everybody who has chosen the model sees its progress;
    the page continues by itself when the files have arrived.

    Args:
        key: app-wide; the choice survives a change of page.
        task: whose models are offered; its default model is chosen at first.
        better: also offer the recommended model while its files are missing.
    """
    offered = {card.title: card for card in cards(task)}
    own = persistent(f"{key}.model")
    row = st.container(horizontal=True, vertical_alignment="bottom", wrap=False)
    _show_refused(read_catalog().refused)
    line = st.empty()
    # a widget's value can be set before it is created only, so the offer comes first
    if better:
        chosen = st.session_state.get(own, st.query_params.get(own))
        arrived = offer_recommended(f"{key}.better", task=task, chosen=chosen)
        if arrived:
            set_persistent(own, arrived.title)
    with row:
        title = st.selectbox(
            "Model",
            list(offered),
            index=list(offered).index(default_model(task).title),
            key=own,
            bind="query-params",
            persist_state="session",
        )
        card = offered[title]
        _about(card)
    here = present(card)
    _write_line(line, card, here=here)
    if not here:
        panel = st.empty()
        with panel.container(border=True):
            _fetch(card, key=f"{key}.fetch")
        panel.empty()
        _write_line(line, card, here=True)
    return card


def offer_recommended(key: str, *, task: Task, chosen: str | None = None) -> ModelCard | None:
    """Offer the recommended model of a task while its files are missing.

    Args:
        key: app-wide; it holds the download that this visitor has started.
        task: whose recommended model is offered.
        chosen: title of the model that the visitor has chosen; it is not offered again.

    Returns:
        The model in the run in which its files arrive for who asked for them, else None.
    """
    card = recommended(task)
    begun = f"{key}.begun"
    transfer: Transfer | None = st.session_state.get(begun)
    if card is None or (transfer is None and (present(card) or chosen == card.title)):
        return None
    panel = st.empty()
    with panel.container(border=True):
        _describe(card)
        place = st.empty()
        if transfer:
            try:
                _watch(transfer, place)
            except DownloadFailed as error:
                _explain(card, error)
            else:
                panel.empty()
            # not in a finally: a run that is cut short goes on watching in the next one
            del st.session_state[begun]
        if not present(card):
            place.button(
                "Download and use",
                key=key,
                icon=":material/download:",
                on_click=_begin,
                args=(begun, card),
            )
    return card if transfer and present(card) else None


def _describe(card: ModelCard) -> None:
    size = f", {megabytes(card.size_bytes)}" if card.size_bytes else ""
    classes = amount(len(card.labels), "class", "classes")
    st.markdown(f"**Better answers: {plain(card.title)}**{size}, knows {classes}")
    st.caption(f"{plain(card.summary)} Licence: {plain(card.licence)}.")


def _explain(card: ModelCard, error: DownloadFailed) -> None:
    """Say in a visitor's words that a download failed; the settings are for operators."""
    st.warning(
        f"{plain(card.title)} could not be downloaded, so nothing has changed: this page "
        "goes on with the model it has. Check that this server is online, or try again later.",
        icon=":material/cloud_off:",
    )
    with st.expander("Details for the operator of this server"):
        st.markdown(plain(str(error)))


def _show_refused(sentences: tuple[str, ...]) -> None:
    """List the models that dropped out, each with the mistake in its card."""
    if sentences:
        with st.expander(
            f"{amount(len(sentences), 'model')} left out", icon=":material/warning:"
        ):
            for each in sentences:
                st.markdown(f"- {plain(each)}")


def _write_line(line: DeltaGenerator, card: ModelCard, *, here: bool) -> None:
    size = f"{megabytes(card.size_bytes)}, " if card.size_bytes else ""
    where = "on this server" if here else "not downloaded yet"
    line.caption(f"{FRAMEWORKS[card.framework]}, {size}{where}. {plain(card.summary)}")


def _about(card: ModelCard) -> None:
    with st.popover("Model card", icon=":material/info:"):
        rows = {
            "source": card.source,
            "licence": card.licence,
            "accuracy": card.measured,
            "classes": " ".join([str(len(card.labels)), *card.label_notes]),
            "files": ", ".join(file.name for file in card.files),
            "notes": " ".join(card.notes),
        }
        for word, text in rows.items():
            if text:
                st.markdown(f"**{word}** {plain(text)}")


def _fetch(card: ModelCard, *, key: str) -> None:
    size = f"{megabytes(card.size_bytes)} " if card.size_bytes else ""
    st.markdown(
        f"The weights of **{plain(card.title)}** are not on this server yet. They are "
        "downloaded once for all visitors, from a fixed address, and verified with a checksum."
    )
    place = st.empty()
    own = f"{key}.{card.name}"
    offer = partial(
        place.button,
        f"Download {size}now",
        key=key,
        icon=":material/download:",
        on_click=_begin,
        args=(own, card),
    )
    # a transfer that failed at once is not running, but its visitor must see why
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
    """Show the progress until the files have arrived.

    Each poll is also where Streamlit can stop this run if the visitor clicks or leaves; the
    download continues without them.
    """
    while not transfer.wait(LOOK_SECONDS):
        file, done, total = transfer.progress
        share = min(1.0, done / total) if total else 0.0
        place.progress(share, text=_so_far(file, done, total))


def _so_far(file: str, done: int, total: int) -> str:
    if not done:
        return f"Requesting {plain(file)}"
    if not total:
        return f"{plain(file)}: {megabytes(done)}"
    unit = 1e6 if total >= 1e6 else 1e3
    return f"{plain(file)}: {done / unit:.1f} of {megabytes(total)}"
