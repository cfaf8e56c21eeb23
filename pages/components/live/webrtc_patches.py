"""Three patches for streamlit-webrtc 0.79.0.

They use private names, so they must be reviewed for every other version: then
``tests/pages/live/test_webrtc_patches.py`` fails.

1. It takes a stream for orphaned, and stops it, when Streamlit's count of script runs has
   risen by two since it was last drawn. Streamlit raises the count when a run's last message
   has been *sent*, so in the burst of reruns at the start the count jumps, and of 30 starts
   13 failed. A count that rises only when the stream really was out of sight is enough.
2. Where somebody presses STOP and START while the server is busy, it never hears of the STOP,
   gives the new connection's addresses to the old one, and keeps the answer to itself: no
   picture ever comes. So another offer ends what an earlier one began.
3. Between two tracks stands a relay whose queue has no end: where the encoder is slower than
   the camera for a while, the picture lags behind for good and memory grows. aiortc's relay
   can do without a queue, and then passes on the newest frame.
"""

from functools import partial
from typing import Any

import streamlit as st
import streamlit_webrtc.component as component
import streamlit_webrtc.webrtc as webrtc
from aiortc.contrib.media import MediaRelay
from streamlit_webrtc.relay import get_global_relay

from pages.components.shell.widget_memory import visits

CURED = "0.79.0"
_DRAWN, _OFFER, _ROUNDS = "live.drawn", "live.offer", "live.rounds"


class NewestRelay:
    """aiortc's relay, without queues."""

    def __init__(self, relay: MediaRelay) -> None:
        self.subscribe = partial(relay.subscribe, buffered=False)


def begins_anew(key: str) -> bool:
    """Tell, before each ``webrtc_streamer``, whether what its key stood for is out of date.

    So it is on another visit to the page, after another source, and with another offer
    while an earlier one was answered.
    """
    drawn = visits(), key
    if st.session_state.get(_DRAWN) != drawn:
        st.session_state[_DRAWN] = drawn
        st.session_state[_ROUNDS] = _rounds() + 1
        return True
    offer = _offer(key)
    if offer is None or offer == st.session_state.get(_OFFER):
        return False
    st.session_state[_OFFER] = offer
    return _end_unheard(st.session_state[key])


def _end_unheard(context: Any) -> bool:
    """End a connection whose STOP was never heard; tell whether there was one."""
    if context._get_worker() is None and context._sdp_answer_json is None:
        return False
    state = context.state
    component._reset_context(context)
    context._set_state(state)  # that of the new offer, which is heard already
    return True


def _offer(key: str) -> str | None:
    """Return what the browser offers now, while it waits for an answer."""
    said = st.session_state.get(component.generate_frontend_component_key(key)) or {}
    offer = said.get("sdpOffer") or {}
    return offer.get("sdp")


def _rounds() -> int:
    return int(st.session_state.get(_ROUNDS, 0))


def _count(_session: object) -> int:
    return 100 * _rounds()  # more than one apart: what stood there before is out of date


def _newest_relay() -> NewestRelay:
    return NewestRelay(get_global_relay())


def cure() -> None:
    """Apply the first and the third patch; applying them again changes nothing."""
    component.get_script_run_count = _count  # type: ignore[attr-defined, assignment]
    webrtc.get_global_relay = _newest_relay  # type: ignore[attr-defined, assignment]
