"""Pictures on the screen: already encoded, so that Streamlit does not encode them again."""

import streamlit as st

from core.blob.make import Blob, planes
from core.blob.spec import BlobSpec
from core.picture.image import BgrImage, Picture
from core.picture.size import Size
from core.render.encode import for_display, jpeg, png
from pages.components.shell.cached import cached_seen


def show_photo(image: BgrImage, *, alt: str, caption: str | None = None) -> None:
    """Show a picture scaled down to the screen, as JPEG."""
    show_jpeg(jpeg(for_display(image)), alt=alt, caption=caption)


def show_jpeg(data: bytes, *, alt: str, caption: str | None = None) -> None:
    """Show an encoded JPEG as it is."""
    st.image(data, caption=caption, output_format="JPEG", width="stretch", alt=alt)


def show_exact(image: BgrImage, *, alt: str, caption: str | None = None) -> None:
    """Show a picture in which each pixel counts."""
    show_png(png(image), alt=alt, caption=caption)


def show_png(data: bytes, *, alt: str, caption: str | None = None) -> None:
    """Show an encoded PNG as it is."""
    st.image(data, caption=caption, output_format="PNG", width="stretch", alt=alt)


def show_seen(picture: Picture, blob: Blob, spec: BlobSpec) -> None:
    """Convert a picture's blob back into a picture: what the net sees."""
    show_png(
        cached_seen(picture, blob, spec),
        caption=f"What the net sees, {Size.of(planes(blob, spec.layout)[0])}",
        alt="What the net sees",
    )
