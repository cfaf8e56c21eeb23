"""The jobs of the worker, asked in this process: what is asked here is FFmpeg's own answer."""

import io
import struct
from contextlib import suppress
from dataclasses import asdict
from fractions import Fraction

import av
import numpy as np
import pytest

from core.errors import VideoRefused
from core.video import decoding
from core.video.decoding import Orientation, VideoBounds, VideoTrack
from tests.videos import blocks, number_in, numbered

BOUNDS = asdict(VideoBounds(54_000, 4096 * 2304))


@pytest.fixture(autouse=True)
def no_limit_for_this_process(monkeypatch):
    monkeypatch.setattr(decoding, "allow_processor_time", lambda _: None)


def looked(data: bytes, container: str = "mov"):
    """Look a video through; its track, and the time of each frame."""
    ask(decoding.take_video, {"name": "clip"}, [np.frombuffer(data, np.uint8)])
    (told,) = ask(decoding.look_through_video, {"container": container, "bounds": BOUNDS})
    return told.values["track"], told.arrays[0].tolist()


def decoded(data: bytes, container: str = "mov", *, begin=0.0, stride=1):
    track, times = looked(data, container)
    asked = {"begin": begin, "end": times[-1], "stride": stride, "most": 1000}
    values = {"track": track, "bounds": BOUNDS, **asked}
    return [
        (times[each.values["number"]], each.arrays[0])
        for each in ask(decoding.decode_frames, values, [np.array(times)])
    ]


def ask(job, values, arrays=()):
    return [each for each in job(values, arrays) if each is not None]


def witness(data: bytes, container: str) -> list[tuple[float, int]]:
    """Decode with PyAV alone: when each frame is shown after the first one, and its number."""
    with av.open(io.BytesIO(data), format=container) as opened:
        shown = list(opened.decode(video=0))
        unit = opened.streams.video[0].time_base
        ats = [(each.dts if container == "avi" else each.pts) for each in shown]
        for at, stamp in enumerate(ats):  # the last ones, which no packet completes
            ats[at] = ats[at - 1] + 1 if stamp is None else stamp
        return [
            (float((at - ats[0]) * unit), number_in(each.to_ndarray(format="bgr24")))
            for at, each in zip(ats, shown, strict=True)
        ]


# The display matrix, whole

ONE = 1 << 16
STRAIGHT = [(a, 0, 0, d) for a in (1, -1) for d in (1, -1)]
TURNED = [(0, b, c, 0) for b in (1, -1) for c in (1, -1)]


def with_matrix(data: bytes, a: int, b: int, c: int, d: int) -> bytes:
    """Write a display matrix into an MP4's track header (ISO 14496-12, 8.3.2)."""
    at = data.index(b"tkhd") + 44
    packed = struct.pack(">9i", a * ONE, b * ONE, 0, c * ONE, d * ONE, 0, 0, 0, 1 << 30)
    return data[:at] + packed + data[at + 36 :]


@pytest.mark.parametrize("matrix", STRAIGHT + TURNED)
def test_all_eight_display_matrices_are_what_ffmpeg_s_filters_make_of_them(matrix):
    data = with_matrix(numbered(2, size=(64, 48)), *matrix)
    ((_, ours), *_) = decoded(data)
    with av.open(io.BytesIO(data)) as opened:
        frame = next(opened.decode(video=0))
        told = frame.side_data.get("DISPLAYMATRIX")  # none where nothing is to be turned
        theirs = filtered(frame, struct.unpack("=9i", told) if told else (ONE, 0, 0, 0, ONE))
    np.testing.assert_array_equal(ours, theirs)


def filtered(frame: av.VideoFrame, matrix: tuple[int, ...]) -> np.ndarray:
    """Turn a frame as the ffmpeg program does (fftools/ffmpeg_filter.c, autorotate)."""
    theta = round(np.degrees(np.arctan2(matrix[1], matrix[0]))) % 360
    chain: list[tuple[str, str]] = []
    if theta == 90:
        chain = [("transpose", "cclock_flip" if matrix[3] > 0 else "clock")]
    elif theta == 180:
        chain = [("hflip", "")] * (matrix[0] < 0) + [("vflip", "")] * (matrix[4] < 0)
    elif theta == 270:
        chain = [("transpose", "clock_flip" if matrix[3] < 0 else "cclock")]
    elif matrix[4] < 0:
        chain = [("vflip", "")]
    graph = av.filter.Graph()
    last = graph.add_buffer(
        width=frame.width,
        height=frame.height,
        format=frame.format,
        time_base=Fraction(1, 15),
    )
    for name, options in [("format", "bgr24"), *chain]:
        following = graph.add(name, options or None)
        last.link_to(following)
        last = following
    sink = graph.add("buffersink")
    last.link_to(sink)
    graph.configure()
    graph.push(frame)
    return graph.pull().to_ndarray(format="bgr24")


