import random
import struct
from contextlib import contextmanager, suppress
from dataclasses import asdict

import numpy as np
import pytest

from core.errors import VideoRefused
from core.sandbox.messages import WorkerMessage
from core.sandbox.worker import Worker
from core.video import reading
from core.video.decoding import Orientation, VideoTrack
from core.video.reading import FrameRange, Video, expected, first_frame, frames, video_info
from tests.videos import number_in, numbered, sound_only

KINDS = {
    "MP4, H.264": ("mp4", "libx264", {}),
    "MOV, H.264 without B-frames": ("mov", "libx264", {"bf": "0"}),
    "MP4, H.265": ("mp4", "libx265", {"x265-params": "log-level=none"}),
    "WebM, VP9": ("webm", "libvpx-vp9", {"deadline": "realtime", "cpu-used": "8"}),
    "WebM, VP8": ("webm", "libvpx", {"deadline": "realtime", "cpu-used": "8", "b": "200k"}),
    "AVI, MPEG-4 with B-frames": ("avi", "mpeg4", {"bf": "2"}),
    "AVI, Motion JPEG": ("avi", "mjpeg", {}),
    "AVI, H.264, whose time stamps are in a muddle": ("avi", "libx264", {}),
}
ALL = FrameRange(0, 1e6)


def video(**how) -> Video:
    return Video("clip.mp4", numbered(**how))


