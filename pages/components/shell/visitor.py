"""Whose run this is: decoding slots are shared among visitors, and who waits is told."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

from core.picture.slots import TELL, VISITOR

T = TypeVar("T")

WAITING = (
    "Your picture waits its turn: as many pictures as this server decodes at a time are being "
    "decoded now. It goes on by itself."
)


def visitor_name() -> str:
    """Name the visitor: by address, or by session where the address is not known."""
    context = get_script_run_ctx()
    return st.context.ip_address or (context.session_id if context else "")


@contextmanager
def as_visitor() -> Iterator[None]:
    """Run a page in its visitor's name, and show when their picture waits for a slot."""
    names = VISITOR.set(visitor_name())
    tells = TELL.set(_teller())
    try:
        yield
    finally:
        VISITOR.reset(names)
        TELL.reset(tells)


def in_visitors_name(steps: Generator[T]) -> Generator[T]:
    """Let a job decode in the name of whoever starts it, on a thread that knows no visitor."""

    def named(visitor: str) -> Generator[T]:
        VISITOR.set(visitor)
        yield from steps

    return named(visitor_name())


def _teller() -> Callable[[bool], None]:
    places: list[Any] = []

    def tell(waits: bool) -> None:
        if waits:
            places.append(_beside_caches(_show_waiting))
        elif places and (place := places.pop()):
            _beside_caches(place.empty)

    return tell


def _show_waiting() -> Any:
    place = st.empty()
    place.info(WAITING, icon=":material/hourglass_top:")
    return place


def _beside_caches(write: Callable[[], T]) -> T | None:
    """Write on the page from a cached function, and do not let the cache replay it."""
    came: list[T] = []
    thread = Thread(target=lambda: came.append(write()), name="blobscope-waiting")
    add_script_run_ctx(thread, get_script_run_ctx())
    thread.start()
    thread.join()
    return came[0] if came else None
