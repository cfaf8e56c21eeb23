"""The stream on the page: the player, and a message for each reason why there is none."""

import os
import uuid
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import streamlit as st
from streamlit_webrtc import WebRtcMode, webrtc_streamer
from streamlit_webrtc.sink import VideoSinkTrack

from core.errors import LiveRefused
from core.live.ice import ice_servers
from core.live.stream import Stream
from core.live.stream_slots import stream_slots
from pages.components.live.source import Source
from pages.components.live.track import begin
from pages.components.live.watch import watch
from pages.components.live.webrtc_patches import begins_anew, cure
from pages.components.shell.text import plain

_AHEAD = "Until then, you can use single pictures below."
TROUBLES = {
    "insecure": "**No HTTPS.** Browsers allow camera access only over HTTPS or on localhost. "
    "The operator of this server has to set up HTTPS.",
    "missing": "**No camera.** Your browser found no camera. Connect one, or choose *video* as "
    "the source.",
    "denied": "**Permission denied.** Your browser blocks the camera for this page. Allow it "
    "with the icon next to the address, then press START again.",
    "busy": "**The camera is busy.** Another program or window is using it. Close it, then "
    "press START again.",
    "unconnected": "**No connection.** Your browser and this server could not connect for the "
    "video, often because of a firewall. The operator of the server can configure a TURN "
    "server: BLOBSCOPE_ICE_SERVERS, or iceServers in the secrets.",
}
STYLE = {"width": "100%", "maxWidth": "800px"}


@dataclass(frozen=True, eq=False)
class Stage:
    """The state of the player: the stream, if there is one, and what is wrong."""

    stream: Stream | None
    playing: bool = False
    trouble: str = ""


def open_stream(key: str, source: Source) -> Stage:
    """Show the player, or say why there is none."""
    if source.name == "snapshot":
        return Stage(None)
    name = f"{key}.{source.name}"
    anew = begins_anew(name)
    stream = _stream(key, anew)
    stream.video_source = source.video_source
    try:
        servers = configured_ice_servers()
        if not stream.began:
            stream_slots().check(_visitor(), _address())
    except LiveRefused as refused:
        st.warning(plain(str(refused)), icon=":material/videocam_off:")
        st.button("Try again", key=f"{key}.again", on_click=_wait)
        return Stage(None, trouble="refused")
    stop = not anew and _outlived(name, stream)
    context = _player(name, source, stream, servers, stop=stop)
    playing = bool(context.state.playing)
    if playing and stream.began:
        st.session_state[f"{key}.why"] = ""
        st.session_state[f"{key}.shown"] = stream
    trouble = watch(f"{key}.watch", camera=source.name == "camera")
    _say(trouble, st.session_state.get(f"{key}.why", ""))
    return Stage(stream, playing, trouble)


def shown_stream(key: str) -> Stream | None:
    """Return the running stream, or the last one."""
    stream: Stream | None = st.session_state.get(f"{key}.shown")
    return stream


def _player(
    key: str, source: Source, stream: Stream, servers: list[dict[str, Any]], *, stop: bool
) -> Any:
    """Draw streamlit-webrtc's player for a stream."""
    cure()
    camera = source.name == "camera"
    return webrtc_streamer(
        key=key,
        mode=WebRtcMode.SENDRECV if camera else WebRtcMode.RECVONLY,
        rtc_configuration={"iceServers": servers},
        media_stream_constraints=source.constraints or {"video": True, "audio": False},
        player_factory=cast(Any, partial(begin, stream)),
        sink_video_track=VideoSinkTrack(stream.offer) if camera else None,
        async_processing=True,  # never False: that runs on the server's event loop
        desired_playing_state=False if stop else None,
        video_html_attrs={"autoPlay": True, "muted": True, "controls": False, "style": STYLE},
        sendback_audio=False,
        media_toggle_controls=False,
    )


def _stream(key: str, anew: bool) -> Stream:
    """Return the visitor's stream, a new one where the last has ended or is out of date."""
    name = f"{key}.stream"
    stream: Stream | None = st.session_state.get(name)
    if anew and stream is not None and stream.began:
        stream.close()
    if stream is None or stream.ended.is_set():
        if stream is not None:
            st.session_state[f"{key}.why"] = stream.why_ended
        stream = st.session_state[name] = Stream(_visitor(), stream_slots(), _address())
    return stream


def _outlived(key: str, stream: Stream) -> bool:
    """Tell whether the browser still plays a stream that the server has ended."""
    context = st.session_state.get(key)
    return context is not None and context.state.playing and not stream.began


def _say(trouble: str, why: str) -> None:
    if why:
        st.warning(plain(why), icon=":material/timer_off:")
    if trouble:
        words = TROUBLES.get(trouble) or f"**The stream failed.** {plain(trouble)}"
        st.warning(f"{words} {_AHEAD}", icon=":material/videocam_off:")


def _visitor() -> str:
    """Return the identifier of this session."""
    return str(st.session_state.setdefault("live.visitor", uuid.uuid4().hex))


def _address() -> str:
    """Return the visitor's address; empty on localhost."""
    return st.context.ip_address or ""


def _wait() -> None:
    """Count the visitor as waiting, which opening the page alone does not."""
    stream_slots().wait(_visitor(), _address())


def configured_ice_servers() -> list[dict[str, Any]]:
    """Read the ICE servers from the environment, else from the secrets; else there are none.

    Without any, no third-party server is contacted.
    """
    given = os.environ.get("BLOBSCOPE_ICE_SERVERS")
    if given:
        return ice_servers(given)
    try:
        return ice_servers(st.secrets.get("iceServers"))
    except FileNotFoundError:  # no secrets file, as on most machines
        return []
