"""A stream: the newest frame, counters, and sentences instead of a frozen picture."""

import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import ForwardFailed
from core.live import stream as module
from core.live.processing import FrameResult
from core.live.recording import Recording
from core.live.settings import LiveSettings
from core.live.stream import MOST_WIDTH, LatestFrame, Stream, bounded, image_of
from core.live.stream_slots import StreamSlots
from core.nets.catalog import card_named
from core.pipeline import Thresholds
from core.video.encoder import Encoder
from tests.videos import frame, plain

PATIENCE = 30
ROOT = Path(__file__).parents[2]
COLOUR = card_named("tiny-dominant-colour")
RANKING = LiveSettings("classification", COLOUR.blob, COLOUR, Thresholds(0.1))
RED, BLUE = plain(0, 0, 230), plain(230, 0, 0)


@pytest.fixture
def opened():
    streams = []

    def make(slots=None, settings=RANKING):
        stream = Stream("ann", slots or StreamSlots(4, 600))
        stream.settings = settings
        streams.append(stream)
        return stream

    yield make
    for stream in streams:
        stream.close()
        stream.join(PATIENCE)


class Told:
    """Waits for looks of a stream."""

    def __init__(self, stream):
        self.stream, self.more = stream, threading.Condition()
        stream.tell(self.tell)

    def tell(self):
        with self.more:
            self.more.notify_all()

    def until(self, true_of):
        with self.more:
            assert self.more.wait_for(lambda: true_of(self.stream), PATIENCE)


def labels(stream):
    return [each.label for each in stream.latest.result.seen] if stream.latest else None


def test_a_newer_frame_takes_the_place_of_one_that_waits():
    slot = LatestFrame()
    for _ in range(5):
        slot.put(frame(RED))
    number, _, _ = slot.take()
    assert (number, slot.frames, slot.dropped) == (5, 5, 4)
    slot.close()
    assert slot.take() is None


def test_whoever_waits_for_a_frame_goes_home_when_it_is_closed():
    slot, taken = LatestFrame(), []
    thread = threading.Thread(target=lambda: taken.append(slot.take()))
    thread.start()
    slot.close()
    thread.join(PATIENCE)
    assert taken == [None]
    slot.put(frame(RED))
    assert slot.take() is None


def test_under_load_only_the_newest_frame_is_looked_at(opened, monkeypatch):
    going, let_go = threading.Event(), threading.Event()

    def slow(image, *_):
        going.set()
        assert let_go.wait(PATIENCE)
        return FrameResult(image, image)

    monkeypatch.setattr(module, "process_frame", slow)
    stream = opened()
    told, numbers = Told(stream), []
    stream.tell(lambda: numbers.append(stream.latest and stream.latest.number))
    stream.begin()
    stream.offer(frame(RED))
    assert going.wait(PATIENCE)
    for _ in range(9):
        stream.offer(frame(BLUE))  # returns at once, although the net is busy
    let_go.set()
    told.until(lambda stream: stream.latest and stream.latest.number == 10)
    assert numbers == [1, 10]
    assert (stream.numbers.frames, stream.numbers.dropped) == (10, 8)


def test_settings_act_on_the_next_frame(opened):
    stream = opened()
    told = Told(stream)
    stream.begin()
    stream.offer(frame(RED))
    told.until(lambda stream: labels(stream) == ["red"])
    stream.settings = replace(RANKING, thresholds=Thresholds(1.0))
    stream.offer(frame(RED))
    told.until(lambda stream: labels(stream) == [])


def test_whatever_goes_wrong_becomes_a_sentence_and_the_next_frame_is_seen(
    opened, monkeypatch, caplog
):
    works = module.process_frame
    errors = [ForwardFailed("This net has had enough."), KeyError("a bug")]

    def failing(*given):
        if errors:
            raise errors.pop(0)
        return works(*given)

    monkeypatch.setattr(module, "process_frame", failing)
    stream = opened()
    told = Told(stream)
    stream.begin()
    for number, wanted in enumerate(("had enough", "KeyError", ""), start=1):
        stream.offer(frame(RED))
        told.until(lambda stream, n=number: stream.latest and stream.latest.number == n)
        assert wanted in stream.error
        written = stream.latest.result
        assert not np.array_equal(written.annotated, written.image)
    assert labels(stream) == ["red"]
    assert "A look failed" in caplog.text


def test_a_stream_without_a_place_ends_at_once_and_says_why(opened):
    slots = StreamSlots(1, 600)
    slots.take("ben")
    stream = opened(slots)
    stream.begin()
    assert stream.ended.is_set()
    assert "The server is busy" in stream.why_ended


def test_a_stream_ends_with_its_time_and_gives_its_place_back(opened):
    slots = StreamSlots(1, 0.01)
    stream = opened(slots)
    stream.begin()
    while stream.seconds_left > 0:
        time.sleep(0.001)
    stream.offer(frame(RED))
    assert stream.ended.wait(PATIENCE)
    assert "session of this stream has ended" in stream.why_ended
    assert slots.taken == 0


def test_closing_ends_thread_recording_and_place(opened):
    before = threading.active_count()
    slots = StreamSlots(1, 600)
    stream = opened(slots)
    told = Told(stream)
    stream.recording = Recording()
    stream.begin()
    stream.offer(frame(RED))
    told.until(lambda stream: stream.recording.frames == 1)
    stream.close()
    stream.close()
    stream.begin()  # what has ended does not begin again
    assert slots.taken == 0
    stream.join(PATIENCE)
    assert stream.recording.over
    assert threading.active_count() == before
    assert stream.latest is None, "a stream that has ended keeps no pixels"
    assert not stream.history.strip, "nor small ones"
    assert stream.history.timeline


