"""Video sources: a sample that wanders, and files that strangers give."""

import io
import re
import struct
import threading
from fractions import Fraction

import av
import numpy as np
import pytest

from core.errors import LiveRefused, VideoRefused
from core.live import video_source as module
from core.live.video_source import CLIPS, SampleClip, VideoFile, play
from core.video import reading
from core.video.reading import Video
from tests.videos import film, frame, numbered, plain, without_pulses


def given(data: bytes, name: str = "mine.mp4") -> VideoFile:
    return VideoFile(Video(name, data))


def images_of(data: bytes) -> list[np.ndarray]:
    timed = without_pulses(given(data).frames())
    return [each.to_ndarray(format="bgr24") for _, each in timed]


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
    frames = without_pulses(given(film(images, container=kind)).frames())
    assert len(frames) == 12
    seconds = [second for second, _ in frames]
    assert seconds[0] == 0
    assert np.allclose(np.diff(seconds), 0.05, atol=0.01)
    reds = [int(each.to_ndarray(format="bgr24")[20, 20, 2]) for _, each in frames]
    assert np.abs(np.array(reds) - np.arange(0, 120, 10)).max() < 15


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"#EXTM3U\nfile:///etc/passwd\n"])
def test_what_is_no_video_is_refused_with_the_sentence_of_all_videos(data):
    with pytest.raises(VideoRefused) as refused:
        given(data)
    with pytest.raises(VideoRefused, match=re.escape(str(refused.value))):
        reading.video_info(Video("mine.mp4", data))


def test_a_title_in_latin_1_keeps_nobody_from_playing_the_film():
    data = film([plain(0, 0, 200)] * 3, title="Fetes!")
    assert data.count(b"Fetes!") == 1
    assert len(images_of(data.replace(b"Fetes!", "Fêtes!".encode("latin-1")))) == 3


def test_a_codec_that_nobody_needs_is_refused():
    with pytest.raises(VideoRefused, match=r"takes H\.264"):
        given(numbered(4, container="avi", codec="mpeg2video"))


def test_a_quicktime_file_without_ftyp_is_played():
    data = film([plain(0, 0, 200)] * 4, container="mov")
    assert data[4:8] == b"ftyp"
    assert len(images_of(data[:4] + b"wide" + data[8:])) == 4


def test_a_film_that_a_phone_took_sideways_stands_upright():
    data, one = numbered(6, size=(64, 48)), 1 << 16
    matrix = struct.pack(">9i", 0, one, 0, -one, 0, 0, 48 * one, 0, 1 << 30)
    at = data.index(b"tkhd") + 44
    turned = images_of(data[:at] + matrix + data[at + 36 :])
    assert [image.shape for image in turned] == [(64, 48, 3)] * 6


def growing(small: tuple[int, int], large: tuple[int, int]) -> bytes:
    """Write a film of two frames, the second of which is larger than the file says."""
    written = io.BytesIO()
    with av.open(written, "w", format="avi") as container:
        track = container.add_stream("mjpeg", rate=20)
        track.width, track.height, track.pix_fmt = *small, "yuvj420p"
        other = av.CodecContext.create("mjpeg", "w")
        other.width, other.height, other.pix_fmt = *large, "yuvj420p"
        other.time_base = track.codec_context.time_base = Fraction(1, 20)
        container.start_encoding()
        for number, (encoder, size) in enumerate(((track, small), (other, large))):
            shown = frame(plain(0, 0, 200, size))
            shown.pts, shown.time_base = number, Fraction(1, 20)
            for packet in [*encoder.encode(shown), *encoder.encode()]:
                packet.stream = track
                container.mux(packet)
    return written.getvalue()


def test_a_film_that_grows_on_its_way_keeps_the_size_of_its_first_frame():
    assert [each.shape for each in images_of(growing((64, 48), (640, 480)))] == [
        (48, 64, 3),
        (48, 64, 3),
    ]
    assert len(images_of(growing((64, 48), (6000, 6000)))) == 1, "is never decoded"


def test_a_file_that_was_cut_off_is_played_as_far_as_it_goes():
    noise = np.random.default_rng(0).integers(0, 256, (40, 64, 96, 3), np.uint8)
    whole = film(list(noise), container="webm")
    assert 0 < len(images_of(whole[: len(whole) * 2 // 3])) < 40


def test_a_file_that_is_too_big_or_too_wide_is_refused(monkeypatch):
    data = film([plain(0, 0, 0)])
    monkeypatch.setattr(module, "MOST_SOURCE_PIXELS", 96 * 64 - 1)
    with pytest.raises(LiveRefused, match="96 x 64"):
        given(data)
    monkeypatch.setattr(module, "MOST_SOURCE_BYTES", len(data) - 1)
    with pytest.raises(LiveRefused, match="at most"):
        given(data)


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

    video_source = Two()
    play(lambda: video_source, show, ended)
    assert len(shown) == 5
