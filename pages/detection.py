import streamlit as st

from core.pipeline import found
from pages.components import detection
from pages.components.box_canvas import box_canvas
from pages.components.chosen_box import choose_box
from pages.components.display import display_controls
from pages.components.frame import through_the_frame
from pages.components.model import pick_model
from pages.components.picture import pick_picture
from pages.components.remembered import remembered_run
from pages.components.tabs import detection_tabs
from pages.components.times import show_times
from pages.components.unfolded import show_tabs

through_the_frame()
st.title("Detection")
st.caption("One picture, one net, many boxes: what is where?")

knobs, view = st.columns([2, 5], gap="large")
with knobs:
    picture = pick_picture()
    card = pick_model("detection", task="detection")
    thresholds = detection.thresholds("detection", card)
    spec = detection.fitted_spec("detection", card)
    style = display_controls("detection.display")

done = remembered_run(picture, card, spec)
result = found(done, card, thresholds)
with view:
    detection.show_steps("detection", result, card)
    canvas = st.container()
    detection.show_table(result, card)
    show_times(done.times, read_ms=result.read_ms)
    row = choose_box("detection.box", result, card)
    with canvas:
        box_canvas("detection", done, card, thresholds, chosen=row, style=style)
    tabs = detection_tabs(picture, card, spec, thresholds, style, done, result, row)
    show_tabs("detection.more", tabs)
