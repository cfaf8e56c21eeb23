"""Occlusion sensitivity: which parts of the picture a prediction depends on."""

from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np
import streamlit as st

from core.blob.spec import BlobSpec
from core.lab.occlusion import (
    COVERS,
    Cover,
    OcclusionMap,
    Sweep,
    Watched,
    WatchedBox,
    WatchedClass,
    covered,
    occlude,
    painted,
    place_name,
)
from core.picture.image import Picture
from core.picture.size import Size
from core.pipeline import DetectionResult, Ranking, Run
from core.render.boxes import BoxStyle, draw_detections
from core.render.heat import draw_heat, draw_outline
from core.render.palette import DIVERGING
from core.render.planes import PlaneScale, colour_bar
from core.results.detections import Detections
from pages.components.shell.cached import cached_answer, cached_image, cached_shown
from pages.components.shell.choice import choice
from pages.components.shell.images import show_exact, show_photo
from pages.components.shell.source_view import show_source
from pages.components.shell.text import plain

_CELLS = {f"{cells} x {cells}": cells for cells in (8, 12, 16)}
_WIDTHS = {"1 cell": 1, "2 cells": 2, "3 cells": 3, "4 cells": 4}
LEAST_REACH = 0.01  # so that a map without real changes stays white
_FOUND_AGAIN = (
    "The confidence is that of the best raw prediction of the same class with an IoU of at "
    "least 0.5 to this box, regardless of threshold and NMS. If there is none, it counts as 0."
)


@dataclass(frozen=True, slots=True)
class _Question:
    """The inputs of a sweep, by names: the key of the cached map."""

    digest: str
    model: str
    spec: BlobSpec
    sweep: Sweep
    watched: Watched


@dataclass(frozen=True, eq=False, slots=True)
class _Case:
    """The prediction to explain, and all that is known of it before the sweep."""

    picture: Picture
    run: Run
    watched: Watched
    name: str
    box: Detections | None = None


def show_why_class(key: str, picture: Picture, ranked: Ranking) -> None:
    """Offer to map which parts of the picture the confidence of a class depends on."""
    names = {each.class_id: each.label for each in ranked.best}
    if st.session_state.get(f"{key}.class") not in names:
        st.session_state.pop(f"{key}.class", None)
    class_id = st.selectbox(
        "Class to explain",
        list(names),
        format_func=names.__getitem__,
        key=f"{key}.class",
        bind="query-params",
    )
    watched = WatchedClass(class_id)
    _show_case(key, _Case(picture, ranked.run, watched, names[class_id]))


def show_why_box(
    key: str, picture: Picture, result: DetectionResult, *, row: int | None
) -> None:
    """Offer to map which parts of the picture a chosen box depends on."""
    if row is None:
        st.info("There is no detection to explain. Lower the confidence threshold.")
        return
    number = result.kept.row.tolist().index(row)
    box = result.kept.taken(slice(number, number + 1))
    (class_id,), (xyxy,) = box.class_id.tolist(), box.xyxy.tolist()
    watched = WatchedBox(class_id, tuple(xyxy))
    name = f"#{number + 1} {result.run.card.label(class_id)}"
    _show_case(key, _Case(picture, result.run, watched, name, box))


def _show_case(key: str, case: _Case) -> None:
    st.markdown(
        f"Which parts of the picture does **{plain(case.name)}** depend on? A patch covers one "
        "part after another, and inference runs each time. Where the confidence falls, the "
        "network relies on that part."
    )
    if case.box is not None:
        st.caption(_FOUND_AGAIN)
    sweep = _pick_sweep(key)
    run = case.run
    forwards = sweep.cells**2 + 1
    wait = forwards * (run.times.blob + run.times.forward)
    question = _Question(case.picture.digest, run.card.name, run.spec, sweep, case.watched)
    st.button(
        f"Run: {forwards} inferences, {_about(wait)}",
        key=f"{key}.go",
        icon=":material/visibility:",
        on_click=_ask,
        args=(f"{key}.asked", question),
    )
    if st.session_state.get(f"{key}.asked") == question:
        work_out = partial(_occluded, key, sweep, case)
        _show(case, cached_answer("occlusion", question, work_out))
    show_source(occlude, covered, painted, type(case.watched))


