# ruff: noqa: ARG001 - every job takes values and arrays
"""Jobs that behave, and jobs that do not; see ``test_worker``."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

from core.errors import PictureRefused
from core.sandbox.jobs import part, worker_job
from core.sandbox.walls import allow_processor_time


@worker_job(cpu_seconds=5)
def echo(values, arrays):
    yield part(*arrays, **values)


@worker_job(cpu_seconds=5)
def count_up(values, arrays):
    for number in range(values["to"]):
        yield part(np.full(values["size"], number, np.uint8), number=number)


@worker_job(cpu_seconds=0.2)
def spin(values, arrays):
    while True:
        end = time.process_time() + 0.05
        while time.process_time() < end or not values.get("progress"):
            pass
        allow_processor_time(0.2)
        yield None


@worker_job(cpu_seconds=0.2)
def spin_in_c(values, arrays):
    yield part()
    sum(range(10**12))


@worker_job(cpu_seconds=5)
def sleep(values, arrays):
    time.sleep(60)
    yield part()


@worker_job(cpu_seconds=5)
def die(values, arrays):
    os.kill(os.getpid(), values["signal"])
    time.sleep(5)
    yield part()


@worker_job(cpu_seconds=5)
def crash(values, arrays):
    ctypes.string_at(0)
    yield part()


@worker_job(cpu_seconds=5)
def leave(values, arrays):
    os._exit(7)
    yield part()


@worker_job(cpu_seconds=5)
def eat(values, arrays):
    yield part(np.ones(values["bytes"], np.uint8)[:1])


@worker_job(cpu_seconds=5)
def refuse(values, arrays):
    raise PictureRefused("x" * values["length"])
    yield part()


@worker_job(cpu_seconds=5)
def fail(values, arrays):
    raise KeyError("of ours")
    yield part()


@worker_job(cpu_seconds=5)
def babble(values, arrays):
    """Write into the pipe what is no message; a worker that was taken over may."""
    for descriptor in range(3, 20):
        with suppress(OSError):
            os.write(descriptor, bytes.fromhex(values["hex"]))
    time.sleep(5)
    yield part()


@worker_job(cpu_seconds=5)
def try_to_leave(values, arrays):
    """Try all ways out; tell which were open."""
    here = str(Path(sys.executable))
    ways = {
        "read a file": lambda: Path("/etc/passwd").read_bytes(),
        "read our own code": lambda: Path(__file__).read_bytes(),
        "write a file": lambda: Path("/tmp/blobscope-was-here").write_bytes(b"x"),
        "list a folder": lambda: list(Path("/").iterdir()),
        "open a socket": lambda: socket.socket(),
        "open a UDP socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        "open a pipe": os.pipe,
        "run a program": lambda: subprocess.run([here, "-c", ""], check=True),
        "replace itself": lambda: os.execv(here, [here, "-c", ""]),
        "end its parent": lambda: os.kill(os.getppid(), signal.SIGCONT),
        "raise its limits": raise_limits,
    }
    opened = []
    for way, go in ways.items():
        with suppress(OSError, ValueError, subprocess.SubprocessError):
            go()
            opened.append(way)
    yield part(opened=opened)


def raise_limits():
    import resource

    for name in ("RLIMIT_NOFILE", "RLIMIT_AS", "RLIMIT_FSIZE"):
        resource.setrlimit(getattr(resource, name), (1 << 40, 1 << 40))
