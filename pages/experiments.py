import streamlit as st

from pages.components.inputs.picture import pick_picture
from pages.components.lab.bench import pick_task, show_bench
from pages.components.lab.finder import show_finder
from pages.components.lab.switchboard import show_switchboard
from pages.components.shell.cached import cached_image
from pages.components.shell.copy_link import copy_link
from pages.components.shell.images import show_photo
from pages.components.shell.navigation import route_through_app
from pages.components.shell.widget_memory import persistent

route_through_app()
st.title("Experiments")
st.caption(
    "Compare two settings, see what common mistakes do, and infer unknown preprocessing."
)

knobs, view = st.columns([3, 1], gap="medium", vertical_alignment="center")
with knobs:
    picture = pick_picture()
    task = pick_task("lab")
with view:
    show_photo(cached_image(picture), alt="The picture")

names = ["A/B", "Common preprocessing mistakes", "Infer preprocessing"]
bench, breaks, finder = st.tabs(names, key=persistent("experiment"), bind="query-params")
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
