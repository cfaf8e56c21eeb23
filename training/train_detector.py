"""Train the detector: `python -m training.train_detector --minutes 120`.

It goes on from the shipped net, with people's boxes and what teachers say. Checkpoints,
resuming and log as in train_classifier.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from training.batches import as_blob
from training.data import CLASSES, LABELLED, Photos, detection_photos
from training.detection import detection_loss
from training.keep import restored
from training.models import Detector
from training.photos import photo_batches
from training.precision import answered, average_precisions
from training.run import Run, parser, precision, single_threaded, size_at
from training.strangers import Strangers, strangers
from training.validation import answers
from training.warm import started_detector

SHIPPED = Path("models/starter-detector-darknet/starter-detector.weights")


def weights(photos: Photos) -> np.ndarray:
    """Return how often each training photo is drawn: more for rare classes and many objects."""
    likely = [photos.boxes[row][photos.boxes[row][:, 5] > 0.4] for row in photos.train]
    count = np.bincount(np.concatenate(likely)[:, 4].astype(int), minlength=len(CLASSES)).clip(
        1
    )
    rarity = (np.median(count[: len(LABELLED)]) / count) ** 0.5
    found = []
    for boxes in likely:
        ids = boxes[:, 4].astype(int)
        rare = rarity[ids].max(initial=0.6)
        found.append(np.clip(rare * (1 + 0.1 * min(len(ids), 10)), 0.6, 4))
    return np.array(found)


def losses(
    net: Detector, run: Run, photos: Photos, others: Strangers, size: int
) -> Iterator[torch.Tensor]:
    """Yield the loss of each batch of one epoch; the last ones see whole photos only."""
    args = run.args
    batches = photo_batches(
        photos, others, batch=args.batch, size=size, seed=1000 * args.seed + run.epoch,
        mosaic=args.mosaic if run.progress < args.calm else 0.0, weights=run.weights,
    )  # fmt: skip
    for step, batch in enumerate(batches):
        if step >= args.steps:
            return
        with precision():
            heads = net(batch.blob)
        yield detection_loss(heads, batch.targets)


def judged(run: Run, photos: Photos) -> dict[str, object]:
    """Return average precisions on the held-out photos, people's and the pool's apart."""
    net = Detector(len(CLASSES)).to(memory_format=torch.channels_last)
    net.load_state_dict(run.average.state)
    said = answers(net, photos, photos.val, run.args.eval_size)
    rows = [(row, answered(decoded)) for row, decoded in said]
    found: dict[str, object] = {}
    for name, pool, classes in (("people", False, LABELLED), ("pool", True, CLASSES)):
        chosen = [(row, boxes) for row, boxes in rows if photos.pool[row] == pool]
        ap = average_precisions(photos, chosen, classes=classes)
        found[name] = round(float(np.nanmean([ap[label] for label in LABELLED])), 2)
        found[f"{name}_ap50"] = {label: round(value, 1) for label, value in ap.items()}
    return found


def main() -> None:
    """Train until the progress is 1, epoch by epoch."""
    line = parser(__doc__.splitlines()[0])
    line.add_argument(
        "--start", type=Path, default=SHIPPED, help=".weights or kept .npz to go on from"
    )
    line.add_argument("--start-classes", type=int, default=len(LABELLED))
    line.add_argument("--steps", type=int, default=72, help="batches an epoch")
    line.add_argument("--mosaic", type=float, default=0.5, help="part of the examples")
    line.add_argument("--calm", type=float, default=0.9, help="no mosaic from this progress on")
    line.add_argument("--eval-every", type=int, default=6, help="epochs")
    line.set_defaults(
        name="detector", epochs=60, sizes="224:0.35,288:0.7,320:1", batch=24, muon=0.006,
        sgd=0.01, seed=2, eval_size=320,
    )  # fmt: skip
    args = line.parse_args()
    single_threaded(args.seed)
    net = Detector(len(CLASSES)).to(memory_format=torch.channels_last)
    photos = detection_photos()
    some = np.random.default_rng(args.seed).choice(photos.train, 48, replace=False)
    net.freeze()
    if args.start.suffix == ".npz":
        restored(net, args.start)
    else:
        blob = as_blob(photos.pixels.take(some))
        started_detector(net, args.start, blob, classes=args.start_classes)
    run = Run(net, args, keep=0.997)
    run.weights, others = weights(photos), strangers()
    net.train()
    if run.epoch == 0 and args.eval_every:
        print(judged(run, photos), flush=True)
    while not run.over:
        size = size_at(args.sizes, run.progress)
        net.train()
        done = run.train(losses(net, run, photos, others, size), args.steps)
        entry: dict[str, object] = done | {"size": size}
        if run.epoch % args.eval_every == 0 or run.over:
            entry |= judged(run, photos)
        run.save(entry)


if __name__ == "__main__":
    main()
