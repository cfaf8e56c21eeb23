import streamlit as st

from core.pipeline import found
from pages.components.answers.tabs import detection_tabs
from pages.components.detection import boxes
from pages.components.detection.box_canvas import box_canvas
from pages.components.inputs.box_style import display_controls
from pages.components.inputs.chosen_box import choose_box
from pages.components.inputs.model import pick_model
from pages.components.inputs.picture import pick_picture
from pages.components.shell.cached import remembered_run
from pages.components.shell.lazy_tabs import show_tabs
from pages.components.shell.navigation import through_the_frame
from pages.components.shell.times import show_times

through_the_frame()
st.title("Detection")
st.caption("One picture, one net, many boxes: what is where?")

knobs, view = st.columns([2, 5], gap="large")
with knobs:
    picture = pick_picture()
    card = pick_model("detection", task="detection")
    thresholds = boxes.thresholds("detection", card)
    spec = boxes.fitted_spec("detection", card)
    style = display_controls("detection.display")

done = remembered_run(picture, card, spec)
result = found(done, card, thresholds)
with view:
    boxes.show_steps("detection", result, card)
    canvas = st.container()
    boxes.show_table(result, card)
    show_times(done.times, read_ms=result.read_ms)
    row = choose_box("detection.box", result, card)
    with canvas:
        box_canvas("detection", done, card, thresholds, chosen=row, style=style)
    tabs = detection_tabs(picture, card, spec, thresholds, style, done, result, row)
    show_tabs("detection.more", tabs)
