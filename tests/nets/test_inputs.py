"""What a net's file declares is read from every format, and said where a blob is another."""

import hashlib
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from core.nets.card import ModelPaths
from core.nets.catalog import catalog
from core.nets.downloads import file_paths
from core.nets.inputs import INPUT_READERS, DeclaredInput, declared_inputs, refusal, size_note
from core.picture.size import Size
from tests.models.cards import EVERY_NET, card_of, paths_of
from tests.models.tflite import tflite_bytes


def read(framework, folder, name, content, config=None):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    if config is not None:
        (folder / "config").write_text(config)
    return INPUT_READERS[framework](ModelPaths(path, folder / "config" if config else None))


def onnx_bytes(inputs, constants=()):
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs.items()]
    tensors = [numpy_helper.from_array(np.zeros((9, 9), np.float32), n) for n in constants]
    node = helper.make_node("Relu", [next(iter(inputs))], ["y"])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    return helper.make_model(
        helper.make_graph([node], "g", values, [out], tensors)
    ).SerializeToString()


PHOTO = (1, 3, 48, 64)
ONNX = {
    "as usual": ({"image": PHOTO}, (), ["image [1, 3, 48, 64]"], 3, Size(64, 48)),
    "any number of pictures": (
        {"image": ("N", 3, 48, 64)},
        (),
        ["image [?, 3, 48, 64]"],
        3,
        Size(64, 48),
    ),
    "any size": ({"image": (1, 3, "h", "w")}, (), ["image [1, 3, ?, ?]"], 3, None),
    "grey": ({"image": (1, 1, 28, 28)}, (), ["image [1, 1, 28, 28]"], 1, Size(28, 28)),
    "channels last": ({"image": (1, 48, 64, 3)}, (), ["image [1, 48, 64, 3]"], 3, Size(64, 48)),
    "constants listed as inputs": (
        {"w": (9, 9), "image": PHOTO},
        ("w",),
        ["image [1, 3, 48, 64]"],
        3,
        Size(64, 48),
    ),
    "no shape": ({"image": None}, (), ["image"], None, None),
    "no picture": ({"tokens": (1, 77)}, (), ["tokens [1, 77]"], None, None),
    "two": (
        {"image": PHOTO, "scale": (1, 2)},
        (),
        ["image [1, 3, 48, 64]", "scale [1, 2]"],
        3,
        Size(64, 48),
    ),
}


@pytest.mark.parametrize(
    ("inputs", "constants", "listed", "channels", "size"), ONNX.values(), ids=ONNX
)
def test_an_onnx_graph_declares_its_inputs(inputs, constants, listed, channels, size, tmp_path):
    found = read("onnx", tmp_path, "net.onnx", onnx_bytes(inputs, constants))
    assert [str(each) for each in found] == listed
    assert (found[0].channels, found[0].size) == (channels, size)
    last = inputs.get("image") == (1, 48, 64, 3)
    assert found[0].layout == ("NHWC" if last else "NCHW")


PROTOTXT = {
    "a layer": (
        'layer { name: "d" type: "Input" top: "data" input_param { shape: '
        "{ dim: 1 dim: 3 dim: 48 dim: 64 } } }",
        ["data [1, 3, 48, 64]"],
    ),
    "input_shape": (
        'input: "data" input_shape { dim: 1 dim: 3 dim: 48 dim: 64 }',
        ["data [1, 3, 48, 64]"],
    ),
    "input_dim": (
        'name: "x"\ninput: "data"\ninput_dim: 1\ninput_dim: 3\ninput_dim: 48\ninput_dim: 64',
        ["data [1, 3, 48, 64]"],
    ),
    "two": (
        'input: "data" input_shape { dim: [1, 3, 48, 64] } '
        'input: "im_info" input_shape { dim: 1 dim: 3 }',
        ["data [1, 3, 48, 64]", "im_info [1, 3]"],
    ),
    "two tops of a layer": (
        'layer { type: "Input" top: "a" top: "b" '
        "input_param { shape { dim: 1 } shape { dim: 2 } } }",
        ["a [1]", "b [2]"],
    ),
    "without a shape": ('input: "data"', ["data"]),
    "training data": ('layer { type: "Data" top: "data" }', []),
}


