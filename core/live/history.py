"""What a stream saw of late: a strip of appearances and a timeline of counts, both bounded."""

import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.live.processing import FrameResult, SeenObject
from core.picture.image import BgrImage
from core.picture.shrinking import fitted, shrunk
from core.picture.size import Size
from core.render.encode import jpeg

MOST_APPEARANCES = 8
TIMELINE_SECONDS = 60
MOST_LABELS = 100
"""Labels remembered at once; a net that sees more in a frame sees noise."""

AWAY_SECONDS = 2.0
"""An object that was not seen for this long counts as new."""

APPEARANCE_SIDE = 96


@dataclass(frozen=True, slots=True)
class Appearance:
    """The moment in which something came into sight."""

    label: str
    confidence: float
    second: float
    thumbnail: bytes


@dataclass(frozen=True, slots=True)
class Count:
    """How many of each class were in sight at once, at most, within one second."""

    second: int
    most: Mapping[str, int]


class History:
    """A short memory of a stream; written by its thread, read by any.

    Seconds count from the beginning of the stream.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._strip: deque[Appearance] = deque(maxlen=MOST_APPEARANCES)
        self._timeline: deque[Count] = deque(maxlen=TIMELINE_SECONDS)
        self._last_seen: dict[str, float] = {}

    @property
    def strip(self) -> tuple[Appearance, ...]:
        """The latest appearances, the newest first."""
        with self._lock:
            return tuple(reversed(self._strip))

    @property
    def timeline(self) -> tuple[Count, ...]:
        """The latest seconds, the oldest first."""
        with self._lock:
            return tuple(self._timeline)

    def note(self, result: FrameResult, second: float) -> None:
        """Remember what was seen at a second of the stream."""
        counts = Counter(each.label for each in result.seen)
        new = [each for each in _first_of_each(result.seen) if self._is_new(each, second)]
        appeared = [
            Appearance(each.label, each.confidence, second, thumbnail(result.image, each))
            for each in new
        ]
        with self._lock:
            self._strip.extend(appeared)
            self._count(counts, int(second))
        seen_now = {label: second for label, _ in counts.most_common(MOST_LABELS)}
        self._last_seen = {
            label: at for label, at in self._last_seen.items() if second - at <= AWAY_SECONDS
        } | seen_now

    def forget_thumbnails(self) -> None:
        """Forget the strip, the only part of it that shows what a camera saw."""
        with self._lock:
            self._strip.clear()

    def _is_new(self, seen: SeenObject, second: float) -> bool:
        last = self._last_seen.get(seen.label)
        return last is None or second - last > AWAY_SECONDS

    def _count(self, counts: Counter[str], second: int) -> None:
        if self._timeline and self._timeline[-1].second == second:
            counts = counts | Counter(self._timeline.pop().most)  # the larger of both
        self._timeline.append(Count(second, dict(counts.most_common(MOST_LABELS))))


def _first_of_each(seen: tuple[SeenObject, ...]) -> list[SeenObject]:
    """Take the best of each label, up to the size of the strip."""
    most_confident: dict[str, SeenObject] = {}
    for each in seen:
        most_confident.setdefault(each.label, each)
    return list(most_confident.values())[:MOST_APPEARANCES]


def thumbnail(image: BgrImage, seen: SeenObject) -> bytes:
    """Cut out what was seen, as a small square JPEG with bars where it is no square."""
    left, top, right, bottom = seen.xyxy
    cut = image[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    if cut.size == 0:
        cut = image
    size = fitted(Size.of(cut), into=Size(APPEARANCE_SIDE, APPEARANCE_SIDE))
    square = np.full((APPEARANCE_SIDE, APPEARANCE_SIDE, 3), 128, np.uint8)
    x, y = (APPEARANCE_SIDE - size.width) // 2, (APPEARANCE_SIDE - size.height) // 2
    square[y : y + size.height, x : x + size.width] = shrunk(cut, size)
    return jpeg(BgrImage(square))
