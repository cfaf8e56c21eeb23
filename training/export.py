"""Write a trained net in its formats: `python -m training.export classifier --into models`."""

import argparse
from pathlib import Path

from training.data import RUNS
from training.graph import Graph, halved
from training.models import Classifier, Detector
from training.scribe import classifier_graph, detector_graph, loaded
from training.writers import caffe, darknet, onnx, tensorflow

FORMATS = ("onnx", "caffe", "tensorflow", "darknet")


def written(graph: Graph, format_name: str, folder: Path, *, classes: int = 200) -> list[Path]:
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


def main() -> None:
    """Export one of the two nets into `<into>/starter-<net>-<format>/`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("net", choices=("classifier", "detector"))
    parser.add_argument("--checkpoint", type=Path, help="default: training/runs/<net>/last.pt")
    parser.add_argument("--into", type=Path, default=Path("models"))
    parser.add_argument("--size", type=int, help="width and height of the blob")
    args = parser.parse_args()
    checkpoint = args.checkpoint or RUNS / args.net / "last.pt"
    if args.net == "classifier":
        size = args.size or 64
        graph = halved(classifier_graph(loaded(Classifier(), checkpoint), size=(size, size)))
        formats = FORMATS
    else:
        size = args.size or 320
        graph = detector_graph(loaded(Detector(), checkpoint), size=(size, size))
        formats = ("darknet",)
    for name in formats:
        for path in written(graph, name, args.into / f"starter-{args.net}-{name}"):
            print(f"{path.stat().st_size:>9,} bytes  {path}")


if __name__ == "__main__":
    main()