def test_an_angle_between_goes_to_the_nearest_quarter():
    cos, sin = round(ONE * np.cos(0.1)), round(ONE * np.sin(0.1))
    assert Orientation.of([cos, sin, 0, -sin, cos]) == Orientation()


# Pixels that are not square


@pytest.mark.parametrize("container", ["mp4", "matroska"])
@pytest.mark.parametrize("aspect", [Fraction(64, 45), Fraction(8, 9), Fraction(1), Fraction(2)])
def test_a_frame_has_the_width_of_square_pixels(container, aspect):
    file = io.BytesIO()
    with av.open(file, "w", format=container) as opened:
        stream = opened.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 120, 96, "yuv420p"
        stream.codec_context.sample_aspect_ratio = aspect
        for number in range(3):
            shown = av.VideoFrame.from_ndarray(blocks(number, (120, 96)), format="bgr24")
            opened.mux(stream.encode(shown))
        opened.mux(stream.encode(None))
    kind = "mov" if container == "mp4" else container
    shapes = {image.shape for _, image in decoded(file.getvalue(), kind)}
    assert shapes == {(96, round(120 * aspect), 3)}
    assert [number_in(image) for _, image in decoded(file.getvalue(), kind)] == [0, 1, 2]


# Time stamps, null frames and frames that are never shown


def gappy(container: str, codec: str, ticks: list[int], **options: str) -> bytes:
    """Encode frames at these tenths of a second; AVI fills the gaps with null frames."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as opened:
        stream = opened.add_stream(codec, rate=10)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.options = options
        for number, tick in enumerate(ticks):
            shown = av.VideoFrame.from_ndarray(blocks(number, (64, 48)), format="bgr24")
            shown.pts, shown.time_base = tick, Fraction(1, 10)
            opened.mux(stream.encode(shown))
        opened.mux(stream.encode(None))
    return file.getvalue()


TICKS = [0, 1, 2, 5, 6, 7, 9, 10, 11, 12]
CODECS = [
    ("avi", "mpeg4", {}),
    ("avi", "mpeg4", {"bf": "2"}),
    ("avi", "mjpeg", {}),
    ("avi", "libx264", {"bf": "0"}),
    ("avi", "libx264", {"bf": "2"}),
    ("mov", "libx264", {"bf": "2"}),
    ("matroska", "libx264", {"bf": "2"}),
]


@pytest.mark.parametrize(("container", "codec", "options"), CODECS)
def test_null_frames_and_gaps_keep_every_frame_at_its_time(container, codec, options):
    data = gappy(container, codec, TICKS, **options)
    seen = decoded(data, container)
    assert [number_in(image) for _, image in seen] == list(range(len(TICKS)))
    assert [at for at, _ in seen] == pytest.approx([tick / 10 for tick in TICKS], abs=2e-3)
    assert [at for at, _ in seen] == pytest.approx(
        [at for at, _ in witness(data, container)], abs=2e-3
    )


def payloads(data: bytes) -> list[int]:
    """Find where the packets of a Matroska file begin; each stands behind its block's head."""
    begins, end = [], 0
    with av.open(io.BytesIO(data)) as opened:
        for packet in opened.demux(video=0):
            if packet.size:
                begins.append(data.index(bytes(packet), end))
                end = begins[-1] + packet.size
    return begins


@pytest.mark.parametrize(("codec", "shown"), [("libvpx", 0x10), ("libvpx-vp9", 0x02)])
def test_packets_that_are_never_shown_are_no_frames(codec, shown):
    data = bytearray(gappy("matroska", codec, list(range(20)), **{"lag-in-frames": "0"}))
    for at in payloads(bytes(data))[3:18:5]:
        assert data[at] & shown
        data[at] &= ~shown
    _, times = looked(bytes(data), "matroska")
    left = [at for at in range(20) if at not in range(3, 18, 5)]
    assert times == pytest.approx([at / 10 for at in left], abs=2e-3)
    seen = decoded(bytes(data), "matroska")
    ours = [(round(at, 2), number_in(image)) for at, image in seen]
    assert ours == [(round(at, 2), number) for at, number in witness(bytes(data), "matroska")]


