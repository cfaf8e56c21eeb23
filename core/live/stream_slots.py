"""Who may stream: so many at once in this process, each for a time that can be renewed."""

import math
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from core.environment import whole_number
from core.errors import LiveRefused
from core.wording import duration_text

WAITING_SECONDS = 60.0
"""How long a visitor who was refused counts as waiting."""

MOST_PER_ADDRESS = 2
"""The limit per address, unless the operator sets another."""


@dataclass(eq=False)
class StreamLease:
    """Permission to run a stream, until it ends or its time is over."""

    visitor: str
    address: str
    until: float


class StreamSlots:
    """Places for streams, at most one a visitor; safe under threads.

    A visitor is a browser tab, and one person may open many; so an address, where it is
    known, gets a few places only and leaves the others to the rest of the world. People
    behind one router or proxy share an address, so the operator may allow more.

    Args:
        most: how many streams may run at once.
        seconds: how long a place lasts, unless it is renewed.
        clock: the seconds that pass.
        per_address: how many of them may come from one address.
    """

    def __init__(
        self,
        most: int,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        *,
        per_address: int = MOST_PER_ADDRESS,
    ) -> None:
        self.most = most
        self.seconds = seconds
        self.per_address = per_address
        self._clock = clock
        self._lock = threading.Lock()
        self._taken: dict[str, StreamLease] = {}
        self._refused = -math.inf

    @property
    def taken(self) -> int:
        """How many places are taken now."""
        with self._lock:
            return len(self._lasting())

    def check(self, visitor: str, address: str = "") -> None:
        """Make sure that the visitor could get a slot now; checking does not count as waiting.

        Raises:
            LiveRefused: see ``take``.
        """
        with self._lock:
            self._check(visitor, address)

    def wait(self, visitor: str, address: str = "") -> None:
        """Note that the visitor waits, where all places are taken and one may become theirs."""
        with self._lock:
            self._wait(visitor, address)

    def take(self, visitor: str, address: str = "") -> StreamLease:
        """Take a place; a visitor's earlier place ends. Who finds none waits for one.

        Args:
            visitor: who asks, a name for each session.
            address: where they come from; empty where that is not known.

        Raises:
            LiveRefused: all places are taken, and the sentence says when one may be free; or
                the address has its share.
        """
        with self._lock:
            self._wait(visitor, address)
            self._check(visitor, address)
            lease = StreamLease(visitor, address, self._clock() + self.seconds)
            self._taken[visitor] = lease
            return lease

    def left(self, lease: StreamLease) -> float:
        """Return the seconds a place still lasts; 0 where it was given back or is over."""
        with self._lock:
            if self._taken.get(lease.visitor) is not lease:
                return 0.0
            return max(0.0, lease.until - self._clock())

    def renew(self, lease: StreamLease) -> None:
        """Extend a lease by its full time, unless another visitor is waiting.

        Raises:
            LiveRefused: the lease is over, or all slots are taken and a visitor is waiting.
        """
        with self._lock:
            now = self._clock()
            if self._taken.get(lease.visitor) is not lease or lease.until <= now:
                raise LiveRefused(
                    "The session of this stream has ended. Press START for a new one."
                )
            full = len(self._lasting()) >= self.most
            if full and now - self._refused <= WAITING_SECONDS:
                raise LiveRefused(
                    "Another visitor is waiting, so this session cannot be extended. "
                    "Press START again afterwards."
                )
            lease.until = now + self.seconds

    def give_back(self, lease: StreamLease) -> None:
        """Free the slot; freeing it twice has no effect."""
        with self._lock:
            if self._taken.get(lease.visitor) is lease:
                del self._taken[lease.visitor]

    def _wait(self, visitor: str, address: str) -> None:
        others = self._others(visitor)
        if len(others) >= self.most and not self._has_its_share(address, others):
            self._refused = self._clock()

    def _check(self, visitor: str, address: str) -> None:
        others = self._others(visitor)
        if len(others) >= self.most:
            raise LiveRefused(self._all_taken(others))
        if self._has_its_share(address, others):
            raise LiveRefused(
                f"Your address already has {_come(self.per_address)}, the limit per "
                "address. End one of them first, or use snapshots."
            )

    def _has_its_share(self, address: str, others: list[StreamLease]) -> bool:
        of_it = sum(each.address == address for each in others)
        return bool(address) and of_it >= self.per_address

    def _all_taken(self, others: list[StreamLease]) -> str:
        wait = max(1, math.ceil(min(each.until for each in others) - self._clock()))
        streams = "its one stream is" if self.most == 1 else f"all {self.most} streams are"
        return (
            f"The server is busy: {streams} in use. One becomes "
            f"free in {duration_text(wait)} at the latest, unless it is extended. Until then, "
            "use snapshots."
        )

    def _others(self, visitor: str) -> list[StreamLease]:
        return [each for each in self._lasting() if each.visitor != visitor]

    def _lasting(self) -> list[StreamLease]:
        now = self._clock()
        self._taken = {name: each for name, each in self._taken.items() if each.until > now}
        return list(self._taken.values())


def _come(count: int) -> str:
    return "1 stream" if count == 1 else f"{count} streams"


@lru_cache(maxsize=1)
def stream_slots() -> StreamSlots:
    """Return the places of this process."""
    return slots_from_environment(os.environ)


def slots_from_environment(environment: Mapping[str, str]) -> StreamSlots:
    """Make places as BLOBSCOPE_MAX_STREAMS, _STREAM_SECONDS and _ADDRESS_STREAMS say.

    By default one a core, since a forward fills one, but two at least; ten minutes each; and
    two for an address.

    >>> slots_from_environment({"BLOBSCOPE_MAX_STREAMS": "3"}).most
    3
    """
    cores = os.cpu_count() or 1
    most = whole_number("BLOBSCOPE_MAX_STREAMS", max(2, cores), environment=environment)
    seconds = whole_number("BLOBSCOPE_STREAM_SECONDS", 600, environment=environment)
    per_address = whole_number(
        "BLOBSCOPE_ADDRESS_STREAMS", MOST_PER_ADDRESS, environment=environment
    )
    return StreamSlots(most, seconds, per_address=per_address)
