"""What a net answered: arrays by layer name, and the names of the output layouts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NewType

import numpy as np
import numpy.typing as npt

LayoutName = NewType("LayoutName", str)
"""The name of an output layout: ``AUTO``, or one of ``layout_names()``."""

AUTO = LayoutName("auto")
"""The layout is recognised by the outputs."""

LAYOUT_FOLDER = Path(__file__).parent / "results" / "layouts"


@cache
def layout_names() -> tuple[LayoutName, ...]:
    """List the output layouts: each is a file in ``core/results/layouts``.

    The names stand here, below ``nets`` and ``results``, so that a card that misspells one
    is refused when it is read. A hyphen in a name is an underscore in the file's.

    >>> [name for name in layout_names() if name.startswith("yolov8")][:1]
    ['yolov8']
    """
    stems = sorted(path.stem for path in LAYOUT_FOLDER.glob("[!_]*.py"))
    return tuple(LayoutName(stem.replace("_", "-")) for stem in stems)


@dataclass(frozen=True, eq=False)
class Outputs(Mapping[str, npt.NDArray[np.float32]]):
    """The outputs of one forward pass: read-only float32 arrays by layer name.

    >>> outputs = Outputs({"prob": np.zeros((1, 10), np.float32)})
    >>> outputs.shapes
    {'prob': (1, 10)}
    """

    arrays: Mapping[str, npt.NDArray[np.float32]]

    def __post_init__(self) -> None:
        for array in self.arrays.values():
            array.setflags(write=False)

    def __getitem__(self, name: str) -> npt.NDArray[np.float32]:
        return self.arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each output, for sentences that list them."""
        return {name: array.shape for name, array in self.arrays.items()}

    @property
    def listed(self) -> str:
        """The names with their shapes, for sentences.

        >>> Outputs({"prob": np.zeros((1, 10), np.float32)}).listed
        'prob [1, 10]'
        """
        return "; ".join(f"{name} {list(shape)}" for name, shape in self.shapes.items())
