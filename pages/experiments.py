import streamlit as st

from pages.components.bench import pick_task, show_bench
from pages.components.copy_link import copy_link
from pages.components.finder_view import show_finder
from pages.components.frame import through_the_frame
from pages.components.picture import pick_picture
from pages.components.pictures import show_photo
from pages.components.remembered import remembered_image
from pages.components.switchboard import show_switchboard

through_the_frame()
st.title("Experiments")
st.caption(
    "Two settings side by side, mistakes made on purpose, and a search for lost numbers."
)

knobs, view = st.columns([3, 1], gap="medium", vertical_alignment="center")
with knobs:
    picture = pick_picture()
    task = pick_task("lab")
with view:
    show_photo(remembered_image(picture), alt="The picture")

names = ["A/B", "What breaks if", "Find the numbers"]
bench, breaks, finder = st.tabs(names, key="experiment", bind="query-params")
if bench.open:
    with bench:
        show_bench("ab", picture, task)
if breaks.open:
    with breaks:
        show_switchboard("breaks", picture, task)
if finder.open:
    with finder:
        show_finder("find", task)
copy_link("lab.link")
