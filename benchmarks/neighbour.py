"""How long a second visitor waits for a picture while a first one sends hostile files.

    python -m benchmarks.neighbour [--rounds 9]

In each round the second visitor decodes the same photo alone and then beside the first one,
who sends one file after the other, from as many threads as Blobscope lets work at once. The
ratio of a round compares the two, and not the machine of one minute with that of another;
the median should not be above 2. It is decoding that is timed here: pages and nets are the
same for both visitors, and ``benchmarks.serving`` times those.
"""

import argparse
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from statistics import median

from core.errors import BlobscopeError
from core.picture.image import Picture, decode_picture
from core.picture.slots import MOST_DECODING, VISITOR
from tests.picture.bombs import BOMBS as PICTURES
from tests.picture.bombs import jpeg, photo
from tests.results.bombs import BOMBS as TRUTHS
from tests.results.bombs import visit as read_truth
from tests.video.bombs import BOMBS as VIDEOS
from tests.video.bombs import visit as read_video

Visit = Callable[[bytes], object]

MOST_RATIO = 2.0
_KINDS: dict[str, tuple[tuple[str, ...], dict[str, Callable[[], bytes]], Visit]] = {
    "pictures": (
        ("PNG 10 x 10, IDAT of 19 GB", "JPEG 40 MP, progressive", "TIFF 40 MP, Deflate"),
        PICTURES,
        lambda data: decode_picture(Picture("bomb", data)),
    ),
    "videos": (("the same in 8 tracks", "600,000 Matroska cues"), VIDEOS, read_video),
    "truths": (("YOLO, a line of a million pairs",), TRUTHS, read_truth),
}


def main() -> None:
    """Print a row for each kind of hostile file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    good = Picture("photo.jpg", jpeg(photo(4000, 3000)))
    print(f"{'first visitor sends':20} {'alone ms':>9} {'beside ms':>9} {'ratio':>6}")
    for kind, (names, bombs, visit) in _KINDS.items():
        files = [bombs[name]() for name in names]
        alone, beside = zip(*(_round(good, files, visit) for _ in range(rounds)), strict=True)
        ratio = median(b / a for a, b in zip(alone, beside, strict=True))
        print(
            f"{kind:20} {1e3 * median(alone):9.0f} {1e3 * median(beside):9.0f} {ratio:6.2f}"
            f"{'!' if ratio > MOST_RATIO else ''}",
            flush=True,
        )


def _round(good: Picture, files: list[bytes], visit: Visit) -> tuple[float, float]:
    """Time the photo alone, and beside the attack."""
    alone = _seconds(good)
    stop = threading.Event()

    def attack() -> None:
        VISITOR.set("first")
        while not stop.is_set():
            for data in files:
                if not stop.is_set():
                    with suppress(BlobscopeError):
                        visit(data)

    threads = [threading.Thread(target=attack) for _ in range(MOST_DECODING)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    beside = _seconds(good)
    stop.set()
    for thread in threads:
        thread.join()
    return alone, beside


def _seconds(good: Picture) -> float:
    VISITOR.set("second")
    begin = time.perf_counter()
    decode_picture(good)
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
