"""What it costs to check a net's files against their digests before OpenCV reads them.

    python -m benchmarks.digest

"ours" computes the digests of all files of a net, which a process does once for each version
of a file; "other" is OpenCV's reading of the same files. The ratio says by how much the check
lengthens the first reading; every later one costs a look at the file's size and time.
"""

import hashlib
from pathlib import Path

from benchmarks._ratio import HEAD, paired
from core.nets.card import ModelCard
from core.nets.catalog import catalog
from core.nets.downloads import file_paths, present
from core.nets.net import read_net

ROUNDS = 15


def digests(card: ModelCard, paths: list[Path]) -> list[str]:
    """Compute the digests that the card names, as ``file_paths`` does the first time."""
    kind = card.model_file.digest.partition(":")[0]
    found = []
    for path in paths:
        with path.open("rb") as file:
            found.append(hashlib.file_digest(file, kind).hexdigest())
    return found


def measure(card: ModelCard) -> str:
    """Return the row of one net."""
    paths = file_paths(card)
    files = [path for path in (paths.model, paths.config) if path]
    return paired(
        lambda: digests(card, files),
        lambda: read_net(card, paths),
        rounds=ROUNDS,
    )


def main() -> None:
    """Print a row for each net on this machine."""
    print(f"{'':34}{HEAD}")
    for card in catalog():
        if present(card):
            print(f"{card.name:34}{measure(card)}", flush=True)


if __name__ == "__main__":
    main()
