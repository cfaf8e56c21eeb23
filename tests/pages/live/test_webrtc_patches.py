"""What is patched in streamlit-webrtc, and for which version."""

from importlib.metadata import version

import streamlit_webrtc.component as component
import streamlit_webrtc.webrtc as webrtc
from aiortc.contrib.media import MediaRelay
from streamlit.testing.v1 import AppTest

from pages.components.live import webrtc_patches


def test_the_cure_is_for_this_version_alone():
    assert version("streamlit-webrtc") == webrtc_patches.CURED, (
        "measure anew whether it needs it"
    )
    assert hasattr(component, "get_script_run_count")
    assert hasattr(component, "_reset_context")
    assert hasattr(webrtc, "get_global_relay")


def test_the_cured_relay_passes_on_the_newest_frame_and_has_no_queue():
    class Source:
        kind = "video"

    proxy = webrtc_patches.NewestRelay(MediaRelay()).subscribe(Source())
    assert proxy._queue is None


def beginnings():
    import streamlit as st
    from streamlit_webrtc.component import generate_frontend_component_key

    from pages.components.live.webrtc_patches import begins_anew

    offer = st.session_state.offer
    value = {"sdpOffer": {"sdp": offer} if offer else None}
    st.session_state[generate_frontend_component_key("player")] = value
    st.session_state.anew = begins_anew("player")


class Worker:
    stopped = False

    def stop(self):
        self.stopped = True


def test_another_offer_ends_what_an_earlier_one_began_where_no_stop_was_heard():
    app = AppTest.from_function(beginnings)
    signalling = component.WebRtcStreamerState(playing=False, signalling=True)
    context = component.WebRtcStreamerContext(None, signalling)
    app.session_state["player"] = context
    told, worker = [], Worker()
    for offer in (None, "first", "first", None, "second", "second", None, "third"):
        app.session_state["offer"] = offer
        told.append(app.run().session_state["anew"])
        if offer == "first":
            context._set_worker(worker)
            context._sdp_answer_json, context._is_sdp_answer_sent = "{}", True
    assert told == [True, False, False, False, True, False, False, False]
    assert worker.stopped
    assert context.state == signalling
    assert not context._is_sdp_answer_sent, "the second offer gets its own answer"
