"""Several classifiers on the same picture, side by side."""

import streamlit as st

from core.lab.classifiers import ClassifierAnswer, agreement, classifier_answer, common_rows
from core.nets.card import ModelCard
from core.nets.catalog import cards
from core.nets.downloads import present
from core.picture.image import Picture
from pages.components.shell.cached import cached_run
from pages.components.shell.errors import show_errors
from pages.components.shell.source_view import show_source
from pages.components.shell.text import milliseconds, plain
from pages.components.shell.widget_memory import persistent

MOST_NETS = 6
NARROWEST = 200  # pixels: a column of the panel
_SHOWN = 5


def show_panel(key: str, picture: Picture, card: ModelCard) -> None:
    """Ask several nets of this machine about the picture, and say where they agree."""
    here = {each.title: each for each in cards("classification") if present(each)}
    chosen = st.multiselect(
        "Nets to ask",
        list(here),
        default=[card.title, _partner(card, tuple(here.values())).title],
        max_selections=MOST_NETS,
        key=persistent(f"{key}.nets"),
        bind="query-params",
        placeholder="at least one",
    )
    absent = len(cards("classification")) - len(here)
    if absent:
        st.caption(
            f"{absent} more can be had: choose one under Model, download it, and it is "
            "offered here."
        )
    answers = _asked(picture, [here[title] for title in chosen])
    if len(answers) > 1:
        st.markdown(f"**{plain(agreement(answers))}**")
        _show_common(answers)
    elif len(chosen) < 2:
        st.info("Choose a second net to compare.")
    show_source(classifier_answer, common_rows, agreement)


def _partner(card: ModelCard, here: tuple[ModelCard, ...]) -> ModelCard:
    """Choose whom to set beside a net: another that speaks its language, if one is here.

    Most of the labels of the one must be labels of the other; better still if not all are,
    for those are other nets and not the same one in another format.
    """
    others = [each for each in here if each.name != card.name]
    return max(
        others or here, key=lambda each: (_kinship(each, card), each.labels != card.labels)
    )


def _kinship(one: ModelCard, other: ModelCard) -> bool:
    shared = set(one.labels) & set(other.labels)
    return 2 * len(shared) > min(len(one.labels), len(other.labels))


def _asked(picture: Picture, nets: list[ModelCard]) -> list[ClassifierAnswer]:
    """Show each net's answer in a cell of its own; one that fails says so there."""
    answers: list[ClassifierAnswer] = []
    if not nets:
        return answers
    row = st.grid(len(nets), min_column_width=NARROWEST)
    for net in nets:
        with row.cell(), st.container(border=True, height="stretch"), show_errors():
            st.markdown(f"##### {plain(net.title)}")
            run = cached_run(picture, net)
            said = classifier_answer(run, net, _SHOWN)
            _show_opinion(said)
            st.caption(
                f"{_kind(said)}{len(net.labels):,} classes, "
                f"forward {milliseconds(run.times.forward)}"
            )
            answers.append(said)
    return answers


def _show_opinion(said: ClassifierAnswer) -> None:
    for each in said.best:
        st.progress(min(1.0, each.confidence), f"{plain(each.label)} {each.confidence:.1%}")


def _kind(said: ClassifierAnswer) -> str:
    group = said.card.group(said.best[0].class_id)
    return f"a kind of **{plain(group)}** · " if group else ""


def _show_common(answers: list[ClassifierAnswer]) -> None:
    rows = common_rows(answers)
    titles = [each.card.title for each in answers]
    st.dataframe(
        [
            {"label": row.label, **dict(zip(titles, row.confidence, strict=True))}
            for row in rows
        ],
        hide_index=True,
        column_config=dict.fromkeys(titles, st.column_config.NumberColumn(format="percent")),
    )
    st.caption(
        "How sure each net is of what any of them named. The label's text decides what is the "
        "same class; None means that the net has no such label."
    )
