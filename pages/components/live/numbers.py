"""What is shown below a stream: statistics, time left, detections."""

import streamlit as st

from core.errors import LiveRefused
from core.live.history import Appearance
from core.live.processing import process_frame
from core.live.settings import LiveSettings
from core.live.stream import Stream
from core.picture.samples import sample_picture
from core.wording import duration_text
from pages.components.answers.doubts import show_constant_doubt, show_reading
from pages.components.live.frozen import go_where_sent, show_frozen
from pages.components.live.player import Stage, shown_stream
from pages.components.live.recording import show_recording
from pages.components.live.snapshot import show_snapshot
from pages.components.shell.cached import cached_run
from pages.components.shell.charts import name, quantity, show_chart
from pages.components.shell.metrics import show_metrics
from pages.components.shell.source_view import show_source
from pages.components.shell.text import milliseconds, plain

EVERY_SECONDS = 1.0
MOST_CHARTED = 6


def show_stream(key: str, stage: Stage, settings: LiveSettings) -> None:
    """Pass the settings to the stream and show its results; without a stream, use snapshots."""
    go_where_sent(key)
    _make_ready(settings)
    if stage.stream is not None:
        stage.stream.settings = settings
        playing = stage.playing and _lasts(shown_stream(key))
        every = EVERY_SECONDS if playing else None
        st.fragment(_show_numbers, run_every=every)(key, playing=playing)
        show_frozen(key, playing=playing)
    if stage.stream is None or stage.trouble:
        show_snapshot(key, settings, stage.trouble)
    else:
        st.session_state.pop(f"{key}.opened", None)
    show_source(process_frame)


def _make_ready(settings: LiveSettings) -> None:
    """Load the net before START is pressed, so that the first frame does not wait for it."""
    if settings.card is not None:
        cached_run(sample_picture("cat"), settings.card, settings.spec)
        show_constant_doubt(settings.card)


def _lasts(stream: Stream | None) -> bool:
    """Tell whether a stream is running; a browser may still play for a while after its end."""
    return stream is not None and not stream.ended.is_set()


def _show_numbers(key: str, *, playing: bool) -> None:
    """Show the statistics of the stream; runs once a second, and keeps no arrays.

    The page reruns when the stream ends. The next run is told that nothing plays, so that
    it does not ask for another rerun.
    """
    stream = shown_stream(key)
    if stream is None:
        st.caption("Press START to see the statistics of the stream here.")
        return
    if playing and not _lasts(stream):
        st.rerun()
    _show_metrics(stream)
    show_reading(stream.settled)
    if stream.error and playing:
        st.error(plain(stream.error), icon=":material/error:")
    with st.container(horizontal=True, vertical_alignment="center"):
        if playing:
            _show_time_left(key, stream)
        show_recording(key, playing=playing)
    _show_history(stream, playing=playing)


def _show_metrics(stream: Stream) -> None:
    now = stream.numbers
    show_metrics(
        {
            "camera": f"{now.camera_fps:.1f} FPS",
            "model": f"{now.net_fps:.1f} FPS",
            "inference": milliseconds(now.forward_ms) if now.forward_ms else "n/a",
            "latency": milliseconds(now.delay_ms),
            "dropped": f"{now.dropped:,} of {now.frames:,}",
        },
        help={
            "latency": "From the arrival of a frame on the server until its result is drawn.",
            "dropped": "Frames that were replaced by a newer one before inference.",
        },
    )


def _show_time_left(key: str, stream: Stream) -> None:
    st.caption(f"Ends in {duration_text(stream.seconds_left)}.", width="content")
    st.button("Extend session", key=f"{key}.renew", on_click=_renew, args=(key,))
    note = st.session_state.get(f"{key}.note", "")
    if note:
        st.caption(plain(note))


def _renew(key: str) -> None:
    stream = shown_stream(key)
    note = ""
    try:
        if stream is not None:
            stream.renew()
    except LiveRefused as refused:
        note = str(refused)
    st.session_state[f"{key}.note"] = note


def _show_history(stream: Stream, *, playing: bool) -> None:
    strip = stream.history.strip
    if strip and playing:
        _show_strip(strip)
    if any(count.most for count in stream.history.timeline):
        _show_timeline(stream)


def _show_strip(strip: tuple[Appearance, ...]) -> None:
    st.caption("Recent detections, newest first; deleted at STOP")
    with st.container(horizontal=True, gap="small"):
        for each in strip:
            st.image(
                each.thumbnail,
                caption=f"{plain(each.label)} {each.confidence:.2f}, {each.second:.0f} s",
                output_format="JPEG",
                width=96,
                alt=f"Detected: {each.label}",
            )


def _show_timeline(stream: Stream) -> None:
    """Draw how many objects of each class were visible, second by second."""
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
        alt_text="Visible objects of each class, second by second",
        x={
            "field": "second",
            "type": "ordinal",
            "title": "seconds since START",
            "axis": {"labelOverlap": True, "labelAngle": 0},
        },
        y=quantity("count", title="objects", axis={"tickMinStep": 1}),
        color=name("class", title=None, sort=common),
    )
