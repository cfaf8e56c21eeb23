"""Write down what the shipped nets say about sample photos: `python -m training.golden`.

The tests compare every format with these answers, so that a changed file, reader or blob shows.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from skimage import data

from core.blob.make import make_blob
from core.nets.card import ModelCard
from core.nets.catalog import card_named
from core.nets.engine import infer
from core.picture.image import BgrImage
from core.results.classification import confidences
from core.results.decoders import decode_outputs
from core.results.detections import Detections
from core.results.layout import NetFacts

GOLDEN = Path("tests/training/golden.json")
CLASSIFIED = ("chelsea", "coffee")
DETECTED = ("chelsea", "astronaut", "motorcycle")


def sample(name: str) -> BgrImage:
    """Return a photo that scikit-image brings, B, G, R."""
    rgb = data.stereo_motorcycle()[0] if name == "motorcycle" else getattr(data, name)()
    return BgrImage(np.ascontiguousarray(rgb[:, :, ::-1]))


def classified(image: BgrImage, net: ModelCard) -> np.ndarray:
    """Return the confidence of every class, (200,)."""
    blob, _ = make_blob(image, net.blob)
    return confidences(infer(net, blob).outputs, logits=net.logits)


def detected(image: BgrImage, net: ModelCard) -> Detections:
    """Return what is found at the card's thresholds, in pixels of the picture."""
    blob, placement = make_blob(image, net.blob)
    raw = decode_outputs(infer(net, blob).outputs, NetFacts(placement.blob), "darknet")
    return raw.above(net.confidence).suppressed(iou=net.iou).on_image(placement)


def ranking(image: BgrImage, net: ModelCard) -> list[dict[str, Any]]:
    """Return the five best classes as plain values."""
    found = classified(image, net)
    best = np.argsort(-found)[:5]
    return [{"label": net.label(int(n)), "confidence": round(float(found[n]), 5)} for n in best]


def boxes(image: BgrImage, net: ModelCard) -> list[dict[str, Any]]:
    """Return the detections as plain values, the surest first."""
    found = detected(image, net)
    return [
        {
            "label": net.label(int(found.class_id[n])),
            "confidence": round(float(found.confidence[n]), 4),
            "xyxy": [round(float(side), 1) for side in found.xyxy[n]],
        }
        for n in np.argsort(-found.confidence)
    ]


def main() -> None:
    """Write the file anew."""
    classifier, detector = (
        card_named("starter-classifier-onnx"),
        card_named("starter-detector-darknet"),
    )
    answers = {
        "classified": {name: ranking(sample(name), classifier) for name in CLASSIFIED},
        "detected": {name: boxes(sample(name), detector) for name in DETECTED},
    }
    GOLDEN.write_text(json.dumps(answers, indent=1) + "\n", "utf-8")
    print(GOLDEN.read_text("utf-8"))


if __name__ == "__main__":
    main()
