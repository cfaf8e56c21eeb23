"""Raw rows of a grid detector: what their numbers are called, and how confidence comes of them.

Each layout states a ``RowRule``; the cell view writes one row out by it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.results.steps import Step, number

RawRow = npt.NDArray[np.float64]
RawRows = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class RowClass:
    """A class of a raw row: its number as given, and its score without the objectness."""

    class_id: int
    given: float
    score: float


def given_scores(raw: RawRow, given: RawRow) -> RawRow:  # noqa: ARG001 - one signature for all
    """Return class scores that are given as they are."""
    return given


def objectness_times_score(raw: RawRow, best: RowClass) -> tuple[Step, ...]:
    """Write out the confidence of a row with objectness and class scores, both 0..1."""
    return (product_step(float(raw[4]), best.score),)


def class_score_alone(raw: RawRow, best: RowClass) -> tuple[Step, ...]:  # noqa: ARG001
    """Write out the confidence of a row without objectness."""
    return (Step("confidence", "class score", number(best.score), best.score),)


def product_step(objectness: float, score: float) -> Step:
    """Multiply objectness and class score."""
    return Step(
        "confidence",
        "objectness * class score",
        f"{number(objectness)} * {number(score)}",
        objectness * score,
    )


def objectness_column(part: RawRows, classes: int) -> RawRows:  # noqa: ARG001
    """Take the objectness (N,) of rows (N, 5+C) that give it as 0..1."""
    return np.asarray(part[:, 4])


@dataclass(frozen=True, eq=False, slots=True)
class RowRule:
    """How a layout's raw rows are read, one by one.

    Attributes:
        description: what the numbers are, in sentences.
        names: of the numbers before the classes.
        own: the numbers are the net's own, so that nothing is worked back from them.
        fractions: boxes are given in 0..1 of the blob, not in its pixels.
        objectness_name: the net's own name of the objectness, where that is worked back.
        score_formula: how a class score follows from the given number, where they differ.
        class_scores: the class scores (C,) of a row (5+C,) and its class columns (C,).
        confidence_steps: the steps to the confidence of a row's best class; the last one
            holds it.
        cell_values: what the heat map shows of rows (N, 5+C) with C classes, 0..1:
            objectness, or the largest class score where there is none.
    """

    description: str
    names: tuple[str, ...] = ("cx", "cy", "w", "h", "objectness")
    own: bool = False
    fractions: bool = False
    objectness_name: str = ""
    score_formula: str = ""
    class_scores: Callable[[RawRow, RawRow], RawRow] = given_scores
    confidence_steps: Callable[[RawRow, RowClass], tuple[Step, ...]] = objectness_times_score
    cell_values: Callable[[RawRows, int], RawRows] = objectness_column
