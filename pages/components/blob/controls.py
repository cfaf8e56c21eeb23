"""The parameters of blobFromImage, under OpenCV's own names."""

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.blob.numbers import triple_from_text
from core.blob.spec import (
    ANCHORS,
    BLOB_LAYOUTS,
    CHANNELS,
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
from pages.components.shell.text import as_label, plain
from pages.components.shell.widget_memory import persistent

_FIT_HELP = """How the picture is resized to the blob. **stretch**: crop=False, the aspect
ratio changes. **crop**: crop=True, the centre is kept. **letterbox**: bars on two sides, as
OpenCV makes them. **letterbox, rounded**: as Ultralytics does; the picture may be a pixel
larger."""
_MEAN_HELP = """Subtracted before scaling, in units of 0..255, in the channel order of the
*blob*: R, G, B when swapRB is on. One number, or three: 104, 117, 123."""
_STD_HELP = """Not an argument of blobFromImage: Blobscope divides by it afterwards, as your
own code has to. Same channel order as the mean."""
_CHANNELS_HELP = """**1** first converts the picture to greyscale with cv2.cvtColor, for models
with grey input: 0.299 R + 0.587 G + 0.114 B. Of mean, scalefactor and std the first counts.
"""
_SCALE_HELP = """Multiplied after the mean is subtracted. A number, a fraction like 1/255, or
three of them for one factor per channel."""


def blob_controls(key: str, picture: Picture | None = None) -> BlobSpec:
    """Show every control and return the spec they describe.

    Each control has its own query parameter; a preset only sets the controls. If they make
    no valid spec for this picture, a button offers to fix them.

    Raises:
        BlobImpossible: OpenCV would refuse these settings.
    """
    offered = presets()
    chosen = st.selectbox(
        "Preset",
        list(offered),
        key=persistent(f"{key}.preset"),
        bind="query-params",
        on_change=_turn_to_preset,
        args=(key,),
        help="Sets all parameters at once; you can change them afterwards.",
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
    changed = [_label(name) for name, value in after.items() if value != before[name]]
    if changed:
        place.caption(f":orange-badge[changed] {', '.join(changed)}")


def _label(name: str) -> str:
    return "Resize mode" if name == "fit" else as_label(name)


def _turn_to_preset(key: str) -> None:
    turn_knobs(key, presets()[st.session_state[f"{key}.preset"]].spec)


def _shape_knobs(key: str, rest: dict[str, Any]) -> dict[str, Any]:
    """Show the controls that move pixels: size, resize mode, and the bars of a letterbox."""
    columns = st.columns(2, wrap=False)
    sides = {
        side: column.number_input(
            as_label(side),
            min_value=1,
            max_value=MAX_BLOB_SIDE,
            value=rest[side],
            key=persistent(f"{key}.{side}"),
            bind="query-params",
        )
        for side, column in zip(("width", "height"), columns, strict=True)
    }
    fit = choice(
        "Resize mode",
        FITS,
        key=f"{key}.fit",
        default=rest["fit"],
        help=_FIT_HELP,
        wrap=True,
    )
    letterboxed = fit.startswith("letterbox")
    anchor, pad = rest["anchor"], rest["pad"]
    if letterboxed:
        anchor = choice("Anchor", ANCHORS, key=f"{key}.anchor", default=rest["anchor"])
        pad = st.slider(
            "Pad value",
            0,
            255,
            pad,
            key=persistent(f"{key}.pad"),
            bind="query-params",
            help="The grey value of the bars. OpenCV's default is 0; YOLO was trained with "
            "114.",
        )
    return {"size": Size(**sides), "fit": fit, "anchor": anchor, "pad_value": (float(pad),) * 3}


def _number_knobs(key: str, rest: dict[str, Any]) -> dict[str, Any]:
    """Show the controls that change values: channels, mean, scale, std, depth, axes."""
    channels = choice(
        "Channels",
        [str(each) for each in CHANNELS],
        key=f"{key}.channels",
        default=rest["channels"],
        help=_CHANNELS_HELP,
    )
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
        "channels": int(channels),
        "swap_rb": swap,
        **{name: triple_from_text(text, name=name) for name, text in texts.items()},
        "ddepth": choice("ddepth", DEPTHS, key=f"{key}.ddepth", default=rest["ddepth"]),
        "layout": choice("Layout", BLOB_LAYOUTS, key=f"{key}.layout", default=rest["layout"]),
    }