@pytest.mark.parametrize(("text", "listed"), PROTOTXT.values(), ids=PROTOTXT)
def test_a_prototxt_declares_its_inputs(text, listed, tmp_path):
    found = read("caffe", tmp_path, "net.caffemodel", b"", config=text)
    assert [str(each) for each in found] == listed


@pytest.mark.parametrize(
    ("text", "channels"),
    [
        ("[net]\nwidth=416\nheight=416\nchannels=1\n[convolutional]", 1),
        ("[ net ] # x\nwidth=416\n", 3),
        ("[network]\nchannels = 3 ; colours", 3),
    ],
)
def test_a_cfg_declares_channels_and_binds_nobody_to_a_size(text, channels, tmp_path):
    (found,) = read("darknet", tmp_path, "net.weights", b"", config=text)
    assert (found.channels, found.size) == (channels, None)


def field(number, content):
    """A field of a message with fewer than 128 bytes in it."""
    if isinstance(content, int):
        digits = []
        content %= 2**64
        while content > 127:
            digits.append(content % 128 + 128)
            content //= 128
        return bytes([number << 3, *digits, content])
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


def placeholder(name, sizes):
    dims = b"".join(field(2, field(1, size)) for size in sizes)
    shape = field(5, field(1, b"shape") + field(2, field(7, dims)))
    return field(1, field(1, name) + field(2, b"Placeholder") + (shape if sizes else b""))


@pytest.mark.parametrize(
    ("sizes", "listed", "channels", "size"),
    [
        ((1, 48, 64, 3), "input [1, 48, 64, 3]", 3, Size(64, 48)),
        ((-1, 48, 64, 1), "input [?, 48, 64, 1]", 1, Size(64, 48)),
        ((-1, -1, -1, 3), "input [?, ?, ?, 3]", 3, None),
        ((), "input", None, None),
    ],
)
def test_a_frozen_graph_and_its_text_declare_the_same(sizes, listed, channels, size, tmp_path):
    other = field(1, field(1, b"w") + field(2, b"Const") + field(5, b""))
    content = other + placeholder(b"input", sizes)
    dims = " ".join(f"dim {{ size: {each} }}" for each in sizes)
    shape = f'attr {{ key: "shape" value {{ shape {{ {dims} }} }} }}' if sizes else ""
    text = (
        f'node {{ name: "input" op: "Placeholder" {shape} }} node {{ name: "w" op: "Const" }}'
    )
    for config in (None, text):
        (found,) = read("tensorflow", tmp_path, "net.pb", content, config=config)
        assert (str(found), found.channels, found.size) == (listed, channels, size)
        assert found.layout == "NCHW"  # what OpenCV wants, however TensorFlow counts


LITE = (1, 48, 64, 3)


@pytest.mark.parametrize(
    ("inputs", "free", "listed", "channels", "size"),
    [
        ({"image": LITE}, {}, ["image [1, 48, 64, 3]"], 3, Size(64, 48)),
        ({"image": (1, 9, 9, 1)}, {}, ["image [1, 9, 9, 1]"], 1, Size(9, 9)),
        ({"image": LITE}, {"image": (-1, -1, -1, 3)}, ["image [?, ?, ?, 3]"], 3, None),
        (
            {"image": LITE, "scale": (1, 2)},
            {},
            ["image [1, 48, 64, 3]", "scale [1, 2]"],
            3,
            Size(64, 48),
        ),
        ({"tokens": (1, 77)}, {}, ["tokens [1, 77]"], None, None),
    ],
)
def test_a_tflite_file_declares_its_inputs(inputs, free, listed, channels, size, tmp_path):
    found = read("tflite", tmp_path, "net.tflite", tflite_bytes(inputs, free))
    assert [str(each) for each in found] == listed
    assert (found[0].channels, found[0].size) == (channels, size)


