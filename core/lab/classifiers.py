"""A panel: several classifiers that were asked about the same picture."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.pipeline import Ranking

MOST_ROWS = 20


@dataclass(frozen=True, slots=True)
class CommonRow:
    """A label, and its confidence in each net; None where it is unknown."""

    label: str
    confidence: tuple[float | None, ...]


def confidence_of(label: str, net: Ranking) -> float | None:
    """Return the confidence of a label; None if the net has no such label.

    Of classes that share a label (ImageNet has two cranes), the highest confidence counts.
    """
    name = net.run.card.label
    pairs = enumerate(net.confidence.tolist())
    return max((sure for class_id, sure in pairs if name(class_id) == label), default=None)


def common_rows(answers: Sequence[Ranking]) -> tuple[CommonRow, ...]:
    """Set the panel's likeliest labels side by side, those that most nets know first.

    The label's text decides what is the same: two nets may number their classes
    differently. Rows that equally many nets know are sorted by confidence.
    """
    labels = dict.fromkeys(each.label for net in answers for each in net.best)
    rows = [
        CommonRow(label, tuple(confidence_of(label, net) for net in answers))
        for label in labels
    ]
    return tuple(sorted(rows, key=_rank)[:MOST_ROWS])


def _rank(row: CommonRow) -> tuple[int, float]:
    known = [each for each in row.confidence if each is not None]
    return -len(known), -max(known)


def agreement(answers: Sequence[Ranking]) -> str:
    """Say in a sentence which nets name the same thing first; groups where labels differ."""
    labels = Counter(net.best[0].label for net in answers)
    label, votes = labels.most_common(1)[0]
    if votes == len(answers):
        all_of_them = "Both" if votes == 2 else f"All {votes}"
        return f"{all_of_them} rank the same class first: {label}."
    if votes > 1:
        return f"{votes} of {len(answers)} rank the same class first: {label}."
    rest = "Each ranks a different class first"
    groups = {net.run.card.group(net.best[0].class_id) for net in answers}
    if len(groups) == 1 and (group := groups.pop()):
        return f"{rest}, but all in the group {group}."
    known = all(confidence_of(label, net) is not None for net in answers for label in labels)
    return f"{rest}." if known else f"{rest}; some have no label for the classes of the others."