def numbers(clip: Video, frame_range: FrameRange) -> list[int]:
    return [number_in(frame.image) for frame in frames(clip, video_info(clip), frame_range)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_gives_every_frame_in_the_order_shown(kind):
    container, codec, options = KINDS[kind]
    clip = Video("clip", numbered(40, container=container, codec=codec, **options))
    seen = list(frames(clip, video_info(clip), ALL))
    assert [number_in(frame.image) for frame in seen] == list(range(40))
    assert [frame.number for frame in seen] == list(range(40))
    assert [frame.seconds for frame in seen] == pytest.approx(np.arange(40) / 15, abs=2e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_takes_just_the_frames_it_says(kind):
    container, codec, options = KINDS[kind]
    clip = Video("clip", numbered(60, container=container, codec=codec, g="12", **options))
    info = video_info(clip)
    for begin, end, stride in [
        (0, 9, 7),
        (1.0, 2.01, 1),
        (2.5, 9, 4),
        (3.9, 9, 1),
        (1, 1.01, 3),
    ]:
        # WebM rounds times to milliseconds, so the bounds lie between frames
        frame_range = FrameRange(max(0, begin - 0.01), end, stride)
        inside = [at for at in range(60) if frame_range.begin <= at / 15 <= frame_range.end]
        assert numbers(clip, frame_range) == inside[::stride]
        assert expected(info, frame_range) == len(inside[::stride])


def test_the_first_frame_of_a_cut_is_found_without_the_others():
    clip = video(count=60, g="12")
    assert number_in(first_frame(clip, video_info(clip), FrameRange(2.0, 3.0)).image) == 30
    with pytest.raises(VideoRefused, match="no frame from 50 to 60 seconds"):
        first_frame(clip, video_info(clip), FrameRange(50, 60))


def test_a_varying_rate_keeps_its_times():
    times = [0, 0.1, 0.2, 1.0, 1.01, 4.0, 4.5]
    clip = video(count=7, times=times)
    info = video_info(clip)
    assert info.times == pytest.approx(times, abs=2e-3)
    assert numbers(clip, FrameRange(0.15, 4.2, 1)) == [2, 3, 4, 5]
    assert info.rate == pytest.approx(6 / 4.5, abs=0.01)


def test_the_header_tells_what_the_video_is():
    info = video_info(video(count=30))
    assert (info.codec, str(info.size), info.rate) == ("H.264", "320 x 240", pytest.approx(15))
    assert info.seconds == pytest.approx(2.0)


def turned_by_the_player(data: bytes, matrix: tuple[int, ...]) -> Video:
    """Write a display matrix into an MP4's track header (ISO 14496-12, 8.3.2)."""
    at = data.index(b"tkhd") + 44
    return Video("phone.mp4", data[:at] + struct.pack(">9i", *matrix) + data[at + 36 :])


def test_a_video_that_a_phone_took_sideways_stands_upright():
    one = 1 << 16
    matrix = (0, one, 0, -one, 0, 0, 240 * one, 0, 1 << 30)  # a quarter turn clockwise
    clip = turned_by_the_player(numbered(6), matrix)
    straight = Video("straight.mp4", numbered(6))
    assert str(video_info(clip).size) == "240 x 320"
    upright = [frame.image for frame in frames(clip, video_info(clip), ALL)]
    stored = [frame.image for frame in frames(straight, video_info(straight), ALL)]
    for one_way, other in zip(upright, stored, strict=True):
        np.testing.assert_array_equal(one_way, np.rot90(other, -1))


def test_a_frame_is_read_only():
    clip = video(count=2)
    assert not first_frame(clip, video_info(clip), ALL).image.flags.writeable


# What is refused, and in which words

SMALL = numbered(12)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n", "no video that Blobscope opens"),
        (b"just a text", "no video that Blobscope opens"),
        (bytes(range(256)) * 40, "no video that Blobscope opens"),
        (SMALL[: len(SMALL) // 2], "damaged or was cut off"),
        (SMALL[:40], "damaged or was cut off"),
        (b"\x00\x00\x00\x18ftypmp42" + bytes(500), "damaged or was cut off"),
        (b"RIFF\xff\xff\xff\xffAVI " + bytes(500), "damaged or was cut off"),
        (b"\x1a\x45\xdf\xa3" + bytes(500), "damaged or was cut off"),
    ],
)
def test_what_is_no_video_is_refused_in_a_sentence(data, words):
    with pytest.raises(VideoRefused, match=words):
        video_info(Video("clip.mp4", data))


def test_sound_without_pictures_is_refused():
    with pytest.raises(VideoRefused, match="only sound"):
        video_info(Video("song.mp4", sound_only()))


def test_a_codec_that_nobody_needs_is_refused():
    data = numbered(10, container="avi", codec="mpeg2video")
    with pytest.raises(VideoRefused, match=r"takes H\.264, H\.265, AV1"):
        video_info(Video("old.avi", data))


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        ("MAX_SECONDS", 2, "minutes long; the limit is"),
        ("MAX_FRAMES", 50, "claims 60 frames, and a video may have at most 50"),
        ("MAX_FRAME_PIXELS", 1000, "320 x 240 pixels"),
        ("MAX_VIDEO_BYTES", 1000, "limit is 0 MB"),
    ],
)
def test_limits_are_sentences(limit, value, words, monkeypatch):
    monkeypatch.setattr(reading, limit, value)
    with pytest.raises(VideoRefused, match=words):
        video_info(video(count=60))


@pytest.mark.parametrize(
    "frame_range", [(-1, 2, 1), (3, 2, 1), (0, 1, 0), (float("nan"), 1, 1)]
)
def test_a_cut_that_takes_nothing_is_refused(frame_range):
    with pytest.raises(VideoRefused):
        FrameRange(*frame_range)


def test_damage_in_the_middle_costs_some_frames_only():
    data = bytearray(numbered(60, g="12"))
    middle = data.index(b"mdat") + len(data) // 3
    data[middle : middle + 300] = b"\xaa" * 300
    clip = Video("scratched.mp4", bytes(data))
    seen = [frame.number for frame in frames(clip, video_info(clip), ALL)]
    assert 20 <= len(seen) < 60
    assert seen == sorted(set(seen)), "each once, and never back"


