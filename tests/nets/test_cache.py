"""The cache: bounded, least recently used out first, one read however many ask."""

import os
import platform
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.nets import cache as module
from core.nets.cache import COPIES_AFTER, NetCache, give_memory_back


@dataclass(eq=False)
class Net:
    """A stand-in that knows its size and notices when two borrow it at once."""

    size_bytes: int = 10
    busy: bool = False


def visit(cache, key, size=10):
    with cache.borrowed(key, lambda: Net(size)) as (net, fresh):
        assert not net.busy
        net.busy = True
        net.busy = False
    return fresh


def test_a_net_is_read_once_and_lent_again():
    cache = NetCache()
    assert [visit(cache, "a") for _ in range(3)] == [True, False, False]
    assert (cache.nets, cache.size_bytes) == (1, 10)


def test_the_least_recently_used_net_goes_first():
    cache = NetCache(max_nets=2)
    for key in "abac":
        visit(cache, key)
    assert cache.keys == ("a", "c")


def test_bytes_are_bounded_too():
    cache = NetCache(max_bytes=100)
    for key, size in {"a": 40, "b": 50, "c": 40, "d": 20}.items():
        visit(cache, key, size)
        assert cache.size_bytes <= 100
    assert cache.keys == ("c", "d")


def test_a_net_bigger_than_the_cache_is_kept_until_the_next_comes():
    cache = NetCache(max_bytes=100)
    assert [visit(cache, "big", 500), visit(cache, "big", 500)] == [True, False]
    visit(cache, "small")
    assert cache.keys == ("small",)


def test_a_net_on_loan_is_never_taken_away():
    cache = NetCache(max_nets=1)
    with ThreadPoolExecutor(1) as pool:
        with cache.borrowed("a", Net):
            visit(cache, "b")
            assert "a" in cache.keys
            waiting = pool.submit(visit, cache, "a")
            while not cache.waiting("a"):
                time.sleep(0.001)
            assert not waiting.done()
        assert waiting.result(timeout=5) is False
    assert cache.nets == 1


def test_eight_threads_that_ask_at_once_read_once():
    reads = []
    cache = NetCache(copies=2)
    together = threading.Barrier(8)

    def read():
        reads.append(1)
        time.sleep(0.05)
        return Net()

    def ask(_):
        together.wait()
        with cache.borrowed("a", read) as (net, fresh):
            assert not net.busy
            net.busy = True
            time.sleep(0.002)
            net.busy = False
            return fresh

    with ThreadPoolExecutor(8) as pool:
        fresh = list(pool.map(ask, range(8)))
    assert len(reads) == 1
    assert fresh.count(True) == 1


def test_steady_traffic_gets_a_second_copy_and_no_third():
    cache = NetCache(copies=2)
    most = 5 * COPIES_AFTER

    def ask(_):
        with cache.borrowed("a", Net):
            time.sleep(0.001)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, range(most)))
    assert cache.nets == 2


def test_a_copy_is_not_read_where_it_would_not_fit():
    cache = NetCache(copies=2, max_bytes=15)

    def ask(_):
        with cache.borrowed("a", Net):
            time.sleep(0.001)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, range(5 * COPIES_AFTER)))
    assert cache.nets == 1


def test_who_waits_is_served_in_order():
    cache = NetCache()
    served = []

    def ask(number):
        with cache.borrowed("a", Net):
            served.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(5)]
    with cache.borrowed("a", Net):
        for number, thread in enumerate(threads):
            thread.start()
            while cache.waiting("a") <= number:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert served == [0, 1, 2, 3, 4]


def test_a_read_that_fails_fails_for_all_who_wait_and_leaves_nothing():
    cache = NetCache()
    together = threading.Barrier(4)
    reads = []

    def read():
        reads.append(1)
        time.sleep(0.05)
        raise ValueError("broken file")

    def ask(_):
        together.wait()
        with pytest.raises(ValueError, match="broken file"), cache.borrowed("a", read):
            pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, range(4)))
    assert len(reads) == 1
    assert cache.keys == ()
    assert visit(cache, "a") is True


def test_a_net_whose_caller_failed_is_thrown_away():
    cache = NetCache()
    with pytest.raises(KeyError), cache.borrowed("a", Net):
        raise KeyError
    assert (cache.nets, cache.size_bytes, cache.keys) == (0, 0, ())
    assert visit(cache, "a") is True


def test_who_waits_for_a_net_that_is_thrown_away_gets_a_new_one():
    cache = NetCache()

    def fail_while_another_waits(pool):
        with cache.borrowed("a", Net):
            waiting.append(pool.submit(visit, cache, "a"))
            while not cache.waiting("a"):
                time.sleep(0.001)
            raise KeyError

    waiting = []
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(KeyError):
            fail_while_another_waits(pool)
        assert waiting[0].result(timeout=5) is True


def test_many_threads_and_keys_never_share_a_net_and_keep_the_bounds():
    cache = NetCache(max_nets=3, copies=2)

    def ask(number):
        with cache.borrowed(number % 7, Net) as (net, _):
            assert not net.busy
            net.busy = True
            time.sleep(0.0005)
            net.busy = False

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(400)))
    assert cache.nets <= 3
    assert cache.size_bytes == 10 * cache.nets


@pytest.mark.parametrize(
    ("platform", "can_trim", "asked"),
    [("linux", True, [0]), ("linux", False, []), ("win32", True, [])],
    ids=["glibc", "another C library", "another system"],
)
def test_only_a_c_library_that_can_trim_is_asked_to(platform, can_trim, asked, monkeypatch):
    calls = []
    library = SimpleNamespace(malloc_trim=calls.append) if can_trim else SimpleNamespace()
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(module.sys, "platform", platform)
        elsewhere.setattr(module.ctypes, "CDLL", lambda _: library)
        give_memory_back()
    assert calls == asked


@dataclass(eq=False)
class Heavy(Net):
    """A net that holds 64 MB in blocks so small that the C library keeps them when freed."""

    content: list[bytes] = field(default_factory=lambda: [bytes(16000) for _ in range(4000)])


def resident_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is asked to trim")
def test_the_memory_of_a_forgotten_net_goes_back_to_the_system():
    cache = NetCache(max_nets=1)
    before = resident_bytes()
    for key in "ab":  # the second lies behind the first on the heap and would pin it there
        with cache.borrowed(key, Heavy):
            pass
    assert cache.keys == ("b",)
    assert resident_bytes() - before < 1.5 * 64e6
