import streamlit as st

from core.pipeline import ranking
from pages.components import classification
from pages.components.frame import through_the_frame
from pages.components.model import pick_model
from pages.components.picture import pick_picture
from pages.components.pictures import show_photo, show_seen
from pages.components.remembered import remembered_run
from pages.components.times import show_times

through_the_frame()
st.title("Classification")
st.caption("One picture, one net, one row of scores: what is it?")

with st.container(border=True):
    left, right = st.columns(2, gap="medium")
    with left:
        picture = pick_picture()
    with right:
        card = pick_model("classification", task="classification")

done = remembered_run(picture, card)

left, middle, right = st.columns([3, 2, 5], gap="medium")
with left:
    show_photo(done.shown, caption=f"The picture, {done.image_size}", alt="The picture")
with middle:
    show_seen(done.blob, card.blob)
with right:
    ranked = ranking(done, card, classification.pick_k("classification"))
    classification.show_ranking(done, card, ranked)

show_times(done.times, read_ms=ranked.read_ms)
classification.show_raw_scores(done)
