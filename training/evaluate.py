"""Measure nets as the app runs them: its blob, cv2, its decoder, its NMS.

`python -m training.evaluate detection starter-detector-darknet yolo-fastest-1.1-coco` gives
AP50 per class on the held-out photos that people labelled and on those of the pool, precision
and recall at the card's confidence, and how often answers of each confidence are right.
`python -m training.evaluate classification starter-classifier-onnx` gives top-1 and top-5 on
the 6,000 held-out pictures, and on parts of held-out photos how often the net says first, or
among its five, what two teachers say first.
"""

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np

from core.blob.spec import FITS
from core.nets.card import ModelCard
from core.nets.catalog import card_named
from core.picture.image import BgrImage
from core.pipeline import Thresholds, detect, ranking, run_image
from training.data import CLASSES, DATA, LABELLED, Photos, detection_photos, tiny_imagenet
from training.precision import average_precisions, reliability, verdicts
from training.real_parts import read_parts
from training.teach_classes import PARTS

EDGES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
CERTAIN_SHARE = 0.6
"""Parts of photos count if the teachers give at least so much to our 200 classes together."""


def originals(photos: Photos, rows: np.ndarray) -> Iterator[tuple[int, BgrImage]]:
    """Yield photos as they are packed: the pool's with their own aspect ratio."""
    with np.load(DATA / "photo_pool.npz") as packed:
        bytes_, offsets = packed["webp"], list(pairwise(packed["offsets"]))
    first = len(photos.pixels) - len(offsets)
    for row in rows.tolist():
        if row >= first:
            start, end = offsets[row - first]
            yield row, BgrImage(cv2.imdecode(bytes_[start:end], cv2.IMREAD_COLOR))
        else:
            yield row, BgrImage(np.ascontiguousarray(photos.pixels[row][..., ::-1]))


def boxes_found(card: ModelCard, image: BgrImage) -> np.ndarray:
    """Return x0, y0, x1, y1 in 0..1, confidence, class id in CLASSES, of classes we know."""
    kept = detect(run_image(image, card), Thresholds(confidence=0.01, iou=0.45)).kept
    names = [card.label(int(number)) for number in kept.class_id]
    ours = np.array([CLASSES.index(name) if name in CLASSES else -1 for name in names], int)
    high, wide = image.shape[:2]
    columns = [kept.xyxy / [wide, high, wide, high], kept.confidence[:, None], ours[:, None]]
    return np.concatenate(columns, axis=1)[ours >= 0]


def counted(
    photos: Photos, answers: list[tuple[int, np.ndarray]], classes: Iterable[str]
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return confidences and hits of all boxes that somebody can judge, and the true boxes."""
    parts = [
        each
        for photo, boxes in answers
        for name in classes
        if (each := verdicts(photos, photo, boxes, CLASSES.index(name))) is not None
    ]
    confidence, hits = (np.concatenate([each[n] for each in parts]) for n in (0, 1))
    return confidence, hits, sum(each[2] for each in parts)


def measure_detector(card: ModelCard, photos: Photos) -> None:
    """Print what one detector reaches."""
    print(
        f"\n## {card.name} at {card.blob.size}, {card.blob.fit}, confidence {card.confidence}"
    )
    said = [(row, boxes_found(card, image)) for row, image in originals(photos, photos.val)]
    known = [name for name in CLASSES if name in card.labels]
    for title, pool, classes in (("people", False, LABELLED), ("pool", True, known)):
        answers = [(row, boxes) for row, boxes in said if photos.pool[row] == pool]
        ap = average_precisions(photos, answers, tuple(classes))
        ten = np.nanmean([ap[name] for name in LABELLED if name in ap])
        print(f"{title}: {len(answers)} photos, mAP50 of the ten classes {ten:.1f}")
        print("  " + ", ".join(f"{n} {v:.1f}" for n, v in ap.items() if not np.isnan(v)))
        confidence, hits, true = counted(photos, answers, classes)
        for level in (0.25, card.confidence):
            over = confidence > level
            print(
                f"  above {level}: precision {100 * hits[over].mean():.1f} %,"
                f" recall {100 * hits[over].sum() / true:.1f} %"
            )
        fresh = [(row, boxes) for row, boxes in answers if row not in photos.val[::2]]
        confidence, hits, _ = counted(photos, fresh, classes)  # training.calibration saw others
        for low, high, count, mean, part in reliability(confidence, hits, EDGES):
            print(f"  said {low:.1f} to {high:.1f}: {count}, mean {mean:.2f}, right {part:.2f}")


def first_five(card: ModelCard, image: BgrImage) -> tuple[np.ndarray, np.ndarray]:
    """Return the five most confident class ids and their confidences."""
    best = ranking(run_image(image, card), 5).best
    return np.array([each.class_id for each in best]), np.array([e.confidence for e in best])


def measure_classifier(card: ModelCard, photos: Photos) -> None:
    """Print what one classifier of our 200 classes reaches."""
    print(f"\n## {card.name} at {card.blob.size}, {card.blob.fit}")
    val, parts = tiny_imagenet("val"), read_parts(PARTS).among(photos.val, CERTAIN_SHARE)
    pictures = (
        (BgrImage(p[..., ::-1].copy()), c)
        for p, c in zip(val.pixels, val.class_id, strict=True)
    )
    cut = (
        (BgrImage(np.ascontiguousarray(photos.pixels[int(row)][y0:y1, x0:x1, ::-1])), best)
        for row, (x0, y0, x1, y1), best in zip(
            parts.photo,
            parts.xyxy.round().astype(int),
            parts.spread.argmax(axis=1),
            strict=True,
        )
    )
    for title, examples in (("Tiny ImageNet, held out", pictures), ("parts of photos", cut)):
        first, fifth, said = [], [], []
        for image, right in examples:
            ids, confidence = first_five(card, image)
            first.append(ids[0] == right)
            fifth.append(right in ids)
            said.append(confidence[0])
        top1, top5 = 100 * np.mean(first), 100 * np.mean(fifth)
        print(f"{title}: {len(first)}, first {top1:.1f} %, among five {top5:.1f} %")
        for low, high, count, mean, part in reliability(
            np.array(said)[1::2], np.array(first)[1::2], EDGES
        ):
            print(f"  said {low:.1f} to {high:.1f}: {count}, mean {mean:.2f}, right {part:.2f}")


def main() -> None:
    """Measure the nets that are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task", choices=("detection", "classification"))
    parser.add_argument("names", nargs="+", help="folders under models/")
    parser.add_argument("--fit", choices=FITS, help="not the card's")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    photos = detection_photos()
    for name in args.names:
        card = card_named(name)
        if args.fit:
            card = replace(card, blob=replace(card.blob, fit=args.fit))
        measure = measure_detector if args.task == "detection" else measure_classifier
        measure(card, photos)


if __name__ == "__main__":
    main()
