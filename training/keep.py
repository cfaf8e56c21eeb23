"""Keep a training's averaged weights in the repository: `python -m training.keep detector`.

training/runs/ is not in git. This writes training/kept/<net>.npz in half precision, from which
 `--start training/kept/<net>.npz` goes on, and which `restored` reads for an export.
"""

import argparse
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import nn

from training.data import RUNS

KEPT = Path("training/kept")
Net = TypeVar("Net", bound=nn.Module)


def kept(state: dict[str, torch.Tensor], path: Path) -> None:
    """Write a state as float16 arrays by name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **{n: v.numpy().astype(np.float16) for n, v in state.items()})


def restored(net: Net, path: Path) -> Net:
    """Fill a net from what `kept` wrote and return it; a changed shape raises RuntimeError."""
    with np.load(path) as packed:
        state = {name: torch.from_numpy(packed[name].astype(np.float32)) for name in packed}
    net.load_state_dict(state)
    return net


def main() -> None:
    """Write the averaged weights of a run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("net", choices=("detector", "classifier"))
    parser.add_argument("--checkpoint", type=Path, help="default: training/runs/<net>/last.pt")
    args = parser.parse_args()
    checkpoint = args.checkpoint or RUNS / args.net / "last.pt"
    kept(torch.load(checkpoint)["average"], KEPT / f"{args.net}.npz")


if __name__ == "__main__":
    main()
