"""Measure the classifier's normalisations anew at the size of use: `python -m training.settle`.

While the net trains, its normalisations see small random crops. This runs the averaged net over
whole training pictures at the size of use, takes their statistics instead, and writes
training/runs/classifier/settled.pt, which is what gets exported. It changes no kernel.
"""

import argparse

import numpy as np
import torch
from torch import nn

from training.data import RUNS, tiny_imagenet
from training.models import Classifier
from training.run import precision, single_threaded
from training.scribe import loaded
from training.validation import accuracy, resized


@torch.inference_mode()
def settle(net: nn.Module, pictures: np.ndarray, size: int, batch: int = 250) -> None:
    """Replace the statistics of every normalisation by those of these pictures."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None  # the plain mean over all batches
    net.train()
    for start in range(0, len(pictures), batch):
        with precision():
            net(resized(pictures[start : start + batch], size))
    net.eval()


def main() -> None:
    """Settle the classifier, say how good it was and is, and write it down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--name", default="classifier", help="folder under training/runs")
    parser.add_argument("--size", type=int, default=64, help="width and height of the blob")
    parser.add_argument("--pictures", type=int, default=5000, help="how many")
    args = parser.parse_args()
    single_threaded(3)
    net = loaded(Classifier(), RUNS / args.name / "last.pt")
    train, val = tiny_imagenet("train"), tiny_imagenet("val")
    rows = np.random.default_rng(3).permutation(len(train))[: args.pictures]
    before = accuracy(net, val, args.size)
    settle(net, train.pixels[rows], args.size)
    after = accuracy(net, val, args.size)
    for word, (top1, top5) in (("before", before), ("after", after)):
        print(f"{word}: top-1 {top1:.2f} %, top-5 {top5:.2f} %")
    torch.save({"average": net.state_dict()}, RUNS / args.name / "settled.pt")


if __name__ == "__main__":
    main()
