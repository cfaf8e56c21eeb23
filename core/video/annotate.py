"""A video's frames, asked like pictures, and written with what the model said of each."""

import time
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from statistics import mean

import numpy as np

from core.answers import Answer
from core.nets.card import ModelCard
from core.picture.shrinking import shrunk
from core.pipeline import run_image
from core.render.shown import Shown
from core.results.classification import Ranked
from core.results.detections import Detections
from core.series.question import Question, labels_of
from core.series.settled import Settled
from core.video.reading import Frame, FrameRange, Video, VideoInfo, pulsed_frames
from core.video.writing import AnnotatedVideo, annotated_size

MOST_POINTS = 300
"""Of a chart; more would be closer together than a screen's pixels."""


_ROW = np.dtype(
    [("xyxy", "<f8", 4), ("confidence", "<f8"), ("class_id", "<i4"), ("row", "<i4")]
)
_TURNED_ROW = np.dtype([*_ROW.descr, ("corners", "<f8", 8)])


@dataclass(frozen=True, eq=False, slots=True)
class FrameAnswer:
    """What the model said of one frame.

    The answer is kept packed. A long video has thousands of them; as small arrays between
    a net's large ones they tear the heap apart, and each costs 24 kB instead of a few
    hundred bytes (``benchmarks/video.py`` shows the memory).

    Attributes:
        number: of the frame in the video, counted from 0.
        seconds: when it is shown, from the video's beginning.
        ms: what blob, forward and reading took.
        packed: a row for each box or class, the surest first.
        card: whose labels they are.
        turned: whether the boxes have corners of their own, packed as well.
    """

    number: int
    seconds: float
    ms: float
    packed: bytes = field(repr=False)
    card: ModelCard = field(repr=False)
    turned: bool = False

    @classmethod
    def of(cls, frame: Frame, answer: Answer, card: ModelCard, ms: float) -> "FrameAnswer":
        """Pack an answer."""
        turned = answer.boxes is not None and answer.boxes.corners.size > 0
        rows = np.zeros(len(answer.ranked), _TURNED_ROW if turned else _ROW)
        rows["class_id"] = [each.class_id for each in answer.ranked]
        rows["confidence"] = [each.confidence for each in answer.ranked]
        if answer.boxes is not None:
            rows["xyxy"], rows["row"] = answer.boxes.xyxy, answer.boxes.row
            if turned:
                rows["corners"] = answer.boxes.corners
        return cls(frame.number, frame.seconds, ms, rows.tobytes(), card, turned)

    @property
    def answer(self) -> Answer:
        """The answer; boxes are in pixels of the video's frame."""
        rows = np.frombuffer(self.packed, _TURNED_ROW if self.turned else _ROW)
        pairs = zip(rows["class_id"].tolist(), rows["confidence"].tolist(), strict=True)
        ranked = tuple(Ranked(each, self.card.label(each), sure) for each, sure in pairs)
        if self.card.task == "classification":
            return Answer(ranked)
        names = ("xyxy", "confidence", "class_id", "row", *(["corners"] * self.turned))
        return Answer(ranked, Detections(*(rows[name] for name in names)))


def annotate(
    video: Video,
    info: VideoInfo,
    frame_range: FrameRange,
    question: Question,
    annotated: AnnotatedVideo,
    settled: Settled | None = None,
) -> Generator[FrameAnswer | None]:
    """Ask about each frame of a cut, and write it with the answer drawn on it.

    One frame is in memory at a time. The film keeps the video's pace, so with a stride it
    shows fewer frames a second. It ends with a film that is full. None comes a few times a
    second while a frame is waited for. Closing the generator completes the film.
    ``settled`` tells how the frames are read.

    Raises:
        BlobscopeError: the model does not take these frames, or the film cannot be written.
    """
    size, settled = annotated_size(info.size), settled or Settled()
    with (
        closing(pulsed_frames(video, info, frame_range)) as chosen,
        annotated.writing(size, info.rate / frame_range.stride) as write,
    ):
        origin: float | None = None
        for frame in chosen:
            if frame is None:
                yield None
                continue
            begin = time.perf_counter()
            run = settled.settle(
                run_image(frame.image, question.card), where=f"frame {frame.number}"
            )
            answer = question.answer(run)
            ms = 1e3 * (time.perf_counter() - begin)
            origin = frame.seconds if origin is None else origin
            shown = Shown(shrunk(frame.image, size), run.image_size)
            write(question.drawn(answer, shown), frame.seconds - origin)
            yield FrameAnswer.of(frame, answer, question.card, ms)
            if annotated.full:
                return


def over_time(
    frame_answers: Sequence[FrameAnswer], *, labels: int = 5, points: int = MOST_POINTS
) -> list[tuple[float, str, float]]:
    """Follow the most frequent labels through a video, as (seconds, label, value).

    The most frequent are those in the most frames. Of a detector, the value is how many boxes
    a frame has, zeros included; of a classifier, how sure it was, in the frames where the
    label was the likeliest. A long video is told
    by the means of at most so many stretches of frames.
    """
    seen = [(each.seconds, _values(each.answer)) for each in frame_answers]
    together = Counter(label for _, values in seen for label in values)
    most = [label for label, _ in together.most_common(labels)]
    step = frames_per_point(len(seen), points)
    parts = [seen[at : at + step] for at in range(0, len(seen), step)]
    zero = 0.0 if frame_answers and frame_answers[0].card.task == "detection" else None
    return [
        (part[0][0], label, mean(told))
        for part in parts
        for label in most
        if (told := [v for _, values in part if (v := values.get(label, zero)) is not None])
    ]


def frames_per_point(count: int, points: int = MOST_POINTS) -> int:
    """Tell how many frames one point of a chart stands for.

    >>> frames_per_point(300), frames_per_point(301), frames_per_point(0)
    (1, 2, 1)
    """
    return -(-count // points) or 1


def _values(answer: Answer) -> dict[str, float]:
    if answer.boxes is not None:
        return dict(Counter(labels_of(answer)))
    return {each.label: each.confidence for each in answer.ranked[:1]}
