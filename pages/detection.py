import streamlit as st

from core.pipeline import detect
from pages.components.answers.doubts import show_doubts
from pages.components.answers.tabs import show_detection_tabs
from pages.components.detection import boxes
from pages.components.detection.box_canvas import box_canvas
from pages.components.inputs.box_style import display_controls
from pages.components.inputs.chosen_box import choose_box
from pages.components.inputs.fit import pick_fit_for_model
from pages.components.inputs.layout import run_in_layout
from pages.components.inputs.model import pick_model
from pages.components.inputs.picture import pick_picture
from pages.components.inputs.thresholds import pick_thresholds
from pages.components.shell.navigation import route_through_app

route_through_app()
st.title("Detection")
st.caption("One picture, one model, bounding boxes: what is where?")
knobs, view = st.columns([2, 5], gap="large")
with knobs:
    picture = pick_picture()
    card = pick_model("detection", task="detection", better=True)
    thresholds = pick_thresholds("detection", card)
    spec = pick_fit_for_model("detection", card)
    style = display_controls("detection.display")
    run = run_in_layout("detection", picture, card, spec)
with view:
    result = detect(run, thresholds)
    show_doubts(run)
    boxes.show_steps("detection", result)
    canvas = st.container()
    boxes.show_table(result)
    row = choose_box("detection.box", result)
    with canvas:
        box_canvas("detection", picture, result, chosen=row, style=style)
    show_detection_tabs(picture, result, chosen=row, style=style)
