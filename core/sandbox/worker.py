"""A worker as its parent sees it: started, asked, timed, ended and replaced.

A worker that has parsed one stranger's file is never asked about another's: whatever that
file made of it must not see what somebody else gives. So a worker is bound to a *subject*,
the digest of the file it was given, and waits a short while for more questions about it.
"""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, Queue
from typing import Any, cast

from core import errors
from core.errors import (
    BlobscopeError,
    MachineBusy,
    SandboxCrashed,
    SandboxError,
    SandboxExhausted,
    SandboxSilent,
    SandboxUnavailable,
)
from core.sandbox.messages import (
    MessageBroken,
    SentArray,
    WorkerMessage,
    read_message,
    write_message,
)
from core.sandbox.walls import Limits, Walls

PULSE_SECONDS = 0.2
"""How long a caller waits for an answer before it is asked whether it still wants it."""

MOST_WORKERS = 4 + 2 * (os.cpu_count() or 2)
"""Workers that may be asked something at the same time in this process: the long jobs', the
live streams' (one a core), and some for those who just look at a file."""

MOST_IDLE = 2
"""Workers that may wait for more questions about the file they hold."""

START_SECONDS = 30.0
QUEUE_SECONDS = 20.0

_MOST_TEXT = 1_000  # characters of an error's sentence
_PIPE_BYTES = 1 << 20
_ROOT = str(Path(__file__).resolve().parents[2])
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    "from core.sandbox.serve import run; run(sys.argv[2:])"
)
_ENVIRONMENT = {
    "MALLOC_ARENA_MAX": "1",  # each more claims 64 MB of addresses
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
_INHERITED = ("LD_LIBRARY_PATH", "SYSTEMROOT")
_LOG = logging.getLogger(__name__)


class Worker:
    """A process that serves the jobs of one module; it is asked by one thread at a time.

    Attributes:
        walls: which walls are up around it.

    Args:
        module: the job module that it imports, by its full name.
        limits: what it may use.

    Raises:
        SandboxUnavailable: it cannot be started here.
    """

    def __init__(self, module: str, limits: Limits) -> None:
        self.limits = limits
        self._inbox: Queue[WorkerMessage | MessageBroken | None] = Queue(maxsize=1)
        self._writer: threading.Thread | None = None
        try:
            self._process = _started(module, limits)
            self._reader = threading.Thread(
                target=self._read_on, name="blobscope-worker", daemon=True
            )
            self._reader.start()
        except (OSError, RuntimeError, MemoryError) as error:
            raise _unavailable(str(error)) from error
        try:
            ready = next(each for each in self._answers(START_SECONDS) if each)
        except SandboxError as error:
            self.close()
            raise _unavailable(str(error)) from error
        self.walls = Walls.told(dict(ready.values))
        _known["walls"] = self.walls

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def ask(
        self,
        job: str,
        values: Mapping[str, Any] | None = None,
        arrays: Sequence[SentArray] = (),
        *,
        silence: float,
    ) -> Generator[WorkerMessage | None]:
        """Ask for a job, and give the parts of its answer as they come.

        A part that is not taken keeps the worker waiting, so that memory stays flat. While
        nothing comes, None does, every ``PULSE_SECONDS``: a caller that has had enough
        closes the generator, which ends the worker.

        Args:
            job: its name in the job module.
            values: small values that it is asked with.
            arrays: arrays that it is asked with.
            silence: seconds without any sign of life after which the worker is ended.

        Raises:
            SandboxError: the worker died, was ended, or answered nonsense; it is gone.
            BlobscopeError: the job refuses what it was given, in its own words.
        """
        completed = False
        try:
            yield from self._sent(WorkerMessage(job, values or {}, arrays), silence)
            for answer in self._answers(silence):
                if answer is None or answer.kind == "alive":
                    yield None
                elif answer.kind == "part":
                    yield answer
                elif answer.kind == "done":
                    completed = True
                    return
                else:
                    completed = answer.kind == "refused"
                    raise _ending_of(answer)
        finally:
            if not completed:
                self.close()

    def close(self) -> None:
        """End the process, whatever it is at; closing it twice does no harm."""
        self._process.kill()
        self._process.wait()
        while self._reader.is_alive():  # perhaps it waits for somebody to take a message
            with suppress(Empty):
                self._inbox.get_nowait()
            self._reader.join(0.01)
        if self._writer:
            self._writer.join()  # it fails at once, as nobody is left to read
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                cast("Any", pipe).close()

    def _sent(self, request: WorkerMessage, silence: float) -> Iterator[None]:
        """Write a request, which a thread does: a pipe may be full, and nobody reading it."""
        failed: list[Exception] = []

        def write() -> None:
            try:
                write_message(cast("Any", self._process.stdin), request)
            except Exception as error:  # told to whoever waits below
                failed.append(error)

        writer = threading.Thread(target=write, name="blobscope-request", daemon=True)
        self._writer = writer
        writer.start()
        end = time.monotonic() + silence
        while True:
            writer.join(PULSE_SECONDS)
            if not writer.is_alive():
                break
            if time.monotonic() > end:
                raise _silent(silence)
            yield None
        for error in failed:
            if isinstance(error, OSError):
                raise self._death() from error
            raise error

    def _answers(self, silence: float) -> Iterator[WorkerMessage | None]:
        """Give what comes; None while nothing does."""
        heard = time.monotonic()
        while True:
            try:
                came = self._inbox.get(timeout=PULSE_SECONDS)
            except Empty:
                if time.monotonic() - heard > silence:
                    raise _silent(silence) from None
                yield None
                continue
            if came is None:
                raise self._death()
            if isinstance(came, MessageBroken):
                raise SandboxCrashed(f"It answered with something else ({came}).") from came
            yield came
            heard = time.monotonic()

    def _read_on(self) -> None:
        """Take messages from the pipe, one ahead of who asks; the thread of the worker."""
        pipe = cast("Any", self._process.stdout)
        try:
            while came := read_message(pipe, most_bytes=self.limits.message_bytes):
                self._inbox.put(came)
        except (MessageBroken, MemoryError, OSError) as error:
            broken = error if isinstance(error, MessageBroken) else MessageBroken(str(error))
            self._inbox.put(broken)
        self._inbox.put(None)

    def _death(self) -> SandboxError:
        """Say what the process died of."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        return death(self._process.poll())


def death(code: int | None) -> SandboxError:
    """Say in a sentence how a process ended that should not have.

    Args:
        code: its exit status as ``subprocess`` tells it, minus the signal; None while it
            still runs, but speaks no more.
    """
    name = signal.Signals(-code).name if code is not None and code < 0 else ""
    if name in ("SIGPROF", "SIGXCPU"):
        return SandboxExhausted("It asked for more processor time than one file may have.")
    if name == "SIGKILL":
        return SandboxExhausted("The system ended its reading, probably for want of memory.")
    told = f"signal {name}" if name else f"status {code}"
    return SandboxCrashed(f"It stops the program that reads it ({told}).")


def _ending_of(answer: WorkerMessage) -> BlobscopeError:
    """Translate the answer of a job that did not come to its end."""
    error = str(answer.values.get("error", ""))
    text = str(answer.values.get("text", ""))
    if answer.kind == "refused":
        known = getattr(errors, error, None)
        if isinstance(known, type) and issubclass(known, BlobscopeError):
            return known(text[:_MOST_TEXT])
    if answer.kind == "memory":
        return SandboxExhausted("It asked for more memory than one file may have.")
    _LOG.error("A worker's job failed (%s): %s", answer.kind, text)
    return SandboxCrashed(f"Its reading broke off ({error[:80] or answer.kind[:80]}).")


def _silent(seconds: float) -> SandboxSilent:
    return SandboxSilent(f"It gave no sign of life for {seconds:g} seconds, so it was ended.")


def _unavailable(why: str) -> SandboxUnavailable:
    return SandboxUnavailable(
        "This machine cannot start the process that reads such files. Try again in a "
        f"minute; whoever runs the server finds more in its log ({why})."
    )


def _started(module: str, limits: Limits) -> "subprocess.Popen[bytes]":
    path = json.dumps([_ROOT, *(str(Path(each).resolve()) for each in sys.path if each)])
    told = (limits.memory_bytes, limits.cpu_seconds, limits.idle_seconds, limits.message_bytes)
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _START, path, module, *map(str, told)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        cwd=Path(sys.executable).anchor,
        env=_ENVIRONMENT | {key: os.environ[key] for key in _INHERITED if key in os.environ},
    )
    with suppress(ImportError, OSError, AttributeError):  # fewer switches for large frames
        import fcntl

        fcntl.fcntl(cast("Any", process.stdout), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return process


_known: dict[str, Walls] = {}  # what the last worker told


def known_walls() -> Walls | None:
    """Return the walls that were up around the worker started last; None before the first."""
    return _known.get("walls")


_at_work = threading.BoundedSemaphore(MOST_WORKERS)
_idle: "OrderedDict[tuple[str, str], Worker]" = OrderedDict()
_lock = threading.Lock()


@contextmanager
def lent(module: str, limits: Limits, *, subject: str) -> Iterator[tuple[Worker, bool]]:
    """Lend a worker for questions about one file, and whether it is a new one.

    A new one has to be given the file. It waits for more questions about it afterwards,
    unless something went wrong: then the next caller gets another.

    Raises:
        MachineBusy: too many are at work.
        SandboxUnavailable: none can be started here.
    """
    if not _at_work.acquire(timeout=QUEUE_SECONDS):
        raise MachineBusy(
            f"This machine reads {MOST_WORKERS} files at the same time already, its limit. "
            "Try again in a minute."
        )
    try:
        worker = _taken(module, subject)
        new = worker is None
        worker = worker or Worker(module, limits)
        try:
            yield worker, new
        except BaseException:
            worker.close()
            raise
        _leave(module, subject, worker)
    finally:
        _at_work.release()


def end_idle() -> None:
    """End the workers that wait for more questions."""
    with _lock:
        waiting = list(_idle.values())
        _idle.clear()
    for each in waiting:
        each.close()


def _taken(module: str, subject: str) -> Worker | None:
    with _lock:
        worker = _idle.pop((module, subject), None)
    if worker and not worker.alive:  # it had waited long enough
        worker.close()
        return None
    return worker


def _leave(module: str, subject: str, worker: Worker) -> None:
    with _lock:
        left = [_idle.pop((module, subject), None)]
        if worker.alive:
            _idle[module, subject] = worker
        else:
            left.append(worker)
        while len(_idle) > MOST_IDLE:
            left.append(_idle.popitem(last=False)[1])
    for each in left:
        if each:
            each.close()
