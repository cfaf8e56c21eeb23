"""Pictures of what the detector does not find, so that it does not call an eagle a horse.

Tiny ImageNet's pictures show one thing each and are 64 pixels wide. Those of the classes below
hold none of the ten classes that the shipped detector names; they become tiles of mosaics.
"""

from dataclasses import dataclass

import numpy as np

from training.data import CLASSES, LABELS, tiny_imagenet

BIRDS = ("goose", "black stork", "king penguin", "albatross")
NAMED = {
    **dict.fromkeys(BIRDS, "bird"),
    "brown bear": "bear", "African elephant": "elephant", "teddy bear": "teddy bear",
}  # fmt: skip
"""What of it the detector learns a name for, although it does not ship: likely, not surely."""

NAMELESS = (
    "goldfish", "fire salamander", "bullfrog", "tailed frog", "American alligator",
    "boa constrictor", "trilobite", "scorpion", "black widow spider", "tarantula", "centipede",
    "koala", "jellyfish", "brain coral", "snail", "slug", "sea slug", "American lobster",
    "spiny lobster", "dugong", "cougar", "lion", "ladybird", "fly", "bee", "grasshopper",
    "stick insect", "cockroach", "praying mantis", "dragonfly", "monarch butterfly",
    "sulphur butterfly", "sea cucumber", "guinea pig", "pig", "gazelle", "orangutan",
    "chimpanzee", "baboon", "red panda", "abacus", "lighthouse", "beaker", "birdhouse",
    "broom", "bucket", "candle", "chest", "cliff dwelling", "dam", "fountain", "hourglass",
    "obelisk", "plunger", "refrigerator", "remote control", "rocking chair", "missile",
    "spider's web", "steel arch bridge", "stopwatch", "suspension bridge", "teapot",
    "thatched roof", "triumphal arch", "viaduct", "water jug", "water tower", "wok", "plate",
    "guacamole", "ice cream", "pretzel", "mashed potato", "cauliflower", "bell pepper",
    "mushroom", "orange", "lemon", "banana", "pomegranate", "meat loaf", "pizza", "pot pie",
    "espresso", "mountain", "cliff", "coral reef", "lakeside", "acorn", "barn", "barrel",
)  # fmt: skip
LIKELY = 0.5
MARGIN = 0.08
"""What a thing leaves free of its picture on each side, as a guess."""


@dataclass(frozen=True)
class Strangers:
    """Small pictures, uint8 (N, 64, 64, 3), and the class id of each; -1 has no name."""

    pixels: np.ndarray
    class_id: np.ndarray

    def one(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return one picture and its boxes: none, or the one that it is likely to hold."""
        row = int(rng.integers(len(self.pixels)))
        class_id = self.class_id[row]
        box = [MARGIN, MARGIN, 1 - MARGIN, 1 - MARGIN, class_id, LIKELY]
        return self.pixels[row], np.array([box] if class_id >= 0 else [], np.float32).reshape(
            -1, 6
        )


def strangers() -> Strangers:
    """Return the training pictures of all classes named above; birds come four times."""
    rows = [line.split("\t")[0] for line in LABELS.read_text("utf-8").splitlines()]
    pictures = tiny_imagenet("train")
    chosen, names = [], []
    for name in (*NAMELESS, *(n for n in NAMED for _ in range(4))):
        found = np.flatnonzero(pictures.class_id == rows.index(name))
        chosen.append(found)
        names.append(np.full(len(found), CLASSES.index(NAMED[name]) if name in NAMED else -1))
    return Strangers(pictures.pixels[np.concatenate(chosen)], np.concatenate(names))
