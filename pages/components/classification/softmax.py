"""Softmax step by step: from logits to probabilities, with all intermediate values."""

from typing import Any

import streamlit as st

from core.nets.card import ModelCard
from core.pipeline import Run
from core.results.classification import (
    SoftmaxStep,
    SoftmaxSteps,
    answer_kind,
    implied_logits,
    scores,
    softmax_steps,
)
from pages.components.shell.charts import ON_TOP, name, quantity, show_chart
from pages.components.shell.source_view import show_source
from pages.components.shell.widget_memory import persistent

TEMPERATURES = (0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0)
BAR_HEIGHT, AROUND, LABEL_WIDTH = 22, 140, 130  # pixels; around: legend and axis
_PLAIN = 1.0


def show_softmax(key: str, run: Run, k: int) -> None:
    """Show softmax step by step for the k likeliest classes, at a temperature to choose."""
    answer = scores(run.outputs)
    card = run.card
    given = answer_kind(answer, logits=card.logits) == "logits"
    st.markdown(_what_the_net_gave(answer.size, given=given))
    temperature = st.select_slider(
        "Temperature T",
        TEMPERATURES,
        value=_PLAIN,
        format_func="{:g}".format,
        key=persistent(f"{key}.temperature"),
        bind="query-params",
        help="Logits are divided by T before softmax. 1 leaves them unchanged; below 1 the "
        "distribution becomes sharper, above 1 flatter.",
    )
    logits = answer if given else implied_logits(answer.clip(0, 1))
    before = softmax_steps(logits, k)
    after = softmax_steps(logits, k, temperature=temperature)
    _show_numbers(after, card)
    _show_effect(before, after, card)
    show_source(softmax_steps, implied_logits)


def _what_the_net_gave(classes: int, *, given: bool) -> str:
    if given:
        return (
            f"The network returned **{classes:,} logits**; softmax converts them to "
            "probabilities."
        )
    return (
        f"The network returned **{classes:,} probabilities**, not logits. Their natural "
        "logarithms are logits that give the same probabilities, up to a constant that softmax "
        "ignores, so the steps are shown with these."
    )


def _show_numbers(steps: SoftmaxSteps, card: ModelCard) -> None:
    st.dataframe(
        [_row(each, card) for each in steps.first],
        hide_index=True,
        column_config=_formats(),
    )
    st.code(_worked(steps, card), language=None, wrap_lines=True)
    st.caption(
        f"One row per class; the sum is over all {steps.classes:,} classes. The maximum is "
        "subtracted first, because exp of a large number overflows; the result is the same."
    )


def _row(step: SoftmaxStep, card: ModelCard) -> dict[str, Any]:
    return {
        "label": card.label(step.class_id),
        "logit z": step.logit,
        "z / T": step.divided,
        "z - max": step.shifted,
        "exp": step.power,
        "probability": step.share,
        "class_id": step.class_id,
    }


def _formats() -> dict[str, Any]:
    wide = st.column_config.NumberColumn(format="%.4f")
    return {
        **dict.fromkeys(("logit z", "z / T", "z - max"), wide),
        "exp": st.column_config.NumberColumn(format="%.4g"),
        "probability": st.column_config.NumberColumn(format="%.4f"),
    }


def _worked(steps: SoftmaxSteps, card: ModelCard) -> str:
    """Insert the numbers of the first class, and of the second, whose exponential is not 1."""
    lines = [
        "probability = exp(z / T - max) / sum",
        f"max z / T = {steps.largest:.4f}    sum = {steps.total:.4f}",
    ]
    for each in steps.first[:2]:
        lines.append(
            f"{card.label(each.class_id)}: exp({each.logit:.4f} / {steps.temperature:g} - "
            f"{_bracketed(steps.largest)}) / {steps.total:.4f} = {each.power:.4f} / "
            f"{steps.total:.4f} = {each.share:.4f}"
        )
    return "\n".join(lines)


def _bracketed(value: float) -> str:
    return f"{value:.4f}" if value >= 0 else f"({value:.4f})"


def _show_effect(before: SoftmaxSteps, after: SoftmaxSteps, card: ModelCard) -> None:
    """Draw two bars per class: at temperature 1 and at the chosen one."""
    sides = {f"T = {each.temperature:g}": each for each in (before, after)}
    rows = [
        {"class": f"{place}. {card.label(each.class_id)}", "T": name, "probability": each.share}
        for name, steps in sides.items()
        for place, each in enumerate(steps.first, start=1)
    ]
    order = list(sides)
    show_chart(
        rows,
        mark="bar",
        height=len(rows) * BAR_HEIGHT + AROUND,
        alt_text=_effect(before, after),
        x=quantity("probability", scale={"domain": [0, 1]}, axis={"format": "%"}),
        y=name("class", sort=None, title=None, axis={"labelLimit": LABEL_WIDTH}),
        yOffset=name("T", sort=order),
        color=name("T", sort=order, legend=ON_TOP),
    )
    st.caption(
        f"{_effect(before, after)} The table of classes above always uses temperature 1."
    )


def _effect(before: SoftmaxSteps, after: SoftmaxSteps) -> str:
    first = f"The first class has {before.first[0].share:.1%} at temperature 1"
    if after.temperature == before.temperature:
        return f"{first}; move the slider to change it."
    return (
        f"{first} and {after.first[0].share:.1%} at {after.temperature:g}; the first "
        f"{len(after.first)} classes together have {_together(before)} and {_together(after)}."
    )


def _together(steps: SoftmaxSteps) -> str:
    return f"{sum(each.share for each in steps.first):.1%}"
