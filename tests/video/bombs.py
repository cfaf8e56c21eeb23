"""Videos that ask for far more than they are: each a function that makes its bytes."""

import io
import struct
import zlib
from collections.abc import Callable
from fractions import Fraction

import av
import numpy as np

from core.video.reading import FrameRange, Video, first_frame, frames, video_info
from tests.videos import numbered

MILLION = 10**6


def visit(data: bytes) -> str:
    """Do what a visit does: look the video through, show its first frame, take them all."""
    video = Video("bomb", data)
    info = video_info(video)
    first_frame(video, info, FrameRange(0, 1e6))
    return f"{sum(1 for _ in frames(video, info, FrameRange(0, 1e6)))} frames"


def look(data: bytes) -> str:
    """Look a video through."""
    return str(video_info(Video("bomb", data)))


# MP4


def box(name: str, *contents: bytes) -> bytes:
    data = b"".join(contents)
    return struct.pack(">I4s", 8 + len(data), name.encode()) + data


def full(name: str, *numbers: int, flags: int = 0) -> bytes:
    return box(name, struct.pack(f">{len(numbers) + 1}I", flags, *numbers))


def track(
    number: int, *, samples: int, handler: str = "vide", edits: int = 0, size: int = 1
) -> bytes:
    """Write a track of Motion JPEG (or raw sound) that claims so many samples in one chunk."""
    picture = struct.pack(">6xH16xHHII4xH32xHh", 1, 64, 48, 72 << 16, 72 << 16, 1, 24, -1)
    sound = struct.pack(">6xH8xHHI4xI"[:-1], 1, 1, 16, 0)[:20] + struct.pack(
        ">II", 0, 44100 << 16
    )
    entry = box("jpeg", picture) if handler == "vide" else box("sowt", sound[:28])
    elst = struct.pack(">2I", 0, edits) + struct.pack(">3I", 1000, 0, 1 << 16) * edits
    return box(
        "trak",
        full("tkhd", 0, 0, number, 0, 1000, *[0] * 4, *_MATRIX, 64 << 16, 48 << 16, flags=3),
        box("edts", box("elst", elst)) if edits else b"",
        box(
            "mdia",
            full("mdhd", 0, 0, 1000, 1000, 0),
            box("hdlr", struct.pack(">2I4s12x", 0, 0, handler.encode()), b"\0"),
            box(
                "minf",
                full("vmhd", 0, 0, flags=1),
                box("dinf", full("dref", 1), full("url ", flags=1)),
                box(
                    "stbl",
                    box("stsd", struct.pack(">2I", 0, 1), entry),
                    full("stts", 1, samples, 2),
                    full("stsc", 1, 1, samples, 1),
                    full("stsz", size, samples),
                    full("stco", 1, 32),
                ),
            ),
        ),
    )


_MATRIX = (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)


def mp4(*tracks: bytes, more: bytes = b"", extends: int = 0) -> bytes:
    mvhd = full("mvhd", 0, 0, 1000, 1000, 1 << 16, 1 << 24, 0, 0, *_MATRIX, *[0] * 6, 2)
    trex = b"".join(full("trex", number + 1, 1, 1, 1, 0) for number in range(extends))
    mvex = box("mvex", trex) if extends else b""
    start = box("ftyp", b"isom", bytes(4), b"isom") + box("mdat", bytes(64))
    return start + box("moov", mvhd, *tracks, mvex) + more


def claimed_samples() -> bytes:
    return mp4(track(1, samples=50 * MILLION))


def claimed_by_eight_tracks() -> bytes:
    return mp4(*(track(number, samples=50 * MILLION) for number in range(1, 9)))


def claimed_by_sound() -> bytes:
    return mp4(track(1, samples=10), track(2, samples=50 * MILLION, handler="soun"))


def claimed_by_a_fragment() -> bytes:
    run = full("trun", 50 * MILLION)  # no flag: every sample has the default size and time
    moof = box("moof", full("mfhd", 1), box("traf", full("tfhd", 1), run))
    return mp4(track(1, samples=0), more=moof + box("mdat", bytes(64)), extends=1)


def claimed_by_edits() -> bytes:
    return mp4(track(1, samples=50_000, edits=2_000))


def two_million_boxes() -> bytes:
    return mp4(track(1, samples=10), more=box("free") * 2 * MILLION)


def compressed_header() -> bytes:
    plain = zlib.compress(bytes(400 * MILLION), 9)
    packed = box(
        "cmov", box("dcom", b"zlib"), box("cmvd", struct.pack(">I", 400 * MILLION), plain)
    )
    return box("ftyp", b"qt  ", bytes(4)) + box("moov", packed)


def thousands_of_tracks() -> bytes:
    return mp4(*(track(number, samples=10) for number in range(1, 20_001)))


