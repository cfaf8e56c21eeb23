"""The facts measured on real nets, found again by our decoders."""

import functools
import json

import cv2
import numpy as np
import pytest

from core.outputs import Outputs
from core.picture.placement import Placement, stretch
from core.picture.size import Size
from core.results.boxes import iou_matrix
from core.results.decoders import decode_outputs
from core.results.layout import NetFacts
from core.results.recognition import recognise
from tests.shared import IMAGES, NETS, needs_shared, where_present

pytestmark = needs_shared

IOU = 0.45  # the threshold the manifests were measured with, per class
LISTED = 10  # the manifests list no more than the surest ten
PIXELS, CONFIDENCE = 2, 0.02  # how far a manifest may be away: it is rounded

LAYOUT = {
    "yolo-fastest-1.1-coco": "darknet",
    "yolo-fastest-1.1-xl-coco": "darknet",
    "yolox-nano-onnx": "yolox",
    "opencv-face-detector-uint8-tf-ssd": "ssd",
    "yufacedetectnet-v2-caffe-ssd": "ssd",
}
REMADE = {"yolox-nano-v5-layout": "yolov5", "yolox-nano-v8-layout": "yolov8"}


@functools.cache
def manifest(name):
    return json.loads((NETS / name / "manifest.json").read_text())


@functools.cache
def net(name):
    paths = {p.suffix: p for f in manifest(name)["files"] if (p := NETS / name / f["path"])}
    if ".cfg" in paths:
        low = paths[".cfg"].read_bytes().replace(b"[yolo]", b"[yolo]\nthresh=0.001")
        weights = np.fromfile(paths[".weights"], np.uint8)
        return cv2.dnn.readNetFromDarknet(np.frombuffer(low, np.uint8), weights)
    config = paths.get(".pbtxt") or paths.get(".prototxt") or ""
    model = next(p for s, p in paths.items() if s in {".onnx", ".pb", ".caffemodel"})
    return cv2.dnn.readNet(str(model), str(config))


@functools.cache
def labels(name):
    facts = manifest(name)["labels"]
    return facts.get("inline") or (NETS / name / facts["file"]).read_text().splitlines()


def answer(name, image_name):
    """Run the net as its manifest says: outputs, the blob's size, and the way back."""
    facts = manifest(name)["preprocessing"]
    image, size = cv2.imread(str(IMAGES / image_name)), Size(*facts["size"])
    if "yolox" in name:  # the corner of YOLOX: the image top left, grey bars behind it
        placement = _rounded_letterbox(Size.of(image), size)
        fitted = np.full((size.height, size.width, 3), 114, np.uint8)
        small = cv2.resize(image, placement.resized.cv2, interpolation=cv2.INTER_LINEAR)
        fitted[: small.shape[0], : small.shape[1]] = small
    else:
        placement, fitted = stretch(Size.of(image), into=size), cv2.resize(image, size.cv2)
    blob = cv2.dnn.blobFromImage(
        fitted, facts["scalefactor"], size.cv2, facts["mean"], facts["swapRB"]
    )
    net(name).setInput(blob)
    names = net(name).getUnconnectedOutLayersNames()
    return Outputs(dict(zip(names, net(name).forward(names), strict=True))), size, placement


def _rounded_letterbox(image, into):
    """Place as the manifests did: resized sides rounded, where cv2's letterbox cuts them."""
    ratio = min(into.width / image.width, into.height / image.height)
    sides = round(image.width * ratio), round(image.height * ratio)
    return Placement(image, into, (sides[0] / image.width, sides[1] / image.height), (0.0, 0.0))


def found(name, image_name, confidence, layout="auto"):
    outputs, size, placement = answer(name, image_name)
    raw = decode_outputs(outputs, NetFacts(size, labels=len(labels(name))), layout)
    return raw.above(confidence).suppressed(iou=IOU).on_image(placement)


def facts():
    if not NETS.is_dir():
        return
    for name in LAYOUT:
        measured = manifest(name)["measured"]["detected_on_images"]
        for image_name, expected in measured["images"].items():
            yield pytest.param(name, image_name, measured["conf"], expected)


@pytest.mark.parametrize(
    ("name", "image_name", "confidence", "expected"),
    list(facts()),
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_was_measured_on_a_real_net_is_found_again(name, image_name, confidence, expected):
    detections = found(name, image_name, confidence)
    got = [
        (labels(name)[class_id], round(float(sure), 2), xyxy.round().tolist())
        for class_id, sure, xyxy in zip(
            detections.class_id, detections.confidence, detections.xyxy, strict=True
        )
    ]
    # a rounded confidence on the threshold may be missing in either of the two lists
    edge = confidence + CONFIDENCE
    sure = [each for each in got[:LISTED] if each[1] >= edge]
    assert all(_is_among(fact, got) for fact in expected if fact[1] >= edge), (got, expected)
    assert all(_is_among(each, expected) for each in sure), (got, expected)


def _is_among(fact, facts):
    label, confidence, xyxy = fact
    return any(
        label == other
        and abs(confidence - sure) <= CONFIDENCE
        and np.abs(np.subtract(xyxy, box)).max() <= PIXELS
        for other, sure, box in facts
    )


@pytest.mark.parametrize(("name", "layout"), where_present(*(LAYOUT | REMADE).items()))
def test_the_layout_of_a_real_net_is_recognised(name, layout):
    outputs, size, _ = answer(name, "dog.jpg")
    assert recognise(outputs, NetFacts(size, labels=len(labels(name)))).layout == layout


@pytest.mark.parametrize("name", where_present(*REMADE))
@pytest.mark.parametrize("image_name", where_present("dog.jpg", "person.jpg", "street0.jpg"))
def test_a_net_rewritten_into_another_layout_finds_the_same_boxes(name, image_name):
    original = found("yolox-nano-onnx", image_name, 0.5)
    remade = found(name, image_name, 0.3)
    best = iou_matrix(original.xyxy, remade.xyxy).argmax(axis=1)
    assert len(original) > 0
    np.testing.assert_allclose(remade.xyxy[best], original.xyxy, atol=PIXELS)
    np.testing.assert_allclose(remade.confidence[best], original.confidence, atol=CONFIDENCE)
    assert remade.class_id[best].tolist() == original.class_id.tolist()


def test_darknet_rows_count_on_from_head_to_head():
    outputs, size, _ = answer("yolo-fastest-1.1-coco", "dog.jpg")
    assert len(decode_outputs(outputs, NetFacts(size))) == sum(
        len(head) for head in outputs.values()
    )
    first_head = len(next(iter(outputs.values())))
    rows = decode_outputs(outputs, NetFacts(size)).above(0.3).row
    assert (rows < first_head).any()
    assert (rows >= first_head).any()
