"""Home's road in four pictures: each step is a door to its page."""

import streamlit as st

from core.blob.numbers import triple_to_text
from core.blob.spec import BlobSpec
from core.nets.card import ModelCard, Task
from core.nets.catalog import cards
from core.nets.downloads import present
from core.pipeline import Run, Thresholds, detect, ranking
from core.render.stages import render_planes_together
from pages.components.detection.boxes import show_found
from pages.components.shell.images import show_exact
from pages.components.shell.navigation import (
    BLOB,
    CLASSIFICATION,
    DETECTION,
    EXPERIMENTS,
    LIVE,
    MANY,
    VIDEO,
)
from pages.components.shell.text import megabytes, milliseconds, plain

_DOORS = (
    (MANY, "Many pictures", "Files or a folder, one table; a broken file gets its own row."),
    (VIDEO, "Video", "A film frame by frame, to watch, with every box as CSV."),
    (LIVE, "Live", "Your camera through any net, and a reason whenever it cannot be."),
    (EXPERIMENTS, "Experiments", "Two settings side by side, and mistakes made on purpose."),
)


def ready_model(task: Task) -> ModelCard:
    """Take the first model of a task whose files are on this machine; our own come first."""
    return next(card for card in cards(task) if present(card))


def show_load(card: ModelCard) -> None:
    """First step: files become a net."""
    with st.container(border=True, height="stretch"):
        st.markdown("#### 1 · Load a model")
        st.code(_read_line(card), wrap_lines=True)
        for file in card.files:
            size = f" · {megabytes(file.size)}" if file.size else ""
            st.markdown(f":material/draft: {plain(file.name)}{size}")
        st.markdown(f"**{plain(card.title)}** · {card.framework} · {len(card.labels)} classes")
        st.caption(plain(card.summary))
        st.page_link(
            CLASSIFICATION, label="Choose a classifier", icon=":material/arrow_forward:"
        )


def show_blob(card: ModelCard, run: Run) -> None:
    """Second step: the picture becomes a blob."""
    with st.container(border=True, height="stretch"):
        st.markdown("#### 2 · Create a blob")
        st.code(_blob_line(card.blob), wrap_lines=True)
        show_exact(render_planes_together(run.blob, card.blob), alt="The planes of the blob")
        st.caption(
            f"Shape `{list(run.blob.shape)}`, {run.blob.dtype}, from "
            f"{run.blob.min():.4g} to {run.blob.max():.4g}."
        )
        st.page_link(BLOB, label="Open the blob", icon=":material/arrow_forward:")


def show_inference(card: ModelCard, run: Run) -> None:
    """Third step: the net answers."""
    with st.container(border=True, height="stretch"):
        st.markdown("#### 3 · Run inference")
        st.code("net.setInput(blob)\noutputs = net.forward(names)", wrap_lines=True)
        for name, shape in run.outputs.shapes.items():
            st.markdown(f":material/data_array: {plain(name)} `{list(shape)}`")
        for ranked in ranking(run, card, 3).best:
            st.progress(ranked.confidence, f"{plain(ranked.label)} {ranked.confidence:.1%}")
        st.caption(f"Forward: {milliseconds(run.times.forward)}.")
        st.page_link(CLASSIFICATION, label="See the scores", icon=":material/arrow_forward:")


def show_answer(card: ModelCard, run: Run) -> None:
    """Fourth step: raw rows become boxes."""
    chosen = Thresholds(card.confidence, card.iou)
    result = detect(run, card, chosen)
    with st.container(border=True, height="stretch"):
        st.markdown("#### 4 · Post-process")
        st.code(
            "kept = cv2.dnn.NMSBoxesBatched("
            f"xywh, scores, class_ids, {chosen.confidence}, {chosen.iou})",
            wrap_lines=True,
        )
        show_found(run, result, card)
        st.caption(
            f"A detector, {plain(card.title)}: {result.raw:,} raw rows, "
            f"{result.confident:,} above confidence, {len(result.kept):,} kept."
        )
        st.page_link(DETECTION, label="See the boxes", icon=":material/arrow_forward:")


def show_other_doors() -> None:
    """Lead to the pages on which the same road is taken many times, live, or astray."""
    st.subheader("The same road, again and again")
    row = st.grid(len(_DOORS), min_column_width=200)
    for page, label, words in _DOORS:
        with row.cell():
            st.page_link(page, label=label, icon=":material/arrow_forward:")
            st.caption(words)


def _read_line(card: ModelCard) -> str:
    config = f', "{card.config_file.name}"' if card.config_file else ""
    return f'net = cv2.dnn.readNet("{card.model_file.name}"{config})'


def _blob_line(spec: BlobSpec) -> str:
    size = spec.size.cv2 if spec.size else "None"
    return (
        f"blob = cv2.dnn.blobFromImage(image, {triple_to_text(spec.scalefactor)}, {size}, "
        f"({triple_to_text(spec.mean)}), swapRB={spec.swap_rb})"
    )
