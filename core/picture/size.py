"""The size of an image or a blob, in OpenCV's order."""

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in whole pixels, both at least 1.

    >>> Size(640, 480)
    Size(width=640, height=480)
    """

    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(
                f"a size is at least 1 x 1 pixels, not {self.width} x {self.height}"
            )

    def __str__(self) -> str:
        return f"{self.width} x {self.height}"

    @classmethod
    def of(cls, image: npt.NDArray[Any]) -> "Size":
        """Measure an image of shape (H, W) or (H, W, C)."""
        return cls(width=image.shape[1], height=image.shape[0])

    @property
    def cv2(self) -> tuple[int, int]:
        """(width, height), as cv2's functions want it."""
        return self.width, self.height
