"""Write a trained net in its formats, each with its card.

`python -m training.export classifier --measured "..."` fills models/starter-classifier-*/;
`python -m training.export detector --measured "..."` fills models/starter-detector-darknet/.
"""

import argparse
from pathlib import Path

from training.cards import classifier_card, detector_card
from training.data import CLASSES, LABELLED, LABELS, RUNS
from training.graph import Graph, halved
from training.models import Classifier, Detector
from training.scribe import classifier_graph, detector_graph, loaded
from training.writers import caffe, darknet, onnx, tensorflow

SHIPPED = LABELLED
"""What the shipped detector finds: what only teachers taught it stayed too weak."""

FORMATS = ("onnx", "caffe", "tensorflow", "darknet")


def written(graph: Graph, format_name: str, folder: Path, *, classes: int) -> list[Path]:
    """Write a graph in one format and return the files, the model file first."""
    folder.mkdir(parents=True, exist_ok=True)
    match format_name:
        case "onnx":
            return onnx.write(graph, folder, classes=classes)
        case "caffe":
            return caffe.write(graph, folder)
        case "tensorflow":
            return tensorflow.write(graph, folder)
        case "darknet":
            return darknet.write(graph, folder)
    raise ValueError(f"a format is one of {', '.join(FORMATS)}, not {format_name}")


def export_classifier(checkpoint: Path, into: Path, *, size: int, measured: str) -> None:
    """Write the classifier in all four formats, with cards, labels and groups."""
    rows = [line.split("\t") for line in LABELS.read_text("utf-8").splitlines()]
    net = loaded(Classifier(len(rows)), checkpoint)
    graph = halved(classifier_graph(net, size=(size, size)))
    for name in FORMATS:
        folder = into / f"starter-classifier-{name}"
        files = written(graph, name, folder, classes=len(rows))
        card = classifier_card(name, files, size=size, measured=measured)
        (folder / "card.toml").write_text(card, "utf-8")
    for name, column in (("labels", 0), ("groups", 1)):
        text = "".join(f"{row[column]}\n" for row in rows)
        (into / "starter-classifier-onnx" / f"{name}.txt").write_text(text, "utf-8")


def narrowed(net: Detector, classes: int) -> Detector:
    """Return the detector with its first classes only; the boxes stay as they are."""
    small = Detector(classes)
    state = net.state_dict()
    for name, own in small.state_dict().items():
        rows = state[name]
        if (
            own.shape != rows.shape
        ):  # a head's last convolution: three anchors, 5 + classes each
            rows = rows.view(3, -1, *rows.shape[1:])[:, : 5 + classes].reshape(own.shape)
        own.copy_(rows)
    return small.eval()


def export_detector(
    checkpoint: Path, into: Path, *, size: int, confidence: float, measured: str
) -> None:
    """Write the detector as Darknet has it, with the classes it knows well, and its card."""
    net = narrowed(loaded(Detector(len(CLASSES)), checkpoint), len(SHIPPED))
    graph = detector_graph(net, size=(size, size))
    folder = into / "starter-detector-darknet"
    files = written(graph, "darknet", folder, classes=len(SHIPPED))
    card = detector_card(files, size=size, confidence=confidence, measured=measured)
    (folder / "card.toml").write_text(card, "utf-8")
    (folder / "labels.txt").write_text("".join(f"{name}\n" for name in SHIPPED), "utf-8")


def main() -> None:
    """Export one of the two nets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("net", choices=("classifier", "detector"))
    parser.add_argument("--checkpoint", type=Path, help="default: training/runs/<net>/last.pt")
    parser.add_argument("--into", type=Path, default=Path("models"))
    parser.add_argument("--size", type=int, help="width and height of the blob")
    parser.add_argument(
        "--confidence", type=float, default=0.35, help="the detector's threshold"
    )
    parser.add_argument(
        "--measured", default="not measured yet", help="a sentence for the card"
    )
    args = parser.parse_args()
    checkpoint = args.checkpoint or RUNS / args.net / "last.pt"
    if args.net == "classifier":
        size = args.size or 128
        export_classifier(checkpoint, args.into, size=size, measured=args.measured)
        return
    export_detector(
        checkpoint, args.into, size=args.size or 320, confidence=args.confidence,
        measured=args.measured,
    )  # fmt: skip


if __name__ == "__main__":
    main()
