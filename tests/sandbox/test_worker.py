"""A worker does its jobs, cannot leave its walls, and dies in a sentence."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core.errors import (
    MachineBusy,
    PictureRefused,
    SandboxCrashed,
    SandboxExhausted,
    SandboxSilent,
    SandboxUnavailable,
)
from core.sandbox import worker as module
from core.sandbox.walls import Limits, Walls
from core.sandbox.worker import Worker, death, lent

ROOT = Path(__file__).resolve().parents[2]
JOBS = "tests.sandbox.jobs"
LIMITS = Limits(
    memory_bytes=256 << 20, cpu_seconds=60, idle_seconds=600, message_bytes=64 << 20
)
SILENCE = 30  # a test that waits longer has failed
LINUX = sys.platform == "linux"

linux = pytest.mark.skipif(not LINUX, reason="only Linux has all walls")


@pytest.fixture(scope="module")
def shared():
    """Serve the tests that leave their worker as it was."""
    with closing(Worker(JOBS, LIMITS)) as worker:
        yield worker


@pytest.fixture
def worker():
    with closing(Worker(JOBS, LIMITS)) as worker:
        yield worker


def answers(worker, job, *arrays, silence=SILENCE, **values):
    return [each for each in worker.ask(job, values, arrays, silence=silence) if each]


def gone(pid: int) -> bool:
    """Wait until a process has ended."""
    end = time.monotonic() + SILENCE
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_it_answers_with_what_it_was_given(shared):
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    (answer,) = answers(shared, "echo", image, image.astype(np.float32), text="ä\ud800")
    assert answer.values == {"text": "ä\ud800"}
    np.testing.assert_array_equal(answer.arrays[0], image)
    np.testing.assert_array_equal(answer.arrays[1], image)


def test_a_message_larger_than_a_pipe_goes_both_ways(shared):
    large = np.random.default_rng(0).integers(0, 256, 20_000_000, np.uint8)
    (answer,) = answers(shared, "echo", large)
    np.testing.assert_array_equal(answer.arrays[0], large)


def test_parts_come_in_order_and_wait_until_they_are_taken(shared):
    taken = []
    for each in shared.ask("count_up", {"to": 40, "size": 1_000_000}, silence=SILENCE):
        if each:
            taken.append(each.values["number"])
            assert (each.arrays[0] == taken[-1]).all()
    assert taken == list(range(40))


def test_the_parts_of_a_slow_caller_stay_in_the_worker(worker):
    with closing(
        worker.ask("count_up", {"to": 1000, "size": 10_000_000}, silence=SILENCE)
    ) as parts:
        assert next(each for each in parts if each).values["number"] == 0
        before = cpu_seconds(worker.pid)
        for _ in range(10):
            time.sleep(0.05)
        assert cpu_seconds(worker.pid) - before < 0.2, "it has stopped to make more"


def cpu_seconds(pid: int) -> float:
    told = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


# Walls


@linux
def test_all_walls_are_up_and_say_so(shared):
    walls = shared.walls
    assert walls.nobody == (os.geteuid() == 0)
    assert set(walls.up) >= {"memory", "processor", "descriptors", "no_files"}


@linux
def test_there_is_no_way_out(shared):
    (answer,) = answers(shared, "try_to_leave")
    opened = set(answer.values["opened"])
    if shared.walls.landlock < 6 and not shared.walls.nobody:
        opened.discard("end its parent")  # the kernel has no wall for that
    assert opened == set()


def test_walls_that_are_not_told_are_not_up():
    assert Walls.told({"memory": True, "landlock": 4}) == Walls(memory=True, landlock=4)
    assert Walls.told({}).up == ()


# Deaths, and what is said of them


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGFPE", "SIGABRT", "SIGILL"])
def test_a_crash_names_its_signal(name, worker):
    with pytest.raises(SandboxCrashed, match=name):
        answers(worker, "die", signal=getattr(signal, name))
    assert not worker.alive


def test_a_null_pointer_ends_the_worker_and_not_us(worker):
    with pytest.raises(SandboxCrashed, match="SIGSEGV"):
        answers(worker, "crash")


def test_an_exit_without_a_word_is_a_crash(worker):
    with pytest.raises(SandboxCrashed, match="status 7"):
        answers(worker, "leave")


@linux
def test_memory_has_a_limit_and_the_worker_lives_on_or_is_replaced(worker):
    assert len(answers(worker, "eat", bytes=100 << 20)) == 1
    with pytest.raises(SandboxExhausted, match="memory"):
        answers(worker, "eat", bytes=300 << 20)


@linux
@pytest.mark.parametrize("job", ["spin", "spin_in_c"])
def test_processor_time_has_a_limit_also_inside_c(job, worker):
    with pytest.raises(SandboxExhausted, match="processor time"):
        answers(worker, job)
    assert not worker.alive


@linux
def test_progress_renews_the_processor_time_and_gives_the_caller_a_say(worker):
    begin = cpu_seconds(worker.pid)
    asked = worker.ask("spin", {"progress": True}, silence=SILENCE)
    for each in asked:
        assert each is None
        if cpu_seconds(worker.pid) - begin > 0.6:
            break
    asked.close()
    assert not worker.alive, "who has had enough ends it"


def test_a_worker_that_hangs_is_ended(worker):
    with pytest.raises(SandboxSilent, match="no sign of life"):
        answers(worker, "sleep", silence=0.5)
    assert not worker.alive


def test_who_waits_for_a_silent_worker_is_asked_whether_to_go_on(worker):
    asked = worker.ask("sleep", silence=SILENCE)
    assert next(asked) is None
    asked.close()
    assert not worker.alive


def test_a_refusal_keeps_its_kind_and_is_bounded(shared):
    with pytest.raises(PictureRefused) as refused:
        answers(shared, "refuse", length=5000)
    assert str(refused.value) == "x" * 1000
    assert answers(shared, "echo"), "the worker is as well as before"


def test_a_mistake_of_ours_is_logged_and_said(worker, caplog):
    with pytest.raises(SandboxCrashed, match="KeyError"):
        answers(worker, "fail")
    assert "of ours" in caplog.text


@pytest.mark.parametrize("said", ["00" * 64, "ff" * 64, "02000000000000007b7d", "41" * 300])
def test_a_worker_that_talks_nonsense_is_ended(said, worker):
    with pytest.raises((SandboxCrashed, SandboxSilent)):
        answers(worker, "babble", hex=said, silence=2)
    assert not worker.alive


def test_a_worker_that_does_not_listen_is_ended(worker):
    os.kill(worker.pid, signal.SIGSTOP)
    with pytest.raises((SandboxCrashed, SandboxExhausted, SandboxSilent)):
        answers(worker, "echo", np.zeros(8_000_000, np.uint8), silence=0.5)
    assert not worker.alive


@pytest.mark.parametrize("code", [-11, -9, -27, -24, 1, 0, None])
def test_every_death_has_a_sentence(code):
    assert str(death(code)).endswith(".")


def test_a_worker_that_cannot_be_started_is_a_sentence(monkeypatch):
    monkeypatch.setattr(module.sys, "executable", "/nowhere/python")
    with pytest.raises(SandboxUnavailable, match="cannot start the process"):
        Worker(JOBS, LIMITS)


def test_a_job_module_that_fails_is_a_sentence():
    with pytest.raises(SandboxUnavailable, match="cannot start the process"):
        Worker("core.no_such_module", LIMITS)


# The end of its parent, and of waiting

PARENT = """
import sys, threading, time
from core.sandbox.worker import Worker
from tests.sandbox.test_worker import LIMITS, JOBS
worker = Worker(JOBS, LIMITS)
print(worker.pid, flush=True)
if sys.argv[1] == "thread":
    sys.exit()