def test_a_superframe_of_vp9_is_one_frame():
    data = gappy("matroska", "libvpx-vp9", list(range(40)), **{"lag-in-frames": "16"})
    _, times = looked(data, "matroska")
    assert len(times) == 40 == len(witness(data, "matroska"))


def test_two_frames_at_the_same_time_are_two():
    data = bytearray(gappy("matroska", "libvpx", [0, 1, 2, 3, 4]))
    second, third = payloads(bytes(data))[2:4]
    data[third - 3 : third - 1] = data[second - 3 : second - 1]  # RFC 9559, 10.2: the time
    seen = decoded(bytes(data), "matroska")
    assert [number_in(image) for _, image in seen] == [0, 1, 2, 3, 4]
    assert [round(at, 1) for at, _ in seen] == [0, 0.1, 0.2, 0.2, 0.4]


# Which track


@pytest.mark.parametrize("container", ["mp4", "matroska"])
@pytest.mark.parametrize("default", [0, 1, None])
def test_the_default_track_is_chosen_and_else_the_largest(container, default):
    file, sizes = io.BytesIO(), [(320, 240), (64, 48)]
    with av.open(file, "w", format=container) as opened:
        streams = []
        for at, size in enumerate(sizes):
            stream = opened.add_stream("libx264", rate=10)
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            chosen = at == default
            stream.disposition = av.stream.Disposition.default if chosen else 0
            streams.append(stream)
        for stream, size in zip(streams, sizes, strict=True):
            for number in range(3):
                shown = av.VideoFrame.from_ndarray(blocks(number, size), format="bgr24")
                opened.mux(stream.encode(shown))
            opened.mux(stream.encode(None))
    kind = "mov" if container == "mp4" else container
    track, _ = looked(file.getvalue(), kind)
    assert track["index"] == (default or 0)
    assert (track["width"], track["height"]) == sizes[default or 0]


# What is refused


@pytest.mark.parametrize("error", [av.error.InvalidDataError(1, "bad"), ValueError("bad")])
def test_a_frame_that_cannot_be_converted_is_a_sentence(error):
    class Unconvertible:
        def to_ndarray(self, **_):
            raise error

    track = VideoTrack("mov", 0, 64, 48, Orientation(), "shown", 0)
    with pytest.raises(VideoRefused, match=r"turned into a picture .*bad.*Export it"):
        decoding._pixels(Unconvertible(), track)


def test_a_container_cannot_make_us_open_another_file(monkeypatch):
    asked = []
    monkeypatch.setattr(decoding, "_deny", lambda url, *_: asked.append(url))
    data = numbered(6)
    alias = b"\x00\x00\x00\x1curl \x00\x00\x00\x00file:///etc/hostname"
    at = data.index(b"url ") - 4  # the data reference says: in this very file
    with suppress(VideoRefused):
        looked(data[:at] + alias[:12] + data[at + 12 :])
    assert asked == []


def rarely_shown() -> bytes:
    data = bytearray(gappy("matroska", "libvpx", list(range(40))))
    for at in payloads(bytes(data))[5:]:
        data[at] &= ~0x10
    return bytes(data)


def test_a_video_of_which_next_to_nothing_is_shown_is_refused():
    with pytest.raises(VideoRefused, match="35 frames that are never shown and only 5"):
        looked(rarely_shown(), "matroska")


def test_packets_in_a_row_without_a_frame_come_to_an_end(monkeypatch):
    data = rarely_shown()
    monkeypatch.setattr(decoding, "MOST_HIDDEN", 40)
    monkeypatch.setattr(decoding, "MOST_SILENT_PACKETS", 20)
    track, times = looked(data, "matroska")
    assert len(times) == 5
    values = {"track": track, "bounds": BOUNDS, "begin": 0, "end": 9, "stride": 1, "most": 99}
    with pytest.raises(VideoRefused, match="20 packets in a row"):
        ask(decoding.decode_frames, values, [np.array(times)])


def test_a_packet_larger_than_its_pixels_is_refused(monkeypatch):
    monkeypatch.setattr(decoding, "_most_bytes", lambda _: 50)
    with pytest.raises(VideoRefused, match="more than its pixels can need"):
        looked(numbered(3))
