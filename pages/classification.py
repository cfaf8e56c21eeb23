import streamlit as st

from core.pipeline import ranking
from pages.components.answers.doubts import show_doubts
from pages.components.answers.tabs import show_classification_tabs
from pages.components.classification.ranking import show_ranking
from pages.components.inputs.model import pick_model
from pages.components.inputs.picture import pick_picture
from pages.components.inputs.thresholds import pick_k
from pages.components.shell.cached import cached_photo, cached_run
from pages.components.shell.images import show_jpeg, show_seen
from pages.components.shell.navigation import route_through_app
from pages.components.shell.times import show_times

route_through_app()
st.title("Classification")
st.caption("One picture, one model, one row of scores: what is in the picture?")

knobs, view = st.columns([2, 5], gap="large")
with knobs:
    picture = pick_picture()
    card = pick_model("classification", task="classification", better=True)
    k = pick_k("classification")

run = cached_run(picture, card)
ranked = ranking(run, k)
with view:
    show_doubts(run)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show_ranking(ranked)
    with right:
        caption = f"The picture, {run.image_size}"
        show_jpeg(cached_photo(picture), caption=caption, alt="The picture")
        show_seen(picture, run.blob, run.spec)
    show_times(run.times, read_ms=ranked.read_ms)
    show_classification_tabs(picture, ranked)
