"""What stands below a stream: its numbers, a frozen frame, a recording, what it saw."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.blob.make import make_blob
from core.blob.spec import BlobSpec
from core.errors import LiveRefused
from core.live.history import Appearance
from core.live.processing import process_frame
from core.live.recording import MOST_RECORDING_BYTES, MOST_RECORDING_SECONDS, Recording
from core.live.settings import LiveSettings
from core.live.stream import Stream
from core.live.stream_slots import duration_text
from core.nets.catalog import card_named
from core.nets.engine import infer
from core.picture.image import Picture, decode_picture
from core.picture.samples import sample_picture
from core.render.encode import png
from pages.components.inputs.picture import keep_snapshot
from pages.components.live.player import Stage
from pages.components.live.snapshot import labels, show_snapshot
from pages.components.shell.charts import name, quantity, show_chart
from pages.components.shell.images import show_png
from pages.components.shell.navigation import BLOB, CLASSIFICATION, DETECTION
from pages.components.shell.source_view import show_source
from pages.components.shell.text import megabytes, milliseconds, plain

EVERY_SECONDS = 1.0
MOST_CHARTED = 6
_PAGES: dict[str, Path] = {
    "Blob": BLOB,
    "Classification": CLASSIFICATION,
    "Detection": DETECTION,
}


@dataclass(frozen=True, eq=False)
class Frozen:
    """A frame that was kept: itself as a picture, its annotated copy, and words for both."""

    picture: Picture
    annotated: bytes
    words: str


def show_tools(key: str, stage: Stage, settings: LiveSettings) -> None:
    """Hand the settings to the stream and show all that belongs to it; else take snapshots."""
    _go_where_sent(key)
    _make_ready(settings)
    if stage.stream is not None:
        stage.stream.settings = settings
        playing = stage.playing and _lasts(_shown(key))
        every = EVERY_SECONDS if playing else None
        st.fragment(_show_numbers, run_every=every)(key, playing=playing)
        _show_frozen(key, playing=playing)
    if stage.stream is None or stage.trouble:
        show_snapshot(key, settings, stage.trouble)
    else:
        st.session_state.pop(f"{key}.opened", None)
    show_source(process_frame)


def _make_ready(settings: LiveSettings) -> None:
    """Load the net before START is pressed, so that the first frame does not wait for it."""
    if settings.card is not None:
        _loaded(settings.card.name, settings.spec)


@st.cache_resource(max_entries=32, show_spinner="Loading the net ...")
def _loaded(model: str, spec: BlobSpec) -> bool:
    blob, _ = make_blob(decode_picture(sample_picture("grid")), spec)
    infer(card_named(model), blob)
    return True


def _shown(key: str) -> Stream | None:
    """Return the stream that is on, or the one that was on last."""
    stream: Stream | None = st.session_state.get(f"{key}.shown")
    return stream


def _lasts(stream: Stream | None) -> bool:
    """Tell whether a stream goes on; a browser may play on for a while after its end."""
    return stream is not None and not stream.ended.is_set()


def _show_numbers(key: str, *, playing: bool) -> None:
    """Show how the stream is doing; runs once a second, and keeps no arrays.

    The page runs anew when the stream ends. Its next run is told that nothing plays, so
    that it asks for no other.
    """
    stream = _shown(key)
    if stream is None:
        st.caption("Press START. What the stream does is counted here.")
        return
    if playing and not _lasts(stream):
        st.rerun()
    _show_metrics(stream)
    if stream.error and playing:
        st.error(plain(stream.error), icon=":material/error:")
    with st.container(horizontal=True, vertical_alignment="center"):
        if playing:
            _show_time_left(key, stream)
        _show_recording(key, playing=playing)
    _show_history(stream, playing=playing)


def _show_metrics(stream: Stream) -> None:
    now = stream.numbers
    with st.container(horizontal=True, gap="medium"):
        st.metric("camera", f"{now.camera_fps:.1f} fps", width="content")
        st.metric("net", f"{now.net_fps:.1f} fps", width="content")
        forward = milliseconds(now.forward_ms) if now.forward_ms else "no net"
        st.metric("forward", forward, width="content")
        st.metric(
            "behind",
            milliseconds(now.delay_ms),
            width="content",
            help="From a frame's arrival on the server until its answer was drawn.",
        )
        st.metric(
            "dropped",
            f"{now.dropped:,} of {now.frames:,}",
            width="content",
            help="Frames that a newer one replaced before the net had time for them.",
        )


def _show_time_left(key: str, stream: Stream) -> None:
    st.caption(f"Ends in {duration_text(stream.seconds_left)}.", width="content")
    st.button("Go on for longer", key=f"{key}.renew", on_click=_renew, args=(key,))
    note = st.session_state.get(f"{key}.note", "")
    if note:
        st.caption(plain(note))


def _renew(key: str) -> None:
    stream, note = _shown(key), ""
    try:
        if stream is not None:
            stream.renew()
    except LiveRefused as refused:
        note = str(refused)
    st.session_state[f"{key}.note"] = note


def _show_recording(key: str, *, playing: bool) -> None:
    recording: Recording | None = st.session_state.get(f"{key}.recording")
    running = playing and recording is not None and not recording.over
    if running and recording is not None:
        st.button(
            "Stop recording",
            key=f"{key}.stop",
            icon=":material/stop_circle:",
            on_click=recording.finish,
        )
        st.caption(
            f"{recording.seconds:.0f} s, {megabytes(recording.size_bytes)}; at most "
            f"{MOST_RECORDING_SECONDS:.0f} s and {megabytes(MOST_RECORDING_BYTES)}.",
            width="content",
        )
    elif playing:
        st.button(
            "Record",
            key=f"{key}.record",
            icon=":material/radio_button_checked:",
            on_click=_record,
            args=(key,),
        )
    if recording is not None and recording.error:
        st.warning(plain(recording.error), icon=":material/error:")
    if recording is not None and not running and recording.frames:
        st.download_button(
            f"recording.webm, {recording.seconds:.0f} s",
            recording.data,
            "recording.webm",
            "video/webm",
            key=f"{key}.recorded",
            on_click="ignore",
            icon=":material/download:",
        )


def _record(key: str) -> None:
    stream = _shown(key)
    if stream is not None:
        st.session_state[f"{key}.recording"] = stream.record()


def _show_history(stream: Stream, *, playing: bool) -> None:
    strip = stream.history.strip
    if strip and playing:
        _show_strip(strip)
    if any(count.most for count in stream.history.timeline):
        _show_timeline(stream)


def _show_strip(strip: tuple[Appearance, ...]) -> None:
    st.caption("Came into sight, the newest first; forgotten at STOP")
    with st.container(horizontal=True, gap="small"):
        for each in strip:
            st.image(
                each.thumbnail,
                caption=f"{plain(each.label)} {each.confidence:.2f}, {each.second:.0f} s",
                output_format="JPEG",
                width=96,
                alt=f"Appeared: {each.label}",
            )


def _show_timeline(stream: Stream) -> None:
    """Draw how many of each class were in sight, second by second."""
    counts = stream.history.timeline
    totals: dict[str, int] = {}
    for count in counts:
        for label, most in count.most.items():
            totals[label] = totals.get(label, 0) + most
    common = sorted(totals, key=lambda label: -totals[label])[:MOST_CHARTED]
    rows = [
        {"second": count.second, "class": label, "count": count.most.get(label, 0)}
        for count in counts
        for label in common
    ]
    show_chart(
        rows,
        mark="bar",
        height=200,
        alt_text="How many of each class were in sight, second by second",
        x={
            "field": "second",
            "type": "ordinal",
            "title": "second of the stream",
            "axis": {"labelOverlap": True, "labelAngle": 0},
        },
        y=quantity("count", title="in sight", axis={"tickMinStep": 1}),
        color=name("class", title=None, sort=common),
    )


def _show_frozen(key: str, *, playing: bool) -> None:
    if playing:
        st.button(
            "Freeze this frame",
            key=f"{key}.freeze",
            icon=":material/ac_unit:",
            on_click=_freeze,
            args=(key,),
        )
    frozen: Frozen | None = st.session_state.get(f"{key}.frozen")
    if frozen is None:
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show_png(frozen.annotated, caption=frozen.words, alt=f"Frozen: {frozen.words}")
    with right:
        st.markdown("**Send this frame to**")
        with st.container(horizontal=True):
            for title in _PAGES:
                st.button(
                    title, key=f"{key}.to.{title}", on_click=_send, args=(key, title, frozen)
                )
        for name, data in (
            ("frame.png", frozen.picture.data),
            ("annotated.png", frozen.annotated),
        ):
            st.download_button(
                name,
                data,
                name,
                "image/png",
                key=f"{key}.{name}",
                on_click="ignore",
                icon=":material/download:",
            )


def _send(key: str, title: str, frozen: Frozen) -> None:
    """Remember where to go: the run of a click may be cut short before it comes to that."""
    keep_snapshot(frozen.picture)
    st.session_state[f"{key}.to"] = title


def _go_where_sent(key: str) -> None:
    title = st.session_state.pop(f"{key}.to", "")
    if title:
        st.switch_page(_PAGES[title], query_params={"picture": "camera"})


def _freeze(key: str) -> None:
    stream = _shown(key)
    processed = stream.latest if stream is not None else None
    if processed is None:
        return
    result = processed.result
    picture = Picture(f"live frame {processed.number}.png", png(result.image))
    words = f"Frame {processed.number}, {processed.second:.1f} s: {labels(result)}"
    st.session_state[f"{key}.frozen"] = Frozen(picture, png(result.annotated), words)
