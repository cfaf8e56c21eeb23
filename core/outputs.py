"""What a net answered: arrays by layer name, in the order the net lists them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


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
