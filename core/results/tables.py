"""Tables of raw rows among a net's outputs, as they stand or transposed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from core.outputs import Outputs

OutputArray = npt.NDArray[Any]


@dataclass(frozen=True, eq=False, slots=True)
class Table:
    """One output as rows (N, numbers), and the Python that takes it from ``outputs``.

    Attributes:
        rows: (N, numbers).
        code: such as ``outputs['output0'][0].T``.
        transposed: the output has a column a box.
        flat: the output has no first axis of length 1.
    """

    rows: OutputArray
    code: str
    transposed: bool = False
    flat: bool = False

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    @property
    def width(self) -> int:
        """How many numbers a row has."""
        return int(self.rows.shape[1])


def tables(outputs: Outputs, *, flat: bool = False) -> Iterator[Table]:
    """Read the one output of shape [1, N, M] as a table, as it stands and transposed.

    Mask prototypes or raw heads may stand beside it; a second table, or the rows of an
    SSD, may not: such nets keep boxes and scores apart, or are no such nets.

    Args:
        outputs: what the net answered.
        flat: take a single output [N, M] too.
    """
    if flat and len(outputs) == 1:
        ((name, array),) = outputs.items()
        if array.ndim == 2:
            yield Table(array, f"outputs[{name!r}]", flat=True)
            yield Table(array.T, f"outputs[{name!r}].T", transposed=True, flat=True)
    found = [(name, a[0]) for name, a in outputs.items() if a.ndim == 3 and len(a) == 1]
    single = any(array.ndim == 4 and array.shape[:2] == (1, 1) for array in outputs.values())
    if len(found) == 1 and not single:
        ((name, array),) = found
        yield Table(array, f"outputs[{name!r}][0]")
        yield Table(array.T, f"outputs[{name!r}][0].T", transposed=True)


def upright(outputs: Outputs, *, flat: bool = False) -> Iterator[Table]:
    """Read the one table with a row a box."""
    return (each for each in tables(outputs, flat=flat) if not each.transposed)


def mask_count(outputs: Outputs) -> int:
    """Count a segmentation net's mask prototypes, the channels of its 4-D output; or 0."""
    return next((array.shape[1] for array in outputs.values() if array.ndim == 4), 0)


def without_masks(columns: int, outputs: Outputs) -> tuple[int, str]:
    """Take the numbers in which a segmentation net's boxes mix their masks from the classes.

    Returns:
        How many classes there are, and a sentence on what is left out.
    """
    masks = mask_count(outputs)
    if 0 < masks < columns:
        return columns - masks, left_out(masks, "mix its mask")
    return columns, ""


def left_out(numbers: int, what: str) -> str:
    """Say what numbers of a row are not read.

    >>> left_out(51, "are key points")
    '51 more numbers a row are key points, and are not read.'
    """
    return f"{numbers} more numbers a row {what}, and are not read."
