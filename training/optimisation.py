"""What changes the weights: Muon for the kernels, SGD for the rest, schedule, average."""

import math
import time
from collections.abc import Iterable

import torch
from torch import nn

QUICK_BFLOAT16 = torch.cpu._is_avx512_bf16_supported()
"""Whether this processor multiplies bfloat16 itself; imitating it is 10 times slower."""


@torch.no_grad()
def orthogonalised(matrix: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """Return about the nearest half-orthogonal matrix: Newton-Schulz steps (Jordan, Muon)."""
    a, b, c = 3.4445, -4.7750, 2.0315
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    x = wide.bfloat16() if QUICK_BFLOAT16 else wide
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x if matrix.shape[0] <= matrix.shape[1] else x.T).float()


class Muon(torch.optim.Optimizer):
    """Momentum whose step is made orthogonal, for kernels that a batch normalisation follows.

    Behind a batch normalisation only a kernel's direction matters, so its norm is held at the
    square root of its output channels and `lr` is the relative size of one step.
    """

    def __init__(
        self, params: Iterable[nn.Parameter], *, lr: float, momentum: float = 0.9
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        """Turn every kernel by one step."""
        for group in self.param_groups:
            for kernel in group["params"]:
                state = self.state[kernel]
                if not state:
                    state["momentum"] = torch.zeros_like(kernel)
                state["momentum"].lerp_(kernel.grad, 1 - group["momentum"])
                ahead = kernel.grad.lerp(state["momentum"], group["momentum"])
                turn = orthogonalised(ahead.reshape(len(ahead), -1)).view(ahead.shape)
                kernel.mul_(len(kernel) ** 0.5 / (kernel.norm() + 1e-7))
                size = (len(kernel) / min(len(kernel), kernel[0].numel())) ** 0.5
                kernel.add_(turn, alpha=-group["lr"] * size)


def optimisers(
    net: nn.Module, *, muon: float, sgd: float, decay: float
) -> list[torch.optim.Optimizer]:
    """Return SGD, and Muon for kernels with a batch normalisation unless `muon` is 0."""
    learning = [(n, p) for n, p in net.named_parameters() if p.requires_grad]
    kernels = [p for n, p in learning if muon and n.endswith("conv.weight")]
    taken = {id(p) for p in kernels}
    rest = [p for _, p in learning if id(p) not in taken]
    groups = [
        {"params": [p for p in rest if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in rest if p.ndim <= 1], "weight_decay": 0.0},
    ]
    found: list[torch.optim.Optimizer] = [
        torch.optim.SGD(groups, lr=sgd, momentum=0.9, nesterov=True, foreach=True)
    ]
    if kernels:
        found.append(Muon(kernels, lr=muon))
    for optimiser in found:
        for group in optimiser.param_groups:
            group["peak"] = group["lr"]
    return found


class Progress:
    """How far a run is, 0 to 1: by epochs, or by the minutes it may still take.

    A schedule by the clock ends in time on a machine that others use as well; the epochs that
    it came to are in the log, and `--epochs` repeats it.
    """

    def __init__(self, *, epochs: float, minutes: float, spent: float = 0.0) -> None:
        self.epochs, self.minutes = epochs, minutes
        self.started = time.monotonic() - spent

    @property
    def spent(self) -> float:
        """Seconds of this run, those before a resume included."""
        return time.monotonic() - self.started

    def at(self, epochs_done: float) -> float:
        """Return the fraction of the run that is over after so many epochs."""
        if self.minutes:
            return min(1.0, self.spent / 60 / self.minutes)
        return min(1.0, epochs_done / self.epochs)


def rate(progress: float, warmup: float = 0.02) -> float:
    """Return the factor on the learning rate: a short rise, then half a cosine down to 0."""
    if progress < warmup:
        return 0.1 + 0.9 * progress / warmup
    return 0.5 * (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup)))


class Average:
    """The exponential moving average of a net's state, kept in float32."""

    def __init__(self, net: nn.Module, keep: float) -> None:
        self.keep, self.updates = keep, 0
        self.state = {name: value.clone().float() for name, value in net.state_dict().items()}

    @torch.no_grad()
    def update(self, net: nn.Module) -> None:
        """Move the average towards the net, quickly at first."""
        self.updates += 1
        keep = min(self.keep, (1 + self.updates) / (10 + self.updates))
        for name, value in net.state_dict().items():
            self.state[name].lerp_(value.float(), 1 - keep)
