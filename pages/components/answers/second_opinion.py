"""OpenCV vs ONNX Runtime: both engines on the same blob."""

import streamlit as st

from core.blob.make import Blob
from core.blob.spec import BlobSpec
from core.errors import EngineMissing
from core.nets.card import ModelCard
from core.nets.catalog import card_named, cards
from core.nets.downloads import present
from core.nets.second_opinion import (
    TOLERANCE,
    OutputDifference,
    SecondOpinion,
    differences,
    second_opinion,
)
from core.picture.image import Picture
from core.pipeline import Run
from pages.components.inputs.model import FRAMEWORKS
from pages.components.shell.metrics import show_metrics
from pages.components.shell.source_view import show_source
from pages.components.shell.text import milliseconds, plain


def show_second_opinion(picture: Picture, run: Run) -> None:
    """Compare outputs and times of the two engines, or say why that is not possible."""
    card = run.card
    if card.framework != "onnx":
        st.info(_why_not(card))
        return
    try:
        opinion = _opinion(picture.digest, card.name, run.spec, run.blob)
    except EngineMissing as missing:
        st.info(plain(str(missing)))
        return
    _show(opinion)
    show_source(second_opinion, differences)


def _why_not(card: ModelCard) -> str:
    readable = (each for each in cards(card.task) if each.framework == "onnx" and present(each))
    titles = " or ".join(plain(each.title) for each in readable)
    return (
        f"ONNX Runtime reads ONNX files, but this is a {FRAMEWORKS[card.framework]} model. "
        f"To compare the two engines, choose {titles or 'a model in ONNX'}."
    )


def _show(opinion: SecondOpinion) -> None:
    worst = max(opinion.differences, key=lambda each: each.relative)
    if opinion.agrees:
        st.success(f"Both engines agree within {TOLERANCE:g} in every value.")
    else:
        st.warning(
            f"The engines do not agree. In {plain(worst.output)}, OpenCV returns "
            f"{worst.value:.6g} where ONNX Runtime returns {worst.other:.6g}."
        )
    largest = max(each.largest for each in opinion.differences)
    show_metrics(
        {
            "largest difference": f"{largest:.2g}",
            "OpenCV": milliseconds(opinion.opencv_ms),
            "ONNX Runtime": milliseconds(opinion.onnxruntime_ms),
        }
    )
    st.dataframe([_row(each) for each in opinion.differences], hide_index=True)
    st.caption(
        f"OpenCV and ONNX Runtime {opinion.version} ran on the same blob, and all output "
        "values were compared: values above 1 by their relative difference, the others by "
        "their absolute difference. The last digits always differ, because the engines add in "
        "a different order. Times are warm inferences, the fastest of three; ONNX Runtime "
        "uses one thread, OpenCV as many as are free."
    )


def _row(difference: OutputDifference) -> dict[str, object]:
    return {
        "output": difference.output,
        "shape": str(list(difference.shape)),
        "largest difference": f"{difference.largest:.3g}",
        "relative difference": f"{difference.relative:.3g}",
        "OpenCV value": f"{difference.value:.7g}",
        "ONNX Runtime value": f"{difference.other:.7g}",
    }


@st.cache_resource(max_entries=32, show_spinner="Running ONNX Runtime on the same blob ...")
def _opinion(digest: str, model: str, spec: BlobSpec, _blob: Blob) -> SecondOpinion:  # noqa: ARG001
    return second_opinion(card_named(model), _blob)