def test_opencv_wants_the_channels_of_a_tflite_file_first_as_is_said(tmp_path):
    data = tflite_bytes({"image": LITE})
    declared = read("tflite", tmp_path, "net.tflite", data)
    blob = np.random.default_rng(0).normal(size=(1, 3, 48, 64)).astype(np.float32)
    assert refusal(declared, blob.shape, "NCHW") == ""
    net = cv2.dnn.readNetFromTFLite(np.frombuffer(data, np.uint8))
    net.setInput(blob)
    np.testing.assert_array_equal(net.forward(), blob.clip(0))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_tflite_file_declares_something_or_nothing(tmp_path, data):
    whole = bytearray(tflite_bytes({"image": LITE}))
    cut = data.draw(st.integers(8, len(whole)))
    for _ in range(data.draw(st.integers(0, 8))):
        whole[data.draw(st.integers(8, len(whole) - 1))] = data.draw(st.integers(0, 255))
    for damaged in (whole[:cut], whole[:4] + b"none" + whole[8:], whole):
        found, refused = (), ""
        try:
            found = read("tflite", tmp_path, "net.tflite", bytes(damaged))
        except ValueError as error:
            refused = str(error)
        assert refused in ("", "no FlatBuffers file", "an input that is no tensor")
        assert all(isinstance(each, DeclaredInput) for each in found)


OF_EACH_FRAMEWORK = {each.framework: each for each in catalog()}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_whatever_the_bytes_declare_nothing_breaks(tmp_path, data):
    path, config = tmp_path / "net", tmp_path / "config"
    path.write_bytes(data)
    config.write_bytes(data)
    for model in OF_EACH_FRAMEWORK.values():
        # files are known by their digests
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        files = tuple(replace(each, digest=digest) for each in model.files)
        declared_inputs(replace(model, files=files), ModelPaths(path, config))


@pytest.mark.parametrize(
    "model", [each for each in catalog() if each.shipped], ids=lambda each: each.name
)
def test_our_own_cards_give_their_nets_what_they_declare(model):
    declared = declared_inputs(model, file_paths(model))
    height, width = model.blob.size.height, model.blob.size.width
    assert len(declared) == 1
    assert refusal(declared, (1, model.blob.channels, height, width), "NCHW") == ""
    assert size_note(declared, model.blob.size) == ""


@pytest.mark.parametrize("name", EVERY_NET)
def test_files_of_all_formats_are_read(name):
    model = card_of(name)
    declared = declared_inputs(model, paths_of(model))
    assert len(declared) == 1
    assert declared[0].channels in (3, None)
    assert refusal(declared, (1, 3, *model.blob.size.cv2[::-1]), "NCHW") == ""


IMAGE = DeclaredInput("image", PHOTO, "NCHW", 3, Size(64, 48))
LAST = DeclaredInput("image", (1, 48, 64, 3), "NHWC", 3, Size(64, 48))


@pytest.mark.parametrize(
    ("inputs", "shape", "layout", "says"),
    [
        ((), (1, 7, 9, 9), "NCHW", ""),
        ((IMAGE,), (1, 3, 48, 64), "NCHW", ""),
        ((IMAGE,), (4, 3, 99, 9), "NCHW", ""),
        ((LAST,), (1, 48, 64, 3), "NHWC", ""),
        ((DeclaredInput("x"),), (1, 1, 9, 9), "NCHW", ""),
        ((IMAGE, LAST), (1, 3, 48, 64), "NCHW", "wants 2 inputs, image [1, 3, 48, 64] and"),
        ((IMAGE,), (1, 1, 48, 64), "NCHW", "wants 3 channels, but the blob has 1. Write"),
        (
            (LAST,),
            (1, 3, 48, 64),
            "NCHW",
            "wants its channels last: image [1, 48, 64, 3]. Write",
        ),
        (
            (IMAGE,),
            (1, 48, 64, 3),
            "NHWC",
            "channels first: image [1, 3, 48, 64]. Write layout",
        ),
        (
            (DeclaredInput("x", (1, 6, 9, 9), "NCHW", 6),),
            (1, 3, 9, 9),
            "NCHW",
            "wants 6 channels, but the blob has 3. Blobscope's blobs have 1 channel or 3.",
        ),
    ],
)
def test_what_a_net_cannot_take_is_refused_with_the_reason(inputs, shape, layout, says):
    found = refusal(inputs, shape, layout)
    assert says in found
    assert bool(found) == bool(says)


def test_another_size_than_declared_is_said():
    assert "64 x 48, and the blob is 32 x 32" in size_note((IMAGE,), Size(32, 32))
    assert size_note((IMAGE,), Size(64, 48)) == size_note((), Size(9, 9)) == ""
