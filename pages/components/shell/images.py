"""Pictures on the screen: already encoded, so that Streamlit does not encode them again."""

import streamlit as st

from core.blob.make import Blob, image_from_blob
from core.blob.spec import BlobSpec
from core.picture.image import BgrImage
from core.picture.size import Size
from core.render.encode import for_display, jpeg, png


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


def show_seen(blob: Blob, spec: BlobSpec) -> None:
    """Convert a blob back into a picture: what the net sees."""
    seen = image_from_blob(blob, spec)
    show_exact(
        for_display(seen),
        caption=f"What the net sees, {Size.of(seen)}",
        alt="What the net sees",
    )