def tags() -> bytes:
    tag = box("\xa9nam".encode("latin-1").decode("latin-1").replace("\xa9", "c"), b"x" * 20)
    return mp4(track(1, samples=10), box("udta", box("meta", bytes(4), tag * 500_000)))


# Matroska


def element(name: str, *contents: bytes) -> bytes:
    data = b"".join(contents)
    return bytes.fromhex(name) + struct.pack(">Q", len(data) | 1 << 56) + data


def uint(name: str, value: int) -> bytes:
    return element(name, value.to_bytes(4, "big"))


def matroska(*parts: bytes) -> bytes:
    ebml = element("1a45dfa3", element("4282", b"matroska"), uint("4287", 4), uint("4285", 2))
    info = element("1549a966", uint("2ad7b1", MILLION))
    return ebml + element("18538067", info, *parts)


def tracks(*, codec: bytes = b"V_MJPEG", kind: int = 1, compressed: bool = True) -> bytes:
    video = element("e0", uint("b0", 64), uint("ba", 48))
    how = element("6d80", element("6240", element("5034", uint("4254", 0))))
    one = element(
        "ae", uint("d7", 1), uint("73c5", 1), uint("83", 1), element("86", b"V_MJPEG"), video
    )
    other = element(
        "ae",
        *(uint("d7", 2), uint("73c5", 2), uint("83", kind), element("86", codec)),
        video if kind == 1 else b"",
        how if compressed else b"",
    )
    return element("1654ae6b", one, other)


def inflating_cluster(number: int = 2) -> bytes:
    block = zlib.compress(bytes(9_900_000), 9)
    info = bytes([0x80 | number]) + struct.pack(">hB", 0, 0x80)
    return element("1f43b675", uint("e7", 0), element("a3", info, block) * 300)


def inflating_blocks() -> bytes:
    return matroska(tracks(), inflating_cluster())


def inflating_subtitles() -> bytes:
    return matroska(tracks(codec=b"S_TEXT/UTF8", kind=17), inflating_cluster())


def cues() -> bytes:
    cue = element("bb", uint("b3", 1), element("b7", uint("f7", 1), uint("f1", 1)))
    return matroska(tracks(compressed=False), element("1c53bb6b", cue * 600_000))


def hidden_frames() -> bytes:
    """Show one large frame of VP9, and never one of the 400 that follow (``late.webm``)."""
    return unshown(_noisy("libvpx-vp9", (4096, 2304), 60), 0x02, "matroska")


def _noisy(codec: str, size: tuple[int, int], count: int) -> bytes:
    noise = np.random.default_rng(7).integers(
        0, 256, (size[1] // 32, size[0] // 32, 3), np.uint8
    )
    image = np.ascontiguousarray(noise.repeat(32, 0).repeat(32, 1))
    packets = _encoded(codec, image)
    written = io.BytesIO()
    with av.open(written, "w", format="matroska") as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        container.start_encoding()
        for number in range(count):
            packet = av.Packet(packets)
            packet.pts = packet.dts = number * 100
            packet.time_base, packet.stream = Fraction(1, 1000), stream
            packet.is_keyframe = True
            container.mux(packet)
    return written.getvalue()


def _encoded(codec: str, image: np.ndarray) -> bytes:
    context = av.CodecContext.create(codec, "w")
    context.height, context.width = image.shape[:2]
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, 10)
    context.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    made = context.encode(av.VideoFrame.from_ndarray(image, format="bgr24"))
    return b"".join(bytes(each) for each in [*made, *context.encode(None)])


def unshown(data: bytes, bit: int, container: str) -> bytes:
    """Clear the bit that shows a frame, in every packet after the first."""
    changed, end = bytearray(data), 0
    with av.open(io.BytesIO(data), format=container) as opened:
        packets = [bytes(each) for each in opened.demux(video=0) if each.size]
    for number, packet in enumerate(packets):
        at = data.index(packet, end)
        end = at + len(packet)
        if number:
            changed[at] &= ~bit
    return bytes(changed)


# AVI


def chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def avi(*, indexed: bytes = b"", pictures: bytes = b"", index: bytes = b"") -> bytes:
    """Take an AVI of Motion JPEG apart, and put more into its lists."""
    data = numbered(5, size=(64, 48), container="avi", codec="mjpeg")
    hdrl, movi, idx1 = (data.index(name) for name in (b"hdrl", b"movi", b"idx1"))
    strl = data.index(b"strl", hdrl)
    (strl_bytes,) = struct.unpack_from("<I", data, strl - 4)
    begin, end = data[hdrl : strl - 8], data[strl + strl_bytes : movi - 8]
    (hdrl_bytes,) = struct.unpack_from("<I", data, hdrl - 4)
    rest = data[strl + strl_bytes : hdrl + hdrl_bytes]
    info = begin + chunk(b"LIST", data[strl : strl + strl_bytes] + indexed) + rest
    between = end[len(rest) :]
    body = (
        chunk(b"LIST", info)
        + between
        + chunk(b"LIST", b"movi" + pictures + data[movi + 4 : idx1])
    )
    return chunk(b"RIFF", b"AVI " + body + (index or data[idx1:]))


