"""What a stream shows: the results of a model, or the planes of a blob."""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from core.blob.spec import BlobSpec
from core.live.settings import LIVE_MODES, LiveMode, LiveSettings
from core.pipeline import Thresholds
from core.render.planes import COLOURINGS
from pages.components.blob.knobs import presets
from pages.components.inputs.fit import pick_fit, pick_fit_for_model
from pages.components.inputs.layout import pick_layout_if_unknown
from pages.components.inputs.model import pick_model
from pages.components.inputs.thresholds import pick_k, pick_thresholds
from pages.components.shell.choice import choice
from pages.components.shell.text import plain
from pages.components.shell.widget_memory import persistent

_SCALES = {"shared": True, "per plane": False}


def pick_settings(key: str) -> LiveSettings:
    """Ask how each frame is processed; the settings apply to the running stream."""
    mode: LiveMode = choice("Mode", LIVE_MODES, key=f"{key}.sight", wrap=True)
    settings = _KNOBS[mode](key)
    mirror = st.toggle(
        "Mirror",
        key=persistent(f"{key}.mirror"),
        bind="query-params",
        help="Flips each frame horizontally before inference. Text is mirrored for the "
        "model as well.",
    )
    return replace(settings, mirror=mirror)


def _detection(key: str) -> LiveSettings:
    card = pick_model(f"{key}.detection", task="detection")
    card = pick_layout_if_unknown(f"{key}.detection", card)
    thresholds = pick_thresholds(f"{key}.detection", card)
    spec = pick_fit_for_model(f"{key}.detection", card)
    return LiveSettings("detection", spec, card, thresholds)


def _classification(key: str) -> LiveSettings:
    card = pick_model(f"{key}.classification", task="classification")
    k = pick_k(f"{key}.classification")
    confidence = st.slider(
        "Confidence threshold",
        0.0,
        1.0,
        0.1,
        0.01,
        key=persistent(f"{key}.classification.confidence"),
        bind="query-params",
        help="Classes with a lower confidence are not written on the frame.",
    )
    spec = _fitted(f"{key}.classification", card.blob)
    return LiveSettings("classification", spec, card, Thresholds(confidence), k=k)


def _planes(key: str) -> LiveSettings:
    offered = presets()
    title = st.selectbox(
        "Preset", list(offered), key=persistent(f"{key}.preset"), bind="query-params"
    )
    st.caption(plain(offered[title].fits_nets))
    spec = _fitted(f"{key}.planes", offered[title].spec)
    scale = choice(
        "Scale",
        list(_SCALES),
        key=f"{key}.scale",
        help="shared: one range for all planes. per plane: one range for each.",
    )
    colouring = choice("Colours", COLOURINGS, key=f"{key}.colours")
    return LiveSettings("planes", spec, colouring=colouring, shared=_SCALES[scale])


_KNOBS: dict[LiveMode, Callable[[str], LiveSettings]] = {
    "detection": _detection,
    "classification": _classification,
    "planes": _planes,
}


def _fitted(key: str, spec: BlobSpec) -> BlobSpec:
    words = f"How the frame is resized to the input size. Default: {spec.fit}."
    return pick_fit(key, spec, own="default", help=words)
