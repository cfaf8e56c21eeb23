"""A video's frames, asked like pictures, and written with what the model said of each."""

import time
from collections import Counter
from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import dataclass

import cv2

from core.lab.answers import Answer
from core.picture.image import BgrImage
from core.picture.size import Size
from core.pipeline import run_image
from core.series.question import Question, labels_of
from core.video.reading import Cut, Header, Video, frames
from core.video.writing import Film, film_size


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


def counts_over_time(
    sightings: Iterable[Sighting], *, labels: int = 5
) -> list[tuple[float, str, int]]:
    """Count the boxes of each frame by label, as (seconds, label, count), zeros included.

    Only the ``labels`` that are counted most often over all frames are told apart.
    """
    seen = [(each.seconds, Counter(labels_of(each.answer))) for each in sightings]
    together: Counter[str] = sum((counted for _, counted in seen), Counter())
    most = [label for label, _ in together.most_common(labels)]
    return [(seconds, label, counted[label]) for seconds, counted in seen for label in most]
