"""The training pictures: packed WebP archives in, numpy arrays out.

The archives hold one long row of bytes with an offset per picture. Decoding them takes seconds
to a minute, so the decoded arrays are kept beside the checkpoints and memory-mapped afterwards.

Pictures are uint8 (H, W, 3) in R, G, B here, because that is what the nets are trained on; the
blob that cv2 makes for them therefore wants swapRB=True, and both nets want scalefactor 1/255.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from training.overlaps import iou_matrix
from training.teachers import (
    Grouped,
    answers,
    drawn_by_people,
    features,
    fitted,
    grouped,
    probability,
)

DATA = Path("../shared/starter")
RUNS = Path("training/runs")
LABELS = Path("training/labels/classifier.tsv")

LABELLED = ("person", "car", "bus", "truck", "motorbike", "dog", "cat", "horse", "sheep", "cow")
"""The classes that people drew boxes of, in the order of the archive's class ids."""

CLASSES = (
    *LABELLED,
    "bicycle", "bird", "boat", "bottle", "aeroplane", "train", "chair", "sofa", "diningtable",
    "pottedplant", "tvmonitor", "traffic light", "umbrella", "cup", "bowl", "elephant", "bear",
    "zebra", "giraffe", "bed", "teddy bear",
)  # fmt: skip
"""What the detector learns, in the order of its class ids; the other ones teachers know."""

COCO = (Path(__file__).parent / "labels" / "coco.txt").read_text("utf-8").splitlines()
"""The classes that the teachers know, in their order."""

LEAST_PROBABILITY = 0.12
"""What teachers see with less is taken for nothing."""

POOL_HELD_OUT = 8
"""Every eighth photo of the pool is held out."""


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


class Stacked:
    """Two stacks of photos of one size, one behind the other, without copying them."""

    def __init__(self, first: np.ndarray, second: np.ndarray) -> None:
        self.first, self.second = first, second
        self.shape = (len(first) + len(second), *first.shape[1:])

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, row: int) -> np.ndarray:
        """Return one photo, uint8 (H, W, 3)."""
        if row < len(self.first):
            return self.first[row]
        return self.second[row - len(self.first)]

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Return photos as one array, uint8 (N, H, W, 3)."""
        return np.stack([self[int(row)] for row in rows])


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

    `boxes` has one array per photo, rows of x0, y0, x1, y1 in 0..1, class id, probability: 1
    where people drew the box, below 1 where teachers did, -1 where a teacher sees what people
    left out (then nobody is punished for finding it or for not finding it).
    `unlabelled[photo, class]` says that the source of this photo never labels that class.
    `pool` says which photos come from the pool, where only teachers drew.
    """

    pixels: Stacked
    boxes: tuple[np.ndarray, ...]
    unlabelled: np.ndarray
    pool: np.ndarray
    train: np.ndarray
    val: np.ndarray


def squares(archive: Path, cache: Path, side: int) -> np.ndarray:
    """Return photos of any shape stretched to squares, uint8 (N, side, side, 3), R, G, B."""
    if not cache.exists():
        cache.parent.mkdir(parents=True, exist_ok=True)
        with np.load(archive) as packed:
            rows, offsets = packed["webp"], packed["offsets"]
        photos = [
            cv2.resize(cv2.imdecode(rows[start:end], cv2.IMREAD_COLOR), (side, side))
            for start, end in pairwise(offsets)
        ]
        partial = cache.with_suffix(".part.npy")
        np.save(partial, np.stack(photos)[..., ::-1])
        partial.rename(cache)
    return np.load(cache, mmap_mode="r")


def labelled_photos(*, data: Path = DATA) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Return people's boxes, `unlabelled` (N, classes) and `held_out` (N,) of 5,491 photos."""
    with np.load(data / "detection_photos.npz") as packed:
        ends = np.cumsum(packed["boxes_per_photo"])[:-1]
        boxes = np.split(packed["boxes"].astype(np.float32), ends)
        held_out, of_ten = packed["validation"], packed["unlabelled"]
    unlabelled = np.ones((len(boxes), len(CLASSES)), bool)
    unlabelled[:, : of_ten.shape[1]] = of_ten
    return boxes, unlabelled, held_out


def calibration(
    boxes: list[np.ndarray], unlabelled: np.ndarray, held_out: np.ndarray,
    said: dict[int, Grouped],
) -> np.ndarray:  # fmt: skip
    """Return weights that make teachers' answers probabilities, from training photos."""
    columns, right = [], []
    for photo, objects in said.items():
        judged = ~unlabelled[photo, objects.class_id]
        if not held_out[photo] and judged.any():
            columns.append(features(objects.means)[judged])
            right.append(drawn_by_people(objects, boxes[photo])[judged])
    return fitted(np.concatenate(columns), np.concatenate(right))


