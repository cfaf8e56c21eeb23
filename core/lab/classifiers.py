"""A panel: several classifiers that were asked about the same picture."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.nets.card import ModelCard
from core.pipeline import Run, ranking
from core.results.classification import Ranked, confidences

MOST_ROWS = 20


@dataclass(frozen=True, eq=False, slots=True)
class ClassifierAnswer:
    """What one net of a panel said.

    Attributes:
        card: the net.
        best: its likeliest classes, the likeliest first.
        confidence: (C,), of every class it knows.
    """

    card: ModelCard
    best: tuple[Ranked, ...]
    confidence: npt.NDArray[np.float64]

    def of(self, label: str) -> float | None:
        """Return how sure the net is of a label; None where it has no such label.

        Of classes that share a label (ImageNet has two cranes), the surest counts.
        """
        sure = [
            each
            for class_id, each in enumerate(self.confidence.tolist())
            if self.card.label(class_id) == label
        ]
        return max(sure, default=None)


@dataclass(frozen=True, slots=True)
class CommonRow:
    """A label, and how sure each net of the panel is of it; None where it is unknown."""

    label: str
    confidence: tuple[float | None, ...]


def classifier_answer(run: Run, card: ModelCard, k: int = 5) -> ClassifierAnswer:
    """Read what a net said out of its run.

    Raises:
        LayoutUnknown: the outputs are no classifier's.
    """
    sure = confidences(run.outputs, logits=card.logits)
    return ClassifierAnswer(card, ranking(run, card, k).best, sure)


def common_rows(answers: Sequence[ClassifierAnswer]) -> tuple[CommonRow, ...]:
    """Set the panel's likeliest labels side by side, those that most nets know first.

    The label's text decides what is the same: two nets may number their classes
    differently. Among rows that as many nets know, the surest comes first.
    """
    labels = dict.fromkeys(each.label for net in answers for each in net.best)
    rows = [CommonRow(label, tuple(net.of(label) for net in answers)) for label in labels]
    return tuple(sorted(rows, key=_rank)[:MOST_ROWS])


def _rank(row: CommonRow) -> tuple[int, float]:
    known = [each for each in row.confidence if each is not None]
    return -len(known), -max(known)


def agreement(answers: Sequence[ClassifierAnswer]) -> str:
    """Say in a sentence which nets name the same thing first; groups where labels differ."""
    labels = Counter(net.best[0].label for net in answers)
    label, votes = labels.most_common(1)[0]
    if votes == len(answers):
        all_of_them = "Both" if votes == 2 else f"All {votes}"
        return f"{all_of_them} name the same first: {label}."
    if votes > 1:
        return f"{votes} of {len(answers)} name the same first: {label}."
    rest = "Each names something else first"
    groups = {net.card.group(net.best[0].class_id) for net in answers}
    if len(groups) == 1 and (group := groups.pop()):
        return f"{rest}, but each a kind of {group}."
    known = all(net.of(label) is not None for net in answers for label in labels)
    return f"{rest}." if known else f"{rest}; some have no label for what the others say."