def test_closing_does_not_wait_for_the_encoder_of_a_recording(opened, monkeypatch):
    finished_in = []
    monkeypatch.setattr(
        Recording, "finish", lambda _self: finished_in.append(threading.current_thread())
    )
    stream = opened()
    stream.begin()
    stream.record()
    stream.close()
    stream.join(PATIENCE)
    assert finished_in == [stream._thread], "not in the thread that closed it"


def test_a_recording_that_is_begun_too_late_is_over_at_once(opened):
    stream = opened()
    stream.begin()
    stream.close()
    stream.join(PATIENCE)
    assert stream.record().over


def test_whatever_breaks_a_stream_is_said_and_gives_its_place_back(opened, monkeypatch, caplog):
    def broken(_image):
        raise MemoryError

    monkeypatch.setattr(module, "frame_of", broken)
    slots = StreamSlots(1, 600)
    stream = opened(slots)
    stream.recording = Recording()
    stream.begin()
    stream.offer(frame(RED))
    stream.join(PATIENCE)
    assert "failed (MemoryError). Press START" in stream.why_ended
    assert "A stream broke off" in caplog.text
    assert stream.recording.over
    assert slots.taken == 0


def test_a_video_source_that_breaks_is_said_as_well(opened, caplog):
    class Broken:
        def frames(self):
            raise OSError("no such disk")

    stream = opened()
    stream.video_source = Broken()
    stream.begin()
    assert stream.ended.wait(PATIENCE)
    assert "failed (OSError)" in stream.why_ended
    assert "no such disk" in caplog.text


def test_a_recording_that_fails_ends_alone_and_the_stream_goes_on(opened, monkeypatch):
    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(Encoder, "write", full)
    stream = opened()
    told = Told(stream)
    stream.begin()
    recording = stream.record()
    for number in (1, 2):
        stream.offer(frame(RED))
        told.until(lambda stream, n=number: stream.latest and stream.latest.number == n)
    assert "The recording failed (OSError)" in recording.error
    assert recording.over
    assert not stream.ended.is_set()


def test_a_listener_that_fails_keeps_nothing_from_the_others(opened, caplog):
    stream = opened()
    stream.tell(lambda: 1 // 0)
    told = Told(stream)
    stream.begin()
    stream.offer(frame(RED))
    told.until(lambda stream: labels(stream) == ["red"])
    assert "A listener of a stream failed" in caplog.text


def test_nothing_grows_over_a_long_stream(opened, monkeypatch):
    monkeypatch.setattr(module, "process_frame", lambda image, *_: FrameResult(image, image))
    stream = opened()
    told = Told(stream)
    stream.begin()
    for number in range(1, 1501):
        stream.offer(frame(RED[:8, :8]))
        if number % 50 == 0:
            told.until(lambda stream, n=number: stream.latest and stream.latest.number == n)
    assert len(stream._came._times) <= 240
    assert len(stream.history.timeline) <= 60


def test_a_wide_frame_is_shrunk_and_sides_become_even():
    wide = np.zeros((1081, 1921, 3), np.uint8)
    assert image_of(frame(wide)).shape == (720, MOST_WIDTH, 3)
    assert bounded(np.zeros((7, 5, 3), np.uint8)).shape == (6, 4, 3)


@pytest.mark.parametrize(
    ("size", "fits"),
    [((1000, 8000), (160, 1280)), ((8000, 3), (1280, 2)), ((1280, 1280), (1280, 1280))],
)
def test_a_frame_fits_whatever_its_shape(size, fits):
    height, width = bounded(plain(0, 0, 0, size)).shape[:2]
    assert (width, height) == fits


def test_a_frame_of_next_to_nothing_ends_the_stream_with_a_sentence(opened):
    stream = opened()
    stream.begin()
    stream.offer(frame(plain(0, 0, 0, (64, 1))))
    assert stream.ended.wait(PATIENCE)
    assert "64 x 1 pixels is too small" in stream.why_ended


def test_a_video_source_stands_in_for_a_camera_and_can_be_changed_while_it_plays(opened):
    class Still:
        def __init__(self, image):
            self.image = image

        def frames(self):
            yield 0.0, frame(self.image)

    stream = opened()
    stream.video_source = Still(RED)
    told = Told(stream)
    stream.begin()
    told.until(lambda stream: labels(stream) == ["red"])
    stream.video_source = Still(BLUE)
    told.until(lambda stream: labels(stream) == ["blue"])


EXITING = """
import threading
from core.live.stream_slots import StreamSlots
from core.live.settings import LiveSettings
from core.live.stream import Stream
from core.nets.catalog import card_named
from tests.videos import frame, plain

detector = card_named("starter-detector-darknet")
stream = Stream("ann", StreamSlots(1, 600))
stream.settings = LiveSettings("detection", detector.blob, detector)
processed = threading.Event()
stream.tell(processed.set)
stream.begin()
stream.offer(frame(plain(0, 0, 200)))
processed.wait(30)
stream.offer(frame(plain(0, 0, 200)))
"""


def test_a_process_that_ends_amid_a_look_ends_well():
    done = subprocess.run(
        [sys.executable, "-c", EXITING], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
