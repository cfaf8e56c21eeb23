"""The track that sends a stream's frames: it waits on the event loop and never blocks it."""

import asyncio
import threading
from dataclasses import replace
from itertools import pairwise

import pytest
from aiortc.mediastreams import MediaStreamError

from core.live import stream as module
from core.live.processing import FrameResult
from core.live.settings import LiveSettings
from core.live.stream import Stream
from core.live.stream_slots import StreamSlots
from core.nets.catalog import card_named
from core.pipeline import Thresholds
from pages.components.live import track
from pages.components.live.track import AnnotatedTrack, begin
from tests.videos import frame, plain

COLOUR = card_named("tiny-dominant-colour")
PATIENCE = 30


@pytest.fixture
def stream():
    opened = Stream("ann", StreamSlots(1, 600))
    opened.settings = LiveSettings("classification", COLOUR.blob, COLOUR, Thresholds(0.1))
    yield opened
    opened.close()


def test_a_frame_that_came_in_goes_out_annotated(stream):
    async def once():
        track = begin(stream).video
        stream.offer(frame(plain(0, 0, 230)))
        return await asyncio.wait_for(track.recv(), PATIENCE)

    sent = asyncio.run(once())
    assert sent.format.name == "yuv420p"
    assert (sent.width, sent.height) == (96, 64)
    assert sent.to_ndarray(format="bgr24")[2, 2, 2] < 255


def test_the_event_loop_goes_on_while_the_net_is_busy(stream, monkeypatch):
    let_go = threading.Event()

    def slow(image, *_):
        assert let_go.wait(PATIENCE)
        return FrameResult(image, image)

    monkeypatch.setattr(module, "process_frame", slow)

    async def wait_a_while():
        track = begin(stream).video
        stream.offer(frame(plain(0, 0, 230)))
        waiting = asyncio.create_task(track.recv())
        for _ in range(50):
            await asyncio.sleep(0)
        done = waiting.done()
        let_go.set()
        await asyncio.wait_for(waiting, PATIENCE)
        return done

    assert not asyncio.run(wait_a_while())


def test_a_slow_net_leaves_no_browser_waiting_and_sends_its_last_frame_again(
    stream, monkeypatch
):
    monkeypatch.setattr(track, "REPEAT_SECONDS", 0.01)

    async def twice():
        track = begin(stream).video
        stream.offer(frame(plain(0, 0, 230)))
        return [await asyncio.wait_for(track.recv(), PATIENCE) for _ in range(2)]

    first, second = asyncio.run(twice())
    assert first is second


def test_the_end_of_either_is_the_end_of_both(stream):
    async def ended_by_the_track():
        track = begin(stream).video
        track.stop()
        with pytest.raises(MediaStreamError):
            await track.recv()

    asyncio.run(ended_by_the_track())
    assert stream.ended.is_set()
    other = Stream("ben", StreamSlots(1, 600))
    other.settings = replace(stream.settings)

    async def ended_by_the_stream():
        track = AnnotatedTrack(other)
        other.begin()
        waiting = asyncio.create_task(track.recv())
        await asyncio.sleep(0)
        other.close("over")
        with pytest.raises(MediaStreamError):
            await asyncio.wait_for(waiting, PATIENCE)
        return track.readyState

    assert asyncio.run(ended_by_the_stream()) == "ended"


def test_an_old_frame_is_never_sent_after_a_newer_one(stream, monkeypatch):
    monkeypatch.setattr(module, "process_frame", lambda image, *_: FrameResult(image, image))

    async def many():
        track = begin(stream).video
        reds = []
        for red in range(0, 250, 10):
            stream.offer(frame(plain(0, 0, red)))
            sent = await asyncio.wait_for(track.recv(), PATIENCE)
            reds.append(int(sent.to_ndarray(format="bgr24")[5, 5, 2]))
        return reds

    reds = asyncio.run(many())
    assert all(later >= earlier - 3 for earlier, later in pairwise(reds))
