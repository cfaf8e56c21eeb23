"""Real photos for the classifier: parts of the detector's training photos, with a group each.

Tiny ImageNet's pictures were shrunk smoothly and mostly show whole animals. A visitor's photo
is big, is shrunk without smoothing by blobFromImage, and may be a face that fills the frame.
Boxes of cats, dogs, cows, cars and buses give such pictures. Nobody said which breed they show,
so only the group is taught: the confidences of its labels together should be 1.
"""

from collections.abc import Iterator

import cv2
import numpy as np
import torch

from training.batches import as_blob, recoloured
from training.data import CLASSES, Photos

GROUPS = {
    "cat": ("tabby cat", "Persian cat", "Egyptian cat"),
    "dog": (
        "Chihuahua", "Yorkshire terrier", "golden retriever", "Labrador retriever",
        "German shepherd", "standard poodle",
    ),
    "cow": ("ox",),
    "car": ("estate car", "convertible", "sports car", "limousine"),
    "bus": ("school bus", "trolleybus"),
}  # fmt: skip
SHARES = {"cat": 0.3, "dog": 0.3, "cow": 0.15, "car": 0.15, "bus": 0.1}
LEAST_SIDE = 48
"""Smaller boxes, in pixels of the photo, are left out."""


def part(
    photo: np.ndarray, xyxy: np.ndarray, size: int, rng: np.random.Generator
) -> np.ndarray:
    """Cut out a box, 0.7 to 1.5 times its sides, moved a little; shrink it smoothly or not."""
    side = photo.shape[0]
    sides = (xyxy[2:] - xyxy[:2]) * side * rng.uniform(0.7, 1.5)
    centre = (xyxy[:2] + xyxy[2:]) / 2 * side + rng.uniform(-0.12, 0.12, 2) * sides
    x0, y0 = (centre - sides / 2).clip(0, side - 8).astype(int)
    x1, y1 = (centre + sides / 2).clip([x0 + 8, y0 + 8], side).astype(int)
    found = photo[y0:y1, x0:x1]
    if rng.random() < 0.5:
        found = found[:, ::-1]
    how = cv2.INTER_LINEAR if rng.random() < 0.6 else cv2.INTER_AREA
    return cv2.resize(np.ascontiguousarray(found), (size, size), interpolation=how)


def close_ups(
    photos: Photos, labels: list[str], *, batch: int, size: int, seed: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield without end blobs (B, 3, size, size) and which labels are right (B, labels)."""
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    found = {
        name: [
            (row, box[:4])
            for row in photos.train
            for box in photos.boxes[row]
            if box[4] == CLASSES.index(name)
            and (box[2:4] - box[:2]).min() * photos.pixels.shape[1] >= LEAST_SIDE
        ]
        for name in GROUPS
    }
    right = {name: np.isin(labels, group) for name, group in GROUPS.items()}
    while True:
        names = rng.choice(list(SHARES), batch, p=list(SHARES.values()))
        chosen = [found[name][rng.integers(len(found[name]))] for name in names]
        parts = [part(photos.pixels[row], box, size, rng) for row, box in chosen]
        blob = recoloured(as_blob(np.stack(parts)), generator)
        yield blob, torch.from_numpy(np.stack([right[name] for name in names]))


def group_loss(logits: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Return minus the log of the confidence that all right labels have together, one a row."""
    within = logits.masked_fill(~right, float("-inf")).logsumexp(dim=1)
    return logits.logsumexp(dim=1) - within
