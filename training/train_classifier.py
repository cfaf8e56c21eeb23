"""Train the classifier: `python -m training.train_classifier --minutes 120`.

Every epoch leaves a checkpoint in training/runs/<name>/ that a second start resumes from, and a
line in log.jsonl. The weights that count are the moving average ("average" in the checkpoint).
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from training.batches import as_blob, picture_batches
from training.data import Photos, Pictures, detection_photos, tiny_imagenet
from training.keep import restored
from training.models import Classifier
from training.real_parts import Parts, part_batches, read_parts, shrunk
from training.run import Run, parser, precision, single_threaded, size_at
from training.teach_classes import PARTS
from training.validation import accuracy
from training.warm import started_classifier

SHIPPED = Path("models/starter-classifier-darknet/starter-classifier.weights")
LEAST_SHARE = 0.25
"""Parts of photos of which the teachers say less to be one of our classes are left out."""


def losses(
    net: nn.Module, run: Run, pictures: Pictures, photos: Photos, parts: Parts, size: int
) -> Iterator[torch.Tensor]:
    """Yield the loss of each batch of one epoch; the last ones see nearly whole pictures."""
    args = run.args
    seed = 1000 * args.seed + run.epoch
    batches = picture_batches(
        pictures, batch=args.batch, size=size, seed=seed,
        least=args.least if run.progress < args.calm else args.least_calm,
    )  # fmt: skip
    real = part_batches(photos, parts, batch=args.parts, size=size, seed=seed)
    for step, (blob, class_id) in enumerate(batches):
        if step >= args.steps:
            return
        part, spread, share = next(real)
        with precision():
            logits = net(torch.cat([blob, part])).float()
        known, taught = logits[: len(blob)], logits[len(blob) :]
        loss = functional.cross_entropy(known, class_id, label_smoothing=0.1)
        distilled = functional.cross_entropy(taught, spread, reduction="none") * share
        yield loss + distilled.sum() / len(blob)


@torch.inference_mode()
def agreement(net: nn.Module, photos: Photos, parts: Parts, size: int) -> tuple[float, float]:
    """Return how often the teachers' first class is the net's, or in its five, in percent."""
    net.eval()
    first = fifth = 0
    for start in range(0, len(parts.photo), 250):
        rows = range(start, min(start + 250, len(parts.photo)))
        seen = [shrunk(photos.pixels[int(parts.photo[r])], parts.xyxy[r], size) for r in rows]
        five = net(as_blob(np.stack(seen))).topk(5, dim=1).indices
        best = torch.from_numpy(parts.spread[start : start + 250].argmax(axis=1))
        hit = five == best[:, None]
        first, fifth = first + int(hit[:, 0].sum()), fifth + int(hit.sum())
    return 100 * first / len(parts.photo), 100 * fifth / len(parts.photo)


def main() -> None:
    """Train until the progress is 1, epoch by epoch."""
    line = parser(__doc__.splitlines()[0])
    line.add_argument(
        "--start", type=Path, default=SHIPPED, help=".weights or kept .npz to go on from"
    )
    line.add_argument(
        "--least", type=float, default=0.35, help="smallest crop, part of the area"
    )
    line.add_argument("--parts", type=int, default=64, help="parts of photos in each batch")
    line.add_argument("--steps", type=int, default=96, help="batches an epoch")
    line.add_argument("--calm", type=float, default=0.9, help="larger crops from then on")
    line.add_argument(
        "--least-calm", type=float, default=0.7, help="smallest crop from then on"
    )
    line.add_argument("--eval-every", type=int, default=3, help="epochs")
    line.set_defaults(
        name="classifier", epochs=30, sizes="48:0.4,56:0.7,64:1", batch=192, muon=0.009,
        sgd=0.05, seed=1, eval_size=64,
    )  # fmt: skip
    args = line.parse_args()
    single_threaded(args.seed)
    net = Classifier().to(memory_format=torch.channels_last)
    train, val, photos = tiny_imagenet("train"), tiny_imagenet("val"), detection_photos()
    some = np.random.default_rng(args.seed).choice(len(train), 512, replace=False)
    if args.start.suffix == ".npz":
        restored(net, args.start)
    else:
        started_classifier(net, args.start, as_blob(train.pixels[some]))
    run = Run(net, args, keep=0.998)
    parts = read_parts(PARTS)
    learned = parts.among(photos.train, LEAST_SHARE)
    held_out = parts.among(photos.val, 0.6)
    print(len(learned.photo), "parts,", len(held_out.photo), "held out", flush=True)

    def judged() -> dict[str, float]:
        """Return top-1 and top-5 on held-out pictures, and the agreement on held-out parts."""
        averaged = Classifier().to(memory_format=torch.channels_last)
        averaged.load_state_dict(run.average.state)
        top1, top5 = accuracy(averaged, val, args.eval_size)
        agree1, agree5 = agreement(averaged, photos, held_out, args.eval_size)
        names = ("top1", "top5", "agree1", "agree5")
        return {
            n: round(v, 2) for n, v in zip(names, (top1, top5, agree1, agree5), strict=True)
        }

    if run.epoch == 0:
        print(judged(), flush=True)
    while not run.over:
        size = size_at(args.sizes, run.progress)
        net.train()
        done = run.train(losses(net, run, train, photos, learned, size), args.steps)
        entry: dict[str, object] = done | {"size": size}
        if run.epoch % args.eval_every == 0 or run.over:
            entry |= judged()
        run.save(entry)


if __name__ == "__main__":
    main()
