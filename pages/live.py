import streamlit as st

from pages.components.live.numbers import show_stream
from pages.components.live.player import open_stream
from pages.components.live.settings import pick_settings
from pages.components.live.source import pick_source
from pages.components.shell.navigation import route_through_app

route_through_app()
st.title("Live")
st.caption("Inference on your camera, frame by frame, with any model.")

knobs, view = st.columns([2, 5], gap="large")
with knobs:
    source = pick_source("live")
with view:
    stream = open_stream("live", source)
with knobs:
    settings = pick_settings("live")
with view:
    show_stream("live", stream, settings)
