"""Post-processing parameters: thresholds and NMS for boxes, k for classes."""

import streamlit as st

from core.nets.card import ModelCard
from core.pipeline import Thresholds
from pages.components.shell.choice import choice
from pages.components.shell.text import amount
from pages.components.shell.widget_memory import persistent

MOST_CLASSES = 20

_MODES = {"per class": True, "class-agnostic": False}
_METHODS = {"hard": False, "soft": True}


def pick_thresholds(key: str, card: ModelCard) -> Thresholds:
    """Ask for both thresholds, the classes and the kind of NMS; they belong to one model."""
    own = f"{key}.{card.name}"
    confidence = st.slider(
        "Confidence threshold",
        0.0,
        1.0,
        card.confidence,
        0.01,
        key=persistent(f"{own}.confidence"),
        bind="query-params",
        help="Boxes with a higher confidence are kept. Inference is not rerun.",
    )
    iou = st.slider(
        "NMS IoU threshold",
        0.0,
        1.0,
        card.iou,
        0.01,
        key=persistent(f"{own}.iou"),
        bind="query-params",
        help="If the IoU of two boxes is above this, NMS removes the one with the lower "
        "confidence.",
    )
    mode = choice(
        "NMS scope",
        list(_MODES),
        key=f"{key}.nms",
        help="per class: a box suppresses boxes of its own class only. "
        "class-agnostic: a box suppresses boxes of any class.",
    )
    method = choice(
        "NMS method",
        list(_METHODS),
        key=f"{key}.method",
        help="hard: NMS removes boxes that overlap one of higher confidence. soft: Soft-NMS "
        "multiplies their confidence by 1 - IoU instead; the table shows the result.",
    )
    chosen = st.multiselect(
        "Classes",
        card.labels,
        key=persistent(filter_key(key, card)),
        bind="query-params",
        placeholder=f"all {amount(len(card.labels), 'class', 'classes')}",
    )
    ids = frozenset(card.labels.index(label) + card.label_offset for label in chosen)
    return Thresholds(confidence, iou, _MODES[mode], _METHODS[method], ids or None)


def filter_key(key: str, card: ModelCard) -> str:
    """Return the state key of the chosen classes of ``pick_thresholds``."""
    return f"{key}.{card.name}.classes"


def pick_k(key: str) -> int:
    """Ask how many classes to show; a net with fewer classes shows all of them."""
    return st.slider(
        "Top-k", 1, MOST_CLASSES, 5, key=persistent(f"{key}.k"), bind="query-params"
    )
