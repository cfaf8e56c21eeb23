"""The tabs below a result; each is drawn only when it is opened."""

from functools import partial

from core.picture.image import Picture
from core.pipeline import DetectionResult, Ranking
from core.render.boxes import BoxStyle
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
    picture: Picture, result: DetectionResult, *, chosen: int | None, style: BoxStyle
) -> None:
    """Show the tabs of the Detection page.

    ``chosen`` is the raw row of the box that some of them explain.
    """
    run = result.run
    tabs = {
        "Pictures": partial(boxes.show_pictures, picture, result, style),
        "NMS log": partial(show_ledger, "detection.ledger", picture, result, chosen=chosen),
        "NMS mistakes": partial(show_nms_lesson, "detection.lesson", picture, result),
        "Decode a box": partial(show_cells, "detection.cells", picture, run, row=chosen),
        "Occlusion sensitivity": partial(
            show_why_box, "detection.why", picture, result, row=chosen
        ),
        "Ground truth": partial(show_truth, "truth", picture, result, style=style),
        "Raw outputs": partial(boxes.show_raw_rows, run),
        "Export": partial(exports.show_boxes, "detection.home", picture, result, style=style),
        "OpenCV vs ONNX Runtime": partial(show_second_opinion, picture, run),
    }
    show_tabs("detection.more", tabs)


def show_classification_tabs(picture: Picture, ranked: Ranking) -> None:
    """Show the tabs of the Classification page."""
    run = ranked.run
    tabs = {
        "Softmax": partial(show_softmax, "softmax", run, len(ranked.best)),
        "Compare models": partial(show_panel, "panel", picture, run.card),
        "Occlusion sensitivity": partial(show_why_class, "why", picture, ranked),
        "Raw outputs": partial(show_raw_scores, run),
        "Export": partial(exports.show_ranking, "classification.home", picture, ranked),
        "OpenCV vs ONNX Runtime": partial(show_second_opinion, picture, run),
    }
    show_tabs("classification.more", tabs)
