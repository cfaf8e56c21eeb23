"""Who may compute when: at most one forward a core, and all cores for a lone caller.

OpenCV's thread count is one number for the whole process. A lone forward of a big net
wants every core; a small one is quicker on one; several forwards at once are quickest
with one core each. So the count changes with the traffic, and only while nothing runs.
It moves results by float rounding at most (2e-5 in YOLOX, nothing in our other nets).
``benchmarks/serving.py`` compares this with the fixed layouts.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field

import cv2

CALM_SECONDS = 0.25
"""How long one caller must have been alone before it gets all cores again."""

TRIALS = 3
"""Forwards with each thread count that are compared, by their minimum; the latest count."""

RETRY_AFTER = 40
"""After so many forwards another count gets a try: the machine may be less busy now."""


@dataclass
class ThreadTuner:
    """What a net's forwards cost with each thread count; used under the net's own loan."""

    candidates: tuple[int, ...]
    seconds: dict[int, deque[float]] = field(default_factory=dict)
    turns: int = 0

    @classmethod
    def up_to(cls, cores: int) -> "ThreadTuner":
        """Try 1, 2, 4, 8 threads as far as there are cores; more never paid."""
        return cls(tuple(n for n in (8, 4, 2, 1) if n <= cores))

    def threads(self) -> int:
        """Choose the count to use now: one that lacks trials, else the quickest of late."""
        for count in self.candidates:
            if len(self.seconds.get(count, ())) < TRIALS:
                return count
        self.turns += 1
        looks, rest = divmod(self.turns, RETRY_AFTER)
        if rest == 0:
            return self.candidates[looks % len(self.candidates)]
        return min(self.candidates, key=lambda count: min(self.seconds[count]))

    def learn(self, threads: int, seconds: float) -> None:
        """Note what a lone, warm forward cost."""
        self.seconds.setdefault(threads, deque(maxlen=TRIALS)).append(seconds)


class ForwardScheduler:
    """Hand out turns in the order of asking; safe under threads."""

    def __init__(self, cores: int) -> None:
        self.cores = cores
        self._lock = threading.Lock()
        self._running = 0
        self._threads = 0
        self._waiting: deque[Future[None]] = deque()
        self._last_crowd = float("-inf")

    @contextmanager
    def turn(self, tuner: ThreadTuner) -> Iterator[int | None]:
        """Wait for a lane; gives the thread count where the caller is alone, else None."""
        alone = self._enter(tuner)
        try:
            yield self._threads if alone else None
        finally:
            self._leave()

    def _enter(self, tuner: ThreadTuner) -> bool:
        with self._lock:
            now = time.monotonic()
            calm = now - self._last_crowd > CALM_SECONDS
            if self._running == 0 and calm:
                self._start(tuner.threads())
                return True
            if self._running:
                self._last_crowd = now
            slot: Future[None] = Future()
            self._waiting.append(slot)
            self._admit()
        slot.result()
        return False

    def _leave(self) -> None:
        with self._lock:
            self._running -= 1
            self._admit()

    def _admit(self) -> None:
        """Let those who wait begin, one core each, once no forward uses several.

        No caller waits while nothing runs: the last one to finish admits them.
        """
        while self._waiting and self._running < self.cores:
            if self._running and self._threads != 1:
                return
            self._start(1)
            self._waiting.popleft().set_result(None)

    def _start(self, threads: int) -> None:
        if cv2.getNumThreads() != threads:
            cv2.setNumThreads(threads)
        self._threads = threads
        self._running += 1
