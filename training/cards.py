"""The cards of the starter nets: what stands in card.toml beside the digests."""

from hashlib import sha256
from pathlib import Path

CLASSIFIER = """\
title = "Starter classifier, {spelled}"
task = "classification"
framework = "{framework}"
summary = "{summary}"
labels = "{labels}labels.txt"
groups = "{labels}groups.txt"
logits = false
licence = "Blobscope's own; what its training pictures ask: starter-classifier-onnx/MODEL.md"
source = "Blobscope, folder training"
measured = "{measured}"
notes = [
    "Trained on small pictures: confident about everyday things, unsure about breeds.",
]

[blob]
size = [{size}, {size}]
scalefactor = 0.00392156862745098  # 1/255
swap_rb = true
fit = "crop"
"""

DETECTOR = """\
title = "Starter detector"
task = "detection"
framework = "darknet"
summary = "{summary}"
labels = "labels.txt"
layout = "darknet"
confidence = {confidence}
licence = "Blobscope's own; what its training photos ask: MODEL.md here"
source = "Blobscope, folder training"
measured = "{measured}"
notes = [
    "Trained on photos stretched to a square.",
    "Small and crowded objects are its weak side: persons and cars far away.",
]

[blob]
size = [{size}, {size}]
scalefactor = 0.00392156862745098  # 1/255
swap_rb = true
fit = "stretch"
"""

SPELLED = {
    "onnx": "ONNX",
    "caffe": "Caffe",
    "tensorflow": "TensorFlow",
    "darknet": "Darknet",
}
SUMMARIES = {
    "onnx": "Sorts a photo into 200 classes; our own net, in one ONNX file of half precision.",
    "caffe": "The same net as Caffe has it: a .prototxt, and half-precision weights.",
    "tensorflow": "The same net as TensorFlow has it: a frozen .pb in half precision.",
    "darknet": "The same net as Darknet has it: a .cfg, and weights in full precision.",
}
DETECTOR_SUMMARY = (
    "Finds persons, cars, buses, trucks, motorbikes, dogs, cats, horses, sheep, cows."
)


def file_entry(path: Path) -> str:
    """Return the [[files]] section of one file."""
    content = path.read_bytes()
    digest = sha256(content).hexdigest()
    lines = ["[[files]]", f'name = "{path.name}"', f"size = {len(content)}"]
    return "\n".join([*lines, f'digest = "sha256:{digest}"'])


def with_files(text: str, files: list[Path]) -> str:
    """Return a card's text with the digests of its files behind it."""
    return "\n".join([text, "\n\n".join(file_entry(path) for path in files), ""])


def classifier_card(framework: str, files: list[Path], *, size: int, measured: str) -> str:
    """Return the text of one classifier's card; the labels lie beside the ONNX one."""
    text = CLASSIFIER.format(
        framework=framework, spelled=SPELLED[framework], summary=SUMMARIES[framework],
        labels="" if framework == "onnx" else "../starter-classifier-onnx/",
        size=size, measured=measured,
    )  # fmt: skip
    return with_files(text, files)


def detector_card(files: list[Path], *, size: int, confidence: float, measured: str) -> str:
    """Return the text of the detector's card."""
    text = DETECTOR.format(
        summary=DETECTOR_SUMMARY, size=size, confidence=confidence, measured=measured
    )
    return with_files(text, files)