def _pick_sweep(key: str) -> Sweep:
    columns = st.columns(3)
    with columns[0]:
        cells = choice(
            "Grid",
            list(_CELLS),
            key=f"{key}.places",
            wrap=True,
            help="The number of patch positions. More positions show finer detail and take "
            "longer.",
        )
    with columns[1]:
        width = choice(
            "Patch size",
            list(_WIDTHS),
            key=f"{key}.patch",
            default="2 cells",
            wrap=True,
            help="The width of the patch. A narrow patch covers too little of a large object.",
        )
    with columns[2]:
        cover = choice(
            "Cover with",
            COVERS,
            key=f"{key}.cover",
            wrap=True,
            help="The network sees the cover as well: compare two covers before you rely on a "
            "map.",
        )
    return Sweep(_CELLS[cells], _WIDTHS[width], cast(Cover, cover))


def _about(milliseconds: float) -> str:
    """Write an estimated duration.

    >>> _about(532.1), _about(12_345.6)
    ('about 0.5 s', 'about 12 s')
    """
    seconds = milliseconds / 1000
    return f"about {seconds:.1f} s" if seconds < 10 else f"about {seconds:.0f} s"


def _ask(key: str, question: _Question | None) -> None:
    st.session_state[key] = question


def _occluded(key: str, sweep: Sweep, case: _Case) -> OcclusionMap:
    """Move the patch over the picture, and show the progress."""
    panel = st.empty()
    with panel.container(horizontal=True, vertical_alignment="bottom"):
        bar = st.empty()
        st.button("Stop", key=f"{key}.stop", on_click=_ask, args=(f"{key}.asked", None))
    image = cached_image(case.picture)
    run = case.run
    for so_far in occlude(run.card, image, case.watched, spec=run.spec, sweep=sweep):
        # also where Streamlit can stop this run, if the visitor clicks or leaves
        bar.progress(so_far.done / so_far.total, f"{so_far.done} of {so_far.total} inferences")
    panel.empty()
    return so_far.map


def _show(case: _Case, found: OcclusionMap) -> None:
    st.markdown(f"##### {found}")
    reach = max(float(np.abs(found.drop).max()), LEAST_REACH)
    scale = PlaneScale(-reach, reach)
    left, right = st.columns(2, gap="small")
    with left:
        _show_map(case, found, scale)
        _show_legend(scale)
    with right:
        _show_worst(case, found)
    with st.expander("Values of the map", icon=":material/table:"):
        _show_numbers(found)


def _show_map(case: _Case, found: OcclusionMap, scale: PlaneScale) -> None:
    shown = cached_shown(case.picture)
    drawn = draw_heat(shown.image, found.drop, scale)
    if case.box is not None:
        style = BoxStyle(labels=False, confidence=False)
        drawn = draw_detections(drawn, shown.placed(case.box), style=style)
    patch = found.sweep.patch(*found.lowest, Size.of(drawn))
    show_photo(
        draw_outline(drawn, patch),
        caption=f"Occlusion sensitivity of {plain(case.name)}; framed: the largest drop",
        alt=f"Occlusion map of {case.name}. {found}",
    )


def _show_worst(case: _Case, found: OcclusionMap) -> None:
    shown = cached_shown(case.picture).image
    sweep = found.sweep
    patch = sweep.patch(*found.lowest, Size.of(shown))
    where = place_name(*found.lowest, sweep.cells)
    show_photo(
        covered(shown, patch, painted(shown, sweep.cover)),
        caption=f"Confidence with {where} covered: {found.confidence[found.lowest]:.3f}; "
        f"uncovered: {found.baseline:.3f}",
        alt=f"The picture with {where} covered",
    )


def _show_legend(scale: PlaneScale) -> None:
    show_exact(
        colour_bar(DIVERGING, width=512),
        caption=f"Covering raises the confidence by {scale.high:.3f} (blue), does not change "
        f"it (white), lowers it by {scale.high:.3f} (red)",
        alt=f"Colours from {scale.low:.3f} to {scale.high:.3f}",
    )


def _show_numbers(found: OcclusionMap) -> None:
    numbers = [str(cell + 1) for cell in range(found.sweep.cells)]
    falls = (found.drop.round(3) + 0.0).tolist()  # no "-0.000"
    rows: list[dict[str, Any]] = [
        {"row": number, **dict(zip(numbers, row, strict=True))}
        for number, row in zip(numbers, falls, strict=True)
    ]
    st.dataframe(
        rows,
        hide_index=True,
        height="content",
        column_config=dict.fromkeys(numbers, st.column_config.NumberColumn(format="%.3f")),
    )
    st.caption(
        f"The drop of the confidence from {found.baseline:.3f} with the patch centred on each "
        "cell; a negative value is a rise. Row 1 is the top, column 1 the left."
    )
