"""The catalogue: every model that has a folder with a card under ``models/``."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.errors import CardInvalid, ModelMissing
from core.nets.card import CARD_NAME, ModelCard, Task, read_card
from core.nets.downloads import present

MODELS = Path(__file__).parents[2] / "models"


@dataclass(frozen=True, slots=True)
class Catalog:
    """All models of a folder.

    Attributes:
        cards: those that can be used, in the order of a list on the screen.
        refused: a sentence for each card with a mistake; its model drops out.
    """

    cards: tuple[ModelCard, ...]
    refused: tuple[str, ...]


@lru_cache(maxsize=4)
def read_catalog(folder: Path = MODELS) -> Catalog:
    """Read all cards: our own nets first, the ablest ahead; then the others, small ones ahead.

    A card with a mistake drops out with its sentence, and so does the second of two models
    with one title, which no list could tell apart.
    """
    cards: dict[str, ModelCard] = {}
    refused = []
    for path in sorted(folder.glob(f"*/{CARD_NAME}")):
        try:
            each = read_card(path.parent)
        except CardInvalid as error:
            refused.append(str(error))
            continue
        first = cards.setdefault(each.title, each)
        if first is not each:
            refused.append(
                f"models/{each.name}/{CARD_NAME}: title is {each.title!r}, as that of "
                f"models/{first.name}. Choose another."
            )
    return Catalog(tuple(sorted(cards.values(), key=_rank)), tuple(refused))


def catalog() -> tuple[ModelCard, ...]:
    """List the models that can be used, in the catalogue's order."""
    return read_catalog().cards


def _rank(card: ModelCard) -> tuple[bool, float, str]:
    """Order cards; what is shipped knows more classes the larger it is, and is all at hand."""
    if card.shipped:
        return False, -len(card.labels), card.title
    return True, card.size_bytes or float("inf"), card.title


def cards(task: Task) -> tuple[ModelCard, ...]:
    """List the cards of one task, in the catalogue's order."""
    return tuple(card for card in catalog() if card.task == task)


def recommended(task: Task) -> ModelCard | None:
    """Return the recommended model of a task, the first in the catalogue's order, if any."""
    return next((card for card in cards(task) if card.recommended), None)


def default_model(task: Task) -> ModelCard:
    """Return the model that a task starts with: the first whose files are present.

    The recommended one comes before all others, whatever the catalogue's order.
    """
    best = recommended(task)
    return next(card for card in (best, *cards(task)) if card and present(card))


def card_named(name: str) -> ModelCard:
    """Find a model by the name of its folder.

    Raises:
        ModelMissing: no folder under ``models/`` has this name.
    """
    for each in catalog():
        if each.name == name:
            return each
    raise ModelMissing(f"There is no model called {name!r} here. Choose one from the list.")
