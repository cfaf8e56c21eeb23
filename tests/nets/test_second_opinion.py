"""Two engines, one blob: OpenCV's answers are those of ONNX Runtime."""

import builtins
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from core.blob.make import make_blob
from core.blob.spec import BlobSpec
from core.errors import EngineMissing, ForwardFailed
from core.nets import second_opinion as module
from core.nets.card import ModelPaths
from core.nets.catalog import card_named, catalog
from core.nets.downloads import file_paths
from core.nets.engine import LocalEngine
from core.nets.second_opinion import TOLERANCE, differences, second_opinion
from core.outputs import Outputs
from core.picture.image import decode_picture
from core.picture.samples import sample_picture
from core.picture.size import Size
from tests.models.cards import card_of, paths_of
from tests.shared import NETS, needs_shared, where_present

OURS = [each.name for each in catalog() if each.shipped and each.framework == "onnx"]
SHARED = [
    "squeezenet-v1.1-fp16-onnx",
    "yolox-nano-onnx",
    "yolox-nano-v5-layout",
    "yolox-nano-v8-layout",
]
PICTURES = ["cat", "motorcycle", "astronaut"]


def asked(model, sample="cat", locate=file_paths):
    blob, _ = make_blob(decode_picture(sample_picture(sample)), model.blob)
    return second_opinion(model, blob, locate=locate, ours=LocalEngine(locate=locate))


@pytest.mark.parametrize("sample", PICTURES)
@pytest.mark.parametrize("name", [*OURS, *where_present(*SHARED)])
def test_every_onnx_net_answers_alike_in_both(name, sample):
    opinion = asked(card_of(name), sample, paths_of)
    assert opinion.agrees, opinion.differences
    assert min(opinion.opencv_ms, opinion.onnxruntime_ms) > 0


@needs_shared
def test_no_onnx_net_was_forgotten():
    assert {path.parent.name for path in NETS.glob("*/*.onnx")} == set(SHARED)


def test_a_net_that_answers_otherwise_is_told_apart():
    ours = Outputs({"a": np.float32([1, 100]), "b": np.float32([[0.5]])})
    theirs = {"a": np.float32([1.0005, 100.05]), "b": np.float32([[0.502]])}
    first, second = differences(ours, theirs)
    assert first.largest == pytest.approx(0.05, rel=1e-3)
    assert first.relative == pytest.approx(5e-4, rel=1e-2)
    assert first.relative <= TOLERANCE < second.relative
    assert second.relative == pytest.approx(2e-3, rel=1e-3)
    assert (second.value, second.other) == pytest.approx((0.5, 0.502))


def test_outputs_are_paired_by_name_not_by_place():
    ours = Outputs({"a": np.zeros(2, np.float32), "b": np.ones(2, np.float32)})
    theirs = {"b": np.ones(2, np.float32), "a": np.zeros(2, np.float32)}
    assert [each.largest for each in differences(ours, theirs)] == [0, 0]


@pytest.mark.parametrize("theirs", [{}, {"a": np.zeros(3, np.float32)}])
def test_answers_of_other_shapes_get_a_sentence(theirs):
    with pytest.raises(ForwardFailed, match="cannot be compared"):
        differences(Outputs({"a": np.zeros(2, np.float32)}), theirs)


def test_a_net_that_answers_no_numbers_does_not_agree():
    broken = Outputs({"a": np.float32([0, np.nan])})
    (difference,) = differences(broken, {"a": np.zeros(2, np.float32)})
    assert not difference.relative <= TOLERANCE


@pytest.fixture
def without_onnxruntime(monkeypatch):
    original = builtins.__import__

    def importing(name, *rest, **more):
        if name.split(".")[0] == "onnxruntime":
            raise ImportError(f"No module named {name!r}")
        return original(name, *rest, **more)

    for name in [each for each in sys.modules if each.split(".")[0] == "onnxruntime"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", importing)


@pytest.mark.usefixtures("without_onnxruntime")
def test_without_onnx_runtime_a_sentence_says_how_to_get_it():
    with pytest.raises(EngineMissing, match=r"pip install -r requirements-onnx\.txt"):
        asked(card_named(OURS[0]))


def written(folder, nodes, *, inputs=((1, 3, 8, 8),), outputs=(("y", (1, 3, 8, 8)),), start=()):
    """Write a model of a few nodes to a file, and give its card and where it lies."""
    named = zip("xz", inputs, strict=False)
    graph = helper.make_graph(
        nodes,
        "g",
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in named
        ],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in outputs
        ],
        initializer=list(start),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, folder / "tiny.onnx")
    return card_named(OURS[0]), lambda _: ModelPaths(folder / "tiny.onnx")


def blob_of(size):
    return make_blob(decode_picture(sample_picture("cat")), BlobSpec(size=size))[0]


def test_a_pool_that_opencv_gets_wrong_is_found_out(tmp_path):
    """OpenCV 4.14 leaves the padding out of the mean, although it is told to count it."""
    pool = helper.make_node(
        "AveragePool", ["x"], ["y"], kernel_shape=[3, 3], pads=[1] * 4, count_include_pad=1
    )
    model, locate = written(tmp_path, [pool])
    opinion = second_opinion(
        model, blob_of(Size(8, 8)), locate=locate, ours=LocalEngine(locate=locate)
    )
    assert not opinion.agrees


def test_several_outputs_are_each_compared(tmp_path):
    nodes = [helper.make_node("Relu", ["x"], ["y"]), helper.make_node("Sigmoid", ["x"], ["b"])]
    model, locate = written(tmp_path, nodes, outputs=(("y", (1, 3, 8, 8)), ("b", (1, 3, 8, 8))))
    opinion = second_opinion(
        model, blob_of(Size(8, 8)), locate=locate, ours=LocalEngine(locate=locate)
    )
    assert {each.output for each in opinion.differences} == {"b", "y"}
    assert opinion.agrees


def test_a_blob_that_onnx_runtime_refuses_gets_a_sentence(tmp_path):
    model, locate = written(tmp_path, [helper.make_node("Relu", ["x"], ["y"])])
    with pytest.raises(ForwardFailed, match="ONNX Runtime cannot run"):
        second_opinion(
            model, blob_of(Size(9, 8)), locate=locate, ours=LocalEngine(locate=locate)
        )


def test_sessions_are_kept_but_not_without_end():
    module._session.cache_clear()
    for _ in range(2):
        asked(card_named(OURS[0]))
    asked(card_named(OURS[1]))
    assert module._session.cache_info().misses == 2
    assert module._session.cache_info().maxsize == 2


def test_onnx_runtime_leaves_the_other_cores_to_the_other_visitors():
    model = file_paths(card_named(OURS[0])).model
    options = module._session(model, model.stat().st_mtime_ns).get_session_options()
    assert options.intra_op_num_threads == options.inter_op_num_threads == 1


def test_the_first_forward_of_opencv_is_not_the_one_that_counts():
    forwards = []
    local = LocalEngine()

    class Counting:
        def infer(self, model, blob):
            forwards.append(local.infer(model, blob))
            return forwards[-1]

    model = card_named(OURS[0])
    blob, _ = make_blob(decode_picture(sample_picture("cat")), model.blob)
    opinion = second_opinion(model, blob, ours=Counting())
    assert forwards[0].timings.first
    assert opinion.opencv_ms == min(each.timings.forward_ms for each in forwards[1:])
