"""Long jobs that run in the background, and end when nobody polls them.

A job takes steps from a generator, on a thread of its own, and keeps each one as it comes.
A generator that waits for something yields None meanwhile, several times a second: this is
not a step, but a place where the job can end.
It ends when the steps do, after the step in which it was stopped, or when nobody has
asked how far it is for ``PATIENCE_SECONDS``: a closed tab must not keep a machine busy.
No job lasts longer than ``most_seconds``, so that everybody has a turn, and a visitor who is
named has a share of the places only, however many tabs are open.
Whatever ended it, the generator is closed, so that files in its hands are complete.
"""

import os
import time
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import closing
from threading import Event, Lock, Thread
from typing import Generic, Literal, TypeVar

from core.environment import whole_number
from core.errors import MachineBusy

MOST_JOBS = 3
"""Jobs running in this process; the scheduler of the engine shares the cores among them."""

MOST_ADDRESS_JOBS = 2
"""Those of one visitor's address, unless BLOBSCOPE_ADDRESS_JOBS says otherwise."""

PATIENCE_SECONDS = 120.0
"""Long enough to visit another page, and for browsers that throttle hidden tabs."""

MOST_JOB_SECONDS = 20 * 60
"""How long a job may take, unless BLOBSCOPE_JOB_SECONDS says otherwise."""

Ending = Literal["finished", "stopped", "forgotten", "overdue", "failed"]

StepT = TypeVar("StepT")


class _Places:
    """The places for jobs and who holds them; safe under threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: Counter[str] = Counter()

    def take(self, visitor: str) -> None:
        share = most_per_address()
        with self._lock:
            if self._held.total() >= MOST_JOBS:
                raise MachineBusy(
                    f"This server is already running {MOST_JOBS} jobs, its limit. "
                    "Press Start again when one of them has ended."
                )
            if visitor and self._held[visitor] >= share:
                jobs = "1 job" if share == 1 else f"{share} jobs"
                raise MachineBusy(
                    f"Your address already runs {jobs}, the limit per address. Stop one of "
                    "them or wait until one has ended, then press Start again."
                )
            self._held[visitor] += 1

    def give_back(self, visitor: str) -> None:
        with self._lock:
            self._held[visitor] -= 1
            self._held = +self._held  # nobody's zero is kept


_places = _Places()


def most_per_address(environment: Mapping[str, str] = os.environ) -> int:
    """Return how many jobs an address may run; ``most_seconds`` says what is ignored.

    >>> most_per_address({"BLOBSCOPE_ADDRESS_JOBS": "1"}), most_per_address({})
    (1, 2)
    """
    return whole_number("BLOBSCOPE_ADDRESS_JOBS", MOST_ADDRESS_JOBS, environment=environment)


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
        visitor: whose place it holds.
    """

    def __init__(self, total: int, *, patience: float, limit: float, visitor: str = "") -> None:
        self.total = total
        self.limit = limit
        self.ending: Ending | None = None
        self._visitor = visitor
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
            self._error = error
            self.ending = "failed"
        finally:
            self._seconds = time.monotonic() - self._begun
            _places.give_back(self._visitor)
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
    visitor: str = "",
    patience: float = PATIENCE_SECONDS,
    limit: float | None = None,
) -> "Job[StepT]":
    """Put work on a thread of its own, if there is room for one more.

    It may take ``limit`` seconds, or ``most_seconds`` where none is said. A ``visitor``, named
    by address, may run ``most_per_address`` jobs at once; one without a name, any number.

    Raises:
        MachineBusy: ``MOST_JOBS`` are running, the visitor has their share, or no thread can
            start; says what to do.
    """
    _places.take(visitor)
    seconds = most_seconds() if limit is None else limit
    job = Job[StepT](total, patience=patience, limit=seconds, visitor=visitor)
    # a daemon: a server that stops does not wait for it
    thread = Thread(target=job._work, args=(steps,), name="blobscope-job", daemon=True)
    try:
        thread.start()
    except (RuntimeError, MemoryError) as error:
        _places.give_back(visitor)
        raise MachineBusy(
            "This server cannot start another job right now. Press Start again in a minute."
        ) from error
    return job