def _rows(objects: Grouped, probabilities: np.ndarray) -> np.ndarray:
    """Return likely objects as rows of a box, class id and probability, the likeliest first.

    Where two classes claim one place, the likelier one has it.
    """
    order = np.argsort(-probabilities, kind="stable")
    order = order[probabilities[order] >= LEAST_PROBABILITY]
    near = iou_matrix(objects.xyxy[order], objects.xyxy[order]) > 0.75
    free = np.array([not near[n, :n].any() for n in range(len(order))], bool)
    order = order[free]
    columns = [objects.xyxy[order], objects.class_id[order, None], probabilities[order, None]]
    return np.concatenate(columns, axis=1).astype(np.float32)


def with_teachers(people: np.ndarray, unlabelled: np.ndarray, taught: np.ndarray) -> np.ndarray:
    """Return people's boxes and, beside them, what teachers see and people did not draw."""
    certain = np.concatenate([people, np.ones((len(people), 1), np.float32)], axis=1)
    if not len(taught):
        return certain
    overlaps = iou_matrix(taught[:, :4], people[:, :4])
    class_id = taught[:, 4].astype(int)
    same = class_id[:, None] == people[None, :, 4]
    known = ((overlaps > 0.5) & (same | (overlaps > 0.7))).any(axis=1)
    taught = taught[~known].copy()
    left_out = ~unlabelled[taught[:, 4].astype(int)]
    taught[left_out, 5] = np.where(taught[left_out, 5] > 0.4, -1, 0)
    return np.concatenate([certain, taught[taught[:, 5] != 0]])


def remembered(rows: Callable[[], list[np.ndarray]], cache: Path) -> list[np.ndarray]:
    """Return rows of six numbers for each photo; worked out only once."""
    if not cache.exists():
        cache.parent.mkdir(parents=True, exist_ok=True)
        found = rows()
        partial = cache.with_suffix(".part.npz")
        np.savez(partial, rows=np.concatenate(found), counts=[len(each) for each in found])
        partial.rename(cache)
    with np.load(cache) as packed:
        return np.split(packed["rows"], np.cumsum(packed["counts"])[:-1])


def taught_rows(*, data: Path = DATA) -> list[np.ndarray]:
    """Return what people drew and what teachers see in each photo: the labelled, the pool's."""
    boxes, unlabelled, held_out = labelled_photos(data=data)
    ours = {number: CLASSES.index(name) for number, name in enumerate(COCO) if name in CLASSES}
    archive = data / "teacher_boxes.npz"
    labelled, pool = (
        {
            photo: grouped(found, ours, views=views)
            for photo, found in answers(archive, pool=in_pool).items()
        }
        for in_pool, views in ((False, 1), (True, 2))
    )
    weights = calibration(boxes, unlabelled, held_out, labelled)
    none = np.zeros((0, 6), np.float32)

    def taught(objects: Grouped | None) -> np.ndarray:
        return none if objects is None else _rows(objects, probability(objects, weights))

    with np.load(data / "photo_pool.npz") as packed:
        pool_photos = len(packed["offsets"]) - 1
    return [
        *(
            with_teachers(people, unlabelled[photo], taught(labelled.get(photo)))
            for photo, people in enumerate(boxes)
        ),
        *(taught(pool.get(photo)) for photo in range(pool_photos)),
    ]


def detection_photos(*, data: Path = DATA, runs: Path = RUNS) -> Photos:
    """Return the 5,491 labelled photos, then the 2,248 of the pool; a part is held out."""
    _, unlabelled, held_out = labelled_photos(data=data)
    first = unpacked(data / "detection_photos.npz", runs / "cache" / "detection_photos.npy")
    second = squares(data / "photo_pool.npz", runs / "cache" / "photo_pool.npy", first.shape[1])
    boxes = remembered(lambda: taught_rows(data=data), runs / "cache" / "taught_boxes.npz")
    in_pool = np.arange(len(boxes)) >= len(first)
    away = np.concatenate([held_out, np.arange(len(second)) % POOL_HELD_OUT == 0])
    nobody = np.ones((len(second), len(CLASSES)), bool)
    return Photos(
        Stacked(first, second), tuple(boxes), np.concatenate([unlabelled, nobody]),
        in_pool, np.flatnonzero(~away), np.flatnonzero(away),
    )  # fmt: skip
