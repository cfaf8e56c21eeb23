"""The training pictures: packed WebP archives in, numpy arrays out.

The archives hold one long row of bytes with an offset per picture. Decoding them takes seconds
to a minute, so the decoded arrays are kept beside the checkpoints and memory-mapped afterwards.

Pictures are uint8 (H, W, 3) in R, G, B here, because that is what the nets are trained on; the
blob that cv2 makes for them therefore wants swapRB=True, and both nets want scalefactor 1/255.
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

DATA = Path("../shared/starter")
RUNS = Path("training/runs")
LABELS = Path("training/labels/classifier.tsv")

CLASSES = ("person", "car", "bus", "truck", "motorbike", "dog", "cat", "horse", "sheep", "cow")
"""What the detector finds, in the order of its class ids."""


def unpacked(archive: Path, cache: Path) -> np.ndarray:
    """Return every picture of an archive, uint8 (N, H, W, 3), R, G, B; decoded only once."""
    if not cache.exists():
        cache.parent.mkdir(parents=True, exist_ok=True)
        with np.load(archive) as packed:
            rows, offsets = packed["webp"], packed["offsets"]
        pictures = [
            cv2.cvtColor(cv2.imdecode(rows[start:end], cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
            for start, end in pairwise(offsets)
        ]
        partial = cache.with_suffix(".part.npy")
        np.save(partial, np.stack(pictures))
        partial.rename(cache)
    return np.load(cache, mmap_mode="r")


@dataclass(frozen=True)
class Pictures:
    """Small pictures with one class each: uint8 (N, 64, 64, 3) and int64 (N,)."""

    pixels: np.ndarray
    class_id: np.ndarray

    def __len__(self) -> int:
        return len(self.class_id)


def tiny_imagenet(part: str, *, data: Path = DATA, runs: Path = RUNS) -> Pictures:
    """Return the `train` (74,000) or the `val` (6,000) pictures of the 200 classes."""
    archive = data / f"tiny_imagenet_{part}.npz"
    pixels = unpacked(archive, runs / "cache" / f"tiny_imagenet_{part}.npy")
    with np.load(archive) as packed:
        return Pictures(np.array(pixels), packed["class_id"].astype(np.int64))


@dataclass(frozen=True)
class Photos:
    """Photos with their boxes.

    `unlabelled[photo, class]` says that the source of this photo never labels that class, so
    finding one there is no mistake.
    """

    pixels: np.ndarray
    boxes: tuple[np.ndarray, ...]
    unlabelled: np.ndarray
    train: np.ndarray
    val: np.ndarray

    def having(self, class_ids: tuple[int, ...]) -> np.ndarray:
        """Return for each photo whether one of these classes is labelled in it."""
        return np.array([np.isin(boxes[:, 4], class_ids).any() for boxes in self.boxes])


def detection_photos(*, data: Path = DATA, runs: Path = RUNS) -> Photos:
    """Return the 5,491 photos; `train` and `val` are row numbers."""
    archive = data / "detection_photos.npz"
    pixels = unpacked(archive, runs / "cache" / "detection_photos.npy")
    with np.load(archive) as packed:
        ends = np.cumsum(packed["boxes_per_photo"])[:-1]
        boxes = tuple(np.split(packed["boxes"].astype(np.float32), ends))
        held_out = packed["validation"]
        unlabelled = packed["unlabelled"]
    return Photos(
        pixels, boxes, unlabelled, np.flatnonzero(~held_out), np.flatnonzero(held_out)
    )
