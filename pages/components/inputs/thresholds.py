"""How a net's outputs are read: thresholds and NMS for boxes, k for classes."""

import streamlit as st

from core.nets.card import ModelCard
from core.pipeline import Thresholds
from pages.components.shell.choice import choice
from pages.components.shell.widget_memory import persistent

MOST_CLASSES = 20

_MODES = {"per class": True, "agnostic": False}
_METHODS = {"hard": False, "soft": True}


def pick_thresholds(key: str, card: ModelCard) -> Thresholds:
    """Ask for confidence, IoU, classes and the kind of NMS; they belong to one model."""
    own = f"{key}.{card.name}"
    confidence = st.slider(
        "confidence",
        0.0,
        1.0,
        card.confidence,
        0.01,
        key=persistent(f"{own}.confidence"),
        bind="query-params",
        help="Boxes must be surer than this. Moving it reads the outputs again; the net rests.",
    )
    iou = st.slider(
        "IoU (NMS)",
        0.0,
        1.0,
        card.iou,
        0.01,
        key=persistent(f"{own}.iou"),
        bind="query-params",
        help="Of two boxes that overlap more than this, the less confident goes.",
    )
    mode = choice(
        "NMS among boxes",
        list(_MODES),
        key=f"{key}.nms",
        help="per class: a dog never deletes the cat in front of it. "
        "agnostic: one object, one box, whatever its class.",
    )
    method = choice(
        "NMS method",
        list(_METHODS),
        key=f"{key}.method",
        help="soft: boxes that overlap a surer one more than the IoU lose confidence, by "
        "1 - IoU, instead of vanishing (Soft-NMS). The table shows what is left of it.",
    )
    chosen = st.multiselect(
        "Only these classes",
        card.labels,
        key=persistent(filter_key(key, card)),
        bind="query-params",
        placeholder=f"all {len(card.labels)} classes",
    )
    ids = frozenset(card.labels.index(label) + card.label_offset for label in chosen)
    return Thresholds(confidence, iou, _MODES[mode], _METHODS[method], ids or None)


def filter_key(key: str, card: ModelCard) -> str:
    """Name the state that holds the chosen classes of ``pick_thresholds``."""
    return f"{key}.{card.name}.classes"


def pick_k(key: str) -> int:
    """Ask how many classes to show; a net with fewer shows all it has."""
    return st.slider(
        "top-k", 1, MOST_CLASSES, 5, key=persistent(f"{key}.k"), bind="query-params"
    )
