import threading
import time

import pytest

from core import jobs
from core.errors import MachineBusy
from core.jobs import start_job

SECONDS = 20  # a test that waits longer has failed


class Gated:
    """Steps that each wait for leave, and tell when they are closed."""

    def __init__(self, count: int):
        self.count = count
        self.leave = threading.Semaphore(0)
        self.closed = False

    def steps(self):
        try:
            for number in range(self.count):
                assert self.leave.acquire(timeout=SECONDS)
                yield number
        finally:
            self.closed = True

    def let(self, number: int) -> None:
        for _ in range(number):
            self.leave.release()


def counted(count: int):
    yield from range(count)


def test_everything_comes_in_order():
    job = start_job((number for number in range(100)), 100)
    assert job.wait(SECONDS)
    assert job.came == tuple(range(100))
    assert (job.ending, job.count, job.seconds_left) == ("finished", 100, 0)


def test_what_came_can_be_seen_while_the_rest_is_on_its_way():
    gated = Gated(3)
    job = start_job(gated.steps(), 3)
    assert not job.wait(0)
    assert job.seconds_left is None
    gated.let(1)
    while not job.count:
        assert not job.wait(0.01)
    assert job.came == (0,)
    assert job.seconds_left == pytest.approx(2 * job.seconds, rel=0.5)
    gated.let(2)
    assert job.wait(SECONDS)


def test_stop_ends_after_the_step_at_hand_and_keeps_what_came():
    gated = Gated(50)
    job = start_job(gated.steps(), 50)
    job.stop()
    gated.let(50)
    assert job.wait(SECONDS)
    assert job.came == (0,)
    assert job.ending == "stopped"
    assert gated.closed, "files in the hands of the steps are complete"


def waiting(closed):
    """Give no step, only pulses, as work does that waits for something."""
    try:
        while True:
            time.sleep(0.001)
            yield None
    finally:
        closed.set()


@pytest.mark.parametrize(
    ("ending", "how"),
    [("stopped", {}), ("forgotten", {"patience": 0.01}), ("overdue", {"limit": 0.01})],
)
def test_work_that_yields_nothing_ends_as_all_other(ending, how):
    closed = threading.Event()
    job = start_job(waiting(closed), 5, **how)
    if ending == "stopped":
        job.stop()
    assert job._over.wait(SECONDS)
    assert (job.ending, job.came) == (ending, ())
    assert closed.is_set()


def test_a_job_that_nobody_looks_at_ends():
    gated = Gated(50)
    job = start_job(gated.steps(), 50, patience=-1)
    gated.let(50)
    assert job.wait(SECONDS)
    assert (job.count, job.ending) == (1, "forgotten")
    assert gated.closed


def test_a_job_that_lasts_longer_than_its_limit_ends_and_keeps_what_came():
    gated = Gated(50)
    job = start_job(gated.steps(), 50, limit=-1)
    gated.let(50)
    assert job.wait(SECONDS)
    assert (job.came, job.ending) == ((0,), "overdue")
    assert gated.closed


def test_whoever_runs_the_machine_says_how_long_a_job_may_take(monkeypatch):
    monkeypatch.setenv("BLOBSCOPE_JOB_SECONDS", "7")
    assert start_job(counted(1), 1).limit == 7
    monkeypatch.setenv("BLOBSCOPE_JOB_SECONDS", "soon")
    assert start_job(counted(1), 1).limit == jobs.MOST_JOB_SECONDS


def test_who_stops_can_wait_until_the_place_is_free():
    gates = [Gated(2) for _ in range(jobs.MOST_JOBS)]
    running = [start_job(gated.steps(), 2) for gated in gates]
    assert not running[0].end(0.01), "its step is not done"
    gates[0].let(1)
    assert running[0].end(SECONDS)
    assert start_job(counted(2), 2).wait(SECONDS)
    for gated, job in zip(gates[1:], running[1:], strict=True):
        gated.let(2)
        assert job.wait(SECONDS)


