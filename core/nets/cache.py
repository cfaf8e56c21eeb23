"""The bounded cache of loaded nets: each net is lent to one caller at a time."""

import ctypes
import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

MAX_CACHE_BYTES = 600 * 2**20
MAX_NETS = 16
COPIES_AFTER = 16
"""Callers that had to wait for a net before a second copy of it is read: one burst of
visitors reads it once, steady traffic gets a copy a core."""


class Sized(Protocol):
    """What the cache must know of the nets it keeps."""

    @property
    def size_bytes(self) -> int:
        """About how much memory the net holds."""


K = TypeVar("K")
N = TypeVar("N", bound=Sized)


@dataclass
class _Pool(Generic[N]):
    """The copies of one net: idle ones, those on loan, and who waits for one."""

    idle: deque[N] = field(default_factory=deque)
    waiting: deque[Future[N | None]] = field(default_factory=deque)
    nets: int = 0
    size_bytes: int = 0
    had_to_wait: int = 0
    reading: bool = False

    @property
    def in_use(self) -> bool:
        return self.reading or bool(self.waiting) or len(self.idle) < self.nets


class NetCache(Generic[K, N]):
    """Keep nets by key, the least recently used go first; safe under threads.

    Args:
        max_bytes, max_nets: the bounds. A net on loan is never taken away, so they
            may be exceeded while more nets than that are in use.
        copies: how many copies of one net may serve callers side by side.
    """

    def __init__(
        self, *, max_bytes: int = MAX_CACHE_BYTES, max_nets: int = MAX_NETS, copies: int = 1
    ) -> None:
        self.max_bytes = max_bytes
        self.max_nets = max_nets
        self.copies = copies
        self._lock = threading.Lock()
        self._pools: OrderedDict[K, _Pool[N]] = OrderedDict()

    @property
    def keys(self) -> tuple[K, ...]:
        """The keys in the cache, the least recently used first."""
        with self._lock:
            return tuple(self._pools)

    @property
    def nets(self) -> int:
        """How many nets are held, copies included."""
        with self._lock:
            return self._count()

    @property
    def size_bytes(self) -> int:
        """About how much memory the nets hold together."""
        with self._lock:
            return self._weigh()

    def waiting(self, key: K) -> int:
        """Count the callers who wait for the net of a key."""
        with self._lock:
            return len(self._pools[key].waiting) if key in self._pools else 0

    @contextmanager
    def borrowed(self, key: K, read: Callable[[], N]) -> Iterator[tuple[N, bool]]:
        """Borrow the net for a key; return also whether this call had to read it.

        ``read`` runs at most once at a time for a key, for all callers. A net whose caller
        left with an error is thrown away: after a refused blob OpenCV's nets may refuse
        good ones too.
        """
        net, fresh = self._take(key, read)
        try:
            yield net, fresh
        except BaseException:
            self._discard(key, net)
            raise
        self._give_back(key, net)

    def _take(self, key: K, read: Callable[[], N]) -> tuple[N, bool]:
        while True:
            with self._lock:
                pool = self._pools.setdefault(key, _Pool())
                self._pools.move_to_end(key)
                if pool.idle:
                    return pool.idle.popleft(), False
                if self._may_read(pool):
                    pool.reading = True
                    break
                slot: Future[N | None] = Future()
                pool.waiting.append(slot)
                pool.had_to_wait += 1
            handed = slot.result()
            if handed is not None:
                return handed, False
        return self._read_into(key, pool, read), True

    def _may_read(self, pool: _Pool[N]) -> bool:
        if pool.reading or pool.nets == 0:
            return not pool.reading
        one = pool.size_bytes // pool.nets
        return (
            pool.nets < self.copies
            and pool.had_to_wait >= COPIES_AFTER * pool.nets
            and self._weigh() + one <= self.max_bytes
            and self._count() < self.max_nets
        )

    def _read_into(self, key: K, pool: _Pool[N], read: Callable[[], N]) -> N:
        try:
            net = read()
        except BaseException as error:
            with self._lock:
                pool.reading = False
                if pool.nets == 0:
                    for slot in pool.waiting:
                        slot.set_exception(error)
                    pool.waiting.clear()
                    self._drop_empty(key)
            raise
        with self._lock:
            pool.reading = False
            pool.nets += 1
            pool.size_bytes += net.size_bytes
        self._shrink()
        return net

    def _give_back(self, key: K, net: N) -> None:
        with self._lock:
            pool = self._pools[key]
            if pool.waiting:
                pool.waiting.popleft().set_result(net)  # first come, first served
            else:
                pool.idle.append(net)
        del net
        self._shrink()

    def _discard(self, key: K, net: N) -> None:
        with self._lock:
            pool = self._pools[key]
            pool.nets -= 1
            pool.size_bytes -= net.size_bytes
            if pool.nets == 0 and pool.waiting:
                pool.waiting.popleft().set_result(None)  # read it again
            self._drop_empty(key)

    def _drop_empty(self, key: K) -> None:
        pool = self._pools[key]
        if not (pool.nets or pool.in_use):
            del self._pools[key]

    def _shrink(self) -> None:
        """Drop the least recently used nets that are not in use until the bounds hold.

        The latest one stays even where it alone is too big: it would be read again
        for each picture.
        """
        forgotten = []
        with self._lock:
            for key in list(self._pools)[:-1]:
                if self._count() <= self.max_nets and self._weigh() <= self.max_bytes:
                    break
                if not self._pools[key].in_use:
                    forgotten.append(self._pools.pop(key))
        if forgotten:
            forgotten.clear()
            give_memory_back()

    def _count(self) -> int:
        return sum(pool.nets for pool in self._pools.values())

    def _weigh(self) -> int:
        return sum(pool.size_bytes for pool in self._pools.values())


def give_memory_back() -> None:
    """Ask the C library to return freed memory to the system, where it can (glibc)."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
