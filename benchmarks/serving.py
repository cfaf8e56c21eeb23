"""How to serve several callers: fixed layouts of nets and threads against our engine.

    python -m benchmarks.serving [--nets FOLDER] [--seconds 1.5] [--rounds 3]

FOLDER holds the real nets by card name, as BLOBSCOPE_MODELS does; MobileNetV2 is built here
with random weights where it is absent, which costs the same. The cells are medians of the
rounds in forwards a second; the layouts take turns in each round, so that whatever else
the machine does hits all of them. The ratio is the median of engine / better fixed layout,
round by round: 1.00 is equal, and not less than 0.90 is what we promise on a quiet machine.
"""

import argparse
import os
import queue
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from core.blob.make import Blob
from core.nets.card import ModelCard, ModelFile
from core.nets.catalog import card_named
from core.nets.downloads import file_paths, present
from core.nets.engine import MOST_COPIES, LocalEngine
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


def like_mobilenet_v2(folder: Path) -> ModelCard:
    """Write a net with MobileNetV2's layers and random weights, and give a card for it."""
    dice = np.random.default_rng(0)
    nodes: list[onnx.NodeProto] = []
    weights: list[onnx.TensorProto] = []

    def conv(name: str, into: int, out: int, *, size: int = 1, stride: int = 1) -> str:
        depthwise = size == 3 and into == out and bool(nodes)
        shape = (out, 1 if depthwise else into, size, size)
        values = dice.normal(0, 0.1, shape).astype(np.float32)
        weights.append(numpy_helper.from_array(values, f"w{len(nodes)}"))
        last = f"conv{len(nodes)}"
        nodes.append(
            helper.make_node(
                "Conv",
                [name, weights[-1].name],
                [last],
                strides=[stride] * 2,
                pads=[size // 2] * 4,
                group=into if depthwise else 1,
            )
        )
        return last

    def relu(name: str) -> str:
        nodes.append(helper.make_node("Relu", [name], [f"{name}_relu"]))
        return f"{name}_relu"

    last, width = relu(conv("data", 3, 32, size=3, stride=2)), 32
    # expansion, channels, blocks, stride: table 2 of arXiv 1801.04381
    for grow, out, blocks, stride in (
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ):
        for block in range(blocks):
            wide = width * grow
            inner = last if grow == 1 else relu(conv(last, width, wide))
            inner = relu(conv(inner, wide, wide, size=3, stride=1 if block else stride))
            inner = conv(inner, wide, out)
            if block:
                nodes.append(helper.make_node("Add", [inner, last], [f"{inner}_add"]))
                inner = f"{inner}_add"
            last, width = inner, out
    last = relu(conv(last, width, 1280))
    nodes.append(helper.make_node("GlobalAveragePool", [last], ["pooled"]))
    last = conv("pooled", 1280, 1000)
    data = helper.make_tensor_value_info("data", TensorProto.FLOAT, [1, 3, 224, 224])
    answer = helper.make_tensor_value_info(last, TensorProto.FLOAT, [1, 1000, 1, 1])
    graph = helper.make_graph(nodes, "like-mobilenet-v2", [data], [answer], weights)
    opset = [helper.make_opsetid("", 13)]
    onnx.save_model(
        helper.make_model(graph, opset_imports=opset, ir_version=8), folder / "n.onnx"
    )
    file = ModelFile("n.onnx", None, "sha256:" + "0" * 64)
    like = card_named("mobilenet-v2-onnx-zoo")
    return replace(like, title="like MobileNetV2", folder=folder, files=(file,), offer=False)


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
    for _ in range(20):
        rate(infer, callers=4, seconds=0.5)
        if engine.cache.nets == min(CORES, MOST_COPIES):
            break
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
        rates: dict[str, list[float]] = {name: [] for name in layouts}
        for _ in range(rounds):
            for name, infer in layouts.items():
                time.sleep(0.3)  # longer than the engine takes to believe in a lone caller
                rates[name].append(rate(infer, callers=callers, seconds=seconds))
        locked, pool, engine = rates.values()
        better = max(locked, pool, key=median)
        ratio = median(mine / other for mine, other in zip(engine, better, strict=True))
        print(
            f"| {model.title:<20} | {callers} | {median(locked):7.1f} | {median(pool):7.1f} "
            f"| {median(engine):7.1f} | {ratio:5.2f} |",
            flush=True,
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
    with tempfile.TemporaryDirectory() as folder:
        for model in map(card_named, NETS):
            if present(model):
                measure(model, seconds=chosen.seconds, rounds=chosen.rounds)
            elif "mobilenet" in model.name:
                made = like_mobilenet_v2(Path(folder))
                measure(made, seconds=chosen.seconds, rounds=chosen.rounds)
            else:
                print(f"| {model.title:<20} | not on this machine | | | | |")


if __name__ == "__main__":
    main()
