"""Nets that answer each layout's sample, run by OpenCV from picture to boxes.

ONNX Runtime is the second reader of the same file.
"""

import hashlib
from dataclasses import replace

import cv2
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from core.errors import LayoutUnknown
from core.nets.card import read_card
from core.picture.image import Picture
from core.pipeline import Thresholds, detect, run_model
from core.share.inference_script import detection_script
from core.share.provenance import Provenance
from tests.results.layout_samples import SAMPLES, SIZE

PHOTO = cv2.imencode(".png", np.full((128, 192, 3), 127, np.uint8))[1].tobytes()
PICTURE = Picture("plain.png", PHOTO)  # twice the blob's size
CARD = """
title = "A net that always answers the same"
task = "detection"
framework = "onnx"
labels = {labels}
summary = "for a test"
licence = "ours"
source = "this test"
{extra}
[blob]
size = [96, 64]

[[files]]
name = "net.onnx"
digest = "sha256:{digest}"
"""
THROUGH_ONNX = [name for name in SAMPLES if name not in ("darknet",)]


def constant_net(arrays):
    """A net that answers fixed arrays: weights of 0, and the arrays as biases."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["images"], ["pooled"]),
        helper.make_node("Conv", ["pooled", "one_w"], ["one"], kernel_shape=[1, 1]),
        helper.make_node("Flatten", ["one"], ["flat"], axis=1),
    ]
    weights = [numpy_helper.from_array(np.zeros((1, 3, 1, 1), np.float32), "one_w")]
    outputs = []
    for name, array in arrays.items():
        array = np.asarray(array, np.float32)
        weights += [
            numpy_helper.from_array(np.zeros((1, array.size), np.float32), f"{name}_w"),
            numpy_helper.from_array(array.ravel(), f"{name}_b"),
            numpy_helper.from_array(np.array(array.shape, np.int64), f"{name}_s"),
        ]
        nodes += [
            helper.make_node("Gemm", ["flat", f"{name}_w", f"{name}_b"], [f"{name}_flat"]),
            helper.make_node("Reshape", [f"{name}_flat", f"{name}_s"], [name]),
        ]
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, array.shape))
    picture = helper.make_tensor_value_info(
        "images", TensorProto.FLOAT, (1, 3, *SIZE.cv2[::-1])
    )
    graph = helper.make_graph(nodes, "constant", [picture], outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)])
    model.ir_version = 8
    return model.SerializeToString()


def card_of(folder, sample, extra="", labels=None):
    data = constant_net(sample.arrays)
    (folder / "net").mkdir()
    (folder / "net" / "net.onnx").write_bytes(data)
    texts = [f"thing {number}" for number in range(labels or sample.labels)]
    anchors = [list(pair) for pair in sample.facts.get("anchors", ())]
    extra += f"\nanchors = {anchors}" if anchors else ""
    (folder / "net" / "card.toml").write_text(
        CARD.format(labels=texts, extra=extra, digest=hashlib.sha256(data).hexdigest()),
        encoding="utf-8",
    )
    return read_card(folder / "net")


@pytest.mark.parametrize("name", THROUGH_ONNX)
def test_opencv_and_blobscope_find_the_objects_that_the_net_answers(name, tmp_path):
    sample = SAMPLES[name]
    card = card_of(tmp_path, sample)
    run = run_model(PICTURE, card)
    assert run.reading.layout == name
    kept = detect(run, Thresholds(0.5, 0.45)).kept
    wanted = [np.multiply(box, 2) for box, _, _ in sample.objects]
    np.testing.assert_allclose(kept.xyxy, wanted, atol=0.05)
    np.testing.assert_allclose(
        kept.confidence, [sure for *_, sure in sample.objects], atol=1e-4
    )
    code = detection_script(Provenance(PICTURE, run), Thresholds())
    assert f"# layout {name}:" in code


@pytest.mark.parametrize("name", THROUGH_ONNX)
def test_onnx_runtime_answers_what_opencv_does(name, tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    sample = SAMPLES[name]
    run = run_model(PICTURE, card_of(tmp_path, sample))
    session = runtime.InferenceSession(
        str(tmp_path / "net" / "net.onnx"), providers=["CPUExecutionProvider"]
    )
    names = [each.name for each in session.get_outputs()]
    answer = session.run(names, {"images": np.zeros((1, 3, 64, 96), np.float32)})
    for name, array in zip(names, answer, strict=True):
        np.testing.assert_array_equal(run.outputs[name].ravel(), array.ravel())


def test_a_net_that_is_not_darknets_is_never_read_as_one(tmp_path):
    card = card_of(tmp_path, replace(SAMPLES["darknet"], facts={}))
    run = run_model(PICTURE, card)
    with pytest.raises(LayoutUnknown, match="OpenCV did not read it with Darknet's files"):
        detect(run, Thresholds())


def test_a_card_that_names_the_wrong_layout_gets_a_sentence_with_the_right_one(tmp_path):
    card = card_of(tmp_path, SAMPLES["yolov8-pose"], 'layout = "yolov8"')
    with pytest.raises(LayoutUnknown, match="yolov8-pose would fit: choose it"):
        detect(run_model(PICTURE, card), Thresholds())


def test_what_fits_two_layouts_asks_and_a_choice_answers(tmp_path):
    card = card_of(tmp_path, SAMPLES["rt-detr"], labels=7)
    run = run_model(PICTURE, card)
    with pytest.raises(LayoutUnknown, match=r"several output layouts.*Choose one"):
        detect(run, Thresholds())
    assert {each.layout for each in run.recognised.fitting} == {"detr", "rt-detr"}
    kept = detect(
        replace(run, card=replace(card, layout="rt-detr")), Thresholds(0.5, 0.45)
    ).kept
    assert len(kept) == 3


def test_outputs_are_asked_once_however_often_a_slider_moves(tmp_path, monkeypatch):
    card = card_of(tmp_path, SAMPLES["yolov8"])
    run, asked = run_model(PICTURE, card), []
    import core.pipeline as pipeline

    original = pipeline.named
    monkeypatch.setattr("core.pipeline.named", lambda *args: asked.append(1) or original(*args))
    for confidence in (0.1, 0.2, 0.3):
        detect(run, Thresholds(confidence))
    assert len(asked) == 1
