"""The pipeline on Home in four steps; each step links to its page."""

import streamlit as st

from core.blob.numbers import triple_to_text
from core.blob.spec import BlobSpec
from core.nets.card import TASKS, ModelCard
from core.nets.catalog import default_model
from core.picture.image import Picture
from core.pipeline import Run, Thresholds, detect, ranking
from core.render.stages import render_planes_together
from pages.components.detection.boxes import show_found
from pages.components.inputs.model import offer_recommended
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
from pages.components.shell.text import amount, megabytes, milliseconds, plain

_DOORS = (
    (MANY, "Batch", "Files or a folder, one table; a damaged file gets its own row."),
    (VIDEO, "Video", "A video frame by frame: the annotated video, and all boxes as CSV."),
    (LIVE, "Live", "Inference on your camera, with any model."),
    (EXPERIMENTS, "Experiments", "Two settings side by side, and common mistakes."),
)


def ready_models() -> tuple[ModelCard, ModelCard]:
    """Return the default classifier and detector; offer the recommended ones if missing."""
    for task, column in zip(TASKS, st.columns(len(TASKS)), strict=True):
        with column:
            offer_recommended(f"home.{task}.better", task=task)
    return default_model("classification"), default_model("detection")


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


def show_blob(run: Run) -> None:
    """Second step: the picture becomes a blob."""
    with st.container(border=True, height="stretch"):
        st.markdown("#### 2 · Create a blob")
        st.code(_blob_line(run.spec), wrap_lines=True)
        show_exact(render_planes_together(run.blob, run.spec), alt="The planes of the blob")
        st.caption(
            f"Shape `{list(run.blob.shape)}`, {run.blob.dtype}, from "
            f"{run.blob.min():.4g} to {run.blob.max():.4g}."
        )
        st.page_link(BLOB, label="Open the blob", icon=":material/arrow_forward:")


def show_inference(run: Run) -> None:
    """Third step: inference."""
    with st.container(border=True, height="stretch"):
        st.markdown("#### 3 · Run inference")
        st.code("net.setInput(blob)\noutputs = net.forward(names)", wrap_lines=True)
        for name, shape in run.outputs.shapes.items():
            st.markdown(f":material/data_array: {plain(name)} `{list(shape)}`")
        for ranked in ranking(run, 3).best:
            st.progress(ranked.confidence, f"{plain(ranked.label)} {ranked.confidence:.1%}")
        st.caption(f"Inference: {milliseconds(run.times.forward)}.")
        st.page_link(CLASSIFICATION, label="See the scores", icon=":material/arrow_forward:")


def show_answer(picture: Picture, run: Run) -> None:
    """Fourth step: raw predictions become boxes."""
    card = run.card
    chosen = Thresholds(card.confidence, card.iou)
    result = detect(run, chosen)
    with st.container(border=True, height="stretch"):
        st.markdown("#### 4 · Post-process")
        st.code(
            "kept = cv2.dnn.NMSBoxesBatched("
            f"xywh, scores, class_ids, {chosen.confidence}, {chosen.iou})",
            wrap_lines=True,
        )
        show_found(picture, result)
        st.caption(
            f"Detector {plain(card.title)}: {amount(result.raw, 'raw prediction')}, "
            f"{result.confident:,} above the threshold, "
            f"{amount(len(result.kept), 'detection')}."
        )
        st.page_link(DETECTION, label="See the boxes", icon=":material/arrow_forward:")


def show_other_doors() -> None:
    """Link to the pages for many pictures, video, live and experiments."""
    st.subheader("Batch, video and live")
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
