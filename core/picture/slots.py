"""Who may decode: so many at once in this process, and never all of them for one visitor."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

MOST_DECODING = 2
"""Pictures decoded at once; each may take 0.5 GB meanwhile."""

MOST_PER_VISITOR = 1
POLL_SECONDS = 0.3
"""So long a picture may wait before its visitor is told."""

VISITOR = ContextVar("visitor", default="")
"""Who asks, a name for each address or session; a thread of its own must be told."""

TELL: ContextVar[Callable[[bool], None] | None] = ContextVar("tell", default=None)
"""Called with True when the visitor's picture waits for long, with False when it is over."""


class DecodingSlots:
    """Slots for decoding, in the order of asking; safe under threads.

    Whoever has its share lets those behind pass, so that one visitor's pictures wait for
    each other and not the others for them.
    """

    def __init__(self, most: int = MOST_DECODING, per_visitor: int = MOST_PER_VISITOR) -> None:
        self._most = most
        self._per_visitor = per_visitor
        self._changed = threading.Condition()
        self._queue: list[tuple[object, str]] = []
        self._taken: list[str] = []

    def is_waiting(self, visitor: str) -> bool:
        """Tell whether a picture of this visitor waits for a slot now."""
        with self._changed:
            return any(name == visitor for _, name in self._queue)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for a slot and hold it; the visitor is told if that takes long."""
        visitor = VISITOR.get()
        ticket = object()
        with self._changed:
            self._queue.append((ticket, visitor))
        try:
            self._wait(ticket, visitor)
        finally:
            with self._changed:
                self._queue.remove((ticket, visitor))
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._taken.remove(visitor)
                self._changed.notify_all()

    def _wait(self, ticket: object, visitor: str) -> None:
        def try_to_take() -> bool:
            free = self._next() is ticket
            if free:
                self._taken.append(visitor)
            return free

        with self._changed:
            if self._changed.wait_for(try_to_take, POLL_SECONDS):
                return
        tell = TELL.get() or (lambda _: None)
        tell(True)
        try:
            with self._changed:
                self._changed.wait_for(try_to_take)
        finally:
            tell(False)

    def _next(self) -> object | None:
        """Return the first ticket in the queue whose visitor does not have its share."""
        if len(self._taken) >= self._most:
            return None
        for ticket, visitor in self._queue:
            if self._taken.count(visitor) < self._per_visitor:
                return ticket
        return None


SLOTS = DecodingSlots()
"""The slots of this process."""
