"""The switchboard: every well-known mistake, and what it does to the answer."""

from typing import Any

import streamlit as st

from core.blob.spec import BlobSpec
from core.lab.mistakes import MISTAKES, Mistake, MistakeRow, consequence, mistakes
from core.nets.card import ModelCard, Task
from core.nets.catalog import card_named
from core.picture.image import Picture
from core.pipeline import Thresholds
from pages.components.inputs.model import pick_model
from pages.components.shell.cached import SPEC_BY_TEXT
from pages.components.shell.source_view import show_source
from pages.components.shell.text import plain

_RIGHT = "none: as the card says"


def show_switchboard(key: str, picture: Picture, task: Task) -> None:
    """Make every mistake that the chosen model leaves room for, a row for each."""
    card = pick_model(f"{key}.{task}", task=task)
    made = (
        Mistake(_RIGHT, "The numbers on the model's card.", card.blob),
        *mistakes(card.blob),
    )
    rows = _rows(picture, card, made)
    right = rows[0].answer
    if right:
        st.markdown(f"##### With the right numbers: {plain(str(right))}")
    st.dataframe(
        [_cells(mistake, row) for mistake, row in zip(made, rows, strict=True)],
        hide_index=True,
        height="content",
        column_config={
            "confidence": st.column_config.ProgressColumn(
                format="percent", min_value=0.0, max_value=1.0
            ),
            "change": st.column_config.TextColumn(width=320),
        },
    )
    st.caption(
        "One row a mistake, the right numbers first. A net seldom complains: it answers all "
        "the same. On one picture a mistake may even make it surer; over many pictures it "
        "costs right answers."
    )
    without = [name for name, _, _ in MISTAKES if name not in {each.name for each in made}]
    if without:
        st.caption(
            f"Left out, because this net's own numbers leave no room for them: "
            f"{', '.join(without)}."
        )
    show_source(consequence, *(break_ for _, _, break_ in MISTAKES))


def _rows(picture: Picture, card: ModelCard, made: tuple[Mistake, ...]) -> list[MistakeRow]:
    """Ask the net once for each spec, or remember what it said."""
    place = st.empty()
    rows = []
    for number, each in enumerate(made):
        place.progress(number / len(made), f"{number + 1} of {len(made)}: {plain(each.name)}")
        rows.append(_row(picture.digest, card.name, each.spec, picture))
    place.empty()
    return rows


@st.cache_resource(max_entries=256, show_spinner=False, hash_funcs=SPEC_BY_TEXT)
def _row(digest: str, model: str, spec: BlobSpec, _picture: Picture) -> MistakeRow:
    card = card_named(model)
    limits = Thresholds(card.confidence, card.iou)
    if spec == card.blob:
        return consequence(_picture, card, spec, limits)
    right = _row(digest, model, card.blob, _picture)
    return consequence(_picture, card, spec, limits, right=right.answer)


def _cells(mistake: Mistake, row: MistakeRow) -> dict[str, Any]:
    best = row.answer.best if row.answer else None
    cells: dict[str, Any] = {"mistake": mistake.name}
    if row.answer and row.answer.boxes is not None:
        cells["boxes"] = len(row.answer.boxes)
    return {
        **cells,
        "answer": best.label if best else "",
        "confidence": round(best.confidence, 3) if best else None,
        "change": row.error or row.change,
        "how it comes about": mistake.what,
    }
