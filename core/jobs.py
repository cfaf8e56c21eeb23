"""Long work that goes on while its visitor looks elsewhere, and ends when nobody looks.

A job takes steps from a generator, on a thread of its own, and keeps each one as it comes.
It ends when the steps do, after the step in which somebody stopped it, or when nobody has
asked how far it is for ``PATIENCE_SECONDS``: a closed tab must not keep a machine busy.
Whatever ended it, the generator is closed, so that files in its hands are complete.
"""

import time
from collections.abc import Generator
from contextlib import closing
from threading import BoundedSemaphore, Event, Thread
from typing import Generic, Literal, TypeVar

from core.errors import MachineBusy

MOST_JOBS = 3
"""Jobs at work in this process; the lanes of the engine share the cores among them."""

PATIENCE_SECONDS = 120.0
"""Long enough for a look at another page, and for a browser that slows hidden tabs down."""

Ending = Literal["finished", "stopped", "forgotten", "failed"]

T = TypeVar("T")

_places = BoundedSemaphore(MOST_JOBS)


class Job(Generic[T]):
    """Work on its way; see ``start``. Safe to look at from any thread.

    Args:
        total: how many steps are expected; a wrong guess spoils nothing but the bar.
        patience: seconds without a look after which it ends.
    """

    def __init__(self, total: int, *, patience: float = PATIENCE_SECONDS) -> None:
        self.total = total
        self.ending: Ending | None = None
        self._patience = patience
        self._came: list[T] = []
        self._error: Exception | None = None
        self._stop, self._over = Event(), Event()
        self._begun = self._looked = time.monotonic()
        self._seconds = 0.0

    @property
    def came(self) -> tuple[T, ...]:
        """What the work has given so far, in order."""
        return tuple(self._came)

    @property
    def count(self) -> int:
        """How many steps have come."""
        return len(self._came)

    @property
    def over(self) -> bool:
        """Whether the work has ended and its files are closed."""
        return self._over.is_set()

    @property
    def seconds(self) -> float:
        """How long it has worked."""
        return self._seconds if self.over else time.monotonic() - self._begun

    @property
    def seconds_left(self) -> float | None:
        """How long it will still take if it goes on like this; None before the first step."""
        if not self._came:
            return None
        return self.seconds / self.count * max(0, self.total - self.count)

    def wait(self, seconds: float) -> bool:
        """Look, and wait at most so long; tell whether the work is over.

        Raises:
            Exception: whatever ended it before its time, the same at every look.
        """
        self._looked = time.monotonic()
        over = self._over.wait(seconds)
        if self._error:
            raise self._error
        return over

    def stop(self) -> None:
        """End the work after the step it is at; what came is kept."""
        self._stop.set()

    def _work(self, steps: Generator[T]) -> None:
        try:
            with closing(steps):
                for step in steps:
                    self._came.append(step)
                    if reason := self._reason_to_end():
                        self.ending = reason
                        break
            self.ending = self.ending or "finished"
        except Exception as error:  # told to whoever looks, as a Future does
            self._error, self.ending = error, "failed"
        finally:
            self._seconds = time.monotonic() - self._begun
            _places.release()
            self._over.set()

    def _reason_to_end(self) -> Ending | None:
        if self._stop.is_set():
            return "stopped"
        lonely = time.monotonic() - self._looked
        return "forgotten" if lonely > self._patience else None


def start(steps: Generator[T], total: int, *, patience: float = PATIENCE_SECONDS) -> "Job[T]":
    """Put work on a thread of its own, if there is room for one more.

    Raises:
        MachineBusy: ``MOST_JOBS`` are at work; says what to do.
    """
    if not _places.acquire(blocking=False):
        raise MachineBusy(
            f"This machine is at {MOST_JOBS} long jobs already, its limit. "
            "Press Start again when one of them has ended."
        )
    job = Job[T](total, patience=patience)
    # a daemon: a server that is told to stop does not wait for it
    Thread(target=job._work, args=(steps,), name="blobscope-job", daemon=True).start()
    return job
