"""What lies in the tabs below an answer, each drawn when it is opened and not before."""

from functools import partial

from core.blob.spec import BlobSpec
from core.nets.card import ModelCard
from core.picture.image import Picture
from core.pipeline import DetectionResult, Ranking, Run, Thresholds
from core.render.boxes import BoxStyle
from core.share.provenance import Provenance
from pages.components.answers import exports
from pages.components.answers.occlusion import show_why_box, show_why_class
from pages.components.answers.second_opinion import show_second_opinion
from pages.components.classification.panel import show_panel
from pages.components.classification.ranking import show_raw_scores
from pages.components.classification.softmax import show_softmax
from pages.components.detection import boxes
from pages.components.detection.cells import show_cells
from pages.components.detection.ground_truth import show_truth
from pages.components.detection.ledger import show_ledger
from pages.components.detection.nms_lesson import show_nms_lesson
from pages.components.shell.lazy_tabs import show_tabs


def show_detection_tabs(
    picture: Picture,
    card: ModelCard,
    spec: BlobSpec,
    thresholds: Thresholds,
    style: BoxStyle,
    run: Run,
    result: DetectionResult,
    chosen: int | None,
) -> None:
    """Show the tabs of the Detection page.

    ``chosen`` is the raw row of the box that some of them explain.
    """
    provenance = Provenance(picture, run.image_size, card, spec)
    read = (run, card, thresholds)
    tabs = {
        "Still pictures": partial(boxes.show_pictures, run, result, card, style),
        "Ledger": partial(show_ledger, "detection.ledger", *read, chosen=chosen),
        "NMS by hand": partial(show_nms_lesson, "detection.lesson", *read),
        "Cell by cell": partial(show_cells, "detection.cells", run, card, spec, chosen),
        "Why": partial(show_why_box, "detection.why", picture, card, spec, run, result, chosen),
        "Ground truth": partial(
            show_truth, "truth", picture, run, result, card, thresholds, style
        ),
        "Raw outputs": partial(boxes.show_raw_rows, run),
        "Take home": partial(
            exports.show_boxes, "detection.home", provenance, thresholds, run, result, style
        ),
        "Second opinion": partial(show_second_opinion, provenance, run),
    }
    show_tabs("detection.more", tabs)


def show_classification_tabs(
    picture: Picture, card: ModelCard, run: Run, ranked: Ranking
) -> None:
    """Show the tabs of the Classification page."""
    provenance = Provenance(picture, run.image_size, card, card.blob)
    shown = len(ranked.best)
    tabs = {
        "Softmax": partial(show_softmax, "softmax", run, card, shown),
        "Side by side": partial(show_panel, "panel", picture, card),
        "Why": partial(show_why_class, "why", picture, card, run, ranked),
        "Raw outputs": partial(show_raw_scores, run),
        "Take home": partial(
            exports.show_ranking, "classification.home", provenance, run, ranked
        ),
        "Second opinion": partial(show_second_opinion, provenance, run),
    }
    show_tabs("classification.more", tabs)
