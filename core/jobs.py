"""Long jobs that run in the background, and end when nobody polls them.

A job takes steps from a generator, on a thread of its own, and keeps each one as it comes.
A generator that waits for something yields None meanwhile, several times a second: this is
not a step, but a place where the job can end.
It ends when the steps do, after the step in which it was stopped, or when nobody has
asked how far it is for ``PATIENCE_SECONDS``: a closed tab must not keep a machine busy.
No job lasts longer than ``most_seconds``, so that everybody has a turn.
Whatever ended it, the generator is closed, so that files in its hands are complete.
"""

import os
import time
from collections.abc import Generator, Mapping
from contextlib import closing
from threading import BoundedSemaphore, Event, Thread
from typing import Generic, Literal, TypeVar

from core.environment import whole_number
from core.errors import MachineBusy

MOST_JOBS = 3
"""Jobs running in this process; the scheduler of the engine shares the cores among them."""

PATIENCE_SECONDS = 120.0
"""Long enough to visit another page, and for browsers that throttle hidden tabs."""

MOST_JOB_SECONDS = 20 * 60
"""How long a job may take, unless BLOBSCOPE_JOB_SECONDS says otherwise."""

Ending = Literal["finished", "stopped", "forgotten", "overdue", "failed"]

StepT = TypeVar("StepT")

_places = BoundedSemaphore(MOST_JOBS)


def most_seconds(environment: Mapping[str, str] = os.environ) -> int:
    """Return the time limit of a job; anything but a whole number of at least 1 is ignored.

    >>> most_seconds({"BLOBSCOPE_JOB_SECONDS": "60"}), most_seconds({})
    (60, 1200)
    """
    return whole_number("BLOBSCOPE_JOB_SECONDS", MOST_JOB_SECONDS, environment=environment)


class Job(Generic[StepT]):
    """A running job; see ``start_job``. Safe to read from any thread.

    Args:
        total: how many steps are expected; a wrong guess spoils nothing but the bar.
        patience: seconds without a look after which it ends.
        limit: seconds after which it ends in any case.
    """

    def __init__(self, total: int, *, patience: float, limit: float) -> None:
        self.total = total
        self.limit = limit
        self.ending: Ending | None = None
        self._patience = patience
        self._came: list[StepT] = []
        self._error: Exception | None = None
        self._stop, self._over = Event(), Event()
        self._begun = self._looked = time.monotonic()
        self._seconds = 0.0

    @property
    def came(self) -> tuple[StepT, ...]:
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
        """The estimated time left; None before the first step."""
        if not self._came:
            return None
        return self.seconds / self.count * max(0, self.total - self.count)

    def wait(self, seconds: float) -> bool:
        """Poll, and wait up to this long; return whether the job has ended.

        Raises:
            Exception: whatever ended it before its time, the same at every look.
        """
        self._looked = time.monotonic()
        over = self._over.wait(seconds)
        if self._error:
            raise self._error
        return over

    def stop(self) -> None:
        """End the work after the step it is at, or while it waits; what came is kept."""
        self._stop.set()

    def end(self, seconds: float) -> bool:
        """Stop, and wait up to this long; return whether it has ended and its slot is free."""
        self.stop()
        return self._over.wait(seconds)

    def _work(self, steps: Generator[StepT | None]) -> None:
        try:
            with closing(steps):
                for step in steps:
                    if step is not None:
                        self._came.append(step)
                    if reason := self._reason_to_end():
                        self.ending = reason
                        break
            self.ending = self.ending or "finished"
        except Exception as error:  # raised in the next poll, as a Future does
            self._error, self.ending = error, "failed"
        finally:
            self._seconds = time.monotonic() - self._begun
            _places.release()
            self._over.set()

    def _reason_to_end(self) -> Ending | None:
        if self._stop.is_set():
            return "stopped"
        if self.seconds > self.limit:
            return "overdue"
        lonely = time.monotonic() - self._looked
        return "forgotten" if lonely > self._patience else None


def start_job(
    steps: Generator[StepT | None],
    total: int,
    *,
    patience: float = PATIENCE_SECONDS,
    limit: float | None = None,
) -> "Job[StepT]":
    """Put work on a thread of its own, if there is room for one more.

    It may take ``limit`` seconds, or ``most_seconds`` where none is said.

    Raises:
        MachineBusy: ``MOST_JOBS`` are running, or no thread can start; says what to do.
    """
    if not _places.acquire(blocking=False):
        raise MachineBusy(
            f"This server is already running {MOST_JOBS} jobs, its limit. "
            "Press Start again when one of them has ended."
        )
    job = Job[StepT](total, patience=patience, limit=most_seconds() if limit is None else limit)
    # a daemon: a server that stops does not wait for it
    thread = Thread(target=job._work, args=(steps,), name="blobscope-job", daemon=True)
    try:
        thread.start()
    except (RuntimeError, MemoryError) as error:
        _places.release()
        raise MachineBusy(
            "This server cannot start another job right now. Press Start again in a minute."
        ) from error
    return job
