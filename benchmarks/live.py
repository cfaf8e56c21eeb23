"""A live stream against a bare loop with the same net, and how old its newest frame is.

    python -m benchmarks.live            (needs the files of the models, see README)

Rate: the bare loop decodes a VP8 frame, runs the net, draws and encodes, over and over, with
nothing but cv2, numpy and aiortc's codecs. The stream gets the same frames from a camera of
120 a second through the same decoder, and its annotated frames go through the same encoder.

Age: a camera whose frames carry their number in black and white squares sends them over a
real WebRTC connection on this machine; where a number comes back on an annotated frame, it
is looked up when it was taken. The promise is two forwards and 100 ms.
"""

import asyncio
import statistics
import time
from collections.abc import Iterator
from fractions import Fraction
from functools import partial

import av
import cv2
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection
from aiortc.codecs.vpx import Vp8Decoder, Vp8Encoder, vp8_depayload
from aiortc.contrib.media import MediaRelay
from aiortc.jitterbuffer import JitterFrame
from aiortc.mediastreams import MediaStreamError

from benchmarks.road import bare_boxes
from core.live.settings import LiveSettings
from core.live.stream import Stream, frame_of
from core.live.stream_slots import StreamSlots
from core.live.video_source import SampleClip
from core.nets.card import ModelCard
from core.nets.catalog import card_named
from core.nets.downloads import file_paths, present
from core.nets.net import read_net
from core.picture.image import BgrImage
from pages.components.live.track import AnnotatedTrack
from pages.components.live.webrtc_patches import NewestRelay

MODELS = ("starter-detector-darknet", "yolo-fastest-1.1-coco", "yolox-nano-onnx")
DARKNET = ("starter-detector-darknet", "yolo-fastest-1.1-coco")  # what bare_boxes can read
ROUNDS, SECONDS = 5, 4.0
CAMERA_FPS, LATE_FPS = 120, 30
BITS, SQUARE = 12, 32


def encoded_ride() -> list[JitterFrame]:
    """Encode a moving sample as a camera's VP8 frames."""
    encoder, frames = Vp8Encoder(), []
    for number, (_, frame) in enumerate(SampleClip("motorcycle").frames()):
        image = cv2.resize(frame.to_ndarray(format="bgr24"), (640, 480))
        payloads, stamp = encoder.encode(_stamped(image, number))
        frames.append(JitterFrame(b"".join(map(vp8_depayload, payloads)), stamp))
    return frames


def bare_rate(ride: list[JitterFrame], model: ModelCard, net: cv2.dnn.Net) -> float:
    """Go round the bare loop for some seconds; frames a second."""
    decoder, encoder, count = Vp8Decoder(), Vp8Encoder(), 0
    begin = time.perf_counter()
    for data in _over_and_over(ride):
        (frame,) = decoder.decode(data)
        image = frame.to_ndarray(format="bgr24")
        bare_boxes(image, net, model)
        encoder.encode(_stamped(image, count))
        count += 1
        if time.perf_counter() - begin > SECONDS:
            break
    return count / (time.perf_counter() - begin)


async def live_rate(ride: list[JitterFrame], model: ModelCard) -> float:
    """Let a stream look for some seconds; encoded annotated frames a second."""
    loop, encoder = asyncio.get_running_loop(), Vp8Encoder()
    stream = _stream(model)
    track = AnnotatedTrack(stream)
    camera = asyncio.create_task(_film(ride, stream))
    await track.recv()  # the stream runs
    count, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < SECONDS:
        frame = await track.recv()
        await loop.run_in_executor(None, encoder.encode, frame)
        count += 1
    seconds = time.perf_counter() - begin
    track.stop()
    await camera
    return count / seconds


async def _film(ride: list[JitterFrame], stream: Stream) -> None:
    loop, decoder, due = asyncio.get_running_loop(), Vp8Decoder(), time.perf_counter()
    for data in _over_and_over(ride):
        (frame,) = await loop.run_in_executor(None, decoder.decode, data)
        stream.offer(frame)
        due = max(due + 1 / CAMERA_FPS, time.perf_counter())
        await asyncio.sleep(due - time.perf_counter())
        if stream.ended.is_set():
            return


