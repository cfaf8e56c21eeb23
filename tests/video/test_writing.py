import gc
import os
import stat
from fractions import Fraction

import av
import numpy as np
import pytest

from core.errors import VideoRefused
from core.picture.size import Size
from core.video import encoder
from core.video.reading import FrameRange, Video, frames, video_info
from core.video.writing import VIDEO_FORMATS, AnnotatedVideo, annotated_size, writable
from tests.videos import blocks, number_in


def written(annotated: AnnotatedVideo, size: Size, count: int = 10, rate: float = 10) -> Video:
    with annotated.writing(size, rate) as write:
        for number in range(count):
            write(blocks(number, size.cv2), number / rate)
    return Video("film", annotated.path.read_bytes())


def test_the_wheel_brings_both_encoders():
    assert writable() == VIDEO_FORMATS


@pytest.mark.parametrize("kind", VIDEO_FORMATS)
@pytest.mark.parametrize("size", [Size(320, 240), Size(321, 241), Size(64, 49)])
def test_a_film_holds_every_frame_at_its_time(kind, size):
    annotated = AnnotatedVideo(kind)
    video = written(annotated, size)
    info = video_info(video)
    assert info.size == Size(size.width + size.width % 2, size.height + size.height % 2)
    seen = [number_in(frame.image) for frame in frames(video, info, FrameRange(0, 9))]
    assert seen == list(range(10))
    assert info.times == pytest.approx(np.arange(10) / 10, abs=2e-3)


@pytest.mark.parametrize("rate", [0.05, 0.5, 59.94, 240.0])
def test_a_film_can_be_slow_or_quick(rate):
    info = video_info(written(AnnotatedVideo("MP4"), Size(64, 48), count=4, rate=rate))
    assert info.times == pytest.approx([number / rate for number in range(4)], abs=1e-3)


def test_frames_of_a_varying_rate_keep_their_times():
    annotated, times = AnnotatedVideo("MP4"), [0, 0.1, 1.5, 1.6]
    with annotated.writing(Size(64, 48), 15) as write:
        for number, seconds in enumerate(times):
            write(blocks(number, (64, 48)), seconds)
    assert video_info(Video("film", annotated.path.read_bytes())).times == pytest.approx(
        times, abs=1e-3
    )


@pytest.mark.parametrize("kind", VIDEO_FORMATS)
def test_a_film_whose_maker_fails_plays_up_to_there(kind):
    annotated = AnnotatedVideo(kind)

    def fail() -> None:
        with annotated.writing(Size(64, 48), 10) as write:
            for number in range(7):
                write(blocks(number, (64, 48)), number / 10)
            raise KeyError("the net gave up")

    with pytest.raises(KeyError, match="the net gave up"):
        fail()
    video = Video("film", annotated.path.read_bytes())
    assert len(list(frames(video, video_info(video), FrameRange(0, 9)))) == 7


def test_an_mp4_begins_with_its_index_so_that_it_plays_before_all_has_come():
    data = written(AnnotatedVideo("MP4"), Size(64, 48)).data
    assert data.index(b"moov") < data.index(b"mdat")


def test_a_film_s_file_is_private_and_goes_with_the_film():
    annotated = AnnotatedVideo("MP4")
    path = annotated.path
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    written(annotated, Size(64, 48))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    del annotated
    gc.collect()
    assert not path.exists()


def test_a_full_disk_is_a_sentence(monkeypatch):
    annotated = AnnotatedVideo("MP4")
    monkeypatch.setattr(encoder, "_padded", lambda _: _no_room())
    with pytest.raises(VideoRefused, match="Perhaps the disk"):
        written(annotated, Size(64, 48))


def test_what_fails_for_the_maker_is_not_told_as_a_full_disk():
    annotated = AnnotatedVideo("MP4")

    def read_badly() -> None:
        with annotated.writing(Size(64, 48), 10) as write:
            write(blocks(0, (64, 48)), 0)
            raise av.error.InvalidDataError(1, "Invalid data found")

    with pytest.raises(av.error.InvalidDataError):
        read_badly()
    assert len(video_info(Video("film", annotated.path.read_bytes())).times) == 1


def test_a_film_that_cannot_be_opened_is_a_sentence():
    annotated = AnnotatedVideo("MP4")
    annotated.path = annotated.path / "nowhere"
    with pytest.raises(VideoRefused, match="cannot be written"):
        written(annotated, Size(64, 48))


def _no_room() -> None:
    raise av.error.FFmpegError(28, "No space left on device")


@pytest.mark.parametrize(
    ("frame", "annotated"),
    [
        ((640, 480), (640, 480)),
        ((1920, 1080), (1280, 720)),
        ((2160, 3840), (720, 1280)),
        ((4000, 1), (1280, 1)),
    ],
)
def test_large_frames_are_written_smaller(frame, annotated):
    assert annotated_size(Size(*frame)).cv2 == annotated


def test_a_rate_that_is_no_fraction_is_close_to_one():
    assert encoder.as_fraction(29.97002997) == Fraction(30000, 1001)
