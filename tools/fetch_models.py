"""Fetch the recommended models ahead of the first visitor: ``make models``.

Files go to the folder of downloaded models (``BLOBSCOPE_MODELS``), from their pinned
addresses or from ``BLOBSCOPE_MIRROR``; each is checked against the digest on its card.
"""

import sys

from core.errors import ModelError, ModelMissing
from core.nets.card import TASKS, ModelCard
from core.nets.catalog import recommended
from core.nets.downloads import download, file_paths, present


def fetch(card: ModelCard) -> bool:
    """Fetch what is missing of a model and check all of it; say how it went.

    Returns:
        Whether the model is present and its files are those that the card promises.
    """
    try:
        was_present = present(card) and _whole(card)
        if not was_present:
            _tell(f"Downloading {card.title} ...")
            download(card)
        paths = file_paths(card)
    except ModelError as error:
        _tell(str(error))
        return False
    _tell(f"{card.title} is {'already ' * was_present}in {paths.model.parent}.")
    return True


def _whole(card: ModelCard) -> bool:
    """Tell whether the files are those on the card; a damaged one has been set aside now."""
    try:
        file_paths(card)
    except ModelMissing as error:
        _tell(str(error))
        return False
    return True


def _tell(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


def main() -> int:
    """Fetch the recommended model of each task; return 1 if one of them is not usable."""
    usable = [fetch(card) for task in TASKS if (card := recommended(task))]
    return 0 if all(usable) else 1


if __name__ == "__main__":
    sys.exit(main())
