"""Who may stream: so many at once in this process, each for a time that can be renewed."""

import math
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from core.errors import LiveRefused

WAITING_SECONDS = 60.0
"""So long somebody who found no place counts as waiting for one."""


@dataclass(eq=False)
class Place:
    """Leave to run a stream, until it ends or its time is over."""

    visitor: str
    until: float = field(default=0.0)


class Places:
    """Places for streams, at most one a visitor; safe under threads.

    Args:
        most: how many streams may run at once.
        seconds: how long a place lasts, unless it is renewed.
        clock: the seconds that pass.
    """

    def __init__(
        self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.most = most
        self.seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._taken: dict[str, Place] = {}
        self._refused = -math.inf

    @property
    def taken(self) -> int:
        """How many places are taken now."""
        with self._lock:
            return len(self._lasting())

    def check(self, visitor: str) -> None:
        """Make sure that the visitor could take a place now.

        Raises:
            LiveRefused: all places are taken.
        """
        with self._lock:
            self._check(visitor)

    def take(self, visitor: str) -> Place:
        """Take a place; a visitor's earlier place ends.

        Raises:
            LiveRefused: all places are taken; the sentence says when one will be free.
        """
        with self._lock:
            self._check(visitor)
            place = Place(visitor, self._clock() + self.seconds)
            self._taken[visitor] = place
            return place

    def left(self, place: Place) -> float:
        """Return the seconds a place still lasts; 0 where it was given back or is over."""
        with self._lock:
            if self._taken.get(place.visitor) is not place:
                return 0.0
            return max(0.0, place.until - self._clock())

    def renew(self, place: Place) -> None:
        """Let a place last its full time again, unless somebody waits for one.

        Raises:
            LiveRefused: the place is over, or all are taken and somebody found none.
        """
        with self._lock:
            now = self._clock()
            if self._taken.get(place.visitor) is not place or place.until <= now:
                raise LiveRefused("The time of this stream is over. Press START for a new one.")
            full = len(self._lasting()) >= self.most
            if full and now - self._refused <= WAITING_SECONDS:
                raise LiveRefused(
                    "Somebody else waits for a place, so this stream ends when its time is "
                    "over. Press START again afterwards."
                )
            place.until = now + self.seconds

    def give_back(self, place: Place) -> None:
        """Let the place go to somebody else; giving it back twice does no harm."""
        with self._lock:
            if self._taken.get(place.visitor) is place:
                del self._taken[place.visitor]

    def _check(self, visitor: str) -> None:
        others = [each for each in self._lasting() if each.visitor != visitor]
        if len(others) < self.most:
            return
        self._refused = self._clock()
        wait = max(1, math.ceil(min(each.until for each in others) - self._clock()))
        streams = "the one stream" if self.most == 1 else f"all {self.most} streams"
        raise LiveRefused(
            f"Every place is taken: {streams} that this server runs at a time. One will be "
            f"free in {spoken(wait)} at the latest. Take snapshots meanwhile."
        )

    def _lasting(self) -> list[Place]:
        now = self._clock()
        self._taken = {name: each for name, each in self._taken.items() if each.until > now}
        return list(self._taken.values())


def spoken(seconds: float) -> str:
    """Write a time as people say it.

    >>> spoken(1), spoken(59), spoken(61)
    ('1 second', '59 seconds', '2 minutes')
    """
    if seconds < 60:
        whole = math.ceil(seconds)
        return f"{whole} second" + ("s" if whole != 1 else "")
    minutes = math.ceil(seconds / 60)
    return f"{minutes} minute" + ("s" if minutes != 1 else "")


@lru_cache(maxsize=1)
def places() -> Places:
    """Return the places of this process."""
    return configured(os.environ)


def configured(environment: Mapping[str, str]) -> Places:
    """Make places as BLOBSCOPE_MAX_STREAMS and BLOBSCOPE_STREAM_SECONDS say.

    By default one a core, since a forward fills one, but two at least; ten minutes each.

    >>> configured({"BLOBSCOPE_MAX_STREAMS": "3"}).most
    3
    """
    cores = os.cpu_count() or 1
    most = _number(environment.get("BLOBSCOPE_MAX_STREAMS"), max(2, cores))
    seconds = _number(environment.get("BLOBSCOPE_STREAM_SECONDS"), 600)
    return Places(most, seconds)


def _number(text: str | None, default: int) -> int:
    """Read a whole number of at least 1; what is none counts as not said."""
    return int(text) if text and text.strip().isdecimal() and int(text) > 0 else default
