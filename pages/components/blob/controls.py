"""The knobs of blobFromImage, under OpenCV's own names."""

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.blob.numbers import triple_from_text
from core.blob.spec import (
    ANCHORS,
    BLOB_LAYOUTS,
    DEPTHS,
    FITS,
    MAX_BLOB_SIDE,
    PRESETS,
    BlobSpec,
)
from core.errors import BlobImpossible
from core.picture.image import Picture
from core.picture.size import Size
from pages.components.blob.checker import show_knob_findings
from pages.components.blob.knobs import knob_values, presets, turn_knobs
from pages.components.shell.choice import choice
from pages.components.shell.text import plain
from pages.components.shell.widget_memory import persistent

_FIT_HELP = """What happens to the aspect ratio. **stretch**: blobFromImage with crop=False.
**crop**: crop=True, the centre survives. **letterbox**: bars on two sides."""
_MEAN_HELP = """Subtracted before scaling, in 0..255 units, in the order of the *blob's*
channels: R, G, B when swapRB is on. One number, or three: 104, 117, 123."""
_STD_HELP = """blobFromImage has no such argument: Blobscope divides afterwards, as you would
have to. Same order as the mean."""
_SCALE_HELP = """Multiplies after the mean is gone. A number, a fraction like 1/255, or three
of them for one factor a channel."""


def blob_controls(key: str, picture: Picture | None = None) -> BlobSpec:
    """Show every knob and return the spec they describe.

    Each knob has its own place in the address bar; a preset only turns the knobs. Where
    they make no spec of this picture, a button offers to mend them.

    Raises:
        BlobImpossible: the knobs stand in a way that OpenCV would refuse.
    """
    offered = presets()
    chosen = st.selectbox(
        "Preset",
        list(offered),
        key=persistent(f"{key}.preset"),
        bind="query-params",
        on_change=_turn_to_preset,
        args=(key,),
        help="Sets all knobs at once; turn them afterwards as you like.",
    )
    st.caption(plain(offered[chosen].fits_nets))
    rest = knob_values(PRESETS[0].spec)
    changes = st.empty()
    repair = st.container()
    turned = {**_shape_knobs(key, rest), **_number_knobs(key, rest)}
    try:
        spec = BlobSpec(**turned)
    except BlobImpossible:
        if picture:
            with repair:
                show_knob_findings(key, picture, turned)
        raise
    _show_changes(changes, offered[chosen].spec, spec)
    return spec


def _show_changes(place: DeltaGenerator, preset: BlobSpec, spec: BlobSpec) -> None:
    before, after = knob_values(preset), knob_values(spec)
    changed = [name for name, value in after.items() if value != before[name]]
    if changed:
        place.caption(f":orange-badge[changed] {', '.join(changed)}")


def _turn_to_preset(key: str) -> None:
    turn_knobs(key, presets()[st.session_state[f"{key}.preset"]].spec)


def _shape_knobs(key: str, rest: dict[str, Any]) -> dict[str, Any]:
    """Show the knobs that move pixels: size, fit, and what a letterbox puts around."""
    columns = st.columns(2, wrap=False)
    sides = {
        side: column.number_input(
            side,
            min_value=1,
            max_value=MAX_BLOB_SIDE,
            value=rest[side],
            key=persistent(f"{key}.{side}"),
            bind="query-params",
        )
        for side, column in zip(("width", "height"), columns, strict=True)
    }
    fit = choice("fit", FITS, key=f"{key}.fit", default=rest["fit"], help=_FIT_HELP)
    letterboxed = fit == "letterbox"
    anchor, pad = rest["anchor"], rest["pad"]
    if letterboxed:
        anchor = choice("anchor", ANCHORS, key=f"{key}.anchor", default=rest["anchor"])
        pad = st.slider(
            "pad value",
            0,
            255,
            pad,
            key=persistent(f"{key}.pad"),
            bind="query-params",
            help="The grey of the bars. OpenCV's own default is 0; YOLO was trained with 114.",
        )
    return {"size": Size(**sides), "fit": fit, "anchor": anchor, "pad_value": (float(pad),) * 3}


def _number_knobs(key: str, rest: dict[str, Any]) -> dict[str, Any]:
    """Show the knobs that change values: channel order, mean, scale, std, depth, axes."""
    swap = st.toggle(
        "swapRB", rest["swapRB"], key=persistent(f"{key}.swapRB"), bind="query-params"
    )
    helps = {"scalefactor": _SCALE_HELP, "mean": _MEAN_HELP, "std": _STD_HELP}
    texts = {
        name: st.text_input(
            name, rest[name], key=persistent(f"{key}.{name}"), bind="query-params", help=words
        )
        for name, words in helps.items()
    }
    return {
        "swap_rb": swap,
        **{name: triple_from_text(text, name=name) for name, text in texts.items()},
        "ddepth": choice("ddepth", DEPTHS, key=f"{key}.ddepth", default=rest["ddepth"]),
        "layout": choice("layout", BLOB_LAYOUTS, key=f"{key}.layout", default=rest["layout"]),
    }
