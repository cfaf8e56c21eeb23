"""Boxes as four distances from a cell, each given as logits over whole strides."""

import numpy as np

from core.outputs import Outputs
from core.results.box_rows import BoxRows
from core.results.classification import softmax
from core.results.grids import cell_corners, cell_count, cell_lines, grid_size
from core.results.layout import NetFacts
from core.results.tables import OutputArray, tables

BINS = 8
"""The distances 0 to 7 strides, as every published NanoDet has them."""


def distance_rows(
    outputs: Outputs, facts: NetFacts, *, strides: tuple[int, ...], middle: float
) -> BoxRows | None:
    """Read C scores and four distances a row, from one table or from two outputs a grid.

    Args:
        outputs: what the net answered.
        facts: the blob's size.
        strides: of the net's grids, in the rows' order.
        middle: from where in a cell distances lead: 0 is its corner, 0.5 its middle.
    """
    found = _one_table(outputs, facts, strides) or _by_grid(outputs, facts, strides)
    if found is None:
        return None
    scores, logits, lines = found
    corners, steps = cell_corners(facts.size, strides)
    far = softmax(logits.reshape(len(logits), 4, BINS)) @ np.arange(BINS)  # (N, 4)
    points = corners + middle
    boxes = np.hstack([points - far[:, :2], points + far[:, 2:]]) * steps
    finished = not ((logits < 0) | (logits > 1)).any()
    return BoxRows(
        boxes=boxes,
        box_format="xyxy",
        scores=scores,
        fractions=False,
        lines=(*lines, *_box_lines(strides, middle)),
        grounds=f"a row for each of {len(scores):,} cells of grids with strides "
        f"{', '.join(map(str, strides))}, with {scores.shape[1]} class scores and four "
        f"distances of {BINS} logits",
        doubts=("its distances would all lie in 0..1, as scores do",) if finished else (),
    )


_Parts = tuple[OutputArray, OutputArray, tuple[str, ...]]


def _one_table(outputs: Outputs, facts: NetFacts, strides: tuple[int, ...]) -> _Parts | None:
    cells = cell_count(facts.size, strides)
    distances = 4 * BINS
    for table in tables(outputs):
        if len(outputs) == 1 and table.count == cells and table.width > distances:
            return (
                table.rows[:, :-distances],
                table.rows[:, -distances:],
                (
                    f"rows = {table.code}",
                    f"scores, logits = rows[:, :-{distances}], rows[:, -{distances}:]",
                ),
            )
    return None


def _by_grid(outputs: Outputs, facts: NetFacts, strides: tuple[int, ...]) -> _Parts | None:
    """Pair the scores (n, C) and distances (n, 4B) of each grid by their rows."""
    if len(outputs) != 2 * len(strides):
        return None
    scores, logits = [], []
    for stride in strides:
        columns, rows = grid_size(facts.size, stride)
        pair: list[tuple[str, OutputArray]] = [
            (name, array.reshape(array.shape[-2:]))
            for name, array in outputs.items()
            if array.ndim in (2, 3) and array.size == array.shape[-1] * columns * rows
        ]
        wide = [each for each in pair if each[1].shape[1] == 4 * BINS]
        if len(pair) != 2 or not wide:
            return None
        distances = wide[-1]  # a net of 32 classes names its scores first
        logits.append(distances)
        scores.append(next(each for each in pair if each[0] != distances[0]))
    if len({array.shape[1] for _, array in scores}) != 1:
        return None
    names = ([name for name, _ in scores], [name for name, _ in logits])
    width = scores[0][1].shape[1]
    return (
        np.vstack([array for _, array in scores]),
        np.vstack([array for _, array in logits]),
        (
            f"scores = np.vstack([outputs[name].reshape(-1, {width}) for name in {names[0]}])",
            f"far = {names[1]}",
            f"logits = np.vstack([outputs[name].reshape(-1, {4 * BINS}) for name in far])",
        ),
    )


def _box_lines(strides: tuple[int, ...], middle: float) -> tuple[str, ...]:
    return (
        *cell_lines(strides),
        f"powers = np.exp(logits.astype(float).reshape(-1, 4, {BINS}))",
        f"far = powers @ np.arange({BINS}) / powers.sum(axis=2)  # in strides",
        f"points = cells + {middle}",
        "boxes = np.hstack([points - far[:, :2], points + far[:, 2:]]) * strides",
    )
