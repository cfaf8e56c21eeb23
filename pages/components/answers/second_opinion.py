"""The second opinion on a page: OpenCV and ONNX Runtime, asked about the same blob."""

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
from core.pipeline import Run
from core.share.provenance import Provenance
from pages.components.inputs.model import FRAMEWORKS
from pages.components.shell.metrics import show_metrics
from pages.components.shell.source_view import show_source
from pages.components.shell.text import milliseconds, plain


def show_second_opinion(provenance: Provenance, run: Run) -> None:
    """Compare the two engines' numbers and times, or say why that cannot be done."""
    card = provenance.card
    if card.framework != "onnx":
        st.info(_why_not(card))
        return
    try:
        opinion = _opinion(provenance.picture.digest, card.name, provenance.spec, run.blob)
    except EngineMissing as missing:
        st.info(plain(str(missing)))
        return
    _show(opinion)
    show_source(second_opinion, differences)


def _why_not(card: ModelCard) -> str:
    readable = (each for each in cards(card.task) if each.framework == "onnx" and present(each))
    titles = " or ".join(plain(each.title) for each in readable)
    return (
        f"ONNX Runtime reads ONNX files, and this model's are {FRAMEWORKS[card.framework]}'s. "
        f"To compare the two engines, choose {titles or 'a model in ONNX'}."
    )


def _show(opinion: SecondOpinion) -> None:
    worst = max(opinion.differences, key=lambda each: each.relative)
    if opinion.agrees:
        st.success(f"Both engines agree to {TOLERANCE:g} in every number.")
    else:
        st.warning(
            f"The engines do not agree. In {plain(worst.output)}, OpenCV says "
            f"{worst.value:.6g} where ONNX Runtime says {worst.other:.6g}."
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
        f"The same blob went through OpenCV and through ONNX Runtime {opinion.version}, and "
        "every number of their answers was compared: those above 1 in proportion, the others "
        "as they are. The last digits always differ, because the engines add up in another "
        "order. The times are warm forwards, the quickest of three; ONNX Runtime has one "
        "thread, OpenCV as many as are free here."
    )


def _row(difference: OutputDifference) -> dict[str, object]:
    return {
        "output": difference.output,
        "shape": str(list(difference.shape)),
        "largest difference": f"{difference.largest:.3g}",
        "in proportion": f"{difference.relative:.3g}",
        "OpenCV there": f"{difference.value:.7g}",
        "ONNX Runtime there": f"{difference.other:.7g}",
    }


@st.cache_resource(max_entries=32, show_spinner="ONNX Runtime is looking at the same blob ...")
def _opinion(digest: str, model: str, spec: BlobSpec, _blob: Blob) -> SecondOpinion:  # noqa: ARG001
    return second_opinion(card_named(model), _blob)
