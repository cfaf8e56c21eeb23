"""Long work that goes on while its visitor looks elsewhere, and ends when nobody looks.

A job takes steps from a generator, on a thread of its own, and keeps each one as it comes.
It ends when the steps do, after the step in which somebody stopped it, or when nobody has
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

from core.errors import MachineBusy

MOST_JOBS = 3
"""Jobs at work in this process; the lanes of the engine share the cores among them."""

PATIENCE_SECONDS = 120.0
"""Long enough for a look at another page, and for a browser that slows hidden tabs down."""

MOST_JOB_SECONDS = 20 * 60
"""How long a job may take, unless BLOBSCOPE_JOB_SECONDS says otherwise."""

Ending = Literal["finished", "stopped", "forgotten", "overdue", "failed"]

StepT = TypeVar("StepT")

_places = BoundedSemaphore(MOST_JOBS)


def most_seconds(environment: Mapping[str, str] = os.environ) -> int:
    """Tell how long a job may take; what is no whole number of at least 1 counts as not said.

    >>> most_seconds({"BLOBSCOPE_JOB_SECONDS": "60"}), most_seconds({})
    (60, 1200)
    """
    text = environment.get("BLOBSCOPE_JOB_SECONDS", "").strip()
    return int(text) if text.isdecimal() and int(text) > 0 else MOST_JOB_SECONDS


class Job(Generic[StepT]):
    """Work on its way; see ``start_job``. Safe to look at from any thread.

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

    def end(self, seconds: float) -> bool:
        """Stop, and wait at most so long; tell whether the work is over and its place free."""
        self.stop()
        return self._over.wait(seconds)

    def _work(self, steps: Generator[StepT]) -> None:
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
        if self.seconds > self.limit:
            return "overdue"
        lonely = time.monotonic() - self._looked
        return "forgotten" if lonely > self._patience else None


def start_job(
    steps: Generator[StepT],
    total: int,
    *,
    patience: float = PATIENCE_SECONDS,
    limit: float | None = None,
) -> "Job[StepT]":
    """Put work on a thread of its own, if there is room for one more.

    It may take ``limit`` seconds, or ``most_seconds`` where none is said.

    Raises:
        MachineBusy: ``MOST_JOBS`` are at work, or no thread can be had; says what to do.
    """
    if not _places.acquire(blocking=False):
        raise MachineBusy(
            f"This machine is at {MOST_JOBS} long jobs already, its limit. "
            "Press Start again when one of them has ended."
        )
    job = Job[StepT](total, patience=patience, limit=most_seconds() if limit is None else limit)
    # a daemon: a server that is told to stop does not wait for it
    thread = Thread(target=job._work, args=(steps,), name="blobscope-job", daemon=True)
    try:
        thread.start()
    except (RuntimeError, MemoryError) as error:
        _places.release()
        raise MachineBusy(
            "This machine has no room for one more job just now. Press Start again in a minute."
        ) from error
    return job
