"""The caches of the app: the slow half of the road, kept by name and bounded.

Keys are the digest of the encoded picture, the model's name and the frozen spec. Arrays
are never keys: Streamlit hashes big ones by sample, and two pictures could collide.
What is kept is shared by all visitors and therefore read-only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import streamlit as st

from core.blob.make import make_blob, planes
from core.blob.spec import BlobSpec
from core.blob.trace import Trace, trace
from core.nets.card import ModelCard
from core.nets.catalog import card_named
from core.picture.image import BgrImage, Picture, decode_picture
from core.pipeline import Run, run_model
from core.render.encode import for_display, jpeg
from core.render.statistics import PlaneStatistics, plane_statistics

T = TypeVar("T")

SPEC_BY_TEXT: dict[str | type, Callable[[BlobSpec], str]] = {BlobSpec: repr}
"""How caches know a spec: by its text, every digit of it. Streamlit would walk through its
fields, which takes a millisecond for each picture on a page."""


def cached_run(picture: Picture, chosen: ModelCard, spec: BlobSpec | None = None) -> Run:
    """Run the net, or return what it answered the last time for the very same question."""
    return _run(picture.digest, chosen.name, spec or chosen.blob, picture)


def cached_image(picture: Picture) -> BgrImage:
    """Decode a picture, or return its pixels from the last time, read-only."""
    return _image(picture.digest, picture)


def cached_photo(picture: Picture) -> bytes:
    """Encode a picture for the eye, shrunk to the screen, as JPEG, once."""
    return _photo(picture.digest, picture)


def cached_trace(picture: Picture, spec: BlobSpec) -> Trace:
    """Make a blob with every stage, or return the stages of the last time."""
    return _trace(picture.digest, spec, picture)


def cached_difference(picture: Picture, spec: BlobSpec) -> float:
    """Return how far the stages end from what cv2.dnn itself returns: 0, or we have a bug."""
    return _difference(picture.digest, spec, picture)


def cached_statistics(picture: Picture, spec: BlobSpec) -> tuple[PlaneStatistics, ...]:
    """Measure each plane of a blob, once."""
    return _statistics(picture.digest, spec, picture)


def cached_answer(kind: str, question: object, work_out: Callable[[], T]) -> T:
    """Return the answer to a question that takes long, worked out once.

    ``work_out`` may draw: a cached function itself could neither move a progress bar nor be
    stopped by a button. Where it is stopped, the question stays open.

    Args:
        kind: of question; two kinds never share an answer.
        question: what is asked, by names and digests, as Streamlit can hash it.
        work_out: finds the answer.
    """
    slot: _Slot[T] = _slot(kind, question)
    if slot.answer is None:
        slot.answer = work_out()
    return slot.answer


@dataclass(eq=False)
class _Slot(Generic[T]):
    """Holds one answer; empty until somebody has worked it out."""

    answer: T | None = None


@st.cache_resource(max_entries=96, show_spinner=False, hash_funcs=SPEC_BY_TEXT)
def _slot(kind: str, question: object) -> _Slot[Any]:  # noqa: ARG001 - the key
    return _Slot()


@st.cache_resource(
    max_entries=16,
    show_spinner="The net is looking at the picture ...",
    hash_funcs=SPEC_BY_TEXT,
)
def _run(digest: str, model: str, spec: BlobSpec, _picture: Picture) -> Run:  # noqa: ARG001
    return run_model(_picture, card_named(model), spec)


@st.cache_resource(max_entries=2, show_spinner=False)
def _image(digest: str, _picture: Picture) -> BgrImage:  # noqa: ARG001 - the key
    return decode_picture(_picture)


@st.cache_data(max_entries=64, show_spinner=False)
def _photo(digest: str, _picture: Picture) -> bytes:
    return jpeg(for_display(_image(digest, _picture)))


@st.cache_resource(
    max_entries=2, show_spinner="Making the blob, stage by stage ...", hash_funcs=SPEC_BY_TEXT
)
def _trace(digest: str, spec: BlobSpec, _picture: Picture) -> Trace:
    return trace(_image(digest, _picture), spec)


@st.cache_data(max_entries=256, show_spinner=False, hash_funcs=SPEC_BY_TEXT)
def _difference(digest: str, spec: BlobSpec, _picture: Picture) -> float:
    official, _ = make_blob(_image(digest, _picture), spec)
    ours = _trace(digest, spec, _picture).blob
    return 0.0 if np.array_equal(ours, official) else float(np.abs(ours - official).max())


@st.cache_data(max_entries=256, show_spinner=False, hash_funcs=SPEC_BY_TEXT)
def _statistics(digest: str, spec: BlobSpec, _picture: Picture) -> tuple[PlaneStatistics, ...]:
    blob = _trace(digest, spec, _picture).blob
    return tuple(plane_statistics(plane) for plane in planes(blob, spec.layout))
