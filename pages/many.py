import streamlit as st

from core.series.many import many
from pages.components.inputs.question import pick_question
from pages.components.series.many import offer_start, pick_pictures, show_results
from pages.components.shell.navigation import route_through_app
from pages.components.shell.source_view import show_source

route_through_app()
st.title("Batch")
st.caption(
    "One model, many files, one table. A damaged file gets its own row; the others continue."
)

knobs, view = st.columns([2, 5], gap="large")
with knobs:
    pictures = pick_pictures("many")
    question = pick_question("many")
    offer_start("many", pictures, question)
show_source(many)  # shown below; the results run last, so that nothing waits for them
with view:
    show_results("many")
