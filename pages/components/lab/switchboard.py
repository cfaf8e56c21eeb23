"""Common preprocessing mistakes, and their effect on the prediction."""

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

_RIGHT = "none (model default)"


def show_switchboard(key: str, picture: Picture, task: Task) -> None:
    """Make every mistake that applies to the chosen model, one row each."""
    card = pick_model(f"{key}.{task}", task=task)
    made = (
        Mistake(_RIGHT, "The preprocessing of the model card.", card.blob),
        *mistakes(card.blob),
    )
    rows = _rows(picture, card, made)
    right = rows[0].answer
    if right:
        st.markdown(f"##### With correct preprocessing: {plain(str(right))}")
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
        placeholder="",
    )
    st.caption(
        "One row per mistake; correct preprocessing comes first. A network rarely fails with "
        "an error: it still returns a prediction. On one picture a mistake may even raise the "
        "confidence; over many pictures it lowers the accuracy."
    )
    without = [name for name, _, _ in MISTAKES if name not in {each.name for each in made}]
    if without:
        st.caption(f"Not shown, because they do not apply to this model: {', '.join(without)}.")
    show_source(consequence, *(break_ for _, _, break_ in MISTAKES))


def _rows(picture: Picture, card: ModelCard, made: tuple[Mistake, ...]) -> list[MistakeRow]:
    """Run the model once for each spec, or use the cached row."""
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
        "prediction": best.label if best else "",
        "confidence": round(best.confidence, 3) if best else None,
        "change": row.error or row.change,
        "cause": mistake.what,
    }
