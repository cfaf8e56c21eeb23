"""A frozen frame and where it can go."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.live.processing import FrameResult, SeenObject
from core.live.stream import ProcessedFrame, Stream
from core.live.stream_slots import StreamSlots
from core.picture.image import Picture, decode_picture
from core.render.encode import png
from pages.components.live.frozen import Frozen
from tests.videos import frame, plain


@pytest.mark.parametrize("page", ["Blob", "Classification", "Detection"])
def test_a_frozen_frame_becomes_the_snapshot_of_another_page(page, visit):
    app = visit("live")
    picture = Picture("live frame 7.png", png(plain(0, 0, 200)))
    app.session_state["live.frozen"] = Frozen(picture, picture.data, "Frame 7, 0.3 s: red")
    app.run()
    app.button(key=f"live.to.{page}").click().run()
    assert not app.exception
    assert app.session_state["picture.kept.camera"] == (picture,)
    app.switch_page(f"pages/{page.lower()}.py").run()  # an AppTest stays where it was
    app.segmented_control(key="picture").set_value("camera").run()
    assert [each.value for each in app.title] == [page]
    assert any(
        "From earlier in this session: live frame 7" in each.value for each in app.caption
    )


def script(stream):
    import streamlit as st

    from pages.components.live.frozen import show_frozen

    st.session_state["live.shown"] = stream
    show_frozen("live", playing=True)


def test_freezing_keeps_the_latest_frame_and_what_was_seen_in_it():
    stream = Stream("ann", StreamSlots(1, 600))
    app = AppTest.from_function(script, args=(stream,), default_timeout=60).run()
    app.button(key="live.freeze").click().run()
    assert "live.frozen" not in app.session_state, "there is no frame yet"
    image, annotated = plain(0, 0, 200), plain(0, 99, 200)
    result = FrameResult(image, annotated, (SeenObject("dog", 0.75, (0, 0, 9, 9)),))
    stream.latest = ProcessedFrame(7, 0.25, result, frame(annotated))
    app.button(key="live.freeze").click().run()
    assert not app.exception
    frozen = app.session_state["live.frozen"]
    assert frozen.words == "Frame 7, 0.2 s: dog 0.75"
    assert frozen.picture.name == "live frame 7.png"
    np.testing.assert_array_equal(decode_picture(frozen.picture), image)
