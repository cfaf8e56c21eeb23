"""What must be said beside an answer, or before it: reasons not to believe it."""

from itertools import chain

import numpy as np

from core.blob.spec import BlobSpec
from core.errors import ModelError
from core.nets.card import ModelCard
from core.nets.downloads import file_paths
from core.nets.inputs import declared_inputs, size_note
from core.outputs import Outputs
from core.picture.samples import sample_picture
from core.pipeline import Run, run_model
from core.results.classification import scores

PROBES = ("astronaut", "coffee")
"""Two photos that have nothing in common, and that every installation has."""

ABSOLUTE, RELATIVE = 1e-4, 1e-3
"""What rounding may change in an answer; another picture changes more."""


def size_doubt(card: ModelCard, spec: BlobSpec) -> str:
    """Say that the net was made for another size; nothing where it fits."""
    try:
        note = size_note(declared_inputs(card, file_paths(card)), spec.size)
    except ModelError:  # the forward says what is wrong with the files
        return ""
    return f"{card.title} {note}" if note else ""


def label_doubt(run: Run) -> str:
    """Say that the net answers more or fewer classes than there are labels.

    Raises:
        LayoutUnknown: the outputs are in no layout that we read.
    """
    classes = classes_of(run)
    return run.card.misfit(classes) or "" if classes else ""


def plain_doubts(run: Run) -> tuple[str, ...]:
    """Give the doubts that need no other run: those about the size and about the labels.

    Raises:
        LayoutUnknown: as ``label_doubt``.
    """
    return tuple(filter(None, (size_doubt(run.card, run.spec), label_doubt(run))))


def classes_of(run: Run) -> int | None:
    """Count the classes that a net tells apart; None where its rows hold the class alone.

    Raises:
        LayoutUnknown: the outputs are in no layout that we read.
    """
    if run.card.task == "classification":
        return int(scores(run.outputs).size)
    return run.reading.classes


def constant_doubt(run: Run) -> str:
    """Say that a net answers the same whatever it is shown; runs it on one photo, or on two.

    Nets with weights of eight bits do that in OpenCV, and so do nets that were saved
    before they were trained. A run with the card's own spec is the first answer to compare:
    for most nets, one photo more then shows that they are none of those.

    Raises:
        ModelError: the net cannot be run.
    """
    card = run.card
    given = (run.outputs,) if run.spec == card.blob else ()
    answers = chain(given, (run_model(sample_picture(name), card).outputs for name in PROBES))
    one = next(answers)
    if any(not alike(one, other) for other in answers) or _found_nothing(one, card):
        return ""
    return (
        f"{card.title} gives two different photos the same answer, so its answers say nothing "
        "about a picture. OpenCV computes some nets with weights of eight bits that way: use "
        "the net with weights of 32 or 16 bits."
    )


def alike(one: Outputs, other: Outputs) -> bool:
    """Tell whether two answers are the same but for rounding.

    >>> some = Outputs({"prob": np.float32([[0.25, 0.75]])})
    >>> alike(some, some), alike(some, Outputs({"prob": np.float32([[0.3, 0.7]])}))
    (True, False)
    """
    return one.shapes == other.shapes and all(
        np.allclose(array, other[name], RELATIVE, ABSOLUTE, equal_nan=True)
        for name, array in one.items()
    )


def _found_nothing(outputs: Outputs, card: ModelCard) -> bool:
    """Tell whether a detector that suppresses boxes itself left none, which proves nothing."""
    if card.task == "classification":
        return False
    if any(array.ndim == 4 and array.shape[-1] == 7 for array in outputs.values()):
        return all(array[..., 2].max(initial=0) <= 0 for array in outputs.values())
    return not any(array.any() for array in outputs.values())
