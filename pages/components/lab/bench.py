"""The A/B bench: two settings or two models on one picture, and what changed."""

from dataclasses import dataclass, fields, replace
from typing import Any

import streamlit as st

from core.answers import Answer
from core.blob.make import image_from_blob
from core.blob.numbers import triple_to_text
from core.blob.spec import BlobSpec
from core.lab.compare import (
    BlobDifference,
    Change,
    Comparison,
    Side,
    blob_difference,
    changes,
    compare,
)
from core.lab.mistakes import MISTAKES
from core.nets.card import ModelCard, Task
from core.picture.image import Picture
from core.pipeline import Thresholds, on_shown
from core.render.boxes import BoxStyle, draw_detections
from core.render.encode import for_display, png_of_indices
from core.render.palette import DIVERGING
from core.render.planes import colour_bar
from core.render.stages import render_planes_together
from pages.components.blob.controls import blob_controls
from pages.components.blob.knobs import presets
from pages.components.inputs.fit import pick_fit
from pages.components.inputs.model import pick_model
from pages.components.shell.cached import cached_run
from pages.components.shell.choice import choice
from pages.components.shell.errors import show_errors
from pages.components.shell.images import show_exact, show_photo, show_png
from pages.components.shell.metrics import show_metrics
from pages.components.shell.source_view import show_source
from pages.components.shell.text import plain
from pages.components.shell.widget_memory import persistent

WIDTH = 360
TASKS: tuple[Task, ...] = ("classification", "detection")
_OWN = "as the card says"
_MISTAKES = {f"mistake: {name}": break_ for name, _, break_ in MISTAKES}
_BY_HAND = "set by hand"
_SIDES = ("a", "b")
_FIRST = {"a": _OWN, "b": "mistake: swapRB flipped"}


@dataclass(frozen=True, slots=True)
class _Side:
    """What a visitor chose for one side."""

    card: ModelCard
    spec: BlobSpec


def pick_task(key: str) -> Task:
    """Ask what the models of an experiment do."""
    chosen: Task = choice(
        "Models for",
        TASKS,
        key=f"{key}.task",
        persist_state="session",
    )
    return chosen


def show_bench(key: str, picture: Picture, task: Task) -> None:
    """Let the visitor choose two sides, run both, and show them and their difference."""
    own = f"{key}.{task}"
    st.button(
        "Swap A and B",
        key=f"{own}.swap",
        icon=":material/swap_horiz:",
        on_click=_swap,
        args=(own,),
    )
    columns = st.columns(2, gap="medium")
    sides: list[Side] = []
    for side, column in zip(_SIDES, columns, strict=True):
        with column.container(border=True), show_errors():
            chosen = _pick_side(f"{own}.{side}", side, task)
            run = cached_run(picture, chosen.card, chosen.spec)
            sides.append(Side(chosen.card, chosen.spec, run))
    if len(sides) == 2:
        with show_errors():
            _show(*sides)
    show_source(blob_difference, changes)


def _pick_side(key: str, side: str, task: Task) -> _Side:
    st.markdown(f"#### {side.upper()}")
    card = pick_model(key, task=task)
    numbers = st.selectbox(
        "Numbers",
        [_OWN, *_MISTAKES, *presets(), _BY_HAND],
        index=[_OWN, *_MISTAKES].index(_FIRST[side]),
        key=persistent(f"{key}.numbers"),
        bind="query-params",
        persist_state="session",
        help="The card's own, the card's with a well-known mistake, those of another row, or "
        "every knob in your hands.",
    )
    if numbers == _BY_HAND:
        with st.container(border=True):
            return _Side(card, blob_controls(f"{key}.hand"))
    spec = pick_fit(
        key,
        _spec(card, numbers),
        own="same",
        persist_state="session",
        help="same: as these numbers say. Others change what happens to the aspect ratio.",
    )
    return _Side(card, spec)


def _spec(card: ModelCard, numbers: str) -> BlobSpec:
    if numbers == _OWN:
        return card.blob
    if numbers in _MISTAKES:
        return _MISTAKES[numbers](card.blob)
    return presets()[numbers].spec


def _swap(key: str) -> None:
    """Exchange what both sides hold, knobs that only one of them shows included."""
    held = {side: _held(f"{key}.{side}.") for side in _SIDES}
    for side, other in zip(_SIDES, reversed(_SIDES), strict=True):
        for name in held[side].keys() - held[other].keys():
            del st.session_state[f"{key}.{side}.{name}"]
        for name, value in held[other].items():
            st.session_state[f"{key}.{side}.{name}"] = value


def _held(start: str) -> dict[str, Any]:
    """Collect the settings of one side by the rest of their keys; buttons hold none."""
    names = (str(key).removeprefix(start) for key in st.session_state)
    return {
        name: st.session_state[start + name]
        for name in names
        if name in ("model", "numbers", "fit") or name.startswith("hand.")
        if start + name in st.session_state
    }


