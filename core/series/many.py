"""Many pictures, one after the other: an entry for each, whatever is the matter with it."""

import time
from collections import Counter
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field

from core.answers import Answer
from core.errors import BlobscopeError
from core.picture.image import BgrImage, Picture, decode_picture
from core.picture.size import Size
from core.pipeline import run_image
from core.render.encode import for_display, jpeg
from core.render.screen import on_screen
from core.render.shown import Shown
from core.series.question import Question, labels_of
from core.series.settled import Settled

MOST_PICTURES = 200
MOST_SERIES_BYTES = 200 * 10**6
"""Of all pictures together, still encoded; they wait in memory."""

THUMBNAIL = 160
"""Pixels of the longer side; a thousand of them are 5 MB."""


@dataclass(frozen=True, eq=False)
class Entry:
    """What came of one file: an answer, or the reason why there is none.

    Attributes:
        size: of the picture; None where it could not be decoded.
        ms: from its bytes to the answer.
        thumbnail: a small JPEG with the boxes drawn; empty where there is no answer.
    """

    name: str
    nbytes: int
    ms: float
    size: Size | None = None
    answer: Answer | None = None
    reason: str = ""
    thumbnail: bytes = field(default=b"", repr=False)


def many(
    pictures: Iterable[Picture], question: Question, settled: Settled | None = None
) -> Generator[Entry]:
    """Ask the same of every picture, in order; none of them can end the series.

    Only one is decoded at a time, and of that one nothing stays but its entry. ``settled``
    tells how they are read.
    """
    settled = settled or Settled()
    for picture in pictures:
        begin = time.perf_counter()
        try:
            yield _answered(picture, question, settled, begin)
        except BlobscopeError as error:
            yield Entry(picture.name, len(picture.data), _ms_since(begin), reason=str(error))


def _answered(picture: Picture, question: Question, settled: Settled, begin: float) -> Entry:
    image = decode_picture(picture)
    run = settled.settle(run_image(image, question.card), where=picture.name)
    answer = question.answer(run)
    ms = _ms_since(begin)
    small = BgrImage(on_screen(for_display(image), width=THUMBNAIL, height=THUMBNAIL))
    drawn = question.drawn(answer, Shown(small, run.image_size), texts=False)
    thumbnail = jpeg(drawn, quality=80)
    return Entry(picture.name, len(picture.data), ms, run.image_size, answer, "", thumbnail)


def _ms_since(begin: float) -> float:
    return 1e3 * (time.perf_counter() - begin)


def together(pictures: Iterable[Picture]) -> tuple[Picture, ...]:
    """Take pictures, in order, as long as their number and their bytes stay in the limits."""
    taken: list[Picture] = []
    room = MOST_SERIES_BYTES
    for picture in pictures:
        room -= len(picture.data)
        if room < 0 or len(taken) == MOST_PICTURES:
            break
        taken.append(picture)
    return tuple(taken)


def pictures_with(entries: Iterable[Entry]) -> Counter[str]:
    """Count for each label the pictures in which it was found."""
    answers = (entry.answer for entry in entries if entry.answer)
    return Counter(label for answer in answers for label in set(labels_of(answer)))
