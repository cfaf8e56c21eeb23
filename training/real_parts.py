"""Real photos for the classifier: parts of them, with what teachers say that they show.

Tiny ImageNet's pictures were shrunk smoothly and mostly show whole things. A visitor's photo is
big and is shrunk without smoothing by blobFromImage. `training.teach_classes` cut parts out of
the detector's photos and asked two classifiers about them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from training.batches import as_blob, recoloured, speckled
from training.data import Photos


@dataclass(frozen=True)
class Parts:
    """Parts of photos in parallel rows: xyxy in pixels, `share` 0..1, `spread` (N, 200)."""

    photo: np.ndarray
    xyxy: np.ndarray
    share: np.ndarray
    spread: np.ndarray

    def among(self, rows: np.ndarray, least: float) -> "Parts":
        """Return the parts of these photos of which at least `least` is one of our classes."""
        chosen = np.isin(self.photo, rows) & (self.share >= least)
        columns = (self.photo, self.xyxy, self.share, self.spread)
        return Parts(*(column[chosen] for column in columns))


def read_parts(path: Path) -> Parts:
    """Return what training.teach_classes wrote."""
    with np.load(path) as packed:
        columns = (packed[name] for name in ("photo", "xyxy", "share", "spread"))
        photo, xyxy, share, spread = columns
    return Parts(photo, xyxy, share, spread.astype(np.float32))


def shrunk(
    photo: np.ndarray, xyxy: np.ndarray, size: int, rng: np.random.Generator | None = None
) -> np.ndarray:
    """Return a part as the net sees it: shrunk to twice `size` as cv2 does, then 2 x 2 means.

    With `rng` the part is moved a little, mirrored half of the time, and roughened at times as
    a much bigger photo would be.
    """
    side = photo.shape[0]
    if rng is not None:
        sides = xyxy[2:] - xyxy[:2]
        centre = (xyxy[:2] + xyxy[2:]) / 2 + rng.uniform(-0.08, 0.08, 2) * sides
        sides = sides * rng.uniform(0.75, 1.1) * np.exp(rng.uniform(-0.12, 0.12, 2))
        xyxy = np.concatenate([centre - sides / 2, centre + sides / 2])
    x0, y0, x1, y1 = xyxy.round().astype(int).clip(0, side)
    part = photo[y0 : max(y1, y0 + 8), x0 : max(x1, x0 + 8)]
    if rng is not None and rng.random() < 0.5:
        part = part[:, ::-1]
    twice = cv2.resize(np.ascontiguousarray(part), (2 * size, 2 * size))
    if rng is not None and rng.random() < 0.35:
        twice = speckled(twice, rng)
    return cv2.resize(twice, (size, size), interpolation=cv2.INTER_AREA)


def part_batches(
    photos: Photos, parts: Parts, *, batch: int, size: int, seed: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Yield without end blobs (B, 3, size, size), labels' shares (B, 200) and weights (B,).

    Parts come as often as the teachers are sure that they show one of our classes, and rare
    classes more often than common ones.
    """
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    best = parts.spread.argmax(axis=1)
    common = np.bincount(best, weights=parts.share, minlength=parts.spread.shape[1])
    chance = parts.share / np.sqrt(common[best] + 5)
    chance /= chance.sum()
    while True:
        rows = rng.choice(len(chance), batch, p=chance)
        seen = [
            shrunk(photos.pixels[int(parts.photo[row])], parts.xyxy[row], size, rng)
            for row in rows
        ]
        yield (
            recoloured(as_blob(np.stack(seen)), generator),
            torch.from_numpy(parts.spread[rows]),
            torch.from_numpy(parts.share[rows].clip(0, 1).astype(np.float32)),
        )
