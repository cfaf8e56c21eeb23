"""The worker's own side: raise the walls, then answer one request after the other.

It is started by ``core.sandbox.worker``, with the pipes to its parent as standard input and
output, and runs until the parent closes them or is gone.
"""

import importlib
import os
import select
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import closing
from typing import BinaryIO

from core.errors import BlobscopeError
from core.sandbox.jobs import REGISTERED
from core.sandbox.messages import MessageBroken, WorkerMessage, read_message, write_message
from core.sandbox.walls import Limits, allow_processor_time, raise_walls

_MOST_TEXT = 4_000  # characters of a sentence, or of a traceback's end


def main(module: str, limits: Limits) -> None:
    """Serve the jobs of a module; never returns before the parent is gone."""
    source, sink = _own_pipes()
    importlib.import_module(module)
    walls = raise_walls(limits)
    threading.Thread(target=_leave_with_the_parent, args=(sink,), daemon=True).start()
    told = {name: getattr(walls, name) for name in walls.__slots__}
    write_message(sink, WorkerMessage("ready", told))
    while (request := _next(source, limits)) is not None:
        for answer in _answered(request):
            write_message(sink, answer)


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Move the pipes away from where a library's print could write into them."""
    source, sink = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.close(nowhere)
    return (
        open(source, "rb", buffering=0),  # noqa: PTH123 - a descriptor, for life
        open(sink, "wb", buffering=0),  # noqa: PTH123
    )


def _leave_with_the_parent(sink: BinaryIO) -> None:
    """Go at once when nobody reads any more, also in the middle of a job.

    Not PR_SET_PDEATHSIG: that signal comes when the *thread* that started us ends.
    """
    if not hasattr(select, "poll"):
        return
    poll = select.poll()
    poll.register(sink, 0)  # errors are told unasked
    poll.poll()
    os._exit(0)


def _next(source: BinaryIO, limits: Limits) -> WorkerMessage | None:
    if os.name == "posix" and not select.select([source], [], [], limits.idle_seconds)[0]:
        return None
    return read_message(source, most_bytes=limits.message_bytes)


def _answered(request: WorkerMessage) -> Iterator[WorkerMessage]:
    """Answer a request: its parts, then that it is done or why it is not."""
    try:
        job = REGISTERED[request.kind]
        allow_processor_time(job.cpu_seconds)
        with closing(job.work(request.values, request.arrays)) as parts:
            for each in parts:
                yield each or WorkerMessage("alive")
    except BlobscopeError as error:
        yield _ended("refused", type(error).__name__, str(error))
    except MemoryError:
        yield _ended("memory", "", "")
    except Exception as error:  # the border of the process: the parent tells it
        yield _ended("failed", type(error).__name__, traceback.format_exc()[-_MOST_TEXT:])
    else:
        yield WorkerMessage("done")
    finally:
        allow_processor_time(0)


def _ended(kind: str, error: str, text: str) -> WorkerMessage:
    return WorkerMessage(kind, {"error": error, "text": text[:_MOST_TEXT]})


def run(arguments: list[str]) -> None:
    """Start from a command line: a job module, then the limits in their order."""
    module, memory, cpu, idle, message = arguments
    limits = Limits(int(memory), int(cpu), float(idle), int(message))
    try:
        main(module, limits)
    except (OSError, MessageBroken):
        os._exit(0)  # the parent has gone, or sends what no parent of ours would
    os._exit(0)


if __name__ == "__main__":
    run(sys.argv[1:])
