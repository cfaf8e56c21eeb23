"""Recording the stream: the button, the limits and the file."""

import numpy as np
from streamlit.testing.v1 import AppTest

from core.live.recording import Recording


def script(recording, playing):
    import streamlit as st

    from pages.components.live.recording import show_recording

    st.session_state["live.recording"] = recording
    show_recording("live", playing=playing)


def recorded() -> Recording:
    recording = Recording()
    for number in range(3):
        recording.add(np.full((48, 64, 3), 40 * number, np.uint8), number / 10)
    return recording


def labels(recording, *, playing):
    app = AppTest.from_function(script, args=(recording, playing), default_timeout=60).run()
    assert not app.exception
    files = [each.proto.label for each in app.get("download_button")]
    return [each.label for each in app.button], files, app


def test_a_recording_can_be_begun_stopped_and_taken():
    assert labels(None, playing=True)[:2] == (["Record"], [])
    assert labels(None, playing=False)[:2] == ([], [])
    recording = recorded()
    buttons, files, app = labels(recording, playing=True)
    assert (buttons, files) == (["Stop recording"], [])
    assert "at most 60 s and 32.0 MB" in app.caption[0].value
    app.button(key="live.stop").click().run()
    assert recording.over
    assert labels(recording, playing=True)[:2] == (["Record"], ["recording.webm, 0 s"])
    assert labels(recording, playing=False)[1] == ["recording.webm, 0 s"]


def test_what_went_wrong_is_said_in_plain_words():
    recording = recorded()
    recording.finish()
    recording.error = "The disk is *full*."
    _, _, app = labels(recording, playing=False)
    assert "The disk is" in app.warning[0].value
    assert "*full*" not in app.warning[0].value
