"""The caches of the app: the slow half of the pipeline, bounded and keyed by name.

Keys are the digest of the encoded picture, the model's name and the frozen spec. Arrays
are never keys: Streamlit hashes large ones by sampling, and two pictures could collide.
Cached values are shared by all visitors and therefore read-only.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np
import streamlit as st

from core.blob.make import Blob, image_from_blob, make_blob, planes
from core.blob.spec import BlobSpec
from core.blob.trace import Trace, trace
from core.nets.card import ModelCard
from core.nets.catalog import card_named
from core.picture.image import BgrImage, Picture
from core.pipeline import Run, run_image, timed_decode
from core.render.encode import DISPLAY_WIDTH, JPEG_QUALITY, for_display, jpeg, png
from core.render.shown import Shown
from core.render.statistics import PlaneStatistics, plane_statistics

T = TypeVar("T")

SPEC_BY_TEXT: dict[str | type, Callable[[BlobSpec], str]] = {BlobSpec: repr}
"""Caches identify a spec by its repr. Streamlit would hash it field by field, which takes a
millisecond for each picture on a page."""


def cached_run(picture: Picture, chosen: ModelCard, spec: BlobSpec | None = None) -> Run:
    """Run the net, or return the cached run of the same picture, model and spec.

    The output layout, which a visitor may have chosen, changes no forward.
    """
    run = _run(picture.digest, chosen.name, spec or chosen.blob, picture)
    return run if run.card.layout == chosen.layout else replace(run, card=chosen)


def cached_image(picture: Picture) -> BgrImage:
    """Decode a picture, or return the cached pixels, read-only."""
    image, _ = _decoded(picture.digest, picture)
    return image


def cached_shown(picture: Picture) -> Shown:
    """Shrink a picture to the screen, once, to draw on."""
    return _shown(picture.digest, picture)


def cached_photo(
    picture: Picture, *, width: int = DISPLAY_WIDTH, quality: int = JPEG_QUALITY
) -> bytes:
    """Encode a picture, scaled down to the screen or to a width, as JPEG, once."""
    return _photo(picture.digest, width, quality, picture)


def cached_seen(picture: Picture, blob: Blob, spec: BlobSpec) -> bytes:
    """Convert the blob of a picture and a spec back into a picture, as PNG, once."""
    return _seen(picture.digest, spec, blob)


def cached_trace(picture: Picture, spec: BlobSpec) -> Trace:
    """Make a blob with every stage, or return the cached stages."""
    return _trace(picture.digest, spec, picture)


def cached_difference(picture: Picture, spec: BlobSpec) -> float:
    """Return the max difference between the last stage and cv2.dnn: 0, or we have a bug."""
    return _difference(picture.digest, spec, picture)


def cached_statistics(picture: Picture, spec: BlobSpec) -> tuple[PlaneStatistics, ...]:
    """Measure each plane of a blob, once."""
    return _statistics(picture.digest, spec, picture)


def cached_answer(kind: str, question: object, work_out: Callable[[], T]) -> T:
    """Return the answer to a question that takes long, computed once.

    ``work_out`` may draw: a cached function could neither update a progress bar nor be
    stopped by a button. If it is stopped, nothing is cached.

    Args:
        kind: of question; two kinds never share an answer.
        question: its names and digests, hashable by Streamlit.
        work_out: computes the answer.
    """
    slot: _Slot[T] = _slot(kind, question)
    if slot.answer is None:
        slot.answer = work_out()
    return slot.answer


@dataclass(eq=False)
class _Slot(Generic[T]):
    """Holds one answer; empty until it is computed."""

    answer: T | None = None


@st.cache_resource(max_entries=96, show_spinner=False, hash_funcs=SPEC_BY_TEXT)
def _slot(kind: str, question: object) -> _Slot[Any]:  # noqa: ARG001 - the key
    return _Slot()


@st.cache_resource(
    max_entries=16,
    show_spinner="Running inference ...",
    hash_funcs=SPEC_BY_TEXT,
)
def _run(digest: str, model: str, spec: BlobSpec, _picture: Picture) -> Run:
    image, decode_ms = _decoded(digest, _picture)
    return run_image(image, card_named(model), spec, decode_ms=decode_ms)


@st.cache_resource(max_entries=2, show_spinner=False)
def _decoded(digest: str, _picture: Picture) -> tuple[BgrImage, float]:  # noqa: ARG001 - the key
    return timed_decode(_picture)


@st.cache_resource(max_entries=16, show_spinner=False)
def _shown(digest: str, _picture: Picture) -> Shown:
    return Shown.of(_decoded(digest, _picture)[0])


@st.cache_data(max_entries=64, show_spinner=False)
def _photo(digest: str, width: int, quality: int, _picture: Picture) -> bytes:
    shown = _shown(digest, _picture).image
    return jpeg(for_display(shown, width=width), quality=quality)


@st.cache_data(max_entries=32, show_spinner=False, hash_funcs=SPEC_BY_TEXT)
def _seen(digest: str, spec: BlobSpec, _blob: Blob) -> bytes:  # noqa: ARG001 - the key
    return png(for_display(image_from_blob(_blob, spec)))


@st.cache_resource(
    max_entries=2, show_spinner="Creating the blob, stage by stage ...", hash_funcs=SPEC_BY_TEXT
)
def _trace(digest: str, spec: BlobSpec, _picture: Picture) -> Trace:
    return trace(_decoded(digest, _picture)[0], spec)


@st.cache_data(max_entries=256, show_spinner=False, hash_funcs=SPEC_BY_TEXT)
def _difference(digest: str, spec: BlobSpec, _picture: Picture) -> float:
    official, _ = make_blob(_decoded(digest, _picture)[0], spec)
    ours = _trace(digest, spec, _picture).blob
    return 0.0 if np.array_equal(ours, official) else float(np.abs(ours - official).max())


@st.cache_data(max_entries=256, show_spinner=False, hash_funcs=SPEC_BY_TEXT)
def _statistics(digest: str, spec: BlobSpec, _picture: Picture) -> tuple[PlaneStatistics, ...]:
    blob = _trace(digest, spec, _picture).blob
    return tuple(plane_statistics(plane) for plane in planes(blob, spec.layout))
