"""The ranked classes of a classifier, and its raw scores."""

import numpy as np
import streamlit as st

from core.nets.card import ModelCard
from core.pipeline import Ranking, Run
from core.results.classification import (
    AnswerKind,
    Ranked,
    answer_kind,
    confidences,
    scores,
    softmax,
    top_k,
)
from pages.components.shell.source_view import show_source
from pages.components.shell.text import plain

_TAKEN_FOR: dict[AnswerKind, str] = {
    "logits": "these are logits: softmax converts them to probabilities.",
    "softmax": "these are probabilities that sum to 1: no softmax is applied.",
    "sigmoids": "each is a confidence of its own, as after a sigmoid: no softmax is "
    "applied, and several classes can be likely at once. If they are logits, set "
    "logits = true in the model card.",
}


def show_ranking(ranked: Ranking) -> None:
    """Show the most likely classes with bars and numbers."""
    run = ranked.run
    _headline(ranked.best[0], run.card)
    st.dataframe(
        _ranking_table(ranked.best, run.card),
        hide_index=True,
        column_config={
            "confidence": st.column_config.ProgressColumn(
                format="percent", min_value=0.0, max_value=1.0
            )
        },
        alt="Most likely classes: " + ", ".join(_words(each) for each in ranked.best),
    )
    st.caption(_softmax_note(run))
    show_source(confidences, softmax, top_k)


def show_raw_scores(run: Run) -> None:
    """Show the outputs of the network before any post-processing."""
    for name, array in run.outputs.items():
        st.markdown(
            f"**{plain(name)}** · shape `{list(array.shape)}` · `{array.dtype}` · "
            f"min `{array.min():.6g}` · max `{array.max():.6g}` · sum `{array.sum():.6g}`"
        )
        st.dataframe({"score": np.ravel(array)}, height=240)


def _headline(best: Ranked, card: ModelCard) -> None:
    group = card.group(best.class_id)
    st.markdown(f"### {plain(best.label)} {best.confidence:.1%}")
    if group:
        st.markdown(f"group: **{plain(group)}**")


def _ranking_table(ranked: tuple[Ranked, ...], card: ModelCard) -> list[dict[str, object]]:
    return [
        {
            "label": each.label,
            **({"group": card.group(each.class_id)} if card.groups else {}),
            "confidence": each.confidence,
            "class_id": each.class_id,
        }
        for each in ranked
    ]


def _words(ranked: Ranked) -> str:
    return f"{ranked.label} {ranked.confidence:.1%}"


def _softmax_note(run: Run) -> str:
    """Say what the numbers were taken for, and who said so."""
    answer = scores(run.outputs)
    logits = run.card.logits
    words = _TAKEN_FOR[answer_kind(answer, logits=logits)]
    reason = "according to the model card" if logits is not None else "judging by the values"
    amount_given = f"{answer.size:,} numbers" if answer.size > 1 else "one number"
    return f"The network returned {amount_given}; {reason}, {words}"