def test_a_thread_that_cannot_be_had_costs_no_place(monkeypatch):
    def refuse(_):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as broken:
        broken.setattr(jobs.Thread, "start", refuse)
        for _ in range(jobs.MOST_JOBS):
            with pytest.raises(MachineBusy, match="cannot start another job"):
                start_job(counted(1), 1)
    assert start_job(counted(1), 1).wait(SECONDS)


def test_a_look_renews_the_patience(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(jobs.time, "monotonic", lambda: clock[0])
    gated = Gated(3)
    job = start_job(gated.steps(), 3, patience=100)
    for _ in range(3):
        clock[0] += 90
        job.wait(0)
        before = job.count
        gated.let(1)
        while job.count == before:
            job._over.wait(0.01)
    assert job.wait(SECONDS)
    assert job.ending == "finished"


def test_what_goes_wrong_is_told_at_every_look_and_what_came_is_kept():
    def steps():
        yield 1
        raise KeyError("the net gave up")

    job = start_job(steps(), 2)
    for _ in range(2):
        with pytest.raises(KeyError, match="the net gave up"):
            job.wait(SECONDS)
    assert (job.came, job.ending) == ((1,), "failed")


def test_a_machine_takes_so_many_jobs_and_then_says_so():
    gates = [Gated(1) for _ in range(jobs.MOST_JOBS)]
    running = [start_job(gated.steps(), 1) for gated in gates]
    with pytest.raises(MachineBusy, match="Press Start again"):
        start_job(Gated(1).steps(), 1)
    for gated, job in zip(gates, running, strict=True):
        gated.let(1)
        assert job.wait(SECONDS)
    assert start_job((each for each in "ab"), 2).wait(SECONDS), "the places are free again"


def test_a_job_lets_go_of_its_steps_when_it_is_over():
    gated = Gated(1)
    job = start_job(gated.steps(), 1)
    gated.let(1)
    assert job.wait(SECONDS)
    assert not [value for value in vars(job).values() if hasattr(value, "gi_frame")]


def test_one_address_cannot_hold_all_places_whatever_tabs_it_opens(monkeypatch):
    share = jobs.MOST_ADDRESS_JOBS
    assert share < jobs.MOST_JOBS
    gates = [Gated(1) for _ in range(share + 1)]
    mine = [start_job(gated.steps(), 1, visitor="192.0.2.1") for gated in gates[:share]]
    with pytest.raises(MachineBusy, match=f"already runs {share} jobs, the limit per address"):
        start_job(counted(1), 1, visitor="192.0.2.1")
    other = start_job(gates[share].steps(), 1, visitor="192.0.2.2")
    with pytest.raises(MachineBusy, match="This server is already running"):
        start_job(counted(1), 1, visitor="192.0.2.3")
    gates[0].let(1)
    assert mine[0].wait(SECONDS)
    gates[0] = Gated(1)
    mine[0] = start_job(gates[0].steps(), 1, visitor="192.0.2.1")
    for gated in gates:
        gated.let(1)
    assert all(job.wait(SECONDS) for job in [*mine, other])
    monkeypatch.setenv("BLOBSCOPE_ADDRESS_JOBS", "1")
    again = start_job((gated := Gated(1)).steps(), 1, visitor="192.0.2.1")
    with pytest.raises(MachineBusy, match="already runs 1 job, the limit per address"):
        start_job(counted(1), 1, visitor="192.0.2.1")
    gated.let(1)
    assert again.wait(SECONDS)


def test_many_threads_never_hold_more_than_their_share():
    leave, running, refused = threading.Event(), [], []

    def steps():
        assert leave.wait(SECONDS)
        yield 1

    def ask():
        try:
            running.append(start_job(steps(), 1, visitor="192.0.2.1"))
        except MachineBusy as error:
            refused.append(error)

    threads = [threading.Thread(target=ask) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(running), len(refused)) == (jobs.MOST_ADDRESS_JOBS, 24 - len(running))
    leave.set()
    assert all(job.wait(SECONDS) for job in running)
