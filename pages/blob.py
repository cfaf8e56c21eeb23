import streamlit as st

from pages.components import blob_view
from pages.components.batch_view import show_batch
from pages.components.blob_controls import blob_controls
from pages.components.checker_view import show_findings
from pages.components.frame import through_the_frame
from pages.components.knobs import wanted_spec
from pages.components.picture import pick_picture
from pages.components.remembered import remembered_trace
from pages.components.stage_strip import show_stage_strip
from pages.components.take_home import show_take_home

through_the_frame()
st.title("Blob")
st.caption("What blobFromImage makes of a picture, plane by plane and number by number.")

knobs, view = st.columns([2, 5], gap="large")
with knobs:
    picture = pick_picture()
    spec = blob_controls("blob", picture)

traced = remembered_trace(picture, spec)
with view:
    blob_view.show_summary(picture, traced, spec)
    show_findings("blob", picture, spec, wanted_spec("blob"))
    blob_view.show_planes("blob", traced, spec)
    blob_view.show_pictures(picture, traced, spec)
    blob_view.show_statistics(picture, traced, spec)
    blob_view.show_numbers("blob", picture, spec)

blob_view.show_pixels("blob", picture, traced, spec)
show_stage_strip("blob", picture, spec)
show_batch("blob", spec)
show_take_home("blob", picture, traced, spec)
