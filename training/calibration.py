"""Make a confidence mean what it says: `python -m training.calibration detector`.

Of answers said with 0.8, about 8 in 10 should be right. Every second held-out photo is used to
fit two numbers, and the net takes them in without a layer more: the detector's objectness
becomes sigmoid(a t + b) by scaling the kernels and biases that give t (Platt, 1999), the
classifier's logits are divided by one temperature (Guo et al., 2017). What comes out is
measured on the other half by training.evaluate. Writes training/runs/<net>/calibrated.pt.
"""

import argparse
from collections.abc import Callable

import numpy as np
import torch

from training.batches import as_blob
from training.data import CLASSES, RUNS, Photos, detection_photos, tiny_imagenet
from training.models import Classifier, Detector
from training.precision import suppressed, verdicts
from training.real_parts import read_parts, shrunk
from training.run import single_threaded
from training.scribe import loaded
from training.teach_classes import PARTS
from training.validation import answers, resized

CERTAIN_SHARE = 0.6


def loss(confidence: np.ndarray, right: np.ndarray) -> float:
    """Return the mean negative log likelihood of confidences 0..1 for what was right."""
    safe = confidence.clip(1e-6, 1 - 1e-6)
    return float(-np.where(right, np.log(safe), np.log(1 - safe)).mean())


def least(cost: Callable[[float, float], float], rounds: int = 6) -> tuple[float, float]:
    """Return the (a, b) around (1, 0) with the least cost, by ever finer grids."""
    a, b, step = 1.0, 0.0, 0.4
    for _ in range(rounds):
        grid = [(a + i * step, b + j * step) for i in range(-2, 3) for j in range(-4, 5)]
        a, b = min((pair for pair in grid if pair[0] > 0.05), key=lambda pair: cost(*pair))
        step /= 2
    return a, b


def logit(p: np.ndarray) -> np.ndarray:
    """Return log(p / (1 - p))."""
    safe = p.clip(1e-6, 1 - 1e-6)
    return np.log(safe / (1 - safe))


def judged_boxes(
    photos: Photos, said: list[tuple[int, np.ndarray]], over: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return objectness, class confidence and whether it is right for each box that counts."""
    parts = []
    for photo, rows in said:
        corners = np.concatenate(
            [rows[:, :2] - rows[:, 2:4] / 2, rows[:, :2] + rows[:, 2:4] / 2], 1
        )
        for class_id in range(len(CLASSES)):
            confidence = rows[:, 5 + class_id]
            likely = confidence > over
            columns = [corners[likely], confidence[likely, None], rows[likely, 4:5]]
            kept = suppressed(np.concatenate(columns, axis=1))
            named = np.concatenate([kept[:, :5], np.full((len(kept), 1), class_id)], axis=1)
            verdict = verdicts(photos, photo, named, class_id)
            if verdict is None or not len(kept):
                continue
            counts = np.isin(kept[:, 4], verdict[0])
            if counts.sum() == len(verdict[0]):
                objectness = kept[counts, 5]
                parts.append((objectness, verdict[0] / objectness, verdict[1]))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def calibrate_detector(name: str, size: int) -> None:
    """Fit the objectness on every second held-out photo and write the net down with it."""
    photos = detection_photos()
    net = loaded(Detector(len(CLASSES)), RUNS / name / "last.pt")
    said = list(answers(net, photos, photos.val[::2], size))
    objectness, of_class, right = judged_boxes(photos, said, over=0.02)

    def cost(a: float, b: float) -> float:
        return loss(of_class / (1 + np.exp(-(a * logit(objectness) + b))), right)

    a, b = least(cost)
    print(f"a {a:.3f}, b {b:.3f}: loss {cost(1, 0):.4f} before, {cost(a, b):.4f} after")
    columns = 5 + len(CLASSES)
    with torch.no_grad():
        for head in (net.fine, net.middle, net.coarse):
            head.out.weight[4::columns] *= a
            head.out.bias[4::columns] *= a
            head.out.bias[4::columns] += b
    torch.save({"average": net.state_dict()}, RUNS / name / "calibrated.pt")


@torch.inference_mode()
def classifier_logits(net: Classifier, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return logits and right classes of every second held-out picture and part of a photo."""
    val, photos = tiny_imagenet("val"), detection_photos()
    parts = read_parts(PARTS).among(photos.val, CERTAIN_SHARE)
    rows = range(0, len(parts.photo), 2)
    seen = [shrunk(photos.pixels[int(parts.photo[r])], parts.xyxy[r], size) for r in rows]
    blobs = [
        *(resized(val.pixels[start : start + 500 : 2], size) for start in range(0, 6000, 500)),
        as_blob(np.stack(seen)),
    ]
    right = np.concatenate([val.class_id[::2], parts.spread.argmax(axis=1)[::2]])
    return np.concatenate([net(blob).numpy() for blob in blobs]), right


def calibrate_classifier(name: str, size: int) -> None:
    """Fit the temperature and write the net down with it in its dense layer."""
    net = loaded(Classifier(), RUNS / name / "settled.pt")
    logits, right = classifier_logits(net, size)

    def cost(a: float, _: float) -> float:
        scaled = a * (logits - logits.max(axis=1, keepdims=True))
        log_sum = np.log(np.exp(scaled).sum(axis=1))
        return float((log_sum - scaled[np.arange(len(right)), right]).mean())

    a, _ = least(cost)
    print(f"temperature {1 / a:.3f}: loss {cost(1, 0):.4f} before, {cost(a, 0):.4f} after")
    with torch.no_grad():
        net.dense.weight *= a
        net.dense.bias *= a
    torch.save({"average": net.state_dict()}, RUNS / name / "calibrated.pt")


def main() -> None:
    """Calibrate one of the two nets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("net", choices=("detector", "classifier"))
    parser.add_argument("--name", help="folder under training/runs")
    args = parser.parse_args()
    single_threaded(5)
    if args.net == "detector":
        calibrate_detector(args.name or "detector", 320)
    else:
        calibrate_classifier(args.name or "classifier", 64)


if __name__ == "__main__":
    main()
