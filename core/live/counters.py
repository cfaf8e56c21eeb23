"""How often something happens: counters that stay small however long a stream runs."""

import statistics
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

WINDOW_SECONDS = 2.0
MOST_KEPT = 240
"""Events remembered: two seconds of the quickest camera there is, 120 frames a second."""


class Rate:
    """Events a second over the last two; safe under threads.

    >>> clock = iter([0.0, 0.5, 1.0, 1.0]).__next__
    >>> rate = Rate(clock)
    >>> for _ in range(3):
    ...     rate.note()
    >>> rate.per_second
    2.0
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.total = 0
        self._clock = clock
        self._times: deque[float] = deque(maxlen=MOST_KEPT)
        self._lock = threading.Lock()

    def note(self) -> None:
        """Count one event now."""
        with self._lock:
            self.total += 1
            self._times.append(self._clock())

    @property
    def per_second(self) -> float:
        """How often it happened of late; 0 where it stopped, or happened once."""
        with self._lock:
            now = self._clock()
            late = [each for each in self._times if now - each <= WINDOW_SECONDS]
        if len(late) < 2 or late[-1] <= late[0]:
            return 0.0
        return (len(late) - 1) / (late[-1] - late[0])


class Recent:
    """The middle one of the latest numbers; safe under threads."""

    def __init__(self, count: int = 31) -> None:
        self._values: deque[float] = deque(maxlen=count)
        self._lock = threading.Lock()

    def note(self, value: float) -> None:
        """Remember a number, and forget the oldest."""
        with self._lock:
            self._values.append(value)

    @property
    def median(self) -> float:
        """The middle one, 0 where there is none yet."""
        with self._lock:
            return statistics.median(self._values) if self._values else 0.0


@dataclass(frozen=True, slots=True)
class LiveNumbers:
    """How a stream is doing.

    Attributes:
        camera_fps: frames that came in, a second.
        net_fps: processed frames per second.
        forward_ms: the middle one of the latest forwards.
        delay_ms: from a frame's arrival until its answer was drawn, likewise.
        frames: all that came in; dropped: those that a newer one replaced unseen.
    """

    camera_fps: float
    net_fps: float
    forward_ms: float
    delay_ms: float
    frames: int
    dropped: int
