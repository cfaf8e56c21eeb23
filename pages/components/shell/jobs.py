"""Long work on a page: its bar, its stop button, and what is said when it has ended.

The work itself is done by a job's own thread (``core/jobs.py``). The page's run looks at it
until it is over; each look is also where Streamlit ends the run when the visitor clicks or
leaves, and what keeps the job from being forgotten.
"""

from collections.abc import Callable, Generator
from typing import Any, TypeVar

import streamlit as st

from core.errors import MachineBusy
from core.jobs import PATIENCE_SECONDS, Job, start_job
from pages.components.shell.errors import show_errors
from pages.components.shell.text import about_seconds, plain

T = TypeVar("T")

LOOK_SECONDS = 0.4
END_SECONDS = 5.0
"""How long a start waits for the last step of the job before."""

_OWN = "work.own"


def start_button(
    label: str, *, key: str, begin: Callable[[], None], disabled: bool = False
) -> None:
    """Offer to begin; a machine that is at too many jobs says so beside the button."""
    st.button(
        label,
        key=f"{key}.start",
        width="stretch",
        icon=":material/play_arrow:",
        disabled=disabled,
        help="Settings count from the moment you press it.",
        on_click=_begin,
        args=(key, begin),
    )
    if refused := st.session_state.pop(f"{key}.refused", None):
        st.warning(plain(refused))


def _begin(key: str, begin: Callable[[], None]) -> None:
    try:
        begin()
    except MachineBusy as error:  # a callback stands outside the page and its border
        st.session_state[f"{key}.refused"] = str(error)


def start_own(steps: Generator[T], total: int, *, key: str) -> Job[T]:
    """Start the one job that a visitor may have at work.

    What the same page had at work is stopped first, and its place waited for, because it
    would else be in the way of the new one. Another page's job is left in peace.

    Args:
        steps: the work.
        total: how many steps are expected.
        key: of the page that starts it.

    Raises:
        MachineBusy: another job of the visitor, or too many of others, are at work.
    """
    own: tuple[str, Job[Any]] | None = st.session_state.get(_OWN)
    if own and not own[1].over:
        _end(own[1], elsewhere=own[0] != key)
    job = start_job(steps, total)
    st.session_state[_OWN] = key, job
    return job


def _end(job: Job[Any], *, elsewhere: bool) -> None:
    if elsewhere:
        raise MachineBusy(
            "You have a long job at work on another page; one at a time is the limit. "
            "Stop it there, or wait for its end, and press Start again."
        )
    if not job.end(END_SECONDS):
        raise MachineBusy(
            "Your job before has been told to stop and is still at its last step. "
            "Press Start again in a moment."
        )


def watch(job: Job[T], *, key: str, noun: str, show: Callable[[Job[T]], None]) -> None:
    """Show how far a job is until it is over, then say how it ended.

    Args:
        job: just started, at work, or over for long.
        key: of the stop button.
        noun: what its steps are, in the plural.
        show: draws what came last; called at every look.
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
            f"The job ended without any {noun}: none of those chosen could be read. "
            "Choose others, or another file, and press Start again."
        )
    so_far = f"after {job.count:,} of {job.total:,} {noun}"
    if job.ending == "stopped":
        st.info(f"Stopped {so_far}. What came is kept; Start begins anew.")
    if job.ending == "forgotten":
        minutes = f"{PATIENCE_SECONDS / 60:g}"
        st.info(f"Ended {so_far}: nobody had looked at this page for {minutes} minutes.")
    if job.ending == "overdue":
        st.info(
            f"Ended {so_far}: a job may take {about_seconds(job.limit)} on this machine. "
            "What came is kept; for the rest, start again with a smaller part."
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
    return f"{job.count:,} of {job.total:,} {noun}{rest}"
