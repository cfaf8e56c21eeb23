"""What outputs probably are that no layout fits, and how to export the net so that it works."""

from core.outputs import Outputs
from core.picture.size import Size
from core.results.classification import is_line
from core.results.grids import strides_for

RAW_DISTANCES = 64
"""Numbers in which the heads of YOLOv8 and later write four distances, 16 each."""


_PRIORS = "their boxes are offsets from prior boxes that no output holds."
_FACES = "a face detector that is read: face_detection_yunet_2023mar, SCRFD or YOLOv5-face"


def hint(outputs: Outputs, size: Size) -> str:
    """Say in sentences what outputs probably are; nothing where nobody can tell."""
    shapes = list(outputs.shapes.values())
    if is_line(outputs):
        return "One line of numbers is what a classifier answers."
    if any(len(shape) == 5 for shape in shapes):
        return (
            "Outputs with five axes are the raw heads of a YOLOv5 or YOLOv7, before their "
            "grids and anchors are applied. Export the whole net: YOLOv5's export.py does so, "
            "YOLOv7's with --grid and without --end2end."
        )
    maps: list[tuple[int, ...]] = [shape for shape in shapes if len(shape) == 4]
    if len(maps) == len(shapes) > 1:
        return _raw_heads(maps)
    if len(maps) == len(shapes) == 1 and maps[0][2] * 8 > size.height:
        return (
            f"A map with {maps[0][1]} numbers for each of {maps[0][3]} x {maps[0][2]} places "
            "is what a segmentation net answers, or one that draws heat maps. Blobscope shows "
            "boxes and classes: export a detector."
        )
    lengths = sorted(shape[-1] for shape in shapes if len(shape) in (2, 3))
    if lengths in ([2, 4], [2, 4, 10]):
        return (
            "Boxes, pairs of scores and perhaps landmarks are what face detectors like "
            f"RetinaFace answer: {_PRIORS} Export it with its decoding, or take {_FACES}."
        )
    if lengths == [1, 2, 14]:
        return (
            "Rows of 14, 2 and 1 numbers are what a YuNet of before 2023 answers: "
            f"{_PRIORS} Take {_FACES}."
        )
    lengths = sorted(shape[-1] for shape in shapes if len(shape) == 3)
    if lengths and len(shapes) == 1:
        return _table_hint(shapes[0], size)
    return ""


def _table_hint(shape: tuple[int, ...], size: Size) -> str:
    counts = [count for side in shape[1:] for count in (side, *([side // 3] * (not side % 3)))]
    if any(strides_for(count, size) for count in counts):
        return (
            "Its rows are as many as the cells of a detector's grids. Scores beyond 0..1 are "
            "logits: export the net with its last sigmoid."
        )
    return (
        f"A table can be a detector's, but no grid over a blob of {size} has so many cells: "
        "was the net exported for another input size?"
    )


def _raw_heads(maps: list[tuple[int, ...]]) -> str:
    if all(shape[1] > RAW_DISTANCES for shape in maps):
        return (
            "Several maps of more than 64 channels are the raw heads of a YOLOv8 or later. "
            "Export the whole net: yolo export format=onnx (for end-to-end nets too)."
        )
    return (
        "Several maps are raw heads, before grids and anchors are applied. Export the whole "
        "net, decoding included."
    )