def _show(a: Side, b: Side) -> None:
    limits = Thresholds(min(a.card.confidence, b.card.confidence), min(a.card.iou, b.card.iou))
    result = compare(a, b, limits)
    columns = st.columns(2, gap="medium")
    for column, letter, side, answer in zip(
        columns, "AB", (a, b), (result.a, result.b), strict=True
    ):
        with column:
            _show_side(letter, side, answer)
    _show_changes(a, b, result)
    _show_difference(a, b, result.difference)


def _show_side(letter: str, side: Side, answer: Answer) -> None:
    st.markdown(f"##### {letter}: {plain(str(answer))}")
    if answer.boxes is not None:
        shown = on_shown(answer.boxes, side.run)
        drawn = draw_detections(
            side.run.shown, shown, label=side.card.label, style=BoxStyle(numbers=True)
        )
        show_photo(drawn, caption=f"The boxes of {letter}", alt=f"Result {letter}: {answer}")
    blob = side.run.blob
    show_exact(
        render_planes_together(blob, side.spec),
        caption=f"The blob of {letter}: {' x '.join(map(str, blob.shape))}, "
        f"{blob.min():.4g} to {blob.max():.4g}",
        alt=f"The planes of blob {letter}",
    )
    # read by the model's own numbers, a mistake shows: a swapped face is blue
    expected = replace(side.card.blob, layout=side.spec.layout)
    seen = image_from_blob(blob, expected)
    with st.container(width=WIDTH):
        show_exact(
            for_display(seen),
            caption=f"What the net of {letter} takes its blob for: read by the card's numbers",
            alt=f"What the net of {letter} takes it for",
        )


def _show_changes(a: Side, b: Side, result: Comparison) -> None:
    st.markdown(f"##### What changed: {plain(str(result))}")
    left, right = st.columns(2, gap="medium")
    with left:
        rows = _settings(a, b)
        if rows:
            st.dataframe(rows, hide_index=True)
            st.caption("The settings in which the two sides differ.")
        else:
            st.caption("Both sides are set alike.")
    with right:
        if result.changes:
            st.dataframe(
                [_row(each, boxes=result.a.boxes is not None) for each in result.changes],
                hide_index=True,
                column_config=dict.fromkeys(
                    "AB", st.column_config.NumberColumn(format="percent")
                ),
            )
            st.caption(
                "Confidence on both sides. Boxes of one class that overlap by half or more "
                "are the same box."
                if result.a.boxes is not None
                else "Confidence on both sides: the five likeliest classes of each."
            )


def _settings(a: Side, b: Side) -> list[dict[str, str]]:
    """List the settings that differ, by OpenCV's names where it has one."""
    rows = [{"setting": "model", "A": a.card.title, "B": b.card.title}]
    rows += [
        {
            "setting": "swapRB" if each.name == "swap_rb" else each.name,
            "A": _text(getattr(a.spec, each.name)),
            "B": _text(getattr(b.spec, each.name)),
        }
        for each in fields(BlobSpec)
    ]
    return [row for row in rows if row["A"] != row["B"]]


def _text(value: Any) -> str:
    return triple_to_text(value) if isinstance(value, tuple) else str(value)


def _row(change: Change, *, boxes: bool) -> dict[str, Any]:
    row = {
        "label": change.label,
        "A": _rounded(change.a),
        "B": _rounded(change.b),
        "change": change.status,
    }
    return {**row, "IoU": _rounded(change.iou)} if boxes else row


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _show_difference(a: Side, b: Side, difference: BlobDifference | None) -> None:
    st.markdown("##### The blobs, B minus A")
    if difference is None:
        shapes = (" x ".join(map(str, side.run.blob.shape)) for side in (a, b))
        st.info(f"{' and '.join(shapes)}: blobs of two shapes cannot be subtracted.")
        return
    show_metrics(
        {
            "largest difference": f"{difference.largest:.4g}",
            "mean difference": f"{difference.mean:.4g}",
            "values that differ": f"{difference.changed:.1%}",
        }
    )
    rendered = difference.rendered()
    row = st.grid(len(rendered), min_column_width=90)
    for number, plane in enumerate(rendered):
        with row.cell():
            show_png(
                png_of_indices(plane.index, plane.colour_map),
                caption=f"blob[0, {number}]",
                alt=f"Difference of plane {number}",
            )
    scale = rendered[0].scale
    with st.container(width=WIDTH):
        show_exact(
            colour_bar(DIVERGING),
            caption=f"{scale.low:.4g} (more in A) to {scale.high:.4g} (more in B); white is "
            "no difference",
            alt=f"Colours from {scale.low:.4g} to {scale.high:.4g}",
        )
