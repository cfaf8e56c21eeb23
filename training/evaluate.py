"""Measure shipped nets with cv2, the way the app runs them.

`python -m training.evaluate starter-classifier-onnx` gives top-1 and top-5 on the 6,000 held
out pictures and, on photos of one animal, how often the best label is of the right group.
`python -m training.evaluate starter-detector-darknet` gives AP50 per class on the held-out
photos, and precision and recall at the card's confidence.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from core.blob.make import make_blob
from core.nets.card import ModelCard, read_card
from core.picture.size import Size
from training.data import CLASSES, Photos, detection_photos, tiny_imagenet
from training.precision import average_precisions, matches, suppressed

GROUPS = {"dog": ("dog",), "cat": ("cat", "big cat")}
"""Groups of labels that are right for a photo of one animal of the detector's classes."""


def outputs(card: ModelCard, pictures: np.ndarray) -> Iterator[list[np.ndarray]]:
    """Yield what the net answers to each picture (N, H, W, 3), R, G, B."""
    config = [card.config_file] if card.config_file else []
    files = [str(card.folder / file.name) for file in (card.model_file, *config)]
    net = cv2.dnn.readNet(*files)
    names = net.getUnconnectedOutLayersNames()
    for picture in pictures:
        blob, _ = make_blob(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), card.blob)
        net.setInput(np.asarray(blob))
        yield list(net.forward(names))


def ranks(card: ModelCard, pictures: np.ndarray) -> np.ndarray:
    """Return the five best class ids of each picture, (N, 5)."""
    rows = [np.argsort(-answer[0].ravel())[:5] for answer in outputs(card, pictures)]
    return np.stack(rows)


def on_tiny_imagenet(card: ModelCard) -> str:
    """Return top-1 and top-5 on the held-out pictures as a sentence."""
    val = tiny_imagenet("val")
    hit = ranks(card, val.pixels) == val.class_id[:, None]
    first, fifth = 100 * hit[:, 0].mean(), 100 * hit.any(axis=1).mean()
    return f"{len(val)} pictures: top-1 {first:.1f} %, top-5 {fifth:.1f} %"


def one_animal(photos: Photos, rows: np.ndarray, animal: str) -> np.ndarray:
    """Return those photos that show one box, of this animal, on a third of the area or more."""
    class_id = CLASSES.index(animal)
    found = []
    for row in rows:
        boxes = photos.boxes[row]
        if len(boxes) == 1 and boxes[0, 4] == class_id:
            x0, y0, x1, y1 = boxes[0, :4]
            if (x1 - x0) * (y1 - y0) > 1 / 3:
                found.append(row)
    return np.array(found)


def on_photos(card: ModelCard, rows: np.ndarray, photos: Photos) -> str:
    """Return how often the best label of a photo of one dog or cat is in the right group."""
    parts = []
    for animal, right in GROUPS.items():
        chosen = one_animal(photos, rows, animal)
        best = ranks(card, photos.pixels[chosen])[:, 0]
        hit = np.isin(np.array(card.groups)[best], right)
        parts.append(f"{animal} {100 * hit.mean():.1f} % of {len(chosen)}")
    return "photos of one animal: " + ", ".join(parts)


def decoded_rows(card: ModelCard, photos: Photos) -> Iterator[tuple[int, np.ndarray]]:
    """Yield each held-out photo with the rows of all heads."""
    answers = outputs(card, photos.pixels[photos.val])
    for row, heads in zip(photos.val.tolist(), answers, strict=True):
        yield row, np.concatenate(heads)


def precision_and_recall(
    photos: Photos, answers: list[tuple[int, np.ndarray]], confidence: float
) -> tuple[float, float]:
    """Return both in percent at a confidence, over all classes together."""
    found = right = wanted = 0
    for photo, rows in answers:
        corners = np.hstack([rows[:, :2] - rows[:, 2:4] / 2, rows[:, :2] + rows[:, 2:4] / 2])
        best = rows[:, 5:].argmax(axis=1)
        for class_id in np.flatnonzero(~photos.unlabelled[photo]):
            sure = (best == class_id) & (rows[:, 5 + class_id] > confidence)
            boxes = suppressed(np.hstack([corners[sure], rows[sure, 5 + class_id, None]]))
            truth = photos.boxes[photo][photos.boxes[photo][:, 4] == class_id, :4]
            found, wanted = found + len(boxes), wanted + len(truth)
            right += int(matches(boxes, truth).sum())
    return 100 * right / max(found, 1), 100 * right / wanted


def main() -> None:
    """Measure one net."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="a folder under models/")
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--size", type=int, help="another blob size than the card's")
    parser.add_argument(
        "--choose", action="store_true", help="photos to choose by, not held out"
    )
    args = parser.parse_args()
    cv2.setNumThreads(1)
    card = read_card(args.models / args.name)
    if args.size:
        card = replace(card, blob=replace(card.blob, size=Size(args.size, args.size)))
    photos = detection_photos()
    if card.task == "classification":
        rows = photos.train if args.choose else photos.val
        if not args.choose:
            print(on_tiny_imagenet(card))
        print(on_photos(card, rows, photos))
        return
    answers = list(decoded_rows(card, photos))
    ap = average_precisions(photos, answers)
    print(
        f"mAP50 {sum(ap.values()) / len(ap):.1f} on {len(answers)} photos at {card.blob.size}"
    )
    print(", ".join(f"{name} {value:.1f}" for name, value in ap.items()))
    for confidence in (0.25, card.confidence):
        precision, recall = precision_and_recall(photos, answers, confidence)
        print(f"at {confidence}: precision {precision:.1f} %, recall {recall:.1f} %")


if __name__ == "__main__":
    main()
