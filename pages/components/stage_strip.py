"""The stages between image and blob as a strip that can be stepped through."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.blob.make import Blob
from core.blob.spec import BlobSpec
from core.blob.trace import Stage, Trace
from core.picture.image import BgrImage, Picture
from core.render.encode import for_display
from core.render.stages import COLOURFUL, render_planes_together, render_stage
from core.share.script import blob_lines
from pages.components.charts import show_value_histogram
from pages.components.kept import kept
from pages.components.pictures import show_exact
from pages.components.remembered import remembered_difference, remembered_trace
from pages.components.text import plain

THUMBNAIL = 120
LARGE = 720
MOST_COUNTED = 500_000


def show_stage_strip(key: str, picture: Picture, spec: BlobSpec) -> None:
    """Show all stages small and one of them in full; the choice lives in the address bar.

    Stepping draws this part of the page anew, and nothing else.
    """
    st.subheader("Stage by stage")
    _show_difference(picture, spec)
    # kept here, not in the fragment: it tells a change of page from a rerun of the whole page
    _strip(kept(f"{key}.stage"), picture, spec)


@st.fragment
def _strip(key: str, picture: Picture, spec: BlobSpec) -> None:
    # Streamlit keeps a fragment's arguments for as long as the session lives: no arrays
    traced = remembered_trace(picture, spec)
    small = st.container()
    number = st.pagination(
        len(traced.stages),
        max_visible_pages=None,
        width="stretch",
        key=key,
        bind="query-params",
    )
    with small:
        _show_thumbnails(traced, spec, number)
    _show_stage(traced, spec, number)


def _show_difference(picture: Picture, spec: BlobSpec) -> None:
    """Say how far the last stage is from what cv2.dnn itself made of this very picture."""
    st.markdown(
        "The lines of Python below, run in turn, make the blob. **Max difference to "
        f"`cv2.dnn.{_official_name(spec)}`: {remembered_difference(picture, spec):g}**"
    )


def _official_name(spec: BlobSpec) -> str:
    simple = any("blobFromImage(" in line for line in blob_lines(spec))
    return "blobFromImage" if simple else "blobFromImageWithParams"


def _show_thumbnails(traced: Trace, spec: BlobSpec, chosen: int) -> None:
    """Show every stage, in one row or, on a phone, two; the numbers are the buttons' below."""
    row = st.grid(len(traced.stages), min_column_width=70, gap="xsmall")
    for number, stage in enumerate(traced.stages, start=1):
        with row.cell():
            show_exact(
                _picture(stage, spec, width=THUMBNAIL),
                caption=f"**▲ {number}**" if number == chosen else str(number),
                alt=f"Stage {number}, {stage.name}, small",
            )


def _show_stage(traced: Trace, spec: BlobSpec, number: int) -> None:
    stage = traced.stages[number - 1]
    low, high = stage.range
    st.markdown(f"#### {number} · {stage.name}")
    st.markdown(plain(stage.note))
    st.code(stage.code, wrap_lines=True)
    left, right = st.columns(2, gap="medium")
    with left:
        show_exact(
            _picture(stage, spec, width=LARGE),
            alt=f"Stage {stage.name}",
            caption=_how_shown(stage),
        )
    with right:
        with st.container(horizontal=True, gap="medium"):
            st.metric("shape", " x ".join(map(str, stage.shape)), width="content")
            st.metric("type", stage.dtype, width="content")
            st.metric("from", f"{low:.6g}", width="content")
            st.metric("to", f"{high:.6g}", width="content")
        _show_histogram(stage, spec)


def _show_histogram(stage: Stage, spec: BlobSpec) -> None:
    values = _channels_last(stage, spec)
    # a 12-megapixel photo would take half a second; half a million pixels give the same shape
    step = max(1, int(np.ceil((values[..., 0].size / MOST_COUNTED) ** 0.5)))
    order = stage.channel_order
    channels = (order,) if order == "grey" else tuple(order)
    parts = list(np.moveaxis(values[::step, ::step], -1, 0))
    show_value_histogram(
        parts,
        channels,
        alt_text=f"Histogram of the values of stage {stage.name}",
        bins=64 if stage.dtype == "uint8" else 96,
    )
    counted = "all pixels" if step == 1 else f"one pixel in {step * step}"
    st.caption(f"How often each value occurs, a line for each channel; counted: {counted}.")


def _picture(stage: Stage, spec: BlobSpec, *, width: int) -> BgrImage:
    """Render a stage for a place of this width."""
    thinned = _thinned(stage, spec, width)
    if stage.name == "planes":
        together = render_planes_together(Blob(thinned.array), spec)
        return for_display(together, width=width)
    return for_display(render_stage(thinned), width=width)


def _how_shown(stage: Stage) -> str:
    if stage.name in COLOURFUL:
        return f"Values of 0 to 255 in the order {stage.channel_order} look like a picture."
    low, high = stage.range
    ends = "black is the smallest value, white the largest"
    if low < 0 < high:
        ends = "blue is below zero, red above"
    order = ", ".join(stage.channel_order) if stage.channel_order != "grey" else "grey"
    return f"The channels {order} in a row, as they lie in memory, on one scale: {ends}."


def _thinned(stage: Stage, spec: BlobSpec, width: int) -> Stage:
    """Leave out rows and columns that there is no room for, before any arithmetic."""
    if stage.name == "planes" and spec.layout == "NCHW":
        step = max(1, stage.shape[3] // (2 * width))
        return replace(stage, array=stage.array[:, :, ::step, ::step])
    step = max(1, stage.shape[-2] // (2 * width))
    return replace(stage, array=stage.array[..., ::step, ::step, :])


def _channels_last(stage: Stage, spec: BlobSpec) -> npt.NDArray[Any]:
    """Give the values of any stage as (H, W, C)."""
    if stage.name != "planes":
        return stage.array
    return np.moveaxis(stage.array[0], 0 if spec.layout == "NCHW" else -1, -1)