def super_index() -> bytes:
    """Point a thousand times at one index of a hundred thousand frames."""
    standard = struct.pack("<HBBI4sQ4x", 2, 0, 1, 100_000, b"00dc", 0) + bytes(800_000)
    inner = chunk(b"ix00", standard)

    def pointing(at: int) -> bytes:
        entry = struct.pack("<QII", at, len(inner), 1)
        info = struct.pack("<HBBI4s12x", 4, 0, 0, 1000, b"00dc")
        return avi(indexed=chunk(b"indx", info + entry * 1000), pictures=inner)

    return pointing(pointing(0).index(b"ix00"))


def old_index() -> bytes:
    entry = struct.pack("<4sIII", b"00dc", 16, 4, 8)
    return avi(index=chunk(b"idx1", entry * MILLION))


# Codecs


def scans() -> bytes:
    """Repeat one scan of a large progressive JPEG a thousand times: one packet, one call."""
    import cv2

    noise = np.random.default_rng(1).integers(0, 256, (2304, 4096, 3), np.uint8)
    flags = [cv2.IMWRITE_JPEG_PROGRESSIVE, 1, cv2.IMWRITE_JPEG_QUALITY, 1]
    jpeg = cv2.imencode(".jpg", noise, flags)[1].tobytes()
    begins = [at for at in range(len(jpeg) - 1) if jpeg[at : at + 2] == b"\xff\xda"]
    last = jpeg[begins[-1] : -2]
    return _of_jpeg(
        jpeg[:-2] + last * min(1000, 60 * MILLION // len(last)) + b"\xff\xd9", (4096, 2304)
    )


def segments() -> bytes:
    """Begin a small JPEG with ten million empty segments."""
    import cv2

    jpeg = cv2.imencode(".jpg", np.zeros((48, 64, 3), np.uint8))[1].tobytes()
    return _of_jpeg(jpeg[:2] + b"\xff\xe5\x00\x02" * 10 * MILLION + jpeg[2:], (64, 48))


def _of_jpeg(jpeg: bytes, size: tuple[int, int]) -> bytes:
    written = io.BytesIO()
    with av.open(written, "w", format="matroska") as container:
        stream = container.add_stream("mjpeg", rate=10)
        stream.width, stream.height, stream.pix_fmt = *size, "yuvj420p"
        container.start_encoding()
        packet = av.Packet(jpeg)
        packet.pts = packet.dts = 0
        packet.time_base, packet.stream, packet.is_keyframe = Fraction(1, 1000), stream, True
        container.mux(packet)
    return written.getvalue()


def units() -> bytes:
    """Fill one packet of H.264 with ten million empty units."""
    data = numbered(3, size=(64, 48), container="matroska")
    with av.open(io.BytesIO(data), format="matroska") as opened:
        stream = opened.streams.video[0]
        extra = bytes(stream.codec_context.extradata)
        first = next(bytes(each) for each in opened.demux(stream) if each.size)
    written = io.BytesIO()
    with av.open(written, "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.start_encoding()
        stream.codec_context.extradata = extra
        packet = av.Packet(struct.pack(">IB", 1, 0x0C) * 10 * MILLION + first)
        packet.pts = packet.dts = 0
        packet.time_base, packet.stream, packet.is_keyframe = Fraction(1, 1000), stream, True
        container.mux(packet)
    return written.getvalue()


BOMBS: dict[str, Callable[[], bytes]] = {
    "50 million samples in one chunk": claimed_samples,
    "the same in 8 tracks": claimed_by_eight_tracks,
    "the same as sound": claimed_by_sound,
    "the same in a fragment": claimed_by_a_fragment,
    "2,000 edits of 50,000 samples": claimed_by_edits,
    "2 million empty boxes": two_million_boxes,
    "header that inflates to 400 MB": compressed_header,
    "20,000 tracks": thousands_of_tracks,
    "500,000 tags": tags,
    "Matroska blocks that inflate": inflating_blocks,
    "Matroska subtitles that inflate": inflating_subtitles,
    "600,000 Matroska cues": cues,
    "large frames that are never shown": hidden_frames,
    "AVI index of indexes": super_index,
    "1 million entries of an AVI index": old_index,
    "JPEG of a thousand scans": scans,
    "JPEG of 10 million segments": segments,
    "H.264 of 10 million units": units,
}