class NumberedCamera(MediaStreamTrack):
    """A camera that paints the number of each frame into it and knows when it took it."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[float] = []
        ride = SampleClip("motorcycle").frames()
        size = (640, 480)
        self._images = [cv2.resize(f.to_ndarray(format="bgr24"), size) for _, f in ride]
        self._due = time.perf_counter()

    async def recv(self) -> av.VideoFrame:
        """Take the next picture when it is due."""
        self._due = max(self._due + 1 / LATE_FPS, time.perf_counter())
        await asyncio.sleep(self._due - time.perf_counter())
        number = len(self.taken)
        image = _with_number(self._images[number % len(self._images)], number)
        self.taken.append(time.perf_counter())
        return _stamped(image, number, fps=LATE_FPS)


async def ages(model: ModelCard | None, seconds: float = 8.0) -> tuple[list[float], float]:
    """Return the ages of frames that came back over WebRTC, in ms, and the forward's.

    Without a model the server sends back what it gets: what the connection alone takes.
    """
    camera, stream = NumberedCamera(), _stream(model or card_named(MODELS[0]))
    visitor, server = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    relay = NewestRelay(MediaRelay())
    came_back: asyncio.Future[MediaStreamTrack] = asyncio.get_running_loop().create_future()
    visitor.on("track", came_back.set_result)
    tasks = []

    def serve(track: MediaStreamTrack) -> None:
        came = relay.subscribe(track)
        if model is None:
            server.addTrack(came)
            return
        tasks.append(asyncio.create_task(_offer_all(came, stream)))
        server.addTrack(relay.subscribe(AnnotatedTrack(stream)))

    server.on("track", serve)
    visitor.addTrack(camera)
    await visitor.setLocalDescription(await visitor.createOffer())
    await server.setRemoteDescription(visitor.localDescription)
    await server.setLocalDescription(await server.createAnswer())
    await visitor.setRemoteDescription(server.localDescription)
    found = await _read_ages(await came_back, camera, seconds)
    forward = stream.numbers.forward_ms
    await asyncio.gather(visitor.close(), server.close())
    stream.close()
    return found, forward


async def _offer_all(track: MediaStreamTrack, stream: Stream) -> None:
    while True:
        try:
            stream.offer(await track.recv())
        except MediaStreamError:
            return


async def _read_ages(
    track: MediaStreamTrack, camera: NumberedCamera, seconds: float
) -> list[float]:
    found, begin, last = [], time.perf_counter(), -1
    while time.perf_counter() - begin < seconds:
        frame = await track.recv()
        now = time.perf_counter()
        number = _number_of(frame.to_ndarray(format="bgr24"))
        if number is None or number == last or not 0 <= number < len(camera.taken):
            continue
        last = number
        if now - begin > 2:  # the first second negotiates its bit rate
            found.append(1e3 * (now - camera.taken[number]))
    return found


def _stream(model: ModelCard) -> Stream:
    stream = Stream("benchmark", StreamSlots(1, 600))
    stream.settings = LiveSettings("detection", model.blob, model)
    stream.begin()
    return stream


def _stamped(image: np.ndarray, number: int, *, fps: int = CAMERA_FPS) -> av.VideoFrame:
    frame = frame_of(BgrImage(image))
    frame.pts, frame.time_base = number * (90_000 // fps), Fraction(1, 90_000)
    return frame


def _over_and_over(ride: list[JitterFrame]) -> Iterator[JitterFrame]:
    while True:
        yield from ride


def _with_number(image: np.ndarray, number: int) -> np.ndarray:
    """Paint the number's bits, and whether they are odd in sum, below; one square a bit."""
    painted = image.copy()
    bits = [number >> place & 1 for place in range(BITS)]
    for place, bit in enumerate([*bits, sum(bits) & 1]):
        painted[-SQUARE:, SQUARE * place : SQUARE * (place + 1)] = 255 * bit
    return painted


def _number_of(image: np.ndarray) -> int | None:
    """Read the number; None where a box or the codec covered a bit."""
    scale = image.shape[0] / 480
    row = round(image.shape[0] - scale * SQUARE / 2)
    columns = [round(scale * SQUARE * (place + 0.5)) for place in range(BITS + 1)]
    bits = [int(image[row - 3 : row + 3, x - 3 : x + 3].mean() > 128) for x in columns]
    if sum(bits[:-1]) & 1 != bits[-1]:
        return None
    return sum(bit << place for place, bit in enumerate(bits[:-1]))


def main() -> None:
    """Print one line for each model whose files are here."""
    ride = encoded_ride()
    alone = statistics.median(asyncio.run(ages(None))[0])
    print(f"age of a frame that is sent straight back, without a net: {alone:.0f} ms")
    for model in map(card_named, MODELS):
        if not present(model):
            print(f"{model.name}: its files are not here (BLOBSCOPE_MIRROR names a folder)")
            continue
        if model.name in DARKNET:
            _print_rates(ride, model)
        found, forward = asyncio.run(ages(model))
        p95 = statistics.quantiles(found, n=20)[-1]
        limit = 2 * forward + 100
        print(
            f"  age of the newest frame: median {statistics.median(found):.0f} ms, 95 % below "
            f"{p95:.0f} ms, of {len(found)}; promised {limit:.0f} ms (forward {forward:.0f} ms)"
            f", {statistics.median(found) - alone:.0f} ms more than without a net"
        )


def _print_rates(ride: list[JitterFrame], model: ModelCard) -> None:
    net = read_net(model, file_paths(model))
    bare = partial(bare_rate, ride, model, net)
    pairs = [(asyncio.run(live_rate(ride, model)), bare()) for _ in range(ROUNDS)]
    live, alone = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"{model.name}: stream {live:.1f} fps, bare loop {alone:.1f} fps, {ratio:.2f}")


if __name__ == "__main__":
    main()
