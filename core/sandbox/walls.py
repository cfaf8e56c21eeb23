"""The walls around a worker: what the system refuses it, whatever its code has become.

A worker raises them itself, after its imports and before it reads the first byte of a
stranger's file; there is no way back. Which of them are up depends on the system: Linux has
all of them, macOS most limits, and Windows only what the parent does (time, and a process
of its own).
"""

import ctypes
import os
import signal
import struct
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

NOBODY_ID = 65534
"""The user and group that own nothing, on every Unix."""

_CREATE_RULESET, _RESTRICT_SELF = 444, 446  # the same on every architecture
_NO_NEW_PRIVILEGES = 38
_STACK_BYTES = 1 << 20
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # how many each version knows; later ones 16


@dataclass(frozen=True, slots=True)
class Limits:
    """What a worker may use.

    Attributes:
        memory_bytes: beyond what it has when its imports are done.
        cpu_seconds: of processor time in its whole life; jobs have narrower limits of their
            own.
        idle_seconds: after so long without a request it goes.
        message_bytes: of the arrays of one message, in either direction.
    """

    memory_bytes: int
    cpu_seconds: int
    idle_seconds: float
    message_bytes: int


@dataclass(frozen=True, slots=True)
class Walls:
    """Which walls are up around a worker.

    Attributes:
        memory: it cannot have more memory than its limit.
        processor: it cannot have more processor time than its limit.
        descriptors: it can open no file, socket or pipe at all.
        no_files: it can write no byte to a file and leaves no core dump.
        nobody: it runs as the user that owns nothing, because the server runs as root.
        landlock: the version of Linux' Landlock that denies it files, TCP and signals to
            others; 0 where the kernel has none.
    """

    memory: bool = False
    processor: bool = False
    descriptors: bool = False
    no_files: bool = False
    nobody: bool = False
    landlock: int = 0

    @property
    def up(self) -> tuple[str, ...]:
        """Their names, for people.

        >>> Walls(memory=True, landlock=7).up
        ('memory', 'landlock')
        """
        return tuple(name for name, is_up in asdict(self).items() if is_up)

    @classmethod
    def told(cls, values: dict[str, Any]) -> "Walls":
        """Read them from a message; what is missing is not up."""
        landlock = int(values.get("landlock") or 0)
        up = {each.name: bool(values.get(each.name)) for each in fields(cls)}
        return replace(cls(**up), landlock=landlock)


def raise_walls(limits: Limits) -> Walls:
    """Raise every wall that this system has, around this very process, for good."""
    memory = _limit_memory(limits.memory_bytes)  # reads /proc, which Landlock takes away
    nobody = _become_nobody()
    landlock = _landlock()
    return Walls(
        memory=memory,
        processor=_limit("RLIMIT_CPU", limits.cpu_seconds),
        no_files=_limit("RLIMIT_CORE", 0) and _limit("RLIMIT_FSIZE", 0),
        descriptors=_fill_descriptors(),
        nobody=nobody,
        landlock=landlock,
    )


def allow_processor_time(seconds: float) -> None:
    """End this process unless it asks again before it has used so much processor time.

    The system ends it, also inside a decoder's loop; 0 takes the limit back.
    """
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _limit(name: str, value: int) -> bool:
    if resource is None:
        return False
    try:
        resource.setrlimit(getattr(resource, name), (value, value))
    except (OSError, ValueError, AttributeError):
        return False
    return True


def _limit_memory(more: int) -> bool:
    if os.name != "posix":
        return False
    _make_stacks_small()
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return False
    return _limit("RLIMIT_AS", pages * resource.getpagesize() + more)


def _make_stacks_small() -> None:
    """Give new threads a stack of 1 MB, not 8: the limit counts addresses, used or not."""
    libc = ctypes.CDLL(None)
    attributes = ctypes.create_string_buffer(256)
    if hasattr(libc, "pthread_setattr_default_np"):  # the GNU C library
        libc.pthread_attr_init(attributes)
        libc.pthread_attr_setstacksize(attributes, ctypes.c_size_t(_STACK_BYTES))
        libc.pthread_setattr_default_np(attributes)


def _fill_descriptors() -> bool:
    """Allow no descriptor beyond those that are open, and leave no gap below the last one."""
    last = os.dup(0)
    if not _limit("RLIMIT_NOFILE", last + 1):
        os.close(last)
        return False
    with suppress(OSError):
        while True:
            os.dup(0)
    return True


def _become_nobody() -> bool:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    try:
        os.setgroups([])
        os.setgid(NOBODY_ID)
        os.setuid(NOBODY_ID)
    except OSError:  # a container that has taken this right from root
        return False
    return True


def _landlock() -> int:
    """Deny every file, TCP and signals to others, with a ruleset that has no rules."""
    if os.name != "posix" or not hasattr(os, "sched_getaffinity"):  # Linux only
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    version = int(libc.syscall(_CREATE_RULESET, None, 0, 1))
    if version < 1:
        return 0
    denied = [(1 << _FILE_RIGHTS.get(version, 16)) - 1]
    denied += [3] * (version >= 4) + [3] * (version >= 6)
    packed = struct.pack(f"{len(denied)}Q", *denied)
    ruleset = libc.syscall(_CREATE_RULESET, packed, ctypes.c_size_t(len(packed)), 0)
    if ruleset < 0:
        return 0
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    refused = libc.syscall(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
    return 0 if refused else version
