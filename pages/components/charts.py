"""Charts that several parts of the app draw."""

from collections.abc import Sequence

import streamlit as st

from core.render.statistics import Histogram

_INKS = {"R": "#d0342c", "G": "#2e8b3d", "B": "#2a62c9", "A": "#8a8a8a", "grey": "#8a8a8a"}


def show_value_histogram(
    counted: Histogram, channels: Sequence[str], *, alt_text: str, height: int = 300
) -> None:
    """Show how often values occur, one line a plane in the colour of its channel."""
    middles = (counted.edges[:-1] + counted.edges[1:]) / 2
    rows = [
        {"value": value, "pixels": count, "plane": channel}
        for channel, counts in zip(channels, counted.counts.tolist(), strict=True)
        for value, count in zip(middles.tolist(), counts, strict=True)
    ]
    inks = {"domain": list(channels), "range": [_INKS[each] for each in channels]}
    # Vega-Lite's own words: altair would check them against its schema for 30 ms, each time
    st.vega_lite_chart(
        {
            "data": {"values": rows},
            "height": height,
            "mark": {"type": "line", "interpolate": "step", "strokeWidth": 1.5},
            "encoding": {
                "x": {"field": "value", "type": "quantitative"},
                "y": {"field": "pixels", "type": "quantitative"},
                "color": {
                    "field": "plane",
                    "type": "nominal",
                    "scale": inks,
                    "legend": {"orient": "top", "title": None},
                },
            },
        },
        alt=alt_text,
    )
