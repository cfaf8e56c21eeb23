"""Python for exactly this answer: a script that runs the net without Blobscope."""

from core.nets.card import ModelCard
from core.outputs import Outputs
from core.picture.image import Picture
from core.picture.recipe import data_for_scripts, imread_recipe
from core.pipeline import MOST_CANDIDATES, Thresholds
from core.results.classification import answer_kind, scores
from core.results.decoders import decoder_lines
from core.share.archive import zipped
from core.share.detections import (
    COLUMNS,
    CONFIDENCE_DIGITS,
    PIXEL_DIGITS,
    class_names,
)
from core.share.file_names import file_name
from core.share.model_files import PIN, file_lines, packed_files
from core.share.provenance import Provenance
from core.share.ranking import RANKING_COLUMNS
from core.share.script import blob_lines

LABELS = "classes.txt"

ScriptLines = tuple[str, ...]


def classification_script(provenance: Provenance, k: int) -> str:
    """Write the script that prints the ``k`` likeliest classes and writes ranking.csv.

    It needs numpy and cv2, and beside it the model's files and what ``class_names`` makes.
    """
    lines = (
        *_opening(provenance, "classify.py"),
        *_blob_part(provenance),
        *_net_part(provenance.card),
        *_ranking_part(provenance.card, provenance.run.outputs, k),
        *_ranking_end(),
    )
    return "\n".join(lines) + "\n"


def detection_script(provenance: Provenance, thresholds: Thresholds) -> str:
    """Write the script that prints the boxes, writes detections.csv and draws them.

    It needs numpy and cv2, and beside it the model's files and what ``class_names`` makes.
    """
    card = provenance.card
    run = provenance.run
    size = run.placement.blob
    lines = (
        *_opening(provenance, "detect.py"),
        "drawn, whole = image.copy(), np.array(image.shape[1::-1])  # its width and height",
        *_blob_part(provenance),
        *_net_part(card),
        "# 3. Rows of numbers become boxes, in pixels of the blob",
        f"into = np.array({size.cv2})  # the blob's width and height"
        if provenance.spec.size
        else "into = whole",
        *decoder_lines(run.outputs, run.net_facts, run.reading.layout),
        "",
        *_threshold_part(thresholds, card),
        *(_soft_part(thresholds) if thresholds.soft else _nms_part(thresholds)),
        *_way_back_part(provenance),
        *_boxes_end(),
    )
    return "\n".join(lines) + "\n"


def script_zip(
    code: str, name: str, picture: Picture, card: ModelCard, *, with_files: bool = False
) -> bytes:
    """Pack a script with all it reads: the picture, classes.txt, and the model's files.

    Files of models that are not our own go along, with their licence and source, where
    somebody wants them; else the script says where they come from, and can fetch them.

    Raises:
        ModelMissing: the files are wanted, and not on this machine.
    """
    beside = file_name(imread_recipe(picture).picture_name)
    files = packed_files(card) if with_files or card.shipped else ()
    return zipped(
        [
            (name, code.encode()),
            (beside, data_for_scripts(picture)),
            (LABELS, class_names(card).encode()),
            *files,
        ]
    )


def _opening(provenance: Provenance, name: str) -> ScriptLines:
    """Say what is needed, and read the picture."""
    card = provenance.card
    files = ", ".join([*(file.name for file in card.files), LABELS])
    recipe = imread_recipe(provenance.picture)
    return (
        f"# python {name} [picture] [--download]",
        f"# runs {_on_one_line(card.title)} as Blobscope did.",
        *(f"# Warning: {_on_one_line(doubt)}" for doubt in provenance.doubts),
        "# Needs numpy and opencv-python-headless, and in this folder:",
        f"#   {files}",
        "import csv",
        "import hashlib",
        *(("import re",) if _has_thresholds(card) else ()),
        "import sys",
        "import urllib.request",
        "from pathlib import Path",
        "",
        "import cv2",
        "import numpy as np",
        "",
        "asked = sys.argv[1:]",
        # repr: the name came with an upload, and must stay a name
        f"path = ([each for each in asked if each != '--download'] or "
        f"[{file_name(recipe.picture_name)!r}])[0]",
        *file_lines(card),
        *_label_lines(provenance.card.label_offset),
        *recipe.lines,
    )


def _label_lines(offset: int) -> ScriptLines:
    """Read the labels; classes that stand before the first one are the background."""
    read = f'labels = Path("{LABELS}").read_text(encoding="utf-8").splitlines()'
    return (read, f'labels = ["background"] * {offset} + labels') if offset else (read,)


