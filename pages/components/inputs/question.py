"""What a batch or video job runs: a model, and how its outputs are read."""

from typing import cast

import streamlit as st

from core.nets.card import Task
from core.series.question import Question
from pages.components.inputs.layout import pick_layout_if_unknown
from pages.components.inputs.model import pick_model
from pages.components.inputs.thresholds import pick_k, pick_thresholds
from pages.components.shell.choice import choice

_TASKS: tuple[Task, ...] = ("detection", "classification")


def pick_question(key: str) -> Question:
    """Ask for the task, the model, and its thresholds or its k."""
    task = cast(Task, choice("Task", _TASKS, key=f"{key}.task"))
    own = f"{key}.{task}"
    card = pick_model(own, task=task)
    if task == "classification":
        return Question(card, k=pick_k(own))
    card = pick_layout_if_unknown(own, card)
    with st.expander("Thresholds"):
        return Question(card, pick_thresholds(own, card))
