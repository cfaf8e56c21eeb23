"""Views of a blob: planes, statistics, histogram, single values."""

from dataclasses import asdict
from typing import Any, cast

import streamlit as st

from core.blob.arithmetic import arithmetic, neighbours_across, neighbours_down
from core.blob.make import image_from_blob, make_blob, planes
from core.blob.spec import BlobSpec
from core.blob.trace import Trace
from core.picture.image import Picture
from core.render.encode import png_of_indices
from core.render.palette import Channel
from core.render.planes import COLOURINGS, colour_bar, render_plane, render_planes
from core.render.statistics import histogram, plane_statistics
from pages.components.blob.pixel_lab import pixel_lab
from pages.components.shell.cached import (
    cached_difference,
    cached_photo,
    cached_statistics,
    cached_trace,
)
from pages.components.shell.charts import show_value_histogram
from pages.components.shell.choice import choice
from pages.components.shell.images import show_exact, show_jpeg, show_png, show_seen
from pages.components.shell.metrics import show_metrics
from pages.components.shell.source_view import show_source
from pages.components.shell.widget_memory import persistent

WINDOW = 8
_NINE_DIGITS = st.column_config.NumberColumn(format="%.9g")
_SCALES = {"shared": True, "per plane": False}


def show_planes(key: str, traced: Trace, spec: BlobSpec) -> None:
    """Show the planes side by side, on a shared scale or one scale per plane."""
    left, right = st.columns(2)
    with left:
        scale = choice(
            "Scale",
            list(_SCALES),
            key=f"{key}.scale",
            help="shared: one range for all planes, so equal values look equal. "
            "per plane: one range for each, so small differences stay visible.",
        )
    with right:
        colouring = choice(
            "Colours",
            COLOURINGS,
            key=f"{key}.colours",
            help="auto: blue below zero and red above if the values have both signs, else "
            "grey.",
        )
    channels = _channels(traced)
    rendered = render_planes(
        planes(traced.blob, spec.layout),
        colouring=colouring,
        shared=_SCALES[scale],
        channels=channels,
    )
    row = st.grid(len(rendered), min_column_width=90)
    for index, plane in enumerate(rendered):
        with row.cell():
            show_png(
                png_of_indices(plane.index, plane.colour_map),
                caption=f"{_index(index, spec)} · {channels[index]}",
                alt=f"Plane {channels[index]}",
            )
            if index == 0 or not _SCALES[scale]:
                show_exact(
                    colour_bar(plane.colour_map),
                    caption=f"{plane.scale.low:.4g} to {plane.scale.high:.4g}",
                    alt=f"Colours from {plane.scale.low:.4g} to {plane.scale.high:.4g}",
                )
    st.caption(
        "Each plane of the blob as a picture, in memory order; the colour bar shows the value "
        "of each shade."
    )
    show_source(make_blob, planes, render_plane)


def show_summary(picture: Picture, traced: Trace, spec: BlobSpec) -> None:
    """Show the blob's properties, and the max difference between our stages and cv2.dnn."""
    shape = " x ".join(map(str, traced.blob.shape))
    apart = cached_difference(picture, spec)
    low, high = traced["planes"].range
    show_metrics(
        {
            "shape " + " x ".join(spec.layout): shape,
            "dtype": traced.blob.dtype.name,
            "values": f"{low:.4g} to {high:.4g}",
            "max difference to cv2.dnn": f"{apart:g}",
        }
    )


def show_pictures(picture: Picture, traced: Trace, spec: BlobSpec) -> None:
    """Show the picture, and beside it the blob converted back into a picture."""
    left, right = st.columns(2)
    with left:
        show_jpeg(
            cached_photo(picture),
            caption=f"The picture, {traced.placement.image}",
            alt="The picture",
        )
    with right:
        show_seen(picture, traced.blob, spec)
    show_source(image_from_blob)


def show_pixels(key: str, picture: Picture, traced: Trace, spec: BlobSpec) -> None:
    """Offer to follow one pixel; while the expander is closed, nothing is computed or sent."""
    lab = st.expander(
        "**Pixel arithmetic**: follow one pixel from the picture into the blob",
        key=persistent(f"{key}.lab"),
        bind="query-params",
        on_change="rerun",
        icon=":material/center_focus_strong:",
    )
    if lab.open:
        with lab:
            photo = cached_photo(picture)
            pixel_lab(f"{key}.pixels", traced, spec, photo)
            show_source(arithmetic, neighbours_across, neighbours_down)


def show_statistics(picture: Picture, traced: Trace, spec: BlobSpec) -> None:
    """List min, max, mean and standard deviation of each plane, and show a histogram."""
    channels = _channels(traced)
    measured = cached_statistics(picture, spec)
    rows = [
        {"plane": channel, **asdict(row)}
        for channel, row in zip(channels, measured, strict=True)
    ]
    st.dataframe(rows, hide_index=True)
    st.caption(
        "Minimum, maximum, mean and standard deviation (std) of the values of each plane."
    )
    show_value_histogram(
        histogram(planes(traced.blob, spec.layout), bins=96),
        channels,
        alt_text="Histogram of the values of each plane",
    )
    st.caption("How often each value occurs, one line per plane.")
    show_source(plane_statistics, histogram)


@st.fragment
def show_numbers(key: str, picture: Picture, spec: BlobSpec) -> None:
    """Show the values of a small window of one plane.

    Streamlit keeps the arguments of a fragment as long as the session: hence no arrays.
    """
    traced = cached_trace(picture, spec)
    channels = _channels(traced)
    parts = planes(traced.blob, spec.layout)
    height, width = parts[0].shape
    columns = st.columns([2, 1, 1], vertical_alignment="bottom")
    channel = columns[0].segmented_control(
        "Values of plane",
        channels,
        default=channels[0],
        required=True,
        key=f"{key}.numbers",
        bind="query-params",
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
        f"{left + window.shape[1] - 1}. Nine digits identify every float32 value."
    )


def _channels(traced: Trace) -> tuple[Channel, ...]:
    """Name the blob's planes in order."""
    order = traced["planes"].channel_order
    return ("grey",) if order == "grey" else cast(tuple[Channel, ...], tuple(order))


def _index(channel: int, spec: BlobSpec) -> str:
    return f"blob[0, {channel}]" if spec.layout == "NCHW" else f"blob[0, :, :, {channel}]"
