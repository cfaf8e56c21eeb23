"""What teachers say that parts of photos show: `python -m training.teach_classes`.

Tiny ImageNet's pictures have 64 x 64 pixels; the photos of the detector are real ones. This
cuts whole photos and the surroundings of objects out of them, asks SqueezeNet v1.1 about the
part as it is and Tiny Darknet about its mirror image, and keeps the mean of their answers over
our 200 classes in training/runs/cache/class_parts.npz: photo, xyxy in pixels of the square
photo, what share of their confidence went to the 200 classes together, and how it spreads over
them (float16).
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from training.data import DATA, RUNS, Photos, detection_photos
from training.run import single_threaded

NETS = Path("../shared/nets")
PARTS = RUNS / "cache" / "class_parts.npz"
LEAST_SIDE = 72
"""Smaller parts, in pixels of the square photo, show too little."""


def columns() -> tuple[np.ndarray, np.ndarray]:
    """Return where our 200 classes stand in the standard order and in Darknet's."""
    wnids = (NETS / "labels" / "imagenet1000_wnid.txt").read_text("utf-8").split()
    rows = (DATA / "tiny_imagenet_classes.txt").read_text("utf-8").splitlines()
    standard = np.array([wnids.index(row.split()[0]) for row in rows])
    manifest = (NETS / "tiny-darknet-imagenet" / "imagenet.labels.list").read_text("utf-8")
    darknet = manifest.splitlines()[:1000]
    return standard, np.array([darknet.index(row.split()[0]) for row in rows])


class Teachers:
    """The two classifiers behind one question."""

    def __init__(self) -> None:
        squeeze, tiny = NETS / "squeezenet-v1.1-fp16-onnx", NETS / "tiny-darknet-imagenet"
        self.squeeze = cv2.dnn.readNet(str(squeeze / "SqueezeNet_fp16.onnx"))
        self.tiny = cv2.dnn.readNet(str(tiny / "tiny.weights"), str(tiny / "tiny.cfg"))
        self.standard, self.darknet = columns()

    def say(self, part: np.ndarray) -> np.ndarray:
        """Return the mean confidence in each of the 200 classes; part is R, G, B."""
        bgr, mirrored = (np.ascontiguousarray(v) for v in (part[..., ::-1], part[:, ::-1]))
        self.squeeze.setInput(cv2.dnn.blobFromImage(bgr, 1.0, (224, 224), (104, 117, 123)))
        first = self.squeeze.forward().ravel()[self.standard]
        self.tiny.setInput(cv2.dnn.blobFromImage(mirrored, 1 / 255, (224, 224)))
        return (first + self.tiny.forward().ravel()[self.darknet]) / 2


def parts(photos: Photos, rng: np.random.Generator) -> list[tuple[int, np.ndarray]]:
    """Return (photo, xyxy in pixels): nearly all of each photo, and one object of its own."""
    side, found = photos.pixels.shape[1], []
    for photo in range(len(photos.pixels)):
        inset = rng.uniform(0, 0.12, 2) * side
        found.append((photo, np.array([*inset, side - inset[0], side - inset[1]])))
        boxes = photos.boxes[photo]
        boxes = boxes[boxes[:, 5] > 0.3]
        if len(boxes):
            box = boxes[rng.integers(len(boxes)), :4] * side
            centre, sides = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) * rng.uniform(1, 1.5)
            xyxy = np.concatenate([centre - sides / 2, centre + sides / 2]).clip(0, side)
            if LEAST_SIDE <= (xyxy[2:] - xyxy[:2]).min() < 0.85 * side:
                found.append((photo, xyxy))
    return found


def write(chosen: list[tuple[int, np.ndarray]], said: np.ndarray) -> None:
    """Write the answers that are there so far."""
    share = said.sum(axis=1)
    partial = PARTS.with_suffix(".part.npz")
    np.savez(
        partial, photo=[photo for photo, _ in chosen], xyxy=np.stack([b for _, b in chosen]),
        share=share, spread=(said / share[:, None].clip(1e-6)).astype(np.float16),
    )  # fmt: skip
    partial.rename(PARTS)


def main() -> None:
    """Ask the teachers about parts in random order and write their answers down."""
    line = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    line.add_argument("--parts", type=int, default=9000, help="how many to ask about")
    single_threaded(4)
    photos, teachers = detection_photos(), Teachers()
    rng = np.random.default_rng(4)
    every = parts(photos, rng)
    chosen = [every[n] for n in rng.permutation(len(every))[: line.parse_args().parts]]
    said = np.empty((len(chosen), 200), np.float32)
    for number, (photo, xyxy) in enumerate(chosen, start=1):
        x0, y0, x1, y1 = xyxy.round().astype(int)
        said[number - 1] = teachers.say(photos.pixels[photo][y0:y1, x0:x1])
        if number % 1000 == 0 or number == len(chosen):
            write(chosen[:number], said[:number])
            print(number, "of", len(chosen), flush=True)


if __name__ == "__main__":
    main()
