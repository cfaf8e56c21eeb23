"""Charts that several parts of the app draw."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy.typing as npt
import streamlit as st

from core.render.statistics import histogram

_INKS = {"R": "#d0342c", "G": "#2e8b3d", "B": "#2a62c9", "A": "#8a8a8a", "grey": "#8a8a8a"}


def show_value_histogram(
    planes: Sequence[npt.NDArray[Any]],
    channels: Sequence[str],
    *,
    alt_text: str,
    bins: int = 96,
    height: int = 220,
) -> None:
    """Count the values of planes, one line a plane in the colour of its channel."""
    counted = histogram(planes, bins=bins)
    middles = (counted.edges[:-1] + counted.edges[1:]) / 2
    rows = [
        {"value": value, "pixels": count, "plane": channel}
        for channel, counts in zip(channels, counted.counts.tolist(), strict=True)
        for value, count in zip(middles.tolist(), counts, strict=True)
    ]
    colours = alt.Color(
        "plane:N",
        scale=alt.Scale(domain=list(channels), range=[_INKS[each] for each in channels]),
        legend=alt.Legend(orient="top", title=None),
    )
    chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_line(interpolate="step", strokeWidth=1.5)
        .encode(alt.X("value:Q"), alt.Y("pixels:Q"), colours)
        .properties(height=height)
    )
    st.altair_chart(chart, alt=alt_text)
