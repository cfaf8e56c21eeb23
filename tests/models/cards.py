"""The nets that tests run: our own, and those in ../shared, some without a card in models/."""

import json
from dataclasses import replace

from core.nets.card import ModelCard, ModelFile, ModelPaths
from core.nets.catalog import card_named, catalog
from core.nets.downloads import file_paths
from tests.shared import NETS, where_present

OURS = tuple(each.name for each in catalog() if each.shipped)

FIXTURES = {
    "squeezenet-v1.1-fp16-caffe": ("squeezenet-v1.1-fp16-onnx", "caffe", "auto"),
    "squeezenet-v1.1-tf": ("squeezenet-v1.1-fp16-onnx", "tensorflow", "auto"),
    "yolox-nano-v5-layout": ("yolox-nano-onnx", "onnx", "yolov5"),
    "yolox-nano-v8-layout": ("yolox-nano-onnx", "onnx", "yolov8"),
}
ON_CARDS = (
    "squeezenet-v1.1-fp16-onnx",
    "tiny-darknet-imagenet",
    "yolo-fastest-1.1-coco",
    "yolo-fastest-1.1-xl-coco",
    "yolox-nano-onnx",
    "yufacedetectnet-v2-caffe-ssd",
    "opencv-face-detector-uint8-tf-ssd",
)
EVERY_NET = (*OURS, *where_present(*ON_CARDS, *FIXTURES))


def manifest(name: str) -> dict:
    return json.loads((NETS / name / "manifest.json").read_text())


def card_of(name: str) -> ModelCard:
    """The card of any of these nets; fixtures are like the net they were made from."""
    if name not in FIXTURES:
        return card_named(name)
    origin, framework, layout = FIXTURES[name]
    facts = manifest(name)
    like = card_named(origin)
    blob = like.blob
    if "yolox" in name:  # the conversions moved scale and channel order out of the net
        blob = replace(blob, scalefactor=(1 / 255,) * 3, swap_rb=True, anchor="centre")
    files = tuple(
        ModelFile(file["path"], file["size"], f"sha256:{file['sha256']}")
        for file in facts["files"]
    )
    return replace(
        like,
        name=name,
        title=name,
        framework=framework,
        files=files,
        layout=layout,
        blob=blob,
        offer=False,
        recommended=False,
        folder=NETS / name,
    )


def paths_of(card: ModelCard) -> ModelPaths:
    """Where its files lie: beside its card, or in ../shared."""
    if card.name in OURS:
        return file_paths(card)
    folder = NETS / card.name
    config = folder / card.config_file.name if card.config_file else None
    return ModelPaths(folder / card.model_file.name, config)
