"""Time two ways of doing the same thing, in turns, so that a noisy machine hits both."""

import statistics
import time
from collections.abc import Callable


def paired(ours: Callable[[], object], theirs: Callable[[], object], *, rounds: int) -> str:
    """Run both ``rounds`` times, A B A B ..., and write minimum, median and the ratios."""
    for warm_up in (ours, theirs):
        warm_up()
    a, b = zip(*((_seconds(ours), _seconds(theirs)) for _ in range(rounds)), strict=True)
    pairs = statistics.median(x / y for x, y in zip(a, b, strict=True))
    return (
        f"{_ms(min(a))} {_ms(statistics.median(a))} | {_ms(min(b))} {_ms(statistics.median(b))}"
        f" | {min(a) / min(b):6.2f} {pairs:6.2f}"
    )


HEAD = "    ours: min    median |  other: min   median |  ratio of minima, of pairs"


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _ms(seconds: float) -> str:
    return f"{1e3 * seconds:8.2f} ms"
