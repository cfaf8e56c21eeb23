"""Choosing a picture: a sample, an upload, or the camera. The choice follows the visitor."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

import streamlit as st

from core.errors import PictureRefused
from core.picture.header import MAX_PICTURE_BYTES
from core.picture.image import Picture, remarks
from core.picture.reading import KNOWN_FORMATS
from core.picture.samples import sample_picture, samples
from pages.components.shell.choice import choice
from pages.components.shell.text import plain
from pages.components.shell.uploads import Upload, forget_upload, show_kept
from pages.components.shell.widget_memory import persistent

_KEPT = "picture.kept"
MOST_KEPT = 12

TYPES = ["jpg", "jpeg", "png", "webp", "bmp", "gif", "tif", "tiff", "avif", "heic", "heif"]


def pick_picture() -> Picture:
    """Offer the three sources and return the chosen picture.

    The keys are the same on every page and part of the address, so the choice survives page
    changes and a link includes it. Uploads are not part of a link: they are kept, still
    encoded, for this session only, and a link to one shows the sample instead.
    """
    source = choice(
        "Picture",
        list(_PICKERS),
        key="picture",
        persist_state="session",
    )
    picture = _PICKERS[source]()
    if source != "sample":
        _show_remarks(picture)
    return picture


def kept_pictures() -> tuple[Picture, ...]:
    """Return the pictures of this session: the uploads, then the snapshot."""
    kept: tuple[Picture, ...] = ()
    for source in ("upload", "camera"):
        kept += st.session_state.get(f"{_KEPT}.{source}", ())
    return kept


def keep_snapshot(picture: Picture) -> None:
    """Keep a picture for this session as if it were a camera snapshot."""
    st.session_state[f"{_KEPT}.camera"] = (picture,)


def _sample() -> Picture:
    names = [
        sample.name for sample in samples()
    ]  # without titles: these texts are part of links
    name = st.pills(
        "Sample",
        names,
        default=names[0],
        required=True,
        label_visibility="collapsed",
        key=persistent("sample"),
        bind="query-params",
        persist_state="session",
        wrap=True,
    )
    st.caption(next(sample.credit for sample in samples() if sample.name == name))
    return sample_picture(name)


def _upload() -> Picture:
    files = st.file_uploader(
        f"Drop, paste or browse: one or more {KNOWN_FORMATS} files",
        type=TYPES,
        accept_multiple_files=True,
        key="picture.upload",
        max_upload_size=MAX_PICTURE_BYTES // 10**6,
    )
    kept = _keep("upload", files)
    if not kept:
        st.caption(
            "A sample is shown until you upload a picture. Uploads are not included in the "
            "link."
        )
        return _first_sample()
    if len(kept) == 1:
        return kept[0]
    number = st.selectbox(
        f"Choose one of your {len(kept)} pictures",
        range(len(kept)),
        format_func=lambda row: kept[row].name,
        key="picture.number",
        persist_state="session",
    )
    return kept[number]


def _camera() -> Picture:
    snapshot = st.camera_input("Take a snapshot", key="picture.camera", resolution="720p")
    kept = _keep("camera", [snapshot] if snapshot else [])
    if kept:
        return kept[-1]
    st.caption("A sample is shown until you take a picture.")
    return _first_sample()


def _show_remarks(picture: Picture) -> None:
    """Say what one would not expect of a picture; what refuses it is said by who decodes it."""
    with suppress(PictureRefused):
        for remark in remarks(picture):
            st.caption(f":material/info: {plain(remark)}")


def _first_sample() -> Picture:
    return sample_picture(samples()[0].name)


def _keep(source: str, uploads: Sequence[Upload]) -> tuple[Picture, ...]:
    """Remember the encoded files of this session."""
    key = f"{_KEPT}.{source}"
    if uploads:
        _remember(key, uploads)
    kept_before: tuple[Picture, ...] = st.session_state.get(key, ())
    if not kept_before or uploads:
        return kept_before
    names = ", ".join(plain(picture.name) for picture in kept_before)
    show_kept(
        f"From earlier in this session: {names}", key=key, forget=partial(forget_upload, key)
    )
    return kept_before


def _remember(key: str, uploads: Sequence[Upload]) -> None:
    """Keep the uploads; unchanged pictures keep their object, whose digest is known."""
    if len(uploads) > MOST_KEPT:
        st.caption(f"The first {MOST_KEPT} of your {len(uploads)} pictures are kept.")
    before = {(each.name, len(each.data)): each for each in st.session_state.get(key, ())}
    pictures = []
    for upload in uploads[:MOST_KEPT]:
        picture = Picture(upload.name, upload.getvalue())
        known = before.get((picture.name, len(picture.data)))
        pictures.append(known if known == picture else picture)
    st.session_state[key] = tuple(pictures)


_PICKERS: dict[str, Callable[[], Picture]] = {
    "sample": _sample,
    "upload": _upload,
    "camera": _camera,
}
