"""What both trainings share: command line, schedule, one step, checkpoints and log."""

import argparse
import json
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import cv2
import torch
from torch import nn

from training.data import RUNS
from training.optimisation import QUICK_BFLOAT16, Average, Progress, optimisers, rate


def parser(purpose: str) -> argparse.ArgumentParser:
    """Return a command line with the options of every training."""
    found = argparse.ArgumentParser(description=purpose)
    found.add_argument("--name", help="folder under training/runs")
    found.add_argument("--minutes", type=float, default=0.0, help="schedule by the clock")
    found.add_argument("--epochs", type=float, help="schedule by epochs, without --minutes")
    found.add_argument("--sizes", help="training sizes, each with the progress it ends at")
    found.add_argument("--batch", type=int)
    found.add_argument(
        "--muon", type=float, help="step of the kernels; 0 trains with SGD alone"
    )
    found.add_argument("--sgd", type=float, help="learning rate of everything else")
    found.add_argument("--decay", type=float, default=5e-4)
    found.add_argument("--seed", type=int)
    found.add_argument("--stop-after", type=int, default=0, help="epochs, for short trials")
    found.add_argument("--eval-size", type=int, help="blob size of the validation")
    return found


def size_at(sizes: str, progress: float) -> int:
    """Return the training size at a moment of the run.

    >>> size_at("40:0.4,64:1", 0.2), size_at("40:0.4,64:1", 0.4)
    (40, 64)
    """
    steps = [step.split(":") for step in sizes.split(",")]
    return next(
        (int(size) for size, until in steps if progress < float(until)), int(steps[-1][0])
    )


class Run:
    """A net on its way: optimisers, moving average, epoch and clock, all of them resumable."""

    def __init__(self, net: nn.Module, args: argparse.Namespace, *, keep: float) -> None:
        self.net, self.args = net, args
        self.folder = RUNS / args.name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.optimisers = optimisers(net, muon=args.muon, sgd=args.sgd, decay=args.decay)
        self.average = Average(net, keep=keep)
        self.epoch = 0
        spent = self._resume() if self.checkpoint.exists() else 0.0
        self.clock = Progress(epochs=args.epochs, minutes=args.minutes, spent=spent)

    @property
    def checkpoint(self) -> Path:
        """The file that holds everything a second start needs."""
        return self.folder / "last.pt"

    @property
    def progress(self) -> float:
        """How much of the run is over, 0 to 1."""
        return self.clock.at(self.epoch)

    @property
    def over(self) -> bool:
        """Whether there is nothing left to train."""
        stopped = self.args.stop_after and self.epoch >= self.args.stop_after
        return self.progress >= 1 or bool(stopped)

    def train(self, losses: Iterable[torch.Tensor], steps: int) -> dict[str, float]:
        """Learn from the losses of one epoch of so many steps; return its line for the log.

        The losses come lazily: each is computed when the weights are ready for it.
        """
        began, busy, total, step = time.monotonic(), time.process_time(), 0.0, 0
        self.set_rates(self.epoch)
        for step, loss in enumerate(losses, start=1):
            self._step(loss)
            total += loss.item()
            if self.set_rates(self.epoch + step / steps) >= 1:
                break
        self.epoch += 1
        return {
            "epoch": self.epoch, "steps": step, "loss": round(total / max(step, 1), 3),
            "minutes": round(self.clock.spent / 60, 1), "progress": round(self.progress, 4),
            "seconds": round(time.monotonic() - began),
            "cpu_seconds": round(time.process_time() - busy),
        }  # fmt: skip

    def set_rates(self, epochs_done: float) -> float:
        """Set all learning rates for this moment and return the progress."""
        progress = self.clock.at(epochs_done)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = group["peak"] * rate(progress)
        return progress

    def _step(self, loss: torch.Tensor) -> None:
        self.net.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 10.0)
        for optimiser in self.optimisers:
            optimiser.step()
        self.average.update(self.net)

    def save(self, line: dict[str, object]) -> None:
        """Write the log's line and the checkpoint, the old one being there until the new is."""
        with (self.folder / "log.jsonl").open("a") as log:
            log.write(json.dumps(line) + "\n")
        print(line, flush=True)
        partial = self.checkpoint.with_suffix(".part")
        torch.save(
            {
                "net": self.net.state_dict(),
                "average": self.average.state, "updates": self.average.updates,
                "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
                "epoch": self.epoch, "spent": self.clock.spent,
            },
            partial,
        )  # fmt: skip
        partial.rename(self.checkpoint)

    def _resume(self) -> float:
        saved = torch.load(self.checkpoint)
        self.net.load_state_dict(saved["net"])
        for optimiser, state in zip(self.optimisers, saved["optimisers"], strict=True):
            peaks = [group["peak"] for group in optimiser.param_groups]
            optimiser.load_state_dict(state)
            for group, peak in zip(optimiser.param_groups, peaks, strict=True):
                group["peak"] = peak  # the command line's, should it have changed
        self.average.state, self.average.updates = saved["average"], saved["updates"]
        self.epoch = saved["epoch"]
        return float(saved["spent"])


def precision() -> AbstractContextManager[Any]:
    """Return bfloat16 for the forward pass where the processor has it, else nothing special.

    With it the passes are 1.6 times as fast; a processor that has to imitate it is 10 to 15
    times slower (measured on one with AVX2 alone).
    """
    return torch.autocast("cpu", torch.bfloat16) if QUICK_BFLOAT16 else nullcontext()


def single_threaded(seed: int) -> None:
    """Use one thread, which is the quickest beside other work, and seed torch."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(seed)
