"""Nets that keep boxes and scores apart: an output [1, N, 4] and one [1, N, C]."""

from dataclasses import dataclass

import numpy as np

from core.outputs import Outputs
from core.results.tables import OutputArray


@dataclass(frozen=True, eq=False, slots=True)
class BoxesAndScores:
    """Boxes (N, 4) beside scores (N, C), and the lines of a script that take both."""

    boxes: OutputArray
    scores: OutputArray
    lines: tuple[str, ...]

    @property
    def in_range(self) -> bool:
        """Tell scores in 0..1 from logits."""
        return not ((self.scores < -0.02) | (self.scores > 1.02)).any()


def boxes_and_scores(outputs: Outputs) -> BoxesAndScores | None:
    """Take both from two outputs of N rows; scores [1, C, N] are transposed.

    Of two outputs that could both be boxes, the one whose name says so is taken, else none.
    """
    found = {name: _rows(array) for name, array in outputs.items()}
    if len(found) != 2 or any(rows is None for rows in found.values()):
        return None
    names = [name for name, rows in found.items() if rows is not None and rows.shape[1] == 4]
    if len(names) == 2:
        names = [name for name in names if "box" in name.lower()]
    if len(names) != 1:
        return None
    (box_name,) = names
    (score_name,) = (name for name in found if name != box_name)
    boxes, scores = found[box_name], found[score_name]
    if boxes is None or scores is None:
        return None
    turned = len(scores) != len(boxes) and scores.shape[1] == len(boxes)
    scores = scores.T if turned else scores
    if len(scores) != len(boxes):
        return None
    code = {name: f"outputs[{name!r}]" + "[0]" * (outputs[name].ndim == 3) for name in found}
    return BoxesAndScores(
        boxes=boxes,
        scores=scores,
        lines=(f"boxes = {code[box_name]}", f"scores = {code[score_name]}" + ".T" * turned),
    )


def _rows(array: OutputArray) -> OutputArray | None:
    """Return an output as (N, numbers), whether it has a first axis of length 1 or not."""
    if array.ndim == 3 and len(array) == 1:
        return np.asarray(array[0])
    return array if array.ndim == 2 and len(array) > 1 else None
