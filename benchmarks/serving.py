"""How to serve several callers: fixed layouts of nets and threads against our engine.

    python -m benchmarks.serving [--nets FOLDER] [--seconds 1.5] [--rounds 3]

FOLDER holds the real nets by card name, as BLOBSCOPE_MODELS does. Each cell is the best of
the rounds in forwards a second; the rounds of the layouts alternate, so that whatever
else the machine does hits all of them. The last columns compare the engine with the better
fixed layout: 1.00 is equal, and not less than 0.90 is what we promise.
"""

import argparse
import os
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from core.blob.make import Blob
from core.nets.card import ModelCard
from core.nets.catalog import card
from core.nets.downloads import file_paths, present
from core.nets.engine import LocalEngine
from core.nets.net import read_net

NETS = (
    "squeezenet-v1.1-fp16-onnx",
    "mobilenet-v2-onnx-zoo",
    "yolo-fastest-1.1-coco",
    "yolox-nano-onnx",
)
CALLERS = (1, 4)
CORES = cv2.getNumberOfCPUs()

Infer = Callable[[], None]


def blob_of(model: ModelCard) -> Blob:
    """Make a blob of noise in the model's size."""
    assert model.blob.size is not None
    width, height = model.blob.size.cv2
    noise = np.random.default_rng(0).uniform(-1, 1, (1, 3, height, width))
    return Blob(noise.astype(np.float32))


def fixed(model: ModelCard, *, nets: int, threads: int) -> Infer:
    """Queue for so many nets, with one thread count for the whole process."""
    blob = blob_of(model)
    free: queue.Queue[cv2.dnn.Net] = queue.Queue()
    for _ in range(nets):
        net = read_net(model, file_paths(model))
        net.setInput(blob)
        net.forward(net.getUnconnectedOutLayersNames())
        free.put(net)

    def infer() -> None:
        if cv2.getNumThreads() != threads:
            cv2.setNumThreads(threads)
        net = free.get()
        net.setInput(blob)
        net.forward(net.getUnconnectedOutLayersNames())
        free.put(net)

    return infer


def ours(model: ModelCard) -> Infer:
    """Use the engine as the app does, warm: trials done, copies read."""
    blob = blob_of(model)
    engine = LocalEngine()

    def infer() -> None:
        engine.infer(model, blob)

    for _ in range(10):
        infer()
    rate(infer, callers=4, seconds=1.0)
    return infer


def rate(infer: Infer, *, callers: int, seconds: float) -> float:
    """Count forwards a second with so many callers in a loop each."""
    counts = [0] * callers
    stop = threading.Event()

    def call(number: int) -> None:
        while not stop.is_set():
            infer()
            counts[number] += 1

    threads = [threading.Thread(target=call, args=(number,)) for number in range(callers)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - start)


def measure(model: ModelCard, *, seconds: float, rounds: int) -> None:
    """Print the rows of one model."""
    layouts = {
        f"1 net, {CORES} threads": fixed(model, nets=1, threads=CORES),
        f"{CORES} nets, 1 thread": fixed(model, nets=CORES, threads=1),
        "engine": ours(model),
    }
    for callers in CALLERS:
        best = dict.fromkeys(layouts, 0.0)
        for _ in range(rounds):
            for name, infer in layouts.items():
                time.sleep(0.3)  # longer than the engine takes to believe in a lone caller
                best[name] = max(best[name], rate(infer, callers=callers, seconds=seconds))
        locked, pool, engine = best.values()
        print(
            f"| {model.title:<20} | {callers} | {locked:7.1f} | {pool:7.1f} | {engine:7.1f} "
            f"| {engine / max(locked, pool):5.2f} |"
        )


def main() -> None:
    """Measure all nets that are here."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nets", type=Path)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    print(
        f"| net | callers | 1 net, {CORES} threads | {CORES} nets, 1 thread | engine | ratio |"
    )
    print("|---|---|---|---|---|---|")
    if chosen.nets:
        os.environ["BLOBSCOPE_MODELS"] = str(chosen.nets)
    for model in map(card, NETS):
        if present(model):
            measure(model, seconds=chosen.seconds, rounds=chosen.rounds)
        else:
            print(f"| {model.title:<20} | not on this machine | | | | |")


if __name__ == "__main__":
    main()
