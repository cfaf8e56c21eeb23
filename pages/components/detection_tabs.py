"""The tabs below a detector's result, each of which explains it in another way."""

from functools import partial

from core.nets.card import ModelCard
from core.pipeline import Found, Run, Thresholds
from pages.components.detection import show_raw_rows, show_stills
from pages.components.ledger_view import show_ledger
from pages.components.nms_lesson_view import show_nms_lesson
from pages.components.unfolded import show_tabs


def show_detection_tabs(
    key: str,
    done: Run,
    card: ModelCard,
    thresholds: Thresholds,
    result: Found,
    *,
    chosen: int | None,
) -> None:
    """Offer the tabs; ``chosen`` is the raw row of the box that some of them explain."""
    read = (done, card, thresholds)
    tabs = {
        "Still pictures": partial(show_stills, done, result, card),
        "Ledger": partial(show_ledger, f"{key}.ledger", *read, chosen=chosen),
        "NMS by hand": partial(show_nms_lesson, f"{key}.lesson", *read),
        "Raw outputs": partial(show_raw_rows, done),
    }
    show_tabs(f"{key}.more", tabs)
