"""What lies in the tabs below an answer, each drawn when it is opened and not before."""

from collections.abc import Callable
from functools import partial

from core.blob.spec import BlobSpec
from core.nets.card import ModelCard
from core.picture.image import Picture
from core.pipeline import Found, Ranking, Run, Thresholds
from core.render.boxes import BoxStyle
from core.share.state import State
from pages.components import classification, detection, exports
from pages.components.cell_view import show_cells
from pages.components.ledger_view import show_ledger
from pages.components.nms_lesson_view import show_nms_lesson
from pages.components.occlusion_view import show_why_box, show_why_class
from pages.components.panel_view import show_panel
from pages.components.second_opinion import show_second_opinion
from pages.components.softmax_view import show_softmax
from pages.components.truth_view import show_truth

Tabs = dict[str, Callable[[], None]]


def detection_tabs(
    picture: Picture,
    card: ModelCard,
    spec: BlobSpec,
    thresholds: Thresholds,
    style: BoxStyle,
    done: Run,
    result: Found,
    chosen: int | None,
) -> Tabs:
    """Name the tabs of the Detection page, and what draws each.

    ``chosen`` is the raw row of the box that some of them explain.
    """
    state = State(picture, done.image_size, card, spec)
    read = (done, card, thresholds)
    return {
        "Still pictures": partial(detection.show_pictures, done, result, card, style),
        "Ledger": partial(show_ledger, "detection.ledger", *read, chosen=chosen),
        "NMS by hand": partial(show_nms_lesson, "detection.lesson", *read),
        "Cell by cell": partial(show_cells, "detection.cells", done, card, spec, chosen),
        "Why": partial(
            show_why_box, "detection.why", picture, card, spec, done, result, chosen
        ),
        "Ground truth": partial(
            show_truth, "truth", picture, done, result, card, thresholds, style
        ),
        "Raw outputs": partial(detection.show_raw_rows, done),
        "Take home": partial(
            exports.show_boxes, "detection.home", state, thresholds, done, result, style
        ),
        "Second opinion": partial(show_second_opinion, state, done),
    }


def classification_tabs(picture: Picture, card: ModelCard, done: Run, ranked: Ranking) -> Tabs:
    """Name the tabs of the Classification page, and what draws each."""
    state = State(picture, done.image_size, card, card.blob)
    shown = len(ranked.best)
    return {
        "Softmax": partial(show_softmax, "softmax", done, card, shown),
        "Side by side": partial(show_panel, "panel", picture, card),
        "Why": partial(show_why_class, "why", picture, card, done, ranked),
        "Raw outputs": partial(classification.show_raw_scores, done),
        "Take home": partial(exports.show_ranking, "classification.home", state, done, ranked),
        "Second opinion": partial(show_second_opinion, state, done),
    }
