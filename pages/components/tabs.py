"""What lies in the tabs below an answer, each drawn when it is opened and not before."""

from collections.abc import Callable
from functools import partial

from core.blob.spec import BlobSpec
from core.nets.card import ModelCard
from core.picture.image import Picture
from core.pipeline import Found, Ranking, Run, Thresholds
from core.share.state import State
from pages.components import classification, detection, exports
from pages.components.second_opinion import show_second_opinion

Tabs = dict[str, Callable[[], None]]


def detection_tabs(
    picture: Picture,
    card: ModelCard,
    spec: BlobSpec,
    thresholds: Thresholds,
    done: Run,
    result: Found,
) -> Tabs:
    """Name the tabs of the Detection page, and what draws each."""
    state = State(picture, done.image_size, card, spec)
    take_home = partial(exports.show_boxes, "detection.home", state, thresholds, done, result)
    return {
        "Raw outputs": partial(detection.show_raw_rows, done),
        "Take home": take_home,
        "Second opinion": partial(show_second_opinion, state, done),
    }


def classification_tabs(picture: Picture, card: ModelCard, done: Run, ranked: Ranking) -> Tabs:
    """Name the tabs of the Classification page, and what draws each."""
    state = State(picture, done.image_size, card, card.blob)
    take_home = partial(exports.show_ranking, "classification.home", state, done, ranked)
    return {
        "Raw outputs": partial(classification.show_raw_scores, done),
        "Take home": take_home,
        "Second opinion": partial(show_second_opinion, state, done),
    }
