"""The catalogue: every model that has a folder with a card under ``models/``."""

from functools import lru_cache
from pathlib import Path

from core.errors import ModelMissing
from core.nets.card import CARD_NAME, ModelCard, Task, read_card

MODELS = Path(__file__).parents[2] / "models"


@lru_cache(maxsize=4)
def catalog(folder: Path = MODELS) -> tuple[ModelCard, ...]:
    """Read all cards: our own nets first, the ablest ahead; then the others, small ones ahead.

    Raises:
        CardInvalid: one of the cards has a mistake.
    """
    cards = (read_card(path.parent) for path in folder.glob(f"*/{CARD_NAME}"))
    return tuple(sorted(cards, key=_rank))


def _rank(card: ModelCard) -> tuple[bool, float, str]:
    """Order cards; what is shipped knows more classes the larger it is, and is all at hand."""
    if card.shipped:
        return False, -len(card.labels), card.title
    return True, card.size_bytes or float("inf"), card.title


def cards(task: Task) -> tuple[ModelCard, ...]:
    """List the cards of one task, in the catalogue's order."""
    return tuple(card for card in catalog() if card.task == task)


def card_named(name: str) -> ModelCard:
    """Find a model by the name of its folder.

    Raises:
        ModelMissing: no folder under ``models/`` has this name.
    """
    for each in catalog():
        if each.name == name:
            return each
    raise ModelMissing(f"There is no model called {name!r} here. Choose one from the list.")
