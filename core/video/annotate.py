"""A video's frames, asked like pictures, and written with what the model said of each."""

import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from statistics import mean

import cv2

from core.lab.answers import Answer
from core.picture.image import BgrImage
from core.picture.size import Size
from core.pipeline import run_image
from core.series.question import Question, counts, labels_of
from core.video.reading import Cut, Header, Video, frames
from core.video.writing import Film, film_size

MOST_POINTS = 300
"""Of a chart; more would be closer together than a screen's pixels."""


@dataclass(frozen=True, eq=False, slots=True)
class Sighting:
    """What the model said of one frame.

    Attributes:
        number: of the frame in the video, counted from 0.
        seconds: when it is shown, from the video's beginning.
        answer: boxes are in pixels of the video's frame.
        ms: what blob, forward and reading took.
    """

    number: int
    seconds: float
    answer: Answer
    ms: float


def annotate(
    video: Video, head: Header, cut: Cut, question: Question, film: Film
) -> Generator[Sighting]:
    """Ask about each frame of a cut, and write it with the answer drawn on it.

    One frame is in memory at a time. The film keeps the video's pace, so with a stride it
    shows fewer frames a second. Closing the generator completes the film.

    Raises:
        BlobscopeError: the model does not take these frames, or the film cannot be written.
    """
    size = film_size(head.size)
    with (
        closing(frames(video, head, cut)) as chosen,
        film.writing(size, head.rate / cut.stride) as write,
    ):
        origin: float | None = None
        for frame in chosen:
            begin = time.perf_counter()
            done = run_image(frame.image, question.card)
            answer = question.answer(done)
            ms = 1e3 * (time.perf_counter() - begin)
            origin = frame.seconds if origin is None else origin
            write(
                question.drawn(done, answer, _small(frame.image, size)), frame.seconds - origin
            )
            yield Sighting(frame.number, frame.seconds, answer, ms)


def _small(image: BgrImage, size: Size) -> BgrImage:
    if Size.of(image) == size:
        return image
    return BgrImage(cv2.resize(image, size.cv2, interpolation=cv2.INTER_AREA))  # type: ignore[arg-type]


def over_time(
    sightings: Sequence[Sighting], *, labels: int = 5, points: int = MOST_POINTS
) -> list[tuple[float, str, float]]:
    """Follow the most frequent labels through a video, as (seconds, label, value).

    Of a detector, the value is how many boxes a frame has, zeros included; of a classifier,
    how sure it was, in the frames where the label was the likeliest. A long video is told
    by the means of at most so many stretches of frames.
    """
    together = counts(each.answer for each in sightings)
    most = [label for label, _ in together.most_common(labels)]
    step = -(-len(sightings) // points) or 1
    parts = [sightings[at : at + step] for at in range(0, len(sightings), step)]
    return [
        (part[0].seconds, label, mean(values))
        for part in parts
        for label in most
        if (values := [value for each in part for value in _values(each.answer, label)])
    ]


def _values(answer: Answer, label: str) -> list[float]:
    if answer.boxes is not None:
        return [float(labels_of(answer).count(label))]
    return [each.confidence for each in answer.ranked[:1] if each.label == label]
