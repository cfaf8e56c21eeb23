"""A recording: a whole file, within its limits."""

import io

import av
import numpy as np

from core.live.recording import Recording
from tests.videos import plain


def frames_of(data: bytes) -> list[tuple[float, np.ndarray]]:
    with av.open(io.BytesIO(data), format="webm") as film:
        return [(each.time, each.to_ndarray(format="bgr24")) for each in film.decode(video=0)]


def test_what_was_added_is_in_the_file_at_its_time():
    recording = Recording()
    for number in range(10):
        recording.add(plain(0, 0, 20 * number), 100 + number / 10)
    frames = frames_of(recording.data())
    assert len(frames) == 10
    for number, (second, image) in enumerate(frames):
        assert abs(second - number / 10) < 0.01
        assert abs(int(image[20, 20, 2]) - 20 * number) < 12


def test_a_recording_ends_at_its_seconds():
    recording = Recording(most_seconds=1.0)
    for number in range(30):
        recording.add(plain(0, 200, 0), number / 10)
    assert recording.over
    assert recording.seconds <= 1.0
    assert len(frames_of(recording.data())) == 11


def test_a_recording_ends_at_its_bytes():
    recording = Recording(most_bytes=50_000)
    noise = np.random.default_rng(0)
    for number in range(400):
        recording.add(noise.integers(0, 256, (128, 160, 3), np.uint8), number / 25)
    assert recording.over
    data = recording.data()
    assert 50_000 < len(data) < 100_000, "the last frame may lie beyond the limit"
    assert len(frames_of(data)) == recording.frames < 400


def test_a_camera_that_changes_its_size_does_not_break_the_file():
    recording = Recording()
    recording.add(plain(0, 0, 200, (97, 65)), 0.0)
    recording.add(plain(0, 0, 200, (48, 32)), 0.1)
    assert [image.shape for _, image in frames_of(recording.data())] == [(66, 98, 3)] * 2


def test_an_empty_recording_is_no_file_and_no_error():
    recording = Recording()
    recording.finish()
    assert (recording.frames, recording.data()) == (0, b"")


def test_what_comes_after_the_end_or_twice_at_one_time_is_left_out():
    recording = Recording()
    recording.add(plain(0, 0, 200), 1.0)
    recording.add(plain(0, 0, 200), 1.0)
    recording.finish()
    recording.add(plain(0, 0, 200), 2.0)
    assert len(frames_of(recording.data())) == recording.frames == 1
