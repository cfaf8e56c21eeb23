"""The controls of the Blob page as values: from a spec to their values, and setting them."""

from typing import Any

import streamlit as st

from core.blob.numbers import triple_to_text
from core.blob.spec import PRESETS, BlobSpec, Preset
from core.nets.catalog import catalog
from core.picture.size import Size


def presets() -> dict[str, Preset]:
    """Return the three common presets, then one for each model card, by title."""
    cards = [
        Preset(
            card.name,
            card.title,
            card.blob,
            f"Preprocessing of {card.title}, from its model card.",
        )
        for card in catalog()
    ]
    return {preset.title: preset for preset in (*PRESETS, *cards)}


def wanted_spec(key: str) -> BlobSpec | None:
    """Return the spec of the chosen model card; None if a common preset is chosen."""
    chosen = presets().get(st.session_state.get(f"{key}.preset", ""))
    return None if chosen is None or chosen in PRESETS else chosen.spec


def knob_values(spec: BlobSpec) -> dict[str, Any]:
    """Return the values of the controls for a spec, by the last part of each key."""
    size = spec.size or Size(224, 224)
    return {
        "width": size.width,
        "height": size.height,
        "fit": spec.fit,
        "anchor": spec.anchor,
        "pad": round(spec.pad_value[0]),
        "channels": f"{spec.channels}",
        "swapRB": spec.swap_rb,
        "scalefactor": triple_to_text(spec.scalefactor),
        "mean": triple_to_text(spec.mean),
        "std": triple_to_text(spec.std),
        "ddepth": spec.ddepth,
        "layout": spec.layout,
    }


def turn_knobs(key: str, spec: BlobSpec) -> None:
    """Set every control to what a spec says; for callbacks, before the controls are drawn."""
    for name, value in knob_values(spec).items():
        st.session_state[f"{key}.{name}"] = value


def knob_query(key: str, spec: BlobSpec) -> dict[str, str]:
    """Write a spec as the query of a link to the page with these controls."""
    return {
        f"{key}.{name}": str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in knob_values(spec).items()
    }
