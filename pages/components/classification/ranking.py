"""What a classifier said, from the first class to the last number."""

import numpy as np
import streamlit as st

from core.nets.card import ModelCard
from core.pipeline import Ranking, Run
from core.results.classification import Ranked, confidences, is_logits, scores, softmax, top_k
from pages.components.shell.source_view import show_source
from pages.components.shell.text import plain


def show_ranking(run: Run, card: ModelCard, ranked: Ranking) -> None:
    """Show the likeliest classes with bars and numbers."""
    _headline(ranked.best[0], card)
    st.dataframe(
        _ranking_table(ranked.best, card),
        hide_index=True,
        column_config={
            "confidence": st.column_config.ProgressColumn(
                format="percent", min_value=0.0, max_value=1.0
            )
        },
        alt="The likeliest classes: " + ", ".join(_words(each) for each in ranked.best),
    )
    st.caption(_softmax_note(run, card))
    show_source(confidences, softmax, top_k)


def show_raw_scores(run: Run) -> None:
    """Show the numbers the net gave, before anything was done to them."""
    for name, array in run.outputs.items():
        st.markdown(
            f"**{plain(name)}** · shape `{list(array.shape)}` · `{array.dtype}` · "
            f"from `{array.min():.6g}` to `{array.max():.6g}` · sum `{array.sum():.6g}`"
        )
        st.dataframe({"score": np.ravel(array)}, height=240)


def _headline(best: Ranked, card: ModelCard) -> None:
    group = card.group(best.class_id)
    st.markdown(f"### {plain(best.label)} {best.confidence:.1%}")
    if group:
        st.markdown(f"a kind of **{plain(group)}**")


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


def _softmax_note(run: Run, card: ModelCard) -> str:
    answer = scores(run.outputs)
    if card.logits if card.logits is not None else is_logits(answer):
        return f"The net answered {answer.size} logits; softmax made them confidences."
    return f"The net answered {answer.size} confidences itself; no softmax was applied."