for _ in worker.ask(sys.argv[1], {}, silence=60):
    pass
"""


@linux
@pytest.mark.parametrize("job", ["sleep", "echo"])
def test_it_dies_with_its_parent_whatever_it_is_at(job):
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, job], stdout=subprocess.PIPE, cwd=ROOT
    ) as parent:
        pid = int(parent.stdout.readline())
        parent.kill()
    assert gone(pid)


@linux
def test_it_outlives_the_thread_that_started_it():
    made = []
    thread = threading.Thread(target=lambda: made.append(Worker(JOBS, LIMITS)))
    thread.start()
    thread.join()
    with closing(made[0]) as worker:
        assert answers(worker, "echo")


def test_it_goes_when_nobody_asks():
    with closing(Worker(JOBS, Limits(256 << 20, 60, 0.2, 1 << 20))) as worker:
        worker._process.wait(SILENCE)
        assert not worker.alive


# Who gets which worker


@pytest.fixture
def shelf(monkeypatch):
    monkeypatch.setattr(module, "_idle", type(module._idle)())
    yield module._idle
    for each in module._idle.values():
        each.close()


@pytest.mark.usefixtures("shelf")
def test_a_worker_is_kept_for_its_own_file_and_never_sees_another():
    with lent(JOBS, LIMITS, subject="a") as (first, new):
        assert new
    with lent(JOBS, LIMITS, subject="b") as (other, new):
        assert new
        assert other is not first
    with lent(JOBS, LIMITS, subject="a") as (again, new):
        assert again is first
        assert not new


def test_two_who_ask_about_one_file_get_two_workers(shelf):
    with (
        lent(JOBS, LIMITS, subject="a") as (one, _),
        lent(JOBS, LIMITS, subject="a") as (two, _),
    ):
        assert one is not two
    assert len(shelf) == 1
    assert one.alive != two.alive


@pytest.mark.usefixtures("shelf")
def test_only_a_few_wait():
    seen = []
    for subject in "abc":
        with lent(JOBS, LIMITS, subject=subject) as (each, _):
            seen.append(each)
    assert [each.alive for each in seen] == [False] * (3 - module.MOST_IDLE) + [
        True
    ] * module.MOST_IDLE


def test_what_went_wrong_costs_the_worker(shelf):
    with pytest.raises(KeyError), lent(JOBS, LIMITS, subject="a") as (each, _):
        raise KeyError
    assert not each.alive
    assert not shelf


@pytest.mark.usefixtures("shelf")
def test_a_machine_reads_so_many_files_and_then_says_so(monkeypatch):
    monkeypatch.setattr(module, "_at_work", threading.BoundedSemaphore(1))
    monkeypatch.setattr(module, "QUEUE_SECONDS", 0.05)
    busy = pytest.raises(MachineBusy, match="Try again")
    with lent(JOBS, LIMITS, subject="a"), busy, lent(JOBS, LIMITS, subject="b"):
        pass
    with lent(JOBS, LIMITS, subject="b"):
        pass
