"""Files that ask for far more than they are: what each costs this machine, and what it says.

    python -m benchmarks.bombs [kind ...]

Each is given to Blobscope in a process of its own, whose processor time and memory the system
counts, its workers included. No row may be above 2 CPU seconds and 600 MB. A new kind of file
is a line in ``KINDS``: the function that reads it as a visit does, and its bombs by name.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from tests.costs import cost
from tests.picture.bombs import BOMBS as PICTURES
from tests.results.bombs import BOMBS as TRUTHS
from tests.video.bombs import BOMBS as VIDEOS

MOST_CPU_SECONDS, MOST_MB = 2.0, 600.0


@dataclass(frozen=True)
class Kind:
    """What reads a kind of file (``module:function`` of bytes), and the makers of its bombs."""

    work: str
    bombs: dict[str, Callable[[], bytes]]


KINDS = {
    "pictures": Kind("tests.picture.bombs:visit", PICTURES),
    "videos": Kind("tests.video.bombs:visit", VIDEOS),
    "truths": Kind("tests.results.bombs:visit", TRUTHS),
}


def main() -> None:
    """Print a row for each bomb, and which are too dear."""
    dear = 0
    print(f"{'input':36} {'bytes':>11} {'CPU s':>6} {'peak MB':>8}  sentence")
    for name in sys.argv[1:] or KINDS:
        for bomb, make in KINDS[name].bombs.items():
            data = make()
            came = cost(KINDS[name].work, data)
            over = came.cpu_seconds > MOST_CPU_SECONDS or came.peak_mb > MOST_MB
            dear += over
            print(
                f"{bomb:36} {len(data):11,} {came.cpu_seconds:6.2f} {came.peak_mb:8.0f}"
                f"{'!' if over else ' '} {came.sentence}",
                flush=True,
            )
    print(f"{dear} rows above {MOST_CPU_SECONDS:g} CPU s or {MOST_MB:g} MB")


if __name__ == "__main__":
    main()
