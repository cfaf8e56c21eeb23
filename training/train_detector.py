"""Train the detector: `python -m training.train_detector --minutes 120 --start <checkpoint>`.

Its backbone starts from a classifier's. Checkpoints, resuming and log as in train_classifier.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from training.data import CLASSES, Photos, detection_photos
from training.detection import detection_loss
from training.models import Detector
from training.photos import photo_batches
from training.precision import average_precisions
from training.run import Run, parser, single_threaded, size_at
from training.validation import answers


def started(net: Detector, checkpoint: Path) -> None:
    """Copy a classifier's backbone into the detector."""
    state = torch.load(checkpoint)["average"]
    own = net.state_dict()
    backbone = {k: v.to(own[k].dtype) for k, v in state.items() if k.startswith("backbone.")}
    net.load_state_dict(own | backbone)


def losses(net: Detector, run: Run, photos: Photos, size: int) -> Iterator[torch.Tensor]:
    """Yield the loss of each batch of one epoch; the last ones see whole photos only."""
    args = run.args
    weak = photos.having((CLASSES.index("person"), CLASSES.index("car")))
    batches = photo_batches(
        photos, batch=args.batch, size=size, seed=1000 * args.seed + run.epoch,
        mosaic=args.mosaic if run.progress < args.calm else 0.0,
        weights=np.where(weak, args.often, 1.0)[photos.train],
    )  # fmt: skip
    for batch in batches:
        with torch.autocast("cpu", torch.bfloat16):
            heads = net(batch.blob)
        yield detection_loss(heads, batch.targets, batch.unlabelled)


def main() -> None:
    """Train until the progress is 1, epoch by epoch."""
    line = parser(__doc__.splitlines()[0])
    line.add_argument("--start", type=Path, help="checkpoint of the classifier to start from")
    line.add_argument("--often", type=float, default=1.7, help="weight of persons and cars")
    line.add_argument("--mosaic", type=float, default=0.5, help="part of the examples")
    line.add_argument(
        "--calm", type=float, default=0.85, help="no mosaic from this progress on"
    )
    line.add_argument("--eval-every", type=int, default=4, help="epochs")
    line.set_defaults(
        name="detector", epochs=36, sizes="192:0.35,256:0.8,320:1", batch=32, muon=0.014,
        sgd=0.02, seed=2, eval_size=320,
    )  # fmt: skip
    args = line.parse_args()
    single_threaded(args.seed)
    net = Detector().to(memory_format=torch.channels_last)
    if args.start:
        started(net, args.start)
    run = Run(net, args, keep=0.9985)
    photos = detection_photos()
    while not run.over:
        size = size_at(args.sizes, run.progress)
        done = run.train(losses(net, run, photos, size), len(photos.train) // args.batch)
        entry: dict[str, object] = done | {"size": size}
        if run.epoch % args.eval_every == 0 or run.over:
            judged = Detector().to(memory_format=torch.channels_last)
            judged.load_state_dict(run.average.state)
            ap = average_precisions(photos, answers(judged, photos, args.eval_size))
            entry["map50"] = round(sum(ap.values()) / len(ap), 2)
            entry["ap50"] = {name: round(value, 1) for name, value in ap.items()}
        run.save(entry)


if __name__ == "__main__":
    main()
