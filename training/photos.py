"""The detector's examples: photos placed at random, mosaics of four, and batches of them.

Boxes are rows of x0, y0, x1, y1, class id, probability (see `Photos`): in 0..1 of a photo as it
comes from the archive, in pixels of the canvas once it is painted.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from training.batches import as_blob
from training.data import Photos
from training.strangers import Strangers

GREY = 114
STRANGE, ROUGH = 0.2, 0.15
"""How many tiles of a mosaic show what is none of our classes, and how many are as coarse."""


@dataclass(frozen=True)
class Tile:
    """A rectangle of the canvas that one photo fills."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def size(self) -> np.ndarray:
        """Width and height in pixels."""
        return np.array([self.x1 - self.x0, self.y1 - self.y0], np.float64)


def placed(
    canvas: np.ndarray, tile: Tile, photo: np.ndarray, boxes: np.ndarray,
    scales: tuple[float, float], rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Paint a photo into a tile, scaled, moved and perhaps flipped; return its boxes there.

    A scale of 1 makes the photo as large as the longer side of the tile. A box stays if at
    least 30 percent of it is in sight and it is 5 pixels or more each way.
    """
    side = photo.shape[0]
    zoom = (
        math.exp(rng.uniform(math.log(scales[0]), math.log(scales[1]))) * tile.size.max() / side
    )
    zooms = zoom * np.exp(rng.uniform(-0.2, 0.2, 2))
    slack = tile.size - side * zooms
    shift = rng.uniform(np.minimum(slack, 0), np.maximum(slack, 0))
    if rng.random() < 0.5:
        photo = photo[:, ::-1]
        boxes = boxes[:, [2, 1, 0, 3, 4, 5]] * [-1, 1, -1, 1, 1, 1] + [1, 0, 1, 0, 0, 0]
    matrix = np.array([[zooms[0], 0, shift[0]], [0, zooms[1], shift[1]]])
    wide, high = (int(v) for v in tile.size)
    canvas[tile.y0 : tile.y1, tile.x0 : tile.x1] = cv2.warpAffine(
        np.ascontiguousarray(photo), matrix, (wide, high), flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT, borderValue=(GREY, GREY, GREY),
    )  # fmt: skip
    corners = boxes[:, :4].reshape(-1, 2, 2) * side * zooms + shift
    clipped = corners.clip(0, tile.size)
    whole = np.prod(corners[:, 1] - corners[:, 0], axis=1)
    sides = clipped[:, 1] - clipped[:, 0]
    kept = (sides.prod(axis=1) > 0.3 * whole) & (sides.min(axis=1) >= 5)
    moved = clipped + np.array([tile.x0, tile.y0])
    return np.concatenate([moved.reshape(-1, 4), boxes[:, 4:]], axis=1)[kept].astype(np.float32)


def recoloured(canvas: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the canvas with another hue, saturation and brightness."""
    gains = 1 + rng.uniform(-1, 1, 3) * [0.015, 0.6, 0.4]
    levels = np.arange(256)
    tables = [
        (levels * gains[0]) % 180,
        *(np.clip(levels * gain, 0, 255) for gain in gains[1:]),
    ]
    planes = cv2.split(cv2.cvtColor(canvas, cv2.COLOR_RGB2HSV))
    turned = [
        cv2.LUT(plane, table.astype(np.uint8))
        for plane, table in zip(planes, tables, strict=True)
    ]
    return cv2.cvtColor(cv2.merge(turned), cv2.COLOR_HSV2RGB)


def beside(
    photos: Photos, row: int, strangers: Strangers, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return a photo for a tile and its boxes: at times a stranger, at times one as coarse.

    Strangers come 64 pixels wide; without the coarse photos, coarse would mean "nothing here".
    """
    choice = rng.random()
    if choice < STRANGE:
        return strangers.one(rng)
    photo = photos.pixels[row]
    if choice < STRANGE + ROUGH:
        photo = cv2.resize(photo, (64, 64), interpolation=cv2.INTER_AREA)
    return photo, photos.boxes[row]


def example(
    photos: Photos, row: int, strangers: Strangers, *, size: int, mosaic: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Return an augmented canvas (size, size, 3) and its boxes in pixels."""
    canvas = np.full((size, size, 3), GREY, np.uint8)
    if rng.random() >= mosaic:
        tile = Tile(0, 0, size, size)
        boxes = placed(canvas, tile, photos.pixels[row], photos.boxes[row], (0.6, 1.6), rng)
        return recoloured(canvas, rng), boxes
    x, y = (int(v) for v in rng.integers(int(size * 0.35), int(size * 0.65), 2))
    tiles = (Tile(0, 0, x, y), Tile(x, 0, size, y), Tile(0, y, x, size), Tile(x, y, size, size))
    others = [beside(photos, int(r), strangers, rng) for r in rng.choice(photos.train, 3)]
    seen = [(photos.pixels[row], photos.boxes[row]), *others]
    found = [
        placed(canvas, tile, photo, boxes, (0.8, 1.8), rng)
        for tile, (photo, boxes) in zip(tiles, seen, strict=True)
    ]
    return recoloured(canvas, rng), np.concatenate(found)


@dataclass(frozen=True)
class Batch:
    """A blob (B, 3, S, S) and its targets.

    Targets are rows of photo number in the batch, class id, cx, cy, w, h in 0..1, probability.
    """

    blob: torch.Tensor
    targets: torch.Tensor


def collated(examples: list[tuple[np.ndarray, np.ndarray]]) -> Batch:
    """Return examples as one batch."""
    canvases, boxes = zip(*examples, strict=True)
    size = canvases[0].shape[0]
    rows = []
    for number, found in enumerate(boxes):
        centre, sides = (found[:, :2] + found[:, 2:4]) / 2, found[:, 2:4] - found[:, :2]
        photo = np.full((len(found), 1), number)
        columns = [photo, found[:, 4:5], centre / size, sides / size, found[:, 5:]]
        rows.append(np.concatenate(columns, axis=1))
    targets = torch.from_numpy(np.concatenate(rows).astype(np.float32))
    return Batch(as_blob(np.stack(canvases)), targets)


def drawn(rows: np.ndarray, weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return as many rows, each w times, rounded up or down, for w times the mean weight."""
    order = rng.permutation(len(rows))
    share = weights[order] / weights.mean()
    times = np.diff(np.floor(np.cumsum(share) + rng.random()), prepend=0).astype(int)
    return np.repeat(rows[order], times)


def photo_batches(
    photos: Photos, strangers: Strangers, *, batch: int, size: int, mosaic: float, seed: int,
    weights: np.ndarray,
) -> Iterator[Batch]:  # fmt: skip
    """Yield one epoch: as many examples as training photos, which come by their weight."""
    rng = np.random.default_rng(seed)
    rows = rng.permutation(drawn(photos.train, weights, rng))
    for start in range(0, len(rows) - batch + 1, batch):
        chosen = rows[start : start + batch]
        yield collated(
            [example(photos, r, strangers, size=size, mosaic=mosaic, rng=rng) for r in chosen]
        )
