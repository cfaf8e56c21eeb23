"""Classification: from a net's scores to confidences, and the k best of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.errors import LayoutUnknown
from core.outputs import Outputs

SUM_TOLERANCE = 0.02  # half-precision and quantised nets round their confidences

AnswerKind = Literal["logits", "softmax", "sigmoids"]
"""What a classifier's numbers are: scores before softmax, confidences that sum to 1, or a
confidence for each class by itself."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A class and its confidence.

    Attributes:
        class_id: position in the net's output, before any label offset.
        label: its text.
        confidence: 0..1.
    """

    class_id: int
    label: str
    confidence: float


def scores(outputs: Outputs) -> npt.NDArray[np.float32]:
    """Return a classifier's answer as (C,), whichever way its axes were written.

    Any shape in which at most one axis is longer than 1 will do: (C,), (1, C), (1, C, 1, 1),
    (1, 1, 1, C). A single number, (1, 1), is the answer of a net with one class.

    Raises:
        LayoutUnknown: several outputs, or an output that is more than one row of numbers.
    """
    if not is_line(outputs) and [each.size for each in outputs.values()] != [1]:
        raise LayoutUnknown(
            f"A classifier returns one row of scores, such as [1, 1000], but this model "
            f"returned {outputs.listed or 'nothing'}. It may be a detector."
        )
    return next(iter(outputs.values())).ravel()


def is_line(outputs: Outputs) -> bool:
    """Return whether there is one output with one axis longer than 1.

    >>> is_line(Outputs({"prob": np.zeros((1, 10, 1, 1), np.float32)}))
    True
    >>> is_line(Outputs({"prob": np.zeros((), np.float32)}))
    False
    """
    return len(outputs) == 1 and all(
        array.size == max(array.shape, default=0) > 1 for array in outputs.values()
    )


def answer_kind(scores: npt.NDArray[np.floating], *, logits: bool | None = None) -> AnswerKind:
    """Say what a classifier's numbers are: by the card where it knows, else by the numbers.

    Softmax leaves numbers from 0 to 1 that sum to 1. Numbers from 0 to 1 with another sum are
    confidences of classes that do not exclude each other, as sigmoids leave them. All others
    are logits.

    Args:
        scores: (C,), as the net gave them.
        logits: what the card says; None looks at the numbers.

    >>> answer_kind(np.array([0.1, 0.7, 0.2])), answer_kind(np.array([-1.0, 6.0, 2.0]))
    ('softmax', 'logits')
    >>> answer_kind(np.array([0.97, 0.93, 0.02]))
    'sigmoids'
    """
    wide = scores.astype(np.float64)
    outside = not (wide.min() >= -SUM_TOLERANCE and wide.max() <= 1 + SUM_TOLERANCE)
    if outside if logits is None else logits:
        return "logits"
    return "softmax" if abs(wide.sum() - 1) <= SUM_TOLERANCE else "sigmoids"


def sigmoid(logits: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Turn each logit into a confidence by itself, without overflow.

    >>> sigmoid(np.array([-1e4, 0.0, 1e4]))
    array([0. , 0.5, 1. ])
    """
    power = np.exp(-np.abs(logits.astype(np.float64)))
    return np.asarray(np.where(logits >= 0, 1.0, power) / (1.0 + power))


def softmax(logits: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Turn logits (..., C) into confidences that sum to 1, however large the logits are.

    >>> softmax(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    with np.errstate(invalid="ignore"):  # infinite logits of a broken net give NaN
        powers = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def confidences(outputs: Outputs, logits: bool | None = None) -> npt.NDArray[np.float64]:
    """Return the confidence of every class, (C,), 0..1.

    Args:
        outputs: what a classifier answered to one picture.
        logits: whether the outputs are logits; None decides by the values, see
            ``answer_kind``.

    Raises:
        LayoutUnknown: the outputs are no classifier's.
    """
    answer = scores(outputs)
    if answer_kind(answer, logits=logits) != "logits":
        return answer.astype(np.float64).clip(0, 1)
    # softmax of a single logit is 1 whatever it says
    return sigmoid(answer) if answer.size == 1 else softmax(answer)


def top_k(
    confidence: npt.NDArray[np.floating], k: int = 5, *, label: Callable[[int], str] = str
) -> tuple[Ranked, ...]:
    """Return the k most likely classes in descending order; ties by class id.

    Args:
        confidence: (C,), 0..1.
        k: how many; fewer where there are fewer classes.
        label: what a class is called; a card's ``card.label`` knows its label offset.

    >>> top_k(np.array([0.1, 0.7, 0.2]), 2, label=["cat", "dog", "owl"].__getitem__)[0]
    Ranked(class_id=1, label='dog', confidence=0.7)
    """
    order = np.argsort(-confidence, kind="stable")[:k].tolist()
    return tuple(Ranked(each, label(each), float(confidence[each])) for each in order)


@dataclass(frozen=True, slots=True)
class SoftmaxStep:
    """One class on its way through softmax, number by number.

    Attributes:
        class_id: position in the net's output.
        logit: what the net answered.
        divided: the logit divided by the temperature.
        shifted: that, less the largest of all classes: 0 for the likeliest, else below.
        power: e to that, 0..1.
        share: the power as a share of the sum over all classes: the confidence.
    """

    class_id: int
    logit: float
    divided: float
    shifted: float
    power: float
    share: float


@dataclass(frozen=True, slots=True)
class SoftmaxSteps:
    """Softmax written out for the likeliest classes; the sums are over all of them.

    Attributes:
        temperature: what the logits were divided by.
        classes: how many there are.
        largest: the largest logit after that division.
        total: the sum of the powers of all classes.
        first: the likeliest classes, the likeliest first.
    """

    temperature: float
    classes: int
    largest: float
    total: float
    first: tuple[SoftmaxStep, ...]


def softmax_steps(
    logits: npt.NDArray[np.floating], k: int = 5, *, temperature: float = 1.0
) -> SoftmaxSteps:
    """Write softmax out for the k likeliest classes, each number as a reader would check it.

    Below a temperature of 1 the likeliest class takes more, above it all come closer to
    one another; their order stays. The largest is taken away first because e to the power
    of 1000 is beyond any computer; it cancels out, as every power shrinks by one factor.

    Args:
        logits: (C,), as the net gave them.
        k: how many classes to list; fewer where there are fewer.
        temperature: above 0; 1 is softmax as everybody knows it.

    >>> steps = softmax_steps(np.array([2.0, 0.0]), temperature=2.0)
    >>> steps.first[1].shifted, round(steps.total, 4), round(steps.first[0].share, 4)
    (-1.0, 1.3679, 0.7311)
    """
    divided = logits.astype(np.float64) / temperature
    with np.errstate(invalid="ignore"):  # infinite logits of a broken net give NaN
        shifted = divided - divided.max()
        powers = np.exp(shifted)
        shares = powers / powers.sum()
    order = np.argsort(-logits, kind="stable")[:k].tolist()
    columns = (logits, divided, shifted, powers, shares)
    rows = ((each, *(float(column[each]) for column in columns)) for each in order)
    return SoftmaxSteps(
        temperature,
        len(logits),
        float(divided.max()),
        float(powers.sum()),
        tuple(SoftmaxStep(*row) for row in rows),
    )


def implied_logits(confidence: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Undo softmax: the logarithm is the logits up to one constant, which softmax forgets.

    A confidence of 0 has no logarithm; it becomes minus infinity and stays 0 at any
    temperature.

    >>> softmax(implied_logits(np.array([0.25, 0.75])))
    array([0.25, 0.75])
    """
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(confidence.astype(np.float64)))