def _blob_part(provenance: Provenance) -> ScriptLines:
    return ("", "# 1. The picture becomes a blob", *blob_lines(provenance.spec), "")


def _net_part(card: ModelCard) -> ScriptLines:
    reads = _net_lines(card)  # the last line makes the net
    return (
        "# 2. Inference",
        *reads[:-1],
        "try:",
        f"    {reads[-1]}",
        "    net.setInput(blob)",
        "    names = net.getUnconnectedOutLayersNames()",
        "    outputs = dict(zip(names, net.forward(names)))",
        "except cv2.error as error:",
        '    sys.exit(f"OpenCV {cv2.__version__} cannot run this net: {error.err}\\n"',
        f'             "Blobscope ran it with {PIN}.")',
        "",
    )


def _net_lines(card: ModelCard) -> ScriptLines:
    model = card.model_file.name
    config = card.config_file.name if card.config_file else None
    if _has_thresholds(card):
        return (
            f"cfg = Path({config!r}).read_text(encoding='latin-1')",
            "# the file's own thresholds would hide rows: ours come below",
            r'cfg = re.sub(r"(?m)^\s*(thresh|nms_threshold)\s*=.*$", "", cfg)',
            r'head = r"(?m)^[ \t]*\[[ \t]*(yolo|region)[ \t]*\].*$"',
            r'cfg = re.sub(head, r"[\1]\nthresh=0.001", cfg)',
            "cfg = np.frombuffer(cfg.encode('latin-1'), np.uint8)",
            f"net = cv2.dnn.readNetFromDarknet(cfg, np.fromfile({model!r}, np.uint8))",
        )
    given = {
        "caffe": f"Caffe({config!r}, {model!r})",
        "darknet": f"Darknet({config!r}, {model!r})",
        "tensorflow": f"Tensorflow({model!r}{f', {config!r}' if config else ''})",
        "onnx": f"ONNX({model!r})",
        "tflite": f"TFLite({model!r})",
    }
    return (f"net = cv2.dnn.readNetFrom{given[card.framework]}",)


def _has_thresholds(card: ModelCard) -> bool:
    """Tell whether the files hold thresholds of their own, as Darknet's detectors do."""
    return card.framework == "darknet" and card.task == "detection"


def _threshold_part(thresholds: Thresholds, card: ModelCard) -> ScriptLines:
    chosen: ScriptLines = ()
    if thresholds.class_ids is not None:
        ids = sorted(thresholds.class_ids)
        words = _on_one_line(", ".join(card.label(class_id) for class_id in ids))
        chosen = (f"sure = sure[np.isin(class_ids[sure], {ids})]  # only {words}",)
    return (
        "# 4. Boxes above the confidence threshold, highest confidence first",
        f"confidence, iou = {thresholds.confidence}, {thresholds.iou}",
        "sure = np.flatnonzero(confidences > confidence)",
        'sure = sure[np.argsort(-confidences[sure], kind="stable")]',
        *chosen,
        f"sure = sure[:{MOST_CANDIDATES}]",
        "xyxy, class_ids, confidences = xyxy[sure], class_ids[sure], confidences[sure]",
        "",
    )


def _nms_part(thresholds: Thresholds) -> ScriptLines:
    opening: ScriptLines = (
        "# cv2 wants left, top, width, height",
        "xywh = np.hstack([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]]).clip(min=0)",
    )
    call = "NMSBoxes(xywh, confidences, 0, iou)"
    if thresholds.per_class:
        opening = (
            "# cv2 wants left, top, width, height, and tells classes apart above 0 only",
            "corner = xyxy.min(initial=0)",
            "xywh = np.hstack([xyxy[:, :2] - corner, xyxy[:, 2:] - xyxy[:, :2]]).clip(min=0)",
            "class_ids = class_ids.astype(np.int32)",
        )
        call = "NMSBoxesBatched(xywh, confidences, class_ids, 0, iou)"
    scope = "per class" if thresholds.per_class else "whatever the class"
    return (
        f"# 5. NMS, {scope}: of overlapping boxes, keep the highest confidence",
        *opening,
        f"kept = np.array(cv2.dnn.{call}, int)",
        "",
    )


