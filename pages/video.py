import streamlit as st

from core.video.annotate import annotate
from core.video.reading import frames
from pages.components.inputs.question import pick_question
from pages.components.series import video as parts
from pages.components.shell.navigation import route_through_app
from pages.components.shell.source_view import show_source
from pages.components.shell.walls import show_walls

route_through_app()
st.title("Video")
st.caption("Inference on each frame of a video, with an annotated video and a table as output.")

knobs, view = st.columns([2, 5], gap="large")
with knobs:
    video = parts.pick_video("video")
    frame_range = parts.pick_frame_range("video", video)
    question = pick_question("video")
    kind = parts.pick_format("video")
    parts.offer_start("video", video, frame_range, question, kind)
show_source(annotate, frames)  # shown below; the results run last
with view:
    parts.show_video(video, frame_range)
    left, right = st.columns(2, gap="medium")
    with left:
        parts.show_preview(video, frame_range, question)
    with right:
        parts.show_results("video")
    parts.show_findings("video")
    show_walls()
