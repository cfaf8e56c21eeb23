import streamlit as st

from pages.components.frame import through_the_frame
from pages.components.picture import pick_picture
from pages.components.pictures import show_photo
from pages.components.reference import show_formats, show_functions, show_rows
from pages.components.remembered import remembered_run
from pages.components.road import (
    ready_model,
    show_answer,
    show_blob,
    show_inference,
    show_load,
)

through_the_frame()
st.title("What does cv2.dnn do with a picture?")
st.markdown("Choose one, and follow it from pixels to an answer. Every number is OpenCV's own.")

left, right = st.columns([3, 1], gap="medium", vertical_alignment="center")
with left:
    picture = pick_picture()

classifier, detector = ready_model("classification"), ready_model("detection")
classified, detected = remembered_run(picture, classifier), remembered_run(picture, detector)
with right:
    show_photo(classified.shown, alt="The picture")

steps = st.columns(4, gap="small")
with steps[0]:
    show_load(classifier, classified)
with steps[1]:
    show_blob(classifier, classified)
with steps[2]:
    show_inference(classifier, classified)
with steps[3]:
    show_answer(detector, detected)

show_rows()
left, right = st.columns(2, gap="large")
with left:
    show_formats()
with right:
    show_functions()
