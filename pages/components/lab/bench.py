"""The A/B comparison: two settings or two models on one picture, and what changed."""

from dataclasses import fields, replace
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
    blob_difference,
    changes,
    compare,
)
from core.lab.mistakes import MISTAKES
from core.nets.card import ModelCard, Task
from core.picture.image import Picture
from core.pipeline import Run, Thresholds
from core.render.boxes import BoxStyle, draw_detections
from core.render.encode import for_display, png_of_indices
from core.render.palette import DIVERGING
from core.render.planes import colour_bar
from core.render.shown import Shown
from core.render.stages import render_planes_together
from pages.components.blob.controls import blob_controls
from pages.components.blob.knobs import presets
from pages.components.inputs.fit import pick_fit
from pages.components.inputs.model import pick_model
from pages.components.shell.cached import cached_run, cached_shown
from pages.components.shell.choice import choice
from pages.components.shell.errors import show_errors
from pages.components.shell.images import show_exact, show_photo, show_png
from pages.components.shell.metrics import show_metrics
from pages.components.shell.source_view import show_source
from pages.components.shell.text import plain
from pages.components.shell.widget_memory import persistent

WIDTH = 360
TASKS: tuple[Task, ...] = ("classification", "detection")
_OWN = "model default"
_MISTAKES = {f"mistake: {name}": break_ for name, _, break_ in MISTAKES}
_BY_HAND = "manual"
_SETTINGS = {"swap_rb": "swapRB", "fit": "resize mode"}
_SIDES = ("a", "b")
_FIRST = {"a": _OWN, "b": "mistake: swapRB flipped"}


def pick_task(key: str) -> Task:
    """Ask for the task of the experiment."""
    chosen: Task = choice(
        "Task",
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
    runs: list[Run] = []
    for side, column in zip(_SIDES, columns, strict=True):
        with column.container(border=True), show_errors():
            card, spec = _pick_side(f"{own}.{side}", side, task)
            runs.append(cached_run(picture, card, spec))
    if len(runs) == 2:
        with show_errors():
            a, b = runs
            _show(a, b, cached_shown(picture))
    show_source(blob_difference, changes)


def _pick_side(key: str, side: str, task: Task) -> tuple[ModelCard, BlobSpec]:
    st.markdown(f"#### {side.upper()}")
    card = pick_model(key, task=task)
    numbers = st.selectbox(
        "Preprocessing",
        [_OWN, *_MISTAKES, *presets(), _BY_HAND],
        index=[_OWN, *_MISTAKES].index(_FIRST[side]),
        key=persistent(f"{key}.numbers"),
        bind="query-params",
        persist_state="session",
        help="The model default, the model default with a common mistake, another preset, "
        "or all parameters set manually.",
    )
    if numbers == _BY_HAND:
        with st.container(border=True):
            return card, blob_controls(f"{key}.hand")
    spec = pick_fit(
        key,
        _spec(card, numbers),
        own="default",
        persist_state="session",
        help="default: the resize mode of the preprocessing above.",
    )
    return card, spec


def _spec(card: ModelCard, numbers: str) -> BlobSpec:
    if numbers == _OWN:
        return card.blob
    if numbers in _MISTAKES:
        return _MISTAKES[numbers](card.blob)
    return presets()[numbers].spec


def _swap(key: str) -> None:
    """Exchange the settings of both sides, including controls that only one of them shows."""
    held = {side: _held(f"{key}.{side}.") for side in _SIDES}
    for side, other in zip(_SIDES, reversed(_SIDES), strict=True):
        for name in held[side].keys() - held[other].keys():
            del st.session_state[f"{key}.{side}.{name}"]
        for name, value in held[other].items():
            st.session_state[f"{key}.{side}.{name}"] = value


def _held(start: str) -> dict[str, Any]:
    """Collect the settings of one side by the rest of their keys; buttons have none."""
    names = (str(key).removeprefix(start) for key in st.session_state)
    return {
        name: st.session_state[start + name]
        for name in names
        if name in ("model", "numbers", "fit") or name.startswith("hand.")
        if start + name in st.session_state
    }


def _show(a: Run, b: Run, shown: Shown) -> None:
    limits = Thresholds(min(a.card.confidence, b.card.confidence), min(a.card.iou, b.card.iou))
    result = compare(a, b, limits)
    columns = st.columns(2, gap="medium")
    for column, letter, run, answer in zip(
        columns, "AB", (a, b), (result.a, result.b), strict=True
    ):
        with column:
            _show_side(letter, run, answer, shown)
    _show_changes(a, b, result)
    _show_difference(a, b, result.difference)


def _show_side(letter: str, run: Run, answer: Answer, shown: Shown) -> None:
    st.markdown(f"##### {letter}: {plain(str(answer))}")
    if answer.boxes is not None:
        boxes = shown.placed(answer.boxes)
        style = BoxStyle(numbers=True)
        drawn = draw_detections(shown.image, boxes, label=run.card.label, style=style)
        show_photo(drawn, caption=f"The boxes of {letter}", alt=f"Result {letter}: {answer}")
    blob = run.blob
    show_exact(
        render_planes_together(blob, run.spec),
        caption=f"The blob of {letter}: {' x '.join(map(str, blob.shape))}, "
        f"{blob.min():.4g} to {blob.max():.4g}",
        alt=f"The planes of blob {letter}",
    )
    # converted back with the model's own preprocessing, a mistake shows: a swapped face is blue
    expected = replace(run.card.blob, layout=run.spec.layout)
    seen = image_from_blob(blob, expected)
    with st.container(width=WIDTH):
        show_exact(
            for_display(seen),
            caption=f"What model {letter} sees: its blob, converted back by the model default",
            alt=f"What model {letter} sees",
        )


def _show_changes(a: Run, b: Run, result: Comparison) -> None:
    st.markdown(f"##### What changed: {plain(str(result))}")
    left, right = st.columns(2, gap="medium")
    with left:
        rows = _settings(a, b)
        if rows:
            st.dataframe(rows, hide_index=True)
            st.caption("Settings that differ.")
        else:
            st.caption("Both sides have the same settings.")
    with right:
        if result.changes:
            st.dataframe(
                [_row(each, boxes=result.a.boxes is not None) for each in result.changes],
                hide_index=True,
                column_config=dict.fromkeys(
                    "AB", st.column_config.NumberColumn(format="percent")
                ),
                placeholder="",
            )
            st.caption(
                "Confidence on both sides. Boxes of one class with an IoU of 0.5 or more "
                "count as the same box."
                if result.a.boxes is not None
                else "Confidence on both sides: the top five classes of each."
            )


def _settings(a: Run, b: Run) -> list[dict[str, str]]:
    """List the settings that differ, by OpenCV's names where there are any."""
    rows = [{"setting": "model", "A": a.card.title, "B": b.card.title}]
    rows += [
        {
            "setting": _SETTINGS.get(each.name, each.name),
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


def _show_difference(a: Run, b: Run, difference: BlobDifference | None) -> None:
    st.markdown("##### The blobs, B minus A")
    if difference is None:
        shapes = (" x ".join(map(str, run.blob.shape)) for run in (a, b))
        st.info(f"{' and '.join(shapes)}: blobs of different shapes cannot be subtracted.")
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
