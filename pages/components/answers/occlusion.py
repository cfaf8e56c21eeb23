"""The occlusion map on the screen: where the net looked, found out by hiding it."""

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
from core.nets.card import ModelCard
from core.picture.image import Picture
from core.picture.size import Size
from core.pipeline import DetectionResult, Ranking, Run, on_shown
from core.render.boxes import BoxStyle, draw_detections
from core.render.heat import draw_heat, draw_outline
from core.render.palette import DIVERGING
from core.render.planes import PlaneScale, colour_bar
from core.results.detections import Detections
from pages.components.shell.cached import cached_answer, cached_image
from pages.components.shell.choice import choice
from pages.components.shell.images import show_exact, show_photo
from pages.components.shell.source_view import show_source
from pages.components.shell.text import plain

_CELLS = {f"{cells} x {cells}": cells for cells in (8, 12, 16)}
_WIDTHS = {"1 cell": 1, "2 cells": 2, "3 cells": 3, "4 cells": 4}
LEAST_REACH = 0.01  # a map in which nothing moves shall not glow
_FOUND_AGAIN = (
    "A box counts as found again where one of its class overlaps it with an IoU of at least "
    "0.5: the surest of all raw rows, whatever threshold or NMS make of it. Where there is "
    "none, its confidence counts as 0."
)


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of a net, by names: the key under which the answer is kept."""

    digest: str
    model: str
    spec: BlobSpec
    sweep: Sweep
    watched: Watched


@dataclass(frozen=True, eq=False, slots=True)
class _Case:
    """What is to be explained, and all that is known of it before the patch moves."""

    picture: Picture
    card: ModelCard
    spec: BlobSpec
    run: Run
    watched: Watched
    name: str
    box: Detections | None = None
    note: str = ""


def show_why_class(
    key: str, picture: Picture, card: ModelCard, run: Run, ranked: Ranking
) -> None:
    """Offer to find out on which parts of the picture the confidence of a class rests."""
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
    _show_case(key, _Case(picture, card, card.blob, run, watched, names[class_id]))


def show_why_box(
    key: str,
    picture: Picture,
    card: ModelCard,
    spec: BlobSpec,
    run: Run,
    result: DetectionResult,
    row: int | None,
) -> None:
    """Offer to find out on which parts of the picture a chosen box rests."""
    if row is None:
        st.info("No box was kept, so there is none to explain. Lower the confidence.")
        return
    number = result.kept.row.tolist().index(row)
    box = result.kept.taken(slice(number, number + 1))
    (class_id,), (xyxy,) = box.class_id.tolist(), box.xyxy.tolist()
    watched = WatchedBox(class_id, tuple(xyxy))
    name = f"#{number + 1} {card.label(class_id)}"
    _show_case(key, _Case(picture, card, spec, run, watched, name, box, note=_FOUND_AGAIN))


def _show_case(key: str, case: _Case) -> None:
    st.markdown(
        f"Which parts of the picture make the net say **{plain(case.name)}**? A patch hides "
        "one part after the other, and the net is asked each time: where the confidence "
        "falls, it looked."
    )
    if case.note:
        st.caption(case.note)
    sweep = _pick_sweep(key)
    question = _Question(case.picture.digest, case.card.name, case.spec, sweep, case.watched)
    times, forwards = case.run.times, sweep.cells**2 + 1
    st.button(
        f"Find out: {forwards} forwards, {_about(forwards * (times.blob + times.forward))}",
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
            "places",
            list(_CELLS),
            key=f"{key}.places",
            wrap=True,
            help="In how many places the patch stops: more show finer detail and take longer.",
        )
    with columns[1]:
        width = choice(
            "patch",
            list(_WIDTHS),
            key=f"{key}.patch",
            default="2 cells",
            wrap=True,
            help="How wide the patch is. A narrow one hides too little of a large thing.",
        )
    with columns[2]:
        cover = choice(
            "covered with",
            COVERS,
            key=f"{key}.cover",
            wrap=True,
            help="Whatever hides the picture is something to see as well: compare two covers "
            "before you believe a map.",
        )
    return Sweep(_CELLS[cells], _WIDTHS[width], cast(Cover, cover))


def _about(milliseconds: float) -> str:
    """Promise a time to wait, and no more exactly than anybody can.

    >>> _about(532.1), _about(12_345.6)
    ('about 0.5 s', 'about 12 s')
    """
    seconds = milliseconds / 1000
    return f"about {seconds:.1f} s" if seconds < 10 else f"about {seconds:.0f} s"


def _ask(key: str, question: _Question | None) -> None:
    st.session_state[key] = question


def _occluded(key: str, sweep: Sweep, case: _Case) -> OcclusionMap:
    """Send the patch over the picture, and show how far it is."""
    panel = st.empty()
    with panel.container(horizontal=True, vertical_alignment="bottom"):
        bar = st.empty()
        st.button("Stop", key=f"{key}.stop", on_click=_ask, args=(f"{key}.asked", None))
    image = cached_image(case.picture)
    for so_far in occlude(case.card, image, case.watched, spec=case.spec, sweep=sweep):
        # also where Streamlit ends this run, if the visitor clicks or leaves
        bar.progress(so_far.done / so_far.total, f"{so_far.done} of {so_far.total} forwards")
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
    with st.expander("The numbers of the map", icon=":material/table:"):
        _show_numbers(found)


def _show_map(case: _Case, found: OcclusionMap, scale: PlaneScale) -> None:
    drawn = draw_heat(case.run.shown, found.drop, scale)
    if case.box is not None:
        drawn = draw_detections(
            drawn, on_shown(case.box, case.run), style=BoxStyle(labels=False, confidence=False)
        )
    patch = found.sweep.patch(*found.lowest, Size.of(drawn))
    show_photo(
        draw_outline(drawn, patch),
        caption=f"What {plain(case.name)} rests on; framed: the patch that lowers it most",
        alt=f"Occlusion map of {case.name}. {found}",
    )


def _show_worst(case: _Case, found: OcclusionMap) -> None:
    shown, sweep = case.run.shown, found.sweep
    patch = sweep.patch(*found.lowest, Size.of(shown))
    where = place_name(*found.lowest, sweep.cells)
    show_photo(
        covered(shown, patch, painted(shown, sweep.cover)),
        caption=f"With {where} hidden the confidence is {found.confidence[found.lowest]:.3f}; "
        f"with nothing hidden {found.baseline:.3f}",
        alt=f"The picture with {where} hidden",
    )


def _show_legend(scale: PlaneScale) -> None:
    show_exact(
        colour_bar(DIVERGING, width=512),
        caption=f"Hiding it makes the net surer by {scale.high:.3f} (blue), changes nothing "
        f"(white), makes it less sure by {scale.high:.3f} (red)",
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
        f"How much the confidence falls from {found.baseline:.3f} while the patch lies over "
        "the middle of each cell; below 0 it rises. Row 1 is the top, column 1 the left."
    )
