"""The knobs of the Blob page as values: what a spec looks like on them, and turning them."""

from typing import Any

import streamlit as st

from core.blob.numbers import triple_to_text
from core.blob.spec import PRESETS, BlobSpec, Preset
from core.nets.catalog import catalog
from core.picture.size import Size


def presets() -> dict[str, Preset]:
    """Offer the three well-known rows, then one preset for each model card, by title."""
    cards = [
        Preset(card.name, card.title, card.blob, f"The numbers on the card of {card.title}.")
        for card in catalog()
    ]
    return {preset.title: preset for preset in (*PRESETS, *cards)}


def wanted_spec(key: str) -> BlobSpec | None:
    """Return the spec on the chosen model's card; None where a mere row is chosen."""
    chosen = presets().get(st.session_state.get(f"{key}.preset", ""))
    return None if chosen is None or chosen in PRESETS else chosen.spec


def knob_values(spec: BlobSpec) -> dict[str, Any]:
    """Write a spec as its knobs show it, by the last part of each knob's key."""
    size = spec.size or Size(224, 224)
    return {
        "width": size.width,
        "height": size.height,
        "fit": spec.fit,
        "anchor": spec.anchor,
        "pad": round(spec.pad_value[0]),
        "swapRB": spec.swap_rb,
        "scalefactor": triple_to_text(spec.scalefactor),
        "mean": triple_to_text(spec.mean),
        "std": triple_to_text(spec.std),
        "ddepth": spec.ddepth,
        "layout": spec.layout,
    }


def turn_knobs(key: str, spec: BlobSpec) -> None:
    """Turn every knob to what a spec says; for callbacks, before the knobs are drawn."""
    for name, value in knob_values(spec).items():
        st.session_state[f"{key}.{name}"] = value


def knob_query(key: str, spec: BlobSpec) -> dict[str, str]:
    """Write a spec as the query of a link to the page with these knobs."""
    return {
        f"{key}.{name}": str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in knob_values(spec).items()
    }
