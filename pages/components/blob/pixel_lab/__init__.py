"""One point of a blob in all pictures at once, with its arithmetic; drawn by the browser.

The browser gets the values once, as bytes, and computes everything from then on: moving the
cross-hair needs no server. ``core/blob/arithmetic.py`` is the same arithmetic in Python, and
the output of the browser is tested against it.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.blob.arithmetic import (
    WEIGHT_ONE,
    Operands,
    neighbours_across,
    neighbours_down,
    resize_step,
)
from core.blob.make import planes
from core.blob.spec import BlobSpec
from core.blob.trace import Stage, Trace
from core.render.palette import DIVERGING, GREY
from core.render.planes import PlaneScale
from pages.components.browser.modules import script_of
from pages.components.browser.payload import pack

MOST_BLOB_PIXELS = 1024 * 1024
"""12.6 MB of float32, with the pictures up to 28 MB: well below server.maxMessageSize."""

MOST_WHOLE_PIXELS = 1_000_000
"""Larger pictures are sent as a small JPEG plus the exact pixels that the blob depends on."""

_HERE = Path(__file__).parent
_LAB = st.components.v2.component(
    "blobscope_pixel_lab",
    html="<div class='lab'>\n</div>",
    css=(_HERE / "style.css").read_text(encoding="utf-8"),
    js=script_of(_HERE / "view.js"),
)


def pixel_lab(key: str, traced: Trace, spec: BlobSpec, photo: bytes) -> None:
    """Show source, fitted picture and planes under one cross-hair, and its arithmetic.

    ``photo`` is the picture for display, as a JPEG of any size.
    """
    size = traced.placement.blob
    if size.width * size.height > MOST_BLOB_PIXELS:
        st.info(
            f"A blob of {size} is too large to be sent to the browser. "
            f"Choose at most {MOST_BLOB_PIXELS / 1e6:.1f} million pixels, such as 1024 x 1024."
        )
        return
    _LAB(key=key, data=packed(traced, spec, photo))


def packed(traced: Trace, spec: BlobSpec, photo: bytes) -> bytes:
    """Pack what the browser needs."""
    parts = _source(traced, photo)
    parts["fitted"] = traced["fitted"].array.tobytes()
    parts["numbers"] = traced.blob.tobytes()
    scale = PlaneScale.of(*planes(traced.blob, spec.layout))
    parts["colours"] = (DIVERGING if scale.signed else GREY)[:, 0, ::-1].tobytes()
    return pack(_head(traced, spec, scale.around_zero() if scale.signed else scale), parts)


def _head(traced: Trace, spec: BlobSpec, scale: PlaneScale) -> dict[str, Any]:
    """Describe the parts, and the parameters that connect them."""
    placement = traced.placement
    operands = Operands.of(traced, spec)
    return {
        "image": placement.image.cv2,
        "resized": placement.resized.cv2,
        "blob": placement.blob.cv2,
        "corner": placement.corner,
        "step": resize_step(placement),
        "cropped": spec.fit == "crop",
        "order": _names(traced["image"]),
        "blobOrder": _names(traced["planes"]),
        "places": operands.places,
        "weightOne": WEIGHT_ONE,
        "layout": spec.layout,
        "type": traced.blob.dtype.name,
        "mean": operands.mean.tolist(),
        "scale": operands.scale.tolist(),
        "std": operands.std.tolist(),
        "low": scale.low,
        "high": scale.high,
    }


def _names(stage: Stage) -> list[str]:
    return ["grey"] if stage.channel_order == "grey" else list(stage.channel_order)


def _source(traced: Trace, photo: bytes) -> dict[str, bytes]:
    """Pack the whole picture, or only the rows and columns that the resize reads."""
    image = traced["image"].array
    placement = traced.placement
    if image.shape[0] * image.shape[1] <= MOST_WHOLE_PIXELS:
        return {"source": image.tobytes()}
    columns = neighbours_across(
        placement, _seen(placement.blob.width, placement.corner[0], placement.resized.width)
    )
    rows = neighbours_down(
        placement, _seen(placement.blob.height, placement.corner[1], placement.resized.height)
    )
    x, y = np.unique(columns.index), np.unique(rows.index)
    return {
        "source": image.take(y, axis=0).take(x, axis=1).tobytes(),
        "columns": x.astype("<i4").tobytes(),
        "rows": y.astype("<i4").tobytes(),
        "preview": photo,
    }


def _seen(blob: int, corner: int, resized: int) -> npt.NDArray[np.int64]:
    """List the resized pixels along one axis that reach the blob."""
    return np.arange(max(0, -corner), min(resized, blob - corner))
