"""Footage: a sample that wanders, and files that strangers give."""

import threading

import numpy as np
import pytest

from core.errors import LiveRefused
from core.live import footage as module
from core.live.footage import CLIPS, SampleClip, VideoFile, play
from tests.live.films import film, frame, plain


@pytest.mark.parametrize("name", CLIPS)
def test_a_sample_clip_moves_and_comes_back_to_its_beginning(name):
    frames = [each.to_ndarray(format="bgr24") for _, each in SampleClip(name).frames()]
    assert len({each.shape for each in frames}) == 1
    assert frames[0].shape[0] % 2 == frames[0].shape[1] % 2 == 0
    assert not np.array_equal(frames[0], frames[len(frames) // 3])
    assert np.abs(frames[0].astype(int) - frames[-1]).mean() < 15


@pytest.mark.parametrize("kind", ["mp4", "mov", "matroska", "webm", "avi"])
def test_each_kind_of_file_is_played_in_its_order(kind):
    images = [plain(0, 0, 10 * number) for number in range(12)]
    frames = list(VideoFile("x", film(images, kind=kind)).frames())
    assert len(frames) == 12
    seconds = [second for second, _ in frames]
    assert seconds[0] == 0
    assert np.allclose(np.diff(seconds), 0.05, atol=0.01)
    reds = [int(each.to_ndarray(format="bgr24")[20, 20, 2]) for _, each in frames]
    assert np.abs(np.array(reds) - np.arange(0, 120, 10)).max() < 15


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is not a video"),
        (b"GIF89a", "is not a video"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "is not a video"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "is not a video"),
        (b"\0\0\0\x18ftypmp42" + bytes(64), "damaged"),
        (b"\x1a\x45\xdf\xa3" + bytes(64), "damaged"),
        (b"RIFF\0\0\0\0AVI LIST", "damaged"),
    ],
)
def test_what_is_no_video_is_refused_with_a_sentence(data, words):
    with pytest.raises(LiveRefused, match=words):
        list(VideoFile("mine.mp4", data).frames())


def test_a_file_that_was_cut_off_is_played_as_far_as_it_goes():
    noise = np.random.default_rng(0).integers(0, 256, (40, 64, 96, 3), np.uint8)
    whole = film(list(noise), kind="webm")
    frames = list(VideoFile("cut.webm", whole[: len(whole) * 2 // 3]).frames())
    assert 0 < len(frames) < 40


def test_a_file_that_is_too_big_or_too_wide_is_refused(monkeypatch):
    data = film([plain(0, 0, 0)])
    monkeypatch.setattr(module, "MOST_PIXELS", 96 * 64 - 1)
    with pytest.raises(LiveRefused, match="96 x 64"):
        VideoFile("wide.mp4", data)
    monkeypatch.setattr(module, "MOST_BYTES", len(data) - 1)
    with pytest.raises(LiveRefused, match="at most"):
        VideoFile("big.mp4", data)


def test_a_film_begins_again_until_it_is_ended():
    shown, ended = [], threading.Event()

    class Two:
        def frames(self):
            yield 0.0, frame(plain(0, 0, 0))
            yield 0.001, frame(plain(0, 0, 9))

    def show(each):
        shown.append(each)
        if len(shown) == 5:
            ended.set()

    footage = Two()
    play(lambda: footage, show, ended)
    assert len(shown) == 5
