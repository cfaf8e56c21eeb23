"""The state behind an answer: which picture, model and spec, in words for files."""

import json
import math
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np

from core.blob.spec import BlobSpec
from core.doubts import plain_doubts
from core.nets.card import ModelCard
from core.picture.image import Picture
from core.picture.size import Size
from core.pipeline import Run, Thresholds


@dataclass(frozen=True, eq=False)
class Provenance:
    """What it takes to get the same answer again.

    Attributes:
        picture: the file as it was given.
        run: what the model made of it.
    """

    picture: Picture
    run: Run

    @property
    def size(self) -> Size:
        """The size of the picture's image, turned upright."""
        return self.run.image_size

    @property
    def card(self) -> ModelCard:
        """The model."""
        return self.run.card

    @property
    def spec(self) -> BlobSpec:
        """How the image became a blob: the card's own spec, or another."""
        return self.run.spec

    @property
    def doubts(self) -> tuple[str, ...]:
        """Sentences on labels or a size that do not fit the net: files must say so too."""
        return plain_doubts(self.run)

    def facts(self) -> dict[str, Any]:
        """Give the state as JSON can hold it; ``spec`` has the words of a card.toml."""
        return {
            "picture": {
                "name": self.picture.name,
                "width": self.size.width,
                "height": self.size.height,
                "sha256": self.picture.digest,
            },
            "model": {
                "name": self.card.name,
                "title": self.card.title,
                "task": self.card.task,
                "framework": self.card.framework,
                "files": [
                    {"name": file.name, "digest": file.digest} for file in self.card.files
                ],
            },
            "spec": {**asdict(self.spec), "size": _sides(self.spec)},
            "warnings": list(self.doubts),
            "versions": {"opencv": cv2.__version__, "numpy": np.__version__},
        }


def threshold_facts(thresholds: Thresholds) -> dict[str, Any]:
    """Give the thresholds as JSON can hold them; ``class_ids`` None means all."""
    ids = thresholds.class_ids
    return {**asdict(thresholds), "class_ids": None if ids is None else sorted(ids)}


def json_text(value: Any, *, indent: int | None = 2) -> str:
    """Write JSON that every reader takes: of ASCII, and without NaN or Infinity.

    Raises:
        ValueError: a number is not finite; see ``finite``.
    """
    return json.dumps(value, indent=indent, allow_nan=False) + "\n"


def finite(number: float, digits: int) -> float | None:
    """Round a number; one that is none, as broken nets answer, becomes None.

    >>> finite(0.123456, 3), finite(float("nan"), 3)
    (0.123, None)
    """
    return round(float(number), digits) if math.isfinite(number) else None


def _sides(spec: BlobSpec) -> list[int] | None:
    return list(spec.size.cv2) if spec.size else None
