"""Charts that several parts of the app use."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.render.statistics import Histogram

_INKS = {"R": "#d0342c", "G": "#2e8b3d", "B": "#2a62c9", "A": "#8a8a8a", "grey": "#8a8a8a"}


ON_TOP: dict[str, Any] = {"orient": "top", "title": None}
"""A legend above the chart, without a title."""


def show_value_histogram(
    counted: Histogram, channels: Sequence[str], *, alt_text: str, height: int = 300
) -> None:
    """Show a histogram with one line per plane, in the colour of its channel."""
    middles = (counted.edges[:-1] + counted.edges[1:]) / 2
    rows = [
        {"value": value, "pixels": count, "plane": channel}
        for channel, counts in zip(channels, counted.counts.tolist(), strict=True)
        for value, count in zip(middles.tolist(), counts, strict=True)
    ]
    inks = {"domain": list(channels), "range": [_INKS[each] for each in channels]}
    show_chart(
        rows,
        mark={"type": "line", "interpolate": "step", "strokeWidth": 1.5},
        height=height,
        alt_text=alt_text,
        x=quantity("value"),
        y=quantity("pixels"),
        color=name("plane", scale=inks, legend=ON_TOP),
    )


def show_chart(
    rows: Sequence[Mapping[str, Any]],
    *,
    mark: str | Mapping[str, Any],
    alt_text: str,
    height: int = 0,
    **encoding: Mapping[str, Any],
) -> None:
    """Draw rows with Vega-Lite, specified in its own terms.

    Altair would validate each chart against its schema for 30 ms, and importing it takes
    longer than drawing a page.

    Args:
        rows: what is drawn; each value by its column.
        mark: ``bar``, ``line`` ..., or a mark definition.
        alt_text: what the chart shows, for screen readers.
        height: in pixels, with legend and axis (about 140); 0 leaves it to Vega-Lite.
        encoding: x, y, color ..., see ``quantity`` and ``name``.
    """
    spec = {"data": {"values": rows}, "mark": mark, "encoding": encoding}
    st.vega_lite_chart(spec | ({"height": height} if height else {}), alt=alt_text)


def quantity(field: str, **how: Any) -> dict[str, Any]:
    """Encode a quantitative field; ``how`` holds more Vega-Lite properties."""
    return {"field": field, "type": "quantitative", **how}


def name(field: str, **how: Any) -> dict[str, Any]:
    """Encode a nominal field; ``how`` holds more Vega-Lite properties."""
    return {"field": field, "type": "nominal", **how}
