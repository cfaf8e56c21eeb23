"""A blob from every side: planes, statistics, histogram, single numbers, stages."""

from dataclasses import asdict
from functools import partial
from typing import Any, cast

import altair as alt
import numpy as np
import streamlit as st

from core.blob.make import make_blob, planes
from core.blob.spec import BlobSpec
from core.blob.trace import Stage, Trace
from core.picture.image import BgrImage
from core.render.encode import for_display, png_of_indices
from core.render.palette import Channel
from core.render.planes import COLOURINGS, render_planes
from core.render.stages import render_planes_together, render_stage
from core.render.statistics import histogram, plane_statistics
from core.share.arrays import npy
from pages.components.kept import kept
from pages.components.pictures import show_exact, show_png
from pages.components.text import plain

WINDOW = 8
_NINE_DIGITS = st.column_config.NumberColumn(format="%.9g")
_SCALES = {"shared": True, "per plane": False}
_INKS = {"R": "#d0342c", "G": "#2e8b3d", "B": "#2a62c9"}


def show_planes(key: str, traced: Trace, spec: BlobSpec) -> None:
    """Show the planes side by side, on one scale or each on its own."""
    left, right = st.columns(2)
    scale = left.segmented_control(
        "scale",
        list(_SCALES),
        default="shared",
        required=True,
        key=kept(f"{key}.scale"),
        bind="query-params",
        help="shared: one range for all planes, so that equal values look equal. "
        "per plane: its own range, so that nothing stays hidden.",
    )
    colouring = right.segmented_control(
        "colours",
        COLOURINGS,
        default="auto",
        required=True,
        key=kept(f"{key}.colours"),
        bind="query-params",
        help="auto: blue below zero and orange above where values have both signs, else grey.",
    )
    channels = _channels(traced)
    rendered = render_planes(
        planes(traced.blob, spec.layout),
        colouring=colouring,
        shared=_SCALES[scale],
        channels=channels,
    )
    columns = st.columns(len(rendered), gap="small", wrap=False)
    for index, (column, plane) in enumerate(zip(columns, rendered, strict=True)):
        with column:
            show_png(
                png_of_indices(plane.index, plane.colour_map),
                caption=f"{_index(index, spec)} · {channels[index]} · "
                f"{plane.scale.low:.4g} to {plane.scale.high:.4g}",
                alt=f"Plane {channels[index]}",
            )


def show_check(image: BgrImage, traced: Trace, spec: BlobSpec) -> None:
    """Compute, here and now, how far the stages end from what cv2.dnn itself returns."""
    official, _ = make_blob(image, spec)
    apart = float(np.abs(traced.blob.astype(np.float64) - official).max())
    shape = " x ".join(map(str, traced.blob.shape))
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        st.metric("shape " + " x ".join(spec.layout), shape, width="content")
        st.metric("type", traced.blob.dtype.name, width="content")
        st.metric("difference to cv2.dnn", f"{apart:g}", width="content")
        st.download_button(
            "blob.npy",
            partial(npy, traced.blob),
            file_name="blob.npy",
            mime="application/octet-stream",
            on_click="ignore",
            icon=":material/download:",
        )


def show_statistics(traced: Trace, spec: BlobSpec) -> None:
    """List min, max, mean and standard deviation of each plane."""
    rows = [
        {"plane": channel, **asdict(plane_statistics(plane))}
        for channel, plane in zip(
            _channels(traced), planes(traced.blob, spec.layout), strict=True
        )
    ]
    st.dataframe(rows, hide_index=True)


def show_histogram(traced: Trace, spec: BlobSpec) -> None:
    """Count the values of each plane."""
    channels = _channels(traced)
    counted = histogram(planes(traced.blob, spec.layout), bins=96)
    middles = (counted.edges[:-1] + counted.edges[1:]) / 2
    rows = [
        {"value": value, "pixels": count, "plane": channel}
        for channel, counts in zip(channels, counted.counts.tolist(), strict=True)
        for value, count in zip(middles.tolist(), counts, strict=True)
    ]
    colours = alt.Color(
        "plane:N",
        scale=alt.Scale(domain=list(channels), range=[_INKS[each] for each in channels]),
        legend=alt.Legend(orient="top"),
    )
    chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_line(interpolate="step", strokeWidth=1.5)
        .encode(alt.X("value:Q"), alt.Y("pixels:Q"), colours)
        .properties(height=220)
    )
    st.altair_chart(chart, alt="Histogram of the values of each plane")


def show_numbers(key: str, traced: Trace, spec: BlobSpec) -> None:
    """Show a small window of one plane as the numbers that are in it."""
    channels = _channels(traced)
    parts = planes(traced.blob, spec.layout)
    height, width = parts[0].shape
    columns = st.columns([2, 1, 1], vertical_alignment="bottom", wrap=False)
    channel = columns[0].segmented_control(
        "numbers of plane",
        channels,
        default=channels[0],
        required=True,
        key=f"{key}.numbers",
    )
    left = columns[1].number_input(
        "x", 0, width - 1, min(width // 2, width - 1), key=f"{key}.x", bind="query-params"
    )
    top = columns[2].number_input(
        "y", 0, height - 1, min(height // 2, height - 1), key=f"{key}.y", bind="query-params"
    )
    number = channels.index(channel)
    window = parts[number][top : top + WINDOW, left : left + WINDOW]
    rows: dict[str, Any] = {"y": [str(top + row) for row in range(window.shape[0])]}
    rows |= {f"x {left + column}": window[:, column] for column in range(window.shape[1])}
    st.dataframe(
        rows, hide_index=True, column_config=dict.fromkeys(list(rows)[1:], _NINE_DIGITS)
    )
    st.caption(
        f"{_index(number, spec)}, rows {top} to {top + window.shape[0] - 1}, columns {left} to "
        f"{left + window.shape[1] - 1}. Nine digits tell every float32 from its neighbour."
    )


def show_stages(traced: Trace, spec: BlobSpec) -> None:
    """Walk through the stages in order; the lines of Python, run in turn, make this blob."""
    st.subheader("Stage by stage")
    for number, stage in enumerate(traced.stages, start=1):
        left, right = st.columns([1, 3], gap="medium", wrap=False)
        with left:
            show_exact(_picture_of(stage, traced, spec), alt=f"Stage {stage.name}")
        with right:
            low, high = stage.range
            st.markdown(f"**{number} · {stage.name}** — {plain(stage.note)}")
            st.code(stage.code, wrap_lines=True)
            st.caption(
                f"shape {stage.shape} · {stage.dtype} · from {low:.6g} to {high:.6g} · "
                f"channels {stage.channel_order}"
            )


def _picture_of(stage: Stage, traced: Trace, spec: BlobSpec) -> BgrImage:
    if stage.name == "planes":
        return render_planes_together(traced.blob, spec)
    return for_display(render_stage(stage), width=480)


def _channels(traced: Trace) -> tuple[Channel, ...]:
    """Name the blob's planes in order; an upload always has three."""
    return cast(tuple[Channel, ...], tuple(traced["planes"].channel_order))


def _index(channel: int, spec: BlobSpec) -> str:
    return f"blob[0, {channel}]" if spec.layout == "NCHW" else f"blob[0, :, :, {channel}]"