def _soft_part(thresholds: Thresholds) -> ScriptLines:
    same = " & (class_ids == class_ids[best])" if thresholds.per_class else ""
    return (
        "# 5. Soft-NMS (linear): boxes that overlap a better one lose confidence",
        "area = (xyxy[:, 2:] - xyxy[:, :2]).clip(min=0).prod(axis=1)",
        "left, kept = confidences.astype(float), []",
        "while len(left) and left.max() > max(confidence, 0.001):",
        "    best = left.argmax()",
        "    kept.append(best)",
        "    confidences[best] = left[best]",
        "    start = np.maximum(xyxy[:, :2], xyxy[best, :2])",
        "    end = np.minimum(xyxy[:, 2:], xyxy[best, 2:])",
        "    shared = (end - start).clip(min=0).prod(axis=1)",
        "    overlap = shared / np.maximum(area + area[best] - shared, 1e-12)",
        f"    weaker = (overlap > iou){same}",
        "    left[weaker] *= 1 - overlap[weaker]",
        "    left[kept] = -1  # each is taken once",
        "",
    )


def _way_back_part(provenance: Provenance) -> ScriptLines:
    return (
        "# 6. The boxes go back onto the picture, and end at its edges",
        *_placement_lines(provenance),
        "corners = ((xyxy[kept].reshape(-1, 2, 2) - offset) / scale).clip(0, whole)",
        "inside = (corners[:, 1] > corners[:, 0]).all(axis=1)",
        "",
    )


def _placement_lines(provenance: Provenance) -> ScriptLines:
    """Say how the picture was laid into the blob; see ``core.picture.placement``."""
    spec = provenance.spec
    ratios = "np.float32(into) / np.float32(whole)"
    if spec.fit == "stretch":
        return ("scale, offset = into / whole, 0",)
    if spec.fit == "crop":
        return (
            f"scale = float(({ratios}).max())",
            "offset = -((np.rint(whole * scale) - into) // 2)",
        )
    offset = "0" if spec.anchor == "top-left" else "(into - resized) // 2"
    resized = f"{'np.rint' if spec.padded_before else 'np.trunc'}(np.float32(whole) * "
    resized += f"({ratios}).min())"
    if spec.fit == "letterbox, rounded":
        resized = "np.rint(whole * (into / whole).min())"
    return (
        f"resized = {resized}",
        f"scale, offset = resized / whole, {offset}",
    )


def _boxes_end() -> ScriptLines:
    return (
        'with open("detections.csv", "w", newline="", encoding="utf-8") as file:',
        "    table = csv.writer(file)",
        f"    table.writerow({list(COLUMNS)})",
        "    for box, row in zip(corners[inside], np.array(kept, int)[inside]):",
        "        class_id = int(class_ids[row])",
        '        label = labels[class_id] if class_id < len(labels) else f"class {class_id}"',
        f"        numbers = box.ravel().round({PIXEL_DIGITS}).tolist()",
        f"        confidence = round(float(confidences[row]), {CONFIDENCE_DIGITS})",
        "        table.writerow([*numbers, class_id, label, confidence])",
        '        print(f"{label} {confidence:.2f}", numbers)',
        "        (left, top), (right, bottom) = box.round().astype(int).tolist()",
        "        cv2.rectangle(drawn, (left, top), (right, bottom), (0, 200, 255), 2)",
        'cv2.imwrite("detections.png", drawn)',
    )


def _ranking_part(card: ModelCard, outputs: Outputs, k: int) -> ScriptLines:
    answer = scores(outputs)
    kind = answer_kind(answer, logits=card.logits)
    made: ScriptLines = ("confidences = scores.clip(0, 1)  # the net did softmax itself",)
    if kind == "sigmoids":
        made = ("confidences = scores.clip(0, 1)  # a confidence for each class by itself",)
    elif kind == "logits" and answer.size == 1:
        made = ("confidences = 1 / (1 + np.exp(-scores))  # one logit: a sigmoid",)
    elif kind == "logits":
        made = (
            "# these are logits: softmax converts them to probabilities",
            "powers = np.exp(scores - scores.max())",
            "confidences = powers / powers.sum()",
        )
    return (
        "# 3. One row of scores, a number for each class",
        "scores = outputs[names[0]].ravel().astype(float)",
        *made,
        f'best = np.argsort(-confidences, kind="stable")[:{k}].tolist()',
        "",
    )


def _ranking_end() -> ScriptLines:
    return (
        'with open("ranking.csv", "w", newline="", encoding="utf-8") as file:',
        "    table = csv.writer(file)",
        f"    table.writerow({list(RANKING_COLUMNS)})",
        "    for class_id in best:",
        '        label = labels[class_id] if class_id < len(labels) else f"class {class_id}"',
        f"        confidence = round(float(confidences[class_id]), {CONFIDENCE_DIGITS})",
        "        table.writerow([class_id, label, confidence])",
        '        print(f"{label} {confidence:.1%}")',
    )


def _on_one_line(text: str) -> str:
    """Make a text fit for a comment: one line, and nothing unseen that could end it."""
    return "".join(each for each in " ".join(text.split()) if each.isprintable())
