"""Train the classifier: `python -m training.train_classifier --minutes 120`.

Every epoch leaves a checkpoint in training/runs/<name>/ that a second start resumes from, and a
line in log.jsonl. The weights that count are the moving average ("average" in the checkpoint).
"""

from collections.abc import Iterator

import torch
from torch import nn
from torch.nn import functional

from training.batches import picture_batches
from training.close_ups import close_ups, group_loss
from training.data import LABELS, Photos, Pictures, detection_photos, tiny_imagenet
from training.models import Classifier
from training.run import Run, parser, single_threaded, size_at
from training.validation import accuracy


def losses(
    net: nn.Module, run: Run, pictures: Pictures, photos: Photos, size: int
) -> Iterator[torch.Tensor]:
    """Yield the loss of each batch of one epoch; the last ones see nearly whole pictures."""
    args = run.args
    seed = 1000 * args.seed + run.epoch
    batches = picture_batches(
        pictures, batch=args.batch, size=size, seed=seed,
        least=args.least if run.progress < args.calm else args.least_calm,
    )  # fmt: skip
    labels = [line.split("\t")[0] for line in LABELS.read_text("utf-8").splitlines()]
    real = close_ups(photos, labels, batch=args.close_ups, size=size, seed=seed)
    for blob, class_id in batches:
        close_up, right = next(real)
        with torch.autocast("cpu", torch.bfloat16):
            logits = net(torch.cat([blob, close_up])).float()
        known, grouped = logits[: len(blob)], logits[len(blob) :]
        loss = functional.cross_entropy(known, class_id, label_smoothing=0.1)
        yield loss + group_loss(grouped, right).sum() / len(blob)


def main() -> None:
    """Train until the progress is 1, epoch by epoch."""
    line = parser(__doc__.splitlines()[0])
    line.add_argument(
        "--least", type=float, default=0.45, help="smallest crop, part of the area"
    )
    line.add_argument("--close-ups", type=int, default=20, help="parts of photos in each batch")
    line.add_argument("--calm", type=float, default=0.88, help="larger crops from then on")
    line.add_argument(
        "--least-calm", type=float, default=0.75, help="smallest crop from then on"
    )
    line.set_defaults(
        name="classifier", epochs=36, sizes="40:0.55,48:0.88,56:1", batch=256, muon=0.018,
        sgd=0.1, seed=1, eval_size=64,
    )  # fmt: skip
    args = line.parse_args()
    single_threaded(args.seed)
    net = Classifier().to(memory_format=torch.channels_last)
    run = Run(net, args, keep=0.998)
    train, val, photos = tiny_imagenet("train"), tiny_imagenet("val"), detection_photos()
    while not run.over:
        size = size_at(args.sizes, run.progress)
        done = run.train(losses(net, run, train, photos, size), len(train) // args.batch)
        judged = Classifier().to(memory_format=torch.channels_last)
        judged.load_state_dict(run.average.state)
        top1, top5 = accuracy(judged, val, args.eval_size)
        run.save(done | {"size": size, "top1": round(top1, 2), "top5": round(top5, 2)})


if __name__ == "__main__":
    main()
