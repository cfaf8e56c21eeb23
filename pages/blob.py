import streamlit as st

from pages.components.blob import planes
from pages.components.blob.batch import show_batch
from pages.components.blob.checker import show_findings
from pages.components.blob.controls import blob_controls
from pages.components.blob.knobs import wanted_spec
from pages.components.blob.stages import show_stage_strip
from pages.components.blob.take_home import show_take_home
from pages.components.inputs.picture import pick_picture
from pages.components.shell.cached import cached_trace
from pages.components.shell.navigation import route_through_app

route_through_app()
st.title("Blob")
st.caption("How blobFromImage preprocesses a picture into a blob, plane by plane.")

knobs, view = st.columns([2, 5], gap="large")
with knobs:
    picture = pick_picture()
    spec = blob_controls("blob", picture)

traced = cached_trace(picture, spec)
with view:
    planes.show_summary(picture, traced, spec)
    show_findings("blob", picture, spec, wanted_spec("blob"))
    planes.show_planes("blob", traced, spec)
    planes.show_pictures(picture, traced, spec)
    planes.show_statistics(picture, traced, spec)
    planes.show_numbers("blob", picture, spec)

planes.show_pixels("blob", picture, traced, spec)
show_stage_strip("blob", picture, spec)
show_batch("blob", spec)
show_take_home("blob", picture, traced, spec)
