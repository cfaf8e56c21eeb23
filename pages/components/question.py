"""What a series is asked: a model and how its outputs are read."""

from typing import cast

import streamlit as st

from core.nets.card import Task
from core.series.question import Question
from pages.components import classification, detection
from pages.components.choice import choice
from pages.components.model import pick_model

_TASKS: tuple[Task, ...] = ("detection", "classification")


def pick_question(key: str) -> Question:
    """Ask for the task, the model, and its thresholds or its k."""
    task = cast(Task, choice("Ask for", _TASKS, key=f"{key}.task"))
    own = f"{key}.{task}"
    card = pick_model(own, task=task)
    if task == "classification":
        return Question(card, k=classification.pick_k(own))
    with st.expander("Thresholds"):
        return Question(card, detection.thresholds(own, card))
