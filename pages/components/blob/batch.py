"""Several pictures in one blob: chosen, batched, and split again."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.blob.batch import (
    BatchTimes,
    batch_times,
    decode_together,
    images_from_batch,
    make_batch,
)
from core.blob.make import make_blob
from core.blob.spec import BlobSpec
from core.picture.image import BgrImage, Picture
from core.picture.samples import sample_picture, samples
from core.render.encode import for_display, png
from core.share.script import batch_lines
from pages.components.inputs.picture import kept_pictures
from pages.components.shell.cached import SPEC_BY_TEXT
from pages.components.shell.errors import show_errors
from pages.components.shell.metrics import show_metrics
from pages.components.shell.source_view import show_source
from pages.components.shell.text import megabytes, milliseconds, plain
from pages.components.shell.widget_memory import persistent

CELL = 200
_FIRST = ("cat", "coffee", "astronaut", "rocket")


@dataclass(frozen=True, eq=False)
class Batched:
    """What the page shows of a batch; keeping the batch itself would fill the memory."""

    shape: tuple[int, ...]
    dtype: str
    nbytes: int
    apart: float
    seen: tuple[BgrImage, ...]
    times: BatchTimes


def show_batch(key: str, spec: BlobSpec) -> None:
    """Offer to make one blob of several pictures with the same spec, and show it."""
    st.subheader("Several pictures in one blob")
    wanted = st.toggle(
        "Create a batch with these settings",
        key=persistent(f"{key}.batched"),
        bind="query-params",
        help="A network can process N pictures at once, as one blob of shape N x C x H x W.",
    )
    if not wanted:
        return
    pictures = _pick_pictures(key)
    if not pictures:
        st.info("Choose at least one picture for the batch.")
        return
    with show_errors():
        digests = tuple(picture.digest for picture in pictures)
        _show(_batched(digests, spec, pictures), pictures, spec)


def _pick_pictures(key: str) -> tuple[Picture, ...]:
    """Let the visitor choose among their own pictures or the samples."""
    given = kept_pictures()
    mine = f"your {len(given)} pictures"
    if len(given) > 1 and mine == st.segmented_control(
        "Pictures of the batch",
        [mine, "samples"],
        default=mine,
        required=True,
        key=f"{key}.batch_source",
    ):
        return given
    names = st.pills(
        "Samples of the batch",
        [sample.name for sample in samples()],
        selection_mode="multi",
        default=_FIRST,
        key=persistent(f"{key}.batch"),
        bind="query-params",
        wrap=True,
    )
    if len(given) < 2:
        st.caption("Upload two or more pictures under Picture to create your own batch.")
    return tuple(sample_picture(name) for name in names)


def _show(batched: Batched, pictures: tuple[Picture, ...], spec: BlobSpec) -> None:
    axes = " x ".join(("N", *spec.layout[1:]))
    show_metrics(
        {
            f"shape {axes}": " x ".join(map(str, batched.shape)),
            "dtype": batched.dtype,
            "memory": megabytes(batched.nbytes),
            "time as one batch": milliseconds(batched.times.batch),
            "time one by one": milliseconds(batched.times.singles),
            "max difference to single blobs": f"{batched.apart:g}",
        }
    )
    st.code("\n".join(batch_lines(spec)), wrap_lines=True)
    with st.container(horizontal=True, gap="small"):
        rows = zip(pictures, batched.seen, strict=True)
        for number, (picture, seen) in enumerate(rows):
            st.image(
                png(for_display(seen, width=CELL)),
                caption=f"blob[{number}] · {plain(picture.name)}",
                output_format="PNG",
                width=CELL // 5 * 4,
                alt=f"Picture {number} of the batch",
            )
    st.caption(
        "What the net sees of each picture: imagesFromBlob splits the batch, then scale, mean "
        "and channel swap are undone. A batch saves calls, not computation: its values are "
        "those of single blobs, and it takes about the same time (best of three)."
    )
    show_source(make_batch, images_from_batch)


@st.cache_resource(
    max_entries=4,
    show_spinner="Creating one blob from all pictures ...",
    hash_funcs=SPEC_BY_TEXT,
)
def _batched(
    digests: tuple[str, ...],  # noqa: ARG001 - the key
    spec: BlobSpec,
    _pictures: tuple[Picture, ...],
) -> Batched:
    """Make a batch, compare it with single blobs, and keep a summary; keyed by the digests."""
    images = decode_together(_pictures)
    batch, _ = make_batch(images, spec)
    singles = (make_blob(image, spec)[0].astype(np.float64) for image in images)
    apart = [np.abs(single - batch[at]).max() for at, single in enumerate(singles)]
    return Batched(
        shape=batch.shape,
        dtype=batch.dtype.name,
        nbytes=batch.nbytes,
        apart=float(max(apart)),
        seen=tuple(for_display(image, width=CELL) for image in images_from_batch(batch, spec)),
        times=batch_times(images, spec),
    )
