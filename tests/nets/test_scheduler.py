"""Lanes: no more forwards than cores, and all cores for who is alone."""

import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import cv2
import pytest

from core.nets.scheduler import CALM_SECONDS, RETRY_AFTER, TRIALS, ForwardScheduler, ThreadTuner


@pytest.fixture(autouse=True)
def own_thread_count():
    before = cv2.getNumThreads()
    yield
    cv2.setNumThreads(before)


def test_a_pace_tries_each_count_and_settles_on_the_quickest():
    tuner = ThreadTuner.up_to(4)
    cost = {4: 0.5, 2: 0.2, 1: 0.4}
    chosen = []
    for _ in range(3 * TRIALS + 2):
        chosen.append(tuner.threads())
        tuner.learn(chosen[-1], cost[chosen[-1]])
    assert chosen == [4] * TRIALS + [2] * TRIALS + [1] * TRIALS + [2, 2]


def test_a_pace_looks_again_and_follows_when_the_machine_changes():
    tuner = ThreadTuner.up_to(2)
    cost = {2: 0.5, 1: 0.2}  # others are busy: one core is best
    chosen = []
    for turn in range(10 * RETRY_AFTER):
        if turn == RETRY_AFTER:
            cost = {2: 0.1, 1: 0.2}  # now they have gone
        chosen.append(tuner.threads())
        tuner.learn(chosen[-1], cost[chosen[-1]])
    assert set(chosen[2 * TRIALS : RETRY_AFTER]) == {1}
    assert chosen[-RETRY_AFTER + 2 :].count(2) >= RETRY_AFTER - 3


def test_one_core_leaves_nothing_to_try():
    assert ThreadTuner.up_to(1).threads() == 1


def test_a_lone_caller_gets_the_count_its_net_likes():
    scheduler = ForwardScheduler(2)
    tuner = ThreadTuner((2, 1), {2: deque([0.9] * TRIALS), 1: deque([0.1] * TRIALS)})
    for _ in range(2):
        with scheduler.turn(tuner) as threads:
            assert threads == 1 == cv2.getNumThreads()
    with scheduler.turn(ThreadTuner((2, 1))) as threads:
        assert threads == 2 == cv2.getNumThreads()


def test_a_second_caller_waits_until_nobody_uses_several_cores():
    scheduler = ForwardScheduler(2)
    with ThreadPoolExecutor(2) as pool:

        def short():
            with scheduler.turn(ThreadTuner.up_to(2)) as threads:
                return threads, cv2.getNumThreads()

        with scheduler.turn(ThreadTuner.up_to(2)) as threads:
            assert threads == 2
            others = [pool.submit(short) for _ in range(2)]
            time.sleep(0.02)
            assert not any(other.done() for other in others)
        assert [other.result(5) for other in others] == [(None, 1), (None, 1)]


def test_after_a_crowd_one_core_each_stays_until_it_is_calm():
    scheduler = ForwardScheduler(2)
    scheduler._last_crowd = time.monotonic()
    with scheduler.turn(ThreadTuner.up_to(2)) as threads:
        assert threads is None
    scheduler._last_crowd = time.monotonic() - 2 * CALM_SECONDS
    with scheduler.turn(ThreadTuner.up_to(2)) as threads:
        assert threads == 2


def test_never_more_turns_than_cores_and_the_count_stays_while_somebody_runs():
    scheduler = ForwardScheduler(3)
    lock = threading.Lock()
    running, most, mixed = 0, 0, 0

    def work(_):
        nonlocal running, most, mixed
        with scheduler.turn(ThreadTuner.up_to(3)) as alone:
            with lock:
                running += 1
                most = max(most, running)
            before = cv2.getNumThreads()
            time.sleep(0.001)
            with lock:
                mixed += cv2.getNumThreads() != before or (alone is None and before != 1)
                running -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(200)))
    assert (running, mixed) == (0, 0)
    assert 2 <= most <= 3


def test_a_turn_that_ends_in_an_error_frees_its_lane():
    scheduler = ForwardScheduler(1)
    for _ in range(3):
        with pytest.raises(KeyError), scheduler.turn(ThreadTuner.up_to(1)):
            raise KeyError
