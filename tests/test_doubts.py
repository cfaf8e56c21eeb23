"""What is said beside an answer that nobody should believe."""

import hashlib
import re
from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from core.doubts import PROBES, alike, constant_doubt, label_doubt, size_doubt
from core.nets.card import ModelFile
from core.nets.catalog import card_named, catalog
from core.nets.labels import read_labels
from core.outputs import Outputs
from core.picture.samples import sample_picture
from core.picture.size import Size
from core.pipeline import run_model
from tests.forwards import noted_forwards
from tests.shared import SHARED, needs_shared


@pytest.fixture
def forwards(monkeypatch):
    return noted_forwards(monkeypatch)


def digest_of_file(path):
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


SHIPPED = [each for each in catalog() if each.shipped]


@pytest.mark.parametrize("model", SHIPPED, ids=lambda each: each.name)
def test_nothing_is_said_against_our_own_nets(model):
    run = run_model(sample_picture("cat"), model)
    assert size_doubt(model, model.blob) == ""
    assert label_doubt(run) == ""
    assert constant_doubt(run) == ""


def constant_doubt_of(model):
    return constant_doubt(run_model(sample_picture("cat"), model))


def constant_card(folder, answer, like="tiny-blob-detector", **changes):
    """A card of a net that answers the same whatever it is shown."""
    answer = np.asarray(answer, np.float32)
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "w", "b"], ["y_flat"]),
        helper.make_node("Reshape", ["y_flat", "s"], ["y"]),
    ]
    constants = {
        "w": np.zeros((3, answer.size), np.float32),
        "b": answer.ravel(),
        "s": np.array(answer.shape, np.int64),
    }
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("image", (1, 3, 96, 96)), ("y", answer.shape))
    ]
    tensors = [numpy_helper.from_array(each, name) for name, each in constants.items()]
    graph = helper.make_graph(nodes, "g", values[:1], values[1:], tensors)
    opset = [helper.make_opsetid("", 12)]
    onnx.save_model(
        helper.make_model(graph, opset_imports=opset, ir_version=8), folder / "net.onnx"
    )
    file = ModelFile("net.onnx", None, digest_of_file(folder / "net.onnx"))
    card = card_named(like)
    spec = replace(card.blob, size=Size(96, 96))
    return replace(
        card,
        title="A net",
        framework="onnx",
        folder=folder,
        files=(file,),
        blob=spec,
        **changes,
    )


def test_a_net_that_answers_the_same_to_two_photos_is_reported(tmp_path):
    answer = np.random.default_rng(0).random((1, 10))
    model = constant_card(tmp_path, answer, task="classification", layout="auto")
    assert "two different photos the same answer" in constant_doubt_of(model)


def test_a_detector_that_found_nothing_twice_proves_nothing(tmp_path):
    empty = constant_card(tmp_path, np.zeros((1, 1, 1, 7)))
    assert constant_doubt_of(empty) == ""
    always = np.array([[[[0, 1, 0.9, 0.1, 0.1, 0.5, 0.5]]]])
    assert "same answer" in constant_doubt_of(constant_card(tmp_path, always))


@needs_shared
def test_the_int8_net_that_opencv_computes_wrongly_is_reported():
    source = SHARED / "hazards" / "mobilenet_v2_quant.onnx"
    file = ModelFile(source.name, None, digest_of_file(source))
    model = replace(
        card_named("squeezenet-v1.1-fp16-onnx"),
        folder=source.parent,
        files=(file,),
        offer=False,
        recommended=False,
    )
    assert "weights of eight bits" in constant_doubt_of(model)


def test_rounding_is_no_difference_and_another_confidence_is():
    some = Outputs({"a": np.array([0.5, 300.0], np.float32)})
    assert alike(some, Outputs({"a": np.array([0.50001, 300.1], np.float32)}))
    assert not alike(some, Outputs({"a": np.array([0.52, 300.0], np.float32)}))
    assert not alike(some, Outputs({"a": np.array([0.5], np.float32)}))


CLASSES = {
    "1001 against 1000": ("classification", "auto", (1, 1001), 1000, "label_offset = 1"),
    "two against three": ("classification", "auto", (1, 2), 3, "2 classes.*3 labels"),
    "two of 80, YOLOv8": ("detection", "yolov8", (1, 6, 189), 80, "2 classes.*80 labels"),
    "one of 80, YOLOv5": ("detection", "yolov5", (1, 567, 6), 80, "1 class,.*80 labels"),
    "YOLOX": ("detection", "yolox", (1, 189, 9), 80, "4 classes.*80 labels"),
    "as many": ("detection", "yolov8", (1, 84, 189), 80, ""),
    "rows that hold the class alone": ("detection", "end-to-end", (1, 9, 6), 80, ""),
}


@pytest.mark.parametrize(
    ("task", "layout", "shape", "labels", "says"), CLASSES.values(), ids=CLASSES
)
def test_labels_that_are_not_the_nets_are_said(task, layout, shape, labels, says, tmp_path):
    names = read_labels("\n".join(map("row {}".format, range(labels))).encode(), name="a.txt")
    answer = np.linspace(0, 1, np.prod(shape)).reshape(shape)
    if layout == "end-to-end":
        answer[..., 5] = range(shape[1])  # whole classes
    model = constant_card(
        tmp_path,
        answer,
        task=task,
        layout=layout,
        labels=names.texts,
        groups=(),
        label_offset=0,
    )
    doubt = label_doubt(run_model(sample_picture("cat"), model))
    assert bool(doubt) == bool(says)
    assert re.search(says, doubt)


def test_another_size_than_declared_is_said():
    model = card_named("tiny-blob-detector")
    assert "made for pictures of 256 x 256, and the blob is 64 x 64" in size_doubt(
        model, replace(model.blob, size=Size(64, 64))
    )


def test_one_photo_more_shows_that_a_net_looks_at_the_picture(forwards):
    model = card_named("tiny-dominant-colour")
    run = run_model(sample_picture("cat"), model)
    asked = len(forwards)
    assert constant_doubt(run) == ""
    assert len(forwards) == asked + 1


def test_a_run_on_one_of_the_probes_itself_proves_nothing_alone(forwards):
    model = card_named("tiny-dominant-colour")
    run = run_model(sample_picture(PROBES[0]), model)
    asked = len(forwards)
    assert constant_doubt(run) == ""
    assert len(forwards) == asked + 2


def test_a_run_with_a_spec_by_hand_is_no_answer_to_compare(forwards):
    """A scale of 1e-9 makes a constant answer of any picture; the net is not to blame."""
    model = card_named("tiny-dominant-colour")
    spec = replace(model.blob, scalefactor=(1e-9,) * 3)
    run = run_model(sample_picture("cat"), model, spec)
    asked = len(forwards)
    assert constant_doubt(run) == ""
    assert len(forwards) == asked + 2
