"""Several classifiers on the same picture, side by side."""

import streamlit as st

from core.lab.classifiers import agreement, common_rows, confidence_of
from core.nets.card import ModelCard
from core.nets.catalog import cards
from core.nets.downloads import present
from core.picture.image import Picture
from core.pipeline import Ranking, ranking
from pages.components.shell.cached import cached_run
from pages.components.shell.errors import show_errors
from pages.components.shell.source_view import show_source
from pages.components.shell.text import milliseconds, plain
from pages.components.shell.widget_memory import persistent

MOST_NETS = 6
NARROWEST = 200  # pixels: a column of the panel
_SHOWN = 5


def show_panel(key: str, picture: Picture, card: ModelCard) -> None:
    """Run several downloaded models on the picture, and say where they agree."""
    here = {each.title: each for each in cards("classification") if present(each)}
    chosen = st.multiselect(
        "Models to compare",
        list(here),
        default=[card.title, _partner(card, tuple(here.values())).title],
        max_selections=MOST_NETS,
        key=persistent(f"{key}.nets"),
        bind="query-params",
        placeholder="Choose at least one",
    )
    absent = len(cards("classification")) - len(here)
    if absent:
        st.caption(
            f"{absent} more can be downloaded: choose one under Model and download it, and it "
            "appears here."
        )
    answers = _asked(picture, [here[title] for title in chosen])
    if len(answers) > 1:
        st.markdown(f"**{plain(agreement(answers))}**")
        _show_common(answers)
    elif len(chosen) < 2:
        st.info("Choose a second model to compare.")
    show_source(ranking, common_rows, confidence_of, agreement)


def _partner(card: ModelCard, here: tuple[ModelCard, ...]) -> ModelCard:
    """Choose the default model to compare with: preferably one with the same labels.

    Most labels must be shared. Models that do not share all of them are preferred, because
    the others may be the same model in another format.
    """
    others = [each for each in here if each.name != card.name]
    return max(
        others or here, key=lambda each: (_kinship(each, card), each.labels != card.labels)
    )


def _kinship(one: ModelCard, other: ModelCard) -> bool:
    shared = set(one.labels) & set(other.labels)
    return 2 * len(shared) > min(len(one.labels), len(other.labels))


def _asked(picture: Picture, nets: list[ModelCard]) -> list[Ranking]:
    """Show the result of each model in its own cell, or its error."""
    answers: list[Ranking] = []
    if not nets:
        return answers
    row = st.grid(len(nets), min_column_width=NARROWEST)
    for net in nets:
        with row.cell(), st.container(border=True, height="stretch"), show_errors():
            st.markdown(f"##### {plain(net.title)}")
            run = cached_run(picture, net)
            said = ranking(run, _SHOWN)
            _show_opinion(said)
            st.caption(
                f"{_kind(said)}{len(net.labels):,} classes, "
                f"inference {milliseconds(run.times.forward)}"
            )
            answers.append(said)
    return answers


def _show_opinion(said: Ranking) -> None:
    for each in said.best:
        st.progress(min(1.0, each.confidence), f"{plain(each.label)} {each.confidence:.1%}")


def _kind(said: Ranking) -> str:
    group = said.run.card.group(said.best[0].class_id)
    return f"group: **{plain(group)}** · " if group else ""


def _show_common(answers: list[Ranking]) -> None:
    rows = common_rows(answers)
    titles = [each.run.card.title for each in answers]
    st.dataframe(
        [
            {"label": row.label, **dict(zip(titles, row.confidence, strict=True))}
            for row in rows
        ],
        hide_index=True,
        column_config=dict.fromkeys(titles, st.column_config.NumberColumn(format="percent")),
        placeholder="",
    )
    st.caption(
        "Confidence of each model for every class that one of them ranks high. Classes are "
        "matched by label; an empty cell means that the model has no such label."
    )
