from functools import partial

import streamlit as st

from core.pipeline import found
from pages.components import detection
from pages.components.display import display_controls, show_legend
from pages.components.frame import through_the_frame
from pages.components.model import pick_model
from pages.components.picture import pick_picture
from pages.components.pictures import show_photo
from pages.components.remembered import remembered_run
from pages.components.times import show_times
from pages.components.truth_view import show_truth
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
    detection.show_steps(result)
    detection.show_class_counts("detection", result, card)
    left, right = st.columns(2, gap="small")
    with left:
        detection.show_found(done, result, card, style)
        show_legend(style)
    with right:
        show_photo(done.shown, caption=f"The picture, {done.image_size}", alt="The picture")
    detection.show_table(result, card)
    show_times(done.times, read_ms=result.read_ms)
    show_tabs(
        "detection.more",
        {
            "Raw outputs": partial(detection.show_raw_rows, done),
            "Ground truth": partial(
                show_truth, "truth", picture, done, result, card, thresholds, style
            ),
        },
    )
