import streamlit as st

from pages.components.home import reference, road
from pages.components.inputs.picture import pick_picture
from pages.components.shell.cached import cached_photo, cached_run
from pages.components.shell.images import show_jpeg
from pages.components.shell.navigation import route_through_app

route_through_app()
st.title("What does cv2.dnn do with a picture?")
st.markdown("Choose one and follow it from pixels to predictions: OpenCV's own numbers.")

left, right = st.columns([3, 1], gap="medium", vertical_alignment="center")
with left:
    picture = pick_picture()

classifier, detector = road.ready_models()
classified, detected = cached_run(picture, classifier), cached_run(picture, detector)
with right:
    show_jpeg(cached_photo(picture), alt="The picture")

steps = st.columns(4, gap="small")
with steps[0]:
    road.show_load(classifier)
with steps[1]:
    road.show_blob(classified)
with steps[2]:
    road.show_inference(classified)
with steps[3]:
    road.show_answer(picture, detected)

road.show_other_doors()
reference.show_rows()
left, right = st.columns(2, gap="large")
with left:
    reference.show_formats()
with right:
    reference.show_functions()
    reference.show_tutorial()