def told(**changes) -> WorkerMessage:
    """Say what a worker says of a video of 64 x 48 and three frames, with something changed."""
    track = VideoTrack("mov", 0, 64, 48, Orientation(), "shown", 0)
    values = {"track": asdict(track), "codec": "H.264", "rate": 10.0} | changes
    times = values.pop("times", np.array([0.0, 0.1, 0.2]))
    return WorkerMessage("part", values, (times,))


def test_what_a_worker_says_is_believed_where_it_can_be():
    info = reading._info_of(Video("clip", b""), told(), "mov")
    assert (str(info.size), info.times) == ("64 x 48", (0.0, 0.1, 0.2))


TRACK = told().values["track"]


@pytest.mark.parametrize(
    "changes",
    [
        {"codec": "a codec <b>of its own</b>"},
        {"rate": 0.0},
        {"rate": 1e9},
        {"rate": "fast"},
        {"track": {}},
        {"track": None},
        {"track": TRACK | {"width": 0}},
        {"track": TRACK | {"width": 10**9}},
        {"track": TRACK | {"container": "concat"}},
        {"track": TRACK | {"orientation": 1}},
        {"times": np.array([0, 1], np.int64)},
        {"times": np.array([])},
        {"times": np.array([0.1, 0.2])},
        {"times": np.array([0.0, np.nan])},
        {"times": np.array([0.0, 2.0, 1.0])},
        {"times": np.zeros((2, 2))},
        {"times": np.zeros(54_001)},
    ],
)
def test_a_worker_that_was_taken_over_cannot_make_us_believe_nonsense(changes):
    with pytest.raises(VideoRefused, match="answer what cannot be"):
        reading._info_of(Video("clip", b""), told(**changes), "mov")


@pytest.mark.parametrize(
    ("number", "image"),
    [
        (1, np.zeros((48, 64), np.uint8)),
        (1, np.zeros((49, 64, 3), np.uint8)),
        (1, np.zeros((48, 64, 3), np.float32)),
        (0, np.zeros((48, 64, 3), np.uint8)),
        (3, np.zeros((48, 64, 3), np.uint8)),
        (True, np.zeros((48, 64, 3), np.uint8)),
        ("1", np.zeros((48, 64, 3), np.uint8)),
    ],
)
def test_a_frame_that_cannot_be_one_of_the_video_is_not_taken(number, image):
    clip = Video("clip", b"")
    info = reading._info_of(clip, told(), "mov")
    good = WorkerMessage("part", {"number": 1}, (np.zeros((48, 64, 3), np.uint8),))
    assert reading._frame(clip, good, info, 0).number == 1
    with pytest.raises(VideoRefused, match="answer what cannot be"):
        reading._frame(clip, WorkerMessage("part", {"number": number}, (image,)), info, 0)


@pytest.fixture
def one_worker(monkeypatch):
    """Ask one worker about all files: what is tested is not who reads them, but how."""
    held = []

    @contextmanager
    def lent(module, limits, **_):
        if not held or not held[0].alive:
            held[:] = [Worker(module, limits)]
        yield held[0], True

    monkeypatch.setattr(reading, "lent", lent)
    yield held
    held[0].close()


@pytest.mark.parametrize(
    ("container", "codec"), [("mp4", "libx264"), ("webm", "libvpx"), ("avi", "mpeg4")]
)
@pytest.mark.usefixtures("one_worker")
def test_of_three_hundred_mutants_none_crashes_us(container, codec):
    rng = random.Random(16)
    good = numbered(12, size=(64, 48), container=container, codec=codec)
    for _ in range(300):
        data = bytearray(good)
        for _ in range(rng.choice((1, 4, 30))):
            data[rng.randrange(len(data))] = rng.randrange(256)
        if rng.random() < 0.2:
            del data[rng.randrange(len(data)) :]
        clip = Video("mutant", bytes(data))
        with suppress(VideoRefused):
            info = video_info(clip)
            assert len(list(frames(clip, info, FrameRange(0, 3, 2)))) <= 12
