"""The stages between image and blob, to step through."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.blob.make import Blob
from core.blob.spec import BlobSpec
from core.blob.trace import Stage, StageName, Trace, trace
from core.picture.image import Picture
from core.render.encode import for_display, png
from core.render.stages import COLOURFUL, render_planes_together, render_stage
from core.render.statistics import Histogram, histogram
from core.share.script import blob_lines
from pages.components.shell.cached import SPEC_BY_TEXT, cached_difference, cached_trace
from pages.components.shell.charts import show_value_histogram
from pages.components.shell.images import show_png
from pages.components.shell.metrics import show_metrics
from pages.components.shell.source_view import show_source
from pages.components.shell.text import plain
from pages.components.shell.widget_memory import persistent

THUMBNAIL = 120
LARGE = 720
MOST_COUNTED = 500_000


def show_stage_strip(key: str, picture: Picture, spec: BlobSpec) -> None:
    """Show all stages as thumbnails and one in full; a link includes the choice.

    Stepping reruns this part of the page only.
    """
    st.subheader("Stage by stage")
    _show_difference(picture, spec)
    # called here, not in the fragment: it must distinguish a page change from a rerun
    _strip(persistent(f"{key}.stage"), picture, spec)
    show_source(trace)


@st.fragment
def _strip(key: str, picture: Picture, spec: BlobSpec) -> None:
    # Streamlit keeps the arguments of a fragment as long as the session: no arrays
    traced = cached_trace(picture, spec)
    small = st.container()
    number = st.pagination(
        len(traced.stages),
        max_visible_pages=None,
        width="stretch",
        key=key,
        bind="query-params",
    )
    with small:
        _show_thumbnails(picture, traced, spec, number)
    _show_stage(picture, traced, spec, number)


def _show_difference(picture: Picture, spec: BlobSpec) -> None:
    """Show the max difference between the last stage and the blob of cv2.dnn."""
    st.markdown(
        "The Python lines below, run in order, create the blob. **Max difference to "
        f"`cv2.dnn.{_official_name(spec)}`: {cached_difference(picture, spec):g}**"
    )


def _official_name(spec: BlobSpec) -> str:
    simple = any("blobFromImage(" in line for line in blob_lines(spec))
    return "blobFromImage" if simple else "blobFromImageWithParams"


def _show_thumbnails(picture: Picture, traced: Trace, spec: BlobSpec, chosen: int) -> None:
    """Show every stage in one row (two on a phone), numbered like the buttons below."""
    row = st.grid(len(traced.stages), min_column_width=70, gap="xsmall")
    for number, stage in enumerate(traced.stages, start=1):
        with row.cell():
            show_png(
                _drawn(picture, stage, spec, width=THUMBNAIL),
                caption=f"**▲ {number}**" if number == chosen else str(number),
                alt=f"Stage {number}, {stage.name}, small",
            )


def _show_stage(picture: Picture, traced: Trace, spec: BlobSpec, number: int) -> None:
    stage = traced.stages[number - 1]
    counted = _counted(picture.digest, _made_by(stage, spec), stage.name, stage)
    st.markdown(f"#### {number} · {stage.name}")
    st.markdown(plain(stage.note))
    st.code(stage.code, wrap_lines=True)
    left, right = st.columns(2, gap="medium")
    with left:
        show_png(
            _drawn(picture, stage, spec, width=LARGE),
            alt=f"Stage {stage.name}",
            caption=_how_shown(stage, counted),
        )
    with right:
        show_metrics(
            {
                "shape": " x ".join(map(str, stage.shape)),
                "dtype": stage.dtype,
                "min": f"{counted.low:.6g}",
                "max": f"{counted.high:.6g}",
            }
        )
        _show_histogram(stage, counted)


def _show_histogram(stage: Stage, counted: "_Counted") -> None:
    order = stage.channel_order
    show_value_histogram(
        counted.histogram,
        (order,) if order == "grey" else tuple(order),
        alt_text=f"Histogram of the values of stage {stage.name}",
    )
    pixels = "all pixels" if counted.step == 1 else f"one pixel in {counted.step**2}"
    st.caption(f"How often each value occurs, one line per channel. Counted: {pixels}.")


def _made_by(stage: Stage, spec: BlobSpec) -> BlobSpec:
    """Remove from a spec what does not affect this stage, so that the cache finds it again.

    Before the mean is subtracted only size and fit count; changing the other parameters
    costs nothing there, however large the photo is.
    """
    if stage.name not in COLOURFUL:
        return spec
    shape = BlobSpec(size=spec.size, fit=spec.fit, pad_value=spec.pad_value, anchor=spec.anchor)
    return replace(shape, ddepth=spec.ddepth)


def _drawn(picture: Picture, stage: Stage, spec: BlobSpec, *, width: int) -> bytes:
    return _png(picture.digest, _made_by(stage, spec), stage.name, width, stage)


@st.cache_data(max_entries=256, max_size="64MiB", show_spinner=False, hash_funcs=SPEC_BY_TEXT)
def _png(digest: str, spec: BlobSpec, name: StageName, width: int, _stage: Stage) -> bytes:  # noqa: ARG001 - the key
    """Render a stage at this width, once."""
    thinned = _thinned(_stage, spec, width)
    if name == "planes":
        return png(render_planes_together(Blob(thinned.array), spec, width=width))
    return png(for_display(render_stage(thinned, width=width), width=width))


@dataclass(frozen=True, eq=False, slots=True)
class _Counted:
    """The values of a stage: their range, and how often each occurs.

    Attributes:
        low: the smallest value of all pixels.
        high: the largest.
        histogram: a row for each channel.
        step: every step-th row and column was counted.
    """

    low: float
    high: float
    histogram: Histogram
    step: int


@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs=SPEC_BY_TEXT)
def _counted(digest: str, spec: BlobSpec, name: StageName, _stage: Stage) -> _Counted:  # noqa: ARG001 - the key
    """Count the values of a stage, once."""
    values = _channels_last(_stage, spec)
    # a 12-megapixel photo would take half a second; half a million pixels give the same shape
    step = max(1, int(np.ceil((values[..., 0].size / MOST_COUNTED) ** 0.5)))
    parts = list(np.moveaxis(values[::step, ::step], -1, 0))
    bins = 64 if _stage.dtype == "uint8" else 96
    return _Counted(*_stage.range, histogram(parts, bins=bins), step)


def _how_shown(stage: Stage, counted: _Counted) -> str:
    if stage.name in COLOURFUL:
        return f"Values from 0 to 255 in the order {stage.channel_order}, shown as a picture."
    ends = "black is the smallest value, white the largest"
    if counted.low < 0 < counted.high:
        ends = "blue is below zero, red above"
    order = ", ".join(stage.channel_order) if stage.channel_order != "grey" else "grey"
    return f"The channels {order} side by side, in memory order, on one scale: {ends}."


def _thinned(stage: Stage, spec: BlobSpec, width: int) -> Stage:
    """Drop rows and columns that do not fit on the screen, before any arithmetic."""
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
