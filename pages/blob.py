import streamlit as st

from pages.components import blob_view
from pages.components.blob_controls import blob_controls
from pages.components.frame import through_the_frame
from pages.components.picture import pick_picture
from pages.components.pictures import show_photo, show_seen
from pages.components.remembered import remembered_image, remembered_trace

through_the_frame()
st.title("Blob")
st.caption("What blobFromImage makes of a picture, plane by plane and number by number.")

knobs, view = st.columns([2, 5], gap="large")
with knobs:
    picture = pick_picture()
    spec = blob_controls("blob")

image = remembered_image(picture)
traced = remembered_trace(picture, spec)
with view:
    blob_view.show_check(image, traced, spec)
    blob_view.show_planes("blob", traced, spec)
    left, right = st.columns(2, wrap=False)
    with left:
        show_photo(image, caption=f"The picture, {traced.placement.image}", alt="The picture")
    with right:
        show_seen(traced.blob, spec)
    blob_view.show_statistics(traced, spec)
    blob_view.show_histogram(traced, spec)
    blob_view.show_numbers("blob", traced, spec)

blob_view.show_stages(traced, spec)
