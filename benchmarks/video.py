"""A 10-minute video: memory that stays flat, and what a frame costs beside a bare loop.

First it is only decoded: in the worker process, frame after frame through a pipe, beside the
same in this process. Then it takes the whole road.

    python -m benchmarks.video            (Linux; takes some minutes)

The video is made here, a photo that moves; every frame is asked, drawn and written, and
what a job keeps is kept. The bare loop decodes, runs the net, decodes its rows, draws with
cv2 and encodes, with the same codec and the same settings, and no layer of ours between.
"""

import gc
import io
import resource
import time
from pathlib import Path

import av
import cv2
import numpy as np

from benchmarks._ratio import HEAD, paired
from core.nets.card import ModelCard
from core.nets.catalog import card_named
from core.nets.downloads import file_paths
from core.nets.net import read_net
from core.picture.image import decode_picture
from core.picture.samples import sample_picture
from core.picture.size import Size
from core.pipeline import Thresholds
from core.results.decoders import decode_outputs
from core.results.layout import NetFacts
from core.sandbox.worker import end_idle
from core.series.question import Question
from core.video.annotate import annotate
from core.video.camera import wandered
from core.video.encoder import MP4
from core.video.reading import FrameRange, Video, VideoInfo, frames, video_info
from core.video.writing import AnnotatedVideo

SECONDS, RATE = 600, 12
ROUND_SECONDS = 30
SIZE = Size(320, 240)
SHORT = FrameRange(0, 10)
TELL_AT = (0.02, 0.1, 0.25, 0.5, 0.75, 1.0)
MODELS = ("tiny-blob-detector", "starter-detector-darknet")


def moving_video() -> Video:
    """Wander around a photo for ten minutes."""
    annotated = AnnotatedVideo("MP4")
    photo = decode_picture(sample_picture("motorcycle"))
    with annotated.writing(SIZE, RATE) as write:
        for number in range(SECONDS * RATE):
            write(wandered(photo, SIZE, number / RATE / ROUND_SECONDS), number / RATE)
    return Video("moving.mp4", annotated.path.read_bytes())


def memory() -> float:
    """Tell what this process holds, in MB (2 to the 20)."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def question(name: str) -> Question:
    """Ask a detector with the thresholds of its card."""
    model = card_named(name)
    return Question(model, Thresholds(model.confidence, model.iou))


def in_worker(video: Video, info: VideoInfo) -> None:
    """Decode all frames as the app does."""
    for _ in frames(video, info, FrameRange(0, SECONDS)):
        pass


def in_process(video: Video) -> None:
    """Decode all frames right here."""
    with av.open(io.BytesIO(video.data)) as opened:
        opened.streams.video[0].thread_type = "AUTO"
        opened.streams.video[0].codec_context.thread_count = 2
        for frame in opened.decode(video=0):
            frame.to_ndarray(format="bgr24")


def decoding(video: Video, info: VideoInfo) -> None:
    """Print the ratio of decoding, and the memory of the worker."""
    print(f"{len(info.times)} frames, decoded: in a worker, in this process\n{HEAD}")
    print(paired(lambda: in_worker(video, info), lambda: in_process(video), rounds=5))
    end_idle()
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"  the worker had {peak:.0f} MB at most")


def whole(video: Video, info: VideoInfo) -> None:
    """Take the whole road and print the memory on the way."""
    annotated, kept, marks = AnnotatedVideo("MP4"), [], []
    tell = {round(share * len(info.times)): share for share in TELL_AT}
    begin = time.perf_counter()
    for frame_answer in annotate(
        video, info, FrameRange(0, SECONDS), question(MODELS[0]), annotated
    ):
        if frame_answer is None:
            continue
        kept.append(frame_answer)
        if share := tell.get(len(kept)):
            marks.append(memory())
            print(f"  {share:4.0%} of {len(info.times)} frames: {marks[-1]:6.1f} MB")
    seconds = time.perf_counter() - begin
    boxes = sum(len(each.answer.ranked) for each in kept)
    print(f"  {seconds:.0f} s, {len(kept) / seconds:.0f} frames a second, {boxes} boxes kept,")
    print(f"  the film has {annotated.path.stat().st_size / 1e6:.1f} MB")
    print(f"  memory at the end / at 10 %: {marks[-1] / marks[1]:.3f}")


def ours(video: Video, info: VideoInfo, name: str) -> None:
    """Take the road of the app for a short cut."""
    for _ in annotate(video, info, SHORT, question(name), AnnotatedVideo("MP4")):
        pass


def bare(video: Video, net: cv2.dnn.Net, model: ModelCard, path: Path) -> None:
    """Do the same in one loop over av and cv2."""
    given = Path(path.with_suffix(".in"))
    given.write_bytes(video.data)
    with av.open(given) as reading, av.open(path, "w", format="mp4") as writing:
        stream = writing.add_stream(MP4.codec, RATE)
        stream.width, stream.height = SIZE.cv2
        stream.pix_fmt, stream.options = "yuv420p", dict(MP4.options)
        reading.streams.video[0].thread_type = "AUTO"
        for frame in reading.decode(video=0):
            if frame.time > SHORT.end:
                break
            image = frame.to_ndarray(format="bgr24")
            drawn = av.VideoFrame.from_ndarray(_asked(image, net, model), format="bgr24")
            writing.mux(stream.encode(drawn))
        writing.mux(stream.encode(None))
    given.unlink()


def _asked(image: np.ndarray, net: cv2.dnn.Net, model: ModelCard) -> np.ndarray:
    spec = model.blob
    size = (spec.size or SIZE).cv2
    blob = cv2.dnn.blobFromImage(image, spec.scalefactor[0], size, spec.mean, spec.swap_rb)
    net.setInput(blob)
    names = net.getUnconnectedOutLayersNames()
    outputs = dict(zip(names, net.forward(names), strict=True))
    rows = decode_outputs(outputs, NetFacts(Size(*size), model.anchors), model.layout)
    found = rows.above(model.confidence).suppressed(iou=model.iou)
    factor = np.array([*SIZE.cv2, *SIZE.cv2]) / (*size, *size)
    texts = zip(found.xyxy * factor, found.class_id, found.confidence, strict=True)
    for box, class_id, confidence in texts:
        left, top, right, bottom = box.astype(int).tolist()
        cv2.rectangle(image, (left, top), (right, bottom), (0, 255, 0), 2)
        text = f"{model.label(int(class_id))} {confidence:.2f}"
        cv2.putText(image, text, (left, top), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 255, 0), 1)
    return image


def main() -> None:
    """Print the memory over ten minutes, then the ratio of a frame's time."""
    video = moving_video()
    info = video_info(video)
    print(
        f"{info.size}, {info.seconds:.0f} s, {len(info.times)} frames, {len(video.data)} bytes"
    )
    decoding(video, info)
    whole(video, info)
    print(f"{RATE * SHORT.end:.0f} frames\n{HEAD}")
    path = AnnotatedVideo("MP4").path
    for name in MODELS:
        model = card_named(name)
        net = read_net(model, file_paths(model))
        line = paired(
            lambda n=name: ours(video, info, n),
            lambda n=net, m=model: bare(video, n, m, path),
            rounds=5,
        )
        print(line, name)


if __name__ == "__main__":
    main()
