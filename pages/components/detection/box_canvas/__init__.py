"""The boxes of one picture, filtered by the browser while a slider is dragged.

The browser gets all candidates of NMS once, as bytes, and applies the rule of
``core/pipeline.py``; the tests compare both. Only when a slider is released or a box is
chosen does the server learn of it, and set its own controls.
"""

import zlib
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import streamlit as st

from core.nets.card import ModelCard
from core.picture.image import Picture
from core.picture.size import Size
from core.pipeline import MOST_CANDIDATES, DetectionResult, nms_candidates
from core.render.boxes import LINE, NUMBERED, TEXT, BoxStyle
from core.render.palette import Bgr, class_colour, confidence_colour, text_colour
from core.render.shown import Shown
from core.results.detections import FLOOR, REACH, Detections
from pages.components.browser.modules import script_of
from pages.components.browser.payload import pack
from pages.components.inputs.chosen_box import choose_row
from pages.components.shell.cached import cached_photo, cached_shown

PICTURE_WIDTH, QUALITY = 1200, 85
"""Of the picture that is sent whenever a setting changes; about 150 kB."""

_HERE = Path(__file__).parent
_CANVAS = st.components.v2.component(
    "blobscope_box_canvas",
    html="<div class='boxes'>\n</div>",
    css=(_HERE / "style.css").read_text(encoding="utf-8"),
    js=script_of(_HERE / "view.js"),
)


def box_canvas(
    key: str,
    picture: Picture,
    result: DetectionResult,
    *,
    chosen: int | None = None,
    style: BoxStyle = NUMBERED,
) -> None:
    """Show the boxes with sliders that filter them at once; a click chooses one.

    Args:
        key: of the page; the controls are those of ``pick_thresholds`` with the same key,
            the chosen box is that of ``choose_box`` with ``f"{key}.box"``.
        picture: on which the boxes are drawn.
        result: the boxes; its thresholds are the values of the server's controls.
        chosen: the raw row of the box to highlight.
        style: how boxes are drawn.
    """
    turn = st.session_state.get(f"{key}.canvas.turn", 0)
    state = {"turn": turn, "chosen": chosen, "style": asdict(style)}
    _CANVAS(
        key=f"{key}.canvas",
        data=packed(picture, result, state),
        on_knobs_change=partial(turn_knobs, key, f"{key}.{result.run.card.name}"),
        on_chosen_change=partial(choose, key),
    )


def packed(picture: Picture, result: DetectionResult, state: Mapping[str, Any]) -> bytes:
    """Pack what the browser needs."""
    photo = cached_photo(picture, width=PICTURE_WIDTH, quality=QUALITY)
    boxes = nms_candidates(result.run, result.thresholds.class_ids)
    parts = {
        "picture": photo,
        "xyxy": boxes.xyxy.astype("<f8").tobytes(),
        "confidence": boxes.confidence.astype("<f4").tobytes(),
        "classId": boxes.class_id.astype("<i4").tobytes(),
        "row": boxes.row.astype("<i4").tobytes(),
    }
    if boxes.corners.size:
        parts["corners"] = boxes.corners.astype("<f8").tobytes()
    head = {
        **state,
        **_setting(cached_shown(picture), result),
        "classes": _classes(boxes, result.run.card),
        "ramp": _ramp(),
        "most": MOST_CANDIDATES,
        "reach": REACH,
        "floor": FLOOR,
        "pen": {"line": LINE, "text": TEXT},
        "drawn": zlib.crc32(photo),
    }
    return pack(head, parts)


def _setting(shown: Shown, result: DetectionResult) -> dict[str, Any]:
    """Describe the thresholds, and the mapping of boxes from the blob to the picture."""
    run, thresholds = result.run, result.thresholds
    return {
        "image": run.image_size.cv2,
        "shown": Size.of(shown.image).cv2,
        "scale": run.placement.scale,
        "offset": run.placement.offset,
        "threshold": thresholds.confidence,
        "iou": thresholds.iou,
        "perClass": thresholds.per_class,
        "soft": thresholds.soft,
    }


def _classes(boxes: Detections, card: ModelCard) -> dict[int, dict[str, str]]:
    """Name and colour each class that a box has."""
    return {
        class_id: {"label": card.label(class_id), **_colours(class_colour(class_id))}
        for class_id in np.unique(boxes.class_id).tolist()
    }


@cache
def _ramp() -> tuple[dict[str, str], ...]:
    """Colour the confidences 0.00, 0.01 ... 1.00."""
    return tuple(_colours(confidence_colour(share / 100)) for share in range(101))


def _colours(colour: Bgr) -> dict[str, str]:
    return {"colour": _code(colour), "ink": _code(text_colour(colour))}


def _code(colour: Bgr) -> str:
    """Write a colour as browsers read it.

    >>> _code((0, 159, 230))
    '#e69f00'
    """
    return f"#{bytes(reversed(colour)).hex()}"


def turn_knobs(key: str, own: str) -> None:
    """Set the server's sliders to where the browser's were released."""
    told = st.session_state[f"{key}.canvas"].knobs
    if not isinstance(told, dict):
        return
    for name in ("confidence", "iou"):
        value = told.get(name)
        if _is_number(value):
            st.session_state[f"{own}.{name}"] = round(min(1.0, max(0.0, float(value))), 2)
    if _is_number(turn := told.get("turn")) and isinstance(turn, int):
        st.session_state[f"{key}.canvas.turn"] = turn


def choose(key: str) -> None:
    """Choose the box that was clicked; the list resets a row that is no longer kept."""
    row = st.session_state[f"{key}.canvas"].chosen
    if _is_number(row) and isinstance(row, int):
        choose_row(f"{key}.box", row)


def _is_number(value: object) -> TypeGuard[int | float]:
    """Tell whether JSON holds a number here, finite and not too large for a float."""
    # False and True are integers of Python, and comparing has no limit where isfinite raises
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9
