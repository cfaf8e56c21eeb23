"""Long jobs on a page: the progress bar, the stop button, and the message at the end.

The job runs on its own thread (``core/jobs.py``). The script run of the page polls it until
it ends; each poll is also where Streamlit can stop the run when the visitor clicks or
leaves, and it keeps the job from being ended as forgotten.
"""

from collections.abc import Callable, Generator
from typing import Any, TypeVar

import streamlit as st

from core.errors import MachineBusy
from core.jobs import PATIENCE_SECONDS, Job, start_job
from core.picture.slots import SLOTS
from pages.components.shell.errors import show_errors
from pages.components.shell.text import about_seconds, amount, plain
from pages.components.shell.visitor import in_visitors_name, visitor_name

T = TypeVar("T")

LOOK_SECONDS = 0.4
END_SECONDS = 5.0
"""How long a start waits for the last step of the previous job."""

_OWN = "work.own"


def start_button(
    label: str, *, key: str, begin: Callable[[], None], disabled: bool = False
) -> None:
    """Offer to start; if too many jobs are running, say so below the button."""
    st.button(
        label,
        key=f"{key}.start",
        width="stretch",
        icon=":material/play_arrow:",
        disabled=disabled,
        help="Uses the settings at the moment you press it.",
        on_click=_begin,
        args=(key, begin),
    )
    if refused := st.session_state.pop(f"{key}.refused", None):
        st.warning(plain(refused))


def _begin(key: str, begin: Callable[[], None]) -> None:
    try:
        begin()
    except MachineBusy as error:  # a callback runs outside the page and its error handling
        st.session_state[f"{key}.refused"] = str(error)


def start_own(steps: Generator[T | None], total: int, *, key: str) -> Job[T]:
    """Start a job; a session can have only one, and an address a few.

    A job that the same page started is stopped first and waited for, because it would
    otherwise count against the new one. A job of another page is left alone.

    Args:
        steps: the work.
        total: how many steps are expected.
        key: of the page that starts it.

    Raises:
        MachineBusy: another job of the session, or too many of the address or of others, are
            running.
    """
    own: tuple[str, Job[Any]] | None = st.session_state.get(_OWN)
    if own and not own[1].over:
        _end(own[1], elsewhere=own[0] != key)
    job = start_job(in_visitors_name(steps), total, visitor=visitor_name())
    st.session_state[_OWN] = key, job
    return job


def _end(job: Job[Any], *, elsewhere: bool) -> None:
    if elsewhere:
        raise MachineBusy(
            "You already have a job running on another page; only one can run at a time. "
            "Stop it there or wait until it ends, then press Start again."
        )
    if not job.end(END_SECONDS):
        raise MachineBusy("Your previous job is still stopping. Press Start again in a moment.")


def watch(job: Job[T], *, key: str, noun: str, show: Callable[[Job[T]], None]) -> None:
    """Show the progress of a job until it ends, then say how it ended.

    Args:
        job: just started, running, or ended.
        key: of the stop button.
        noun: what one step is, in the singular.
        show: draws the latest result; called at every poll.
    """
    panel = st.empty()
    with show_errors():
        if not job.over:
            with panel.container(border=True):
                _look_on(job, key=key, noun=noun, show=show)
        panel.empty()
        job.wait(0)
    _tell_ending(job, noun)


def _tell_ending(job: Job[T], noun: str) -> None:
    if not job.count and job.ending == "finished":
        st.warning(
            f"The job ended without any {noun}s: none could be read. "
            "Choose others, or another file, then press Start again."
        )
    so_far = f"after {job.count:,} of {amount(job.total, noun)}"
    if job.ending == "stopped":
        st.info(f"Stopped {so_far}. The results so far are kept; Start begins again.")
    if job.ending == "forgotten":
        minutes = f"{PATIENCE_SECONDS / 60:g}"
        st.info(f"Ended {so_far}: this page was not open for {minutes} minutes.")
    if job.ending == "overdue":
        st.info(
            f"Ended {so_far}: a job can run for {about_seconds(job.limit)} on this server. "
            "The results so far are kept; for the rest, start again with a smaller part."
        )


def _look_on(job: Job[T], *, key: str, noun: str, show: Callable[[Job[T]], None]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        bar = st.empty()
        st.button("Stop", key=f"{key}.stop", icon=":material/stop:", on_click=job.stop)
    latest = st.empty()
    while True:
        share = min(1.0, job.count / job.total) if job.total else 0.0
        bar.progress(share, text=_so_far(job, noun))
        with latest.container():
            show(job)
        if job.wait(LOOK_SECONDS):
            return


def _so_far(job: Job[T], noun: str) -> str:
    left = job.seconds_left
    rest = "" if left is None else f" · about {about_seconds(left)} left"
    waits = " · waiting for a decoding slot" if SLOTS.is_waiting(visitor_name()) else ""
    return f"{job.count:,} of {amount(job.total, noun)}{rest}{waits}"
