"""What a worker can be asked to do.

A job module registers its jobs with ``worker_job``; a worker imports that one module before
its walls go up, and answers requests for its jobs by name. A job is a generator: it takes the
request's values and arrays, and yields parts of its answer, or None for a sign of life.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.sandbox.messages import SentArray, WorkerMessage

Values = Mapping[str, Any]
Parts = Generator[WorkerMessage | None]
Work = Callable[[Values, Sequence[SentArray]], Parts]


@dataclass(frozen=True, slots=True)
class WorkerJob:
    """A job and the processor time, in seconds, after which its worker is ended."""

    work: Work
    cpu_seconds: float


REGISTERED: dict[str, WorkerJob] = {}


def worker_job(*, cpu_seconds: float) -> Callable[[Work], Work]:
    """Register a generator function under its own name.

    Args:
        cpu_seconds: how much processor time it may use; ``allow_processor_time`` renews it
            where there is progress.
    """

    def register(work: Work) -> Work:
        REGISTERED[work.__name__] = WorkerJob(work, cpu_seconds)
        return work

    return register


def part(*arrays: SentArray, **values: object) -> WorkerMessage:
    """Make a part of an answer."""
    return WorkerMessage("part", values, arrays)
