"""Reading: every format OpenCV knows, and a sentence for everything else."""

import ast
import re
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from core.errors import ModelUnreadable
from core.nets.card import ModelFile, ModelPaths
from core.nets.catalog import card_named
from core.nets.net import framework_of, keeps_weights_outside, read_net, with_low_thresholds
from core.picture.image import decode_picture
from core.picture.samples import sample_picture
from tests.models.cards import EVERY_NET, card_of, paths_of
from tests.shared import SHARED, needs_shared, where_present

STARTER, YOLO = "starter-detector-darknet", "yolo-fastest-1.1-coco"


@pytest.mark.parametrize("name", EVERY_NET)
def test_the_nets_are_read_in_all_four_formats(name):
    net = read_net(card_of(name), paths_of(card_of(name)))
    assert net.getUnconnectedOutLayersNames()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("resnet.pt", "PyTorch file.*torch.onnx.export"),
        ("resnet.PTH", "PyTorch file"),
        ("model.h5", "Keras file.*tf2onnx"),
        ("model.keras", "Keras file"),
        ("model.safetensors", "holds weights without a network"),
        ("model.xml", "OpenVINO model; this build of OpenCV comes without OpenVINO"),
        ("model.bin", "comes without OpenVINO"),
        ("deploy.prototxt", "Give the .caffemodel too"),
        ("net.docx", "an unknown file extension. Known are .onnx, .pb"),
        ("net", "an unknown file extension"),
    ],
)
def test_a_file_that_opencv_has_no_reader_for_gets_a_remedy(name, says):
    with pytest.raises(ModelUnreadable, match=says):
        framework_of(name)


def unread(name, content, tmp_path, *, config=None, framework="onnx"):
    path = tmp_path / name
    path.write_bytes(content)
    files = (ModelFile(name, None, "sha256:" + "0" * 64),)
    config_path = None
    if config is not None:
        config_path = tmp_path / config[0]
        config_path.write_bytes(config[1])
        files += (ModelFile(config[0], None, "sha256:" + "0" * 64),)
    broken = replace(card_named("tiny-blob-detector"), framework=framework, files=files)
    with pytest.raises(ModelUnreadable) as caught:
        read_net(broken, ModelPaths(path, config_path))
    return str(caught.value)


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"version https://git-lfs"])
def test_what_is_no_onnx_is_refused_in_plain_words(content, tmp_path):
    text = unread("net.onnx", content, tmp_path)
    assert text.startswith("OpenCV cannot read Colour blobs (net.onnx): ")
    assert ".cpp" not in text
    assert text.endswith("layers that OpenCV does not know.")


@pytest.mark.parametrize(
    ("name", "framework", "config"),
    [
        ("net.pb", "tensorflow", None),
        ("net.tflite", "tflite", None),
        ("net.caffemodel", "caffe", ("net.prototxt", b"layer { nonsense }")),
        ("net.weights", "darknet", ("net.cfg", b"[net]\nwidth=abc\n[convolutional]")),
    ],
)
def test_rubbish_of_every_format_is_refused(name, framework, config, tmp_path):
    text = unread(name, b"rubbish" * 9, tmp_path, config=config, framework=framework)
    assert name in text


def test_a_card_with_the_wrong_framework_says_so(tmp_path):
    text = unread("net.pb", b"x", tmp_path, framework="onnx")
    assert text == "Colour blobs: the card says onnx, but net.pb is tensorflow."


def test_a_file_that_went_away_is_named(tmp_path):
    gone = ModelPaths(tmp_path / "gone.weights", tmp_path / "gone.cfg")
    files = (
        ModelFile("a.cfg", 1, "sha1:" + "0" * 40),
        ModelFile("a.weights", 1, "sha1:" + "0" * 40),
    )
    with pytest.raises(ModelUnreadable, match=r"gone\.cfg cannot be opened: No such file"):
        read_net(
            replace(card_named("tiny-blob-detector"), framework="darknet", files=files), gone
        )


def linear_model():
    weights = numpy_helper.from_array(np.ones((4, 2), np.float32), "w")
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2])
    return helper.make_model(
        helper.make_graph([node], "g", [x], [y], [weights]),
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
    )


def model_with_nms():
    """What YOLOv7's --end2end, Ultralytics' nms=True and Paddle write: NMS inside the net."""
    nodes = [
        helper.make_node("Reshape", ["x", "as_boxes"], ["boxes"]),
        helper.make_node("Reshape", ["x", "as_scores"], ["scores"]),
        helper.make_node("NonMaxSuppression", ["boxes", "scores", "most", "iou"], ["kept"]),
    ]
    constants = {
        "as_boxes": np.array([1, 12, 4]),
        "as_scores": np.array([1, 4, 12]),
        "most": np.array([10]),
        "iou": np.float32([0.5]),
    }
    graph = helper.make_graph(
        nodes,
        "nms",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 3, 4, 4))],
        [helper.make_tensor_value_info("kept", TensorProto.INT64, ("n", 3))],
        [numpy_helper.from_array(each, name) for name, each in constants.items()],
    )
    opset = [helper.make_opsetid("", 12)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8)


def test_a_net_with_nms_inside_says_how_to_export_it_without(tmp_path):
    model = model_with_nms()
    onnx.checker.check_model(model)
    error = unread("nms.onnx", model.SerializeToString(), tmp_path)
    assert "Export the net without its NMS (Ultralytics: nms=False" in error


def test_onnx_with_outside_weights_is_refused_before_opencv_dies(tmp_path):
    """torch.onnx.export writes such files by default; OpenCV 4 ends with SIGFPE on some."""
    path = tmp_path / "outside.onnx"
    onnx.save_model(
        linear_model(), path, save_as_external_data=True, size_threshold=0, location="o.data"
    )
    assert keeps_weights_outside(path)
    text = unread("outside.onnx", path.read_bytes(), tmp_path)
    assert "keeps its weights in a second file" in text
    assert "torch.onnx.export(..., dynamo=False)" in text


@pytest.mark.parametrize(
    "name", [name for name in EVERY_NET if card_of(name).framework == "onnx"]
)
def test_whole_onnx_files_are_not_suspected(name):
    assert not keeps_weights_outside(paths_of(card_of(name)).model)


class TestDarknet:
    CFG = b"""[net]
# thresh=1 is a comment
thresh = 5
[yolo]
 mask = 0
thresh = 0.6
ignore_thresh = .7
[convolutional]
thresh=9
[region]  # old head
classes=20
thresh=.6
nms_threshold = 0.4
"""

    def test_low_thresholds_stand_in_each_head_and_nowhere_else(self):
        lines = with_low_thresholds(self.CFG).decode().splitlines()
        assert lines.count("thresh=0.001") == 2
        assert not {"thresh=0.6", "thresh=.6", "nms_threshold=0.4"} & set(lines)
        assert {"thresh=5", "thresh=9", "ignore_thresh=.7"} <= set(lines)

    @pytest.mark.parametrize("name", [STARTER, *where_present(YOLO)])
    def test_a_confidence_slider_below_a_fifth_finds_rows(self, name):
        """OpenCV's own default sets every score below 0.2 to 0."""
        paths = paths_of(card_of(name))
        image = decode_picture(sample_picture("motorcycle"))
        blob = cv2.dnn.blobFromImage(image, 1 / 255, (320, 320), swapRB=True)

        def low_scores(net):
            net.setInput(blob)
            outputs = net.forward(net.getUnconnectedOutLayersNames())
            scores = np.concatenate([each[:, 5:].max(axis=1) for each in outputs])
            return ((scores > 0) & (scores < 0.2)).sum()

        usual = re.sub(rb"(?m)^thresh.*\n", b"", paths.config.read_bytes())
        files = (np.frombuffer(each, np.uint8) for each in (usual, paths.model.read_bytes()))
        assert low_scores(cv2.dnn.readNetFromDarknet(*files)) == 0
        assert low_scores(read_net(card_of(name), paths)) > 50

    @pytest.mark.parametrize(
        "name", [name for name in EVERY_NET if card_of(name).framework == "darknet"]
    )
    @pytest.mark.parametrize("change", [-4, -1, 1, 4, -100_000])
    def test_weights_of_another_length_are_refused(self, name, change, tmp_path):
        paths = paths_of(card_of(name))
        content = paths.model.read_bytes()
        other = content[:change] if change < 0 else content + b"\0" * change
        (tmp_path / paths.model.name).write_bytes(other)
        with pytest.raises(ModelUnreadable, match=r"needs exactly [\d,]+: .*truncated"):
            read_net(card_of(name), ModelPaths(tmp_path / paths.model.name, paths.config))

    @pytest.mark.parametrize(
        ("name", "other"),
        [
            ("starter-classifier-darknet", STARTER),
            *where_present((YOLO, "yolo-fastest-1.1-xl-coco")),
        ],
    )
    def test_the_weights_of_a_bigger_net_are_refused(self, name, other):
        small, big = (paths_of(card_of(each)) for each in (name, other))
        with pytest.raises(ModelUnreadable, match="do not belong together"):
            read_net(card_of(name), ModelPaths(big.model, small.config))

    def test_old_headers_are_16_bytes_and_new_ones_20(self):
        from core.nets.net import _header_length

        def header(major, minor):
            return np.frombuffer(struct.pack("<5i", major, minor, 0, 0, 0), np.uint8)

        assert [_header_length(header(*v)) for v in ((0, 1), (0, 2), (1, 0))] == [16, 20, 20]


@needs_shared
def test_squeezenet_gives_the_same_answer_in_onnx_caffe_and_tensorflow():
    image = cv2.imread(str(SHARED / "images" / "chelsea_cat.png"))
    blob = cv2.dnn.blobFromImage(image, 1.0, (224, 224), (104, 117, 123))
    answers = []
    for name in (
        "squeezenet-v1.1-fp16-onnx",
        "squeezenet-v1.1-fp16-caffe",
        "squeezenet-v1.1-tf",
    ):
        net = read_net(card_of(name), paths_of(card_of(name)))
        net.setInput(blob)
        answers.append(net.forward().ravel())
    np.testing.assert_allclose(answers[0], answers[1], rtol=0, atol=1e-6)
    np.testing.assert_allclose(answers[0], answers[2], rtol=0, atol=1e-6)
    best = int(answers[0].argmax())
    assert card_of("squeezenet-v1.1-tf").label(best) == "Egyptian cat"


SHARING = """
import sys, threading
import cv2, numpy as np
net = cv2.dnn.readNetFromONNX(sys.argv[1])
side, spread = int(sys.argv[2]), float(sys.argv[3])
dice = np.random.default_rng(0)
blobs = dice.normal(0, spread, (8, 1, 3, side, side)).astype(np.float32)
def forward(blob):
    net.setInput(blob)
    return net.forward()
right = [forward(blob) for blob in blobs]
wrong = []
def work(n):
    for _ in range(8):
        try:
            same = np.array_equal(forward(blobs[n]), right[n])
        except cv2.error:
            same = False
        if not same:
            wrong.append(n)
threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
print(len(wrong))
"""


@pytest.mark.parametrize(
    ("name", "side", "spread"),
    [
        ("starter-classifier-onnx", 64, 0.5),
        *where_present(("squeezenet-v1.1-fp16-onnx", 224, 50)),
    ],
)
def test_control_one_raw_net_shared_by_eight_threads_gives_wrong_answers(name, side, spread):
    """Why the cache lends nets: in a process of its own, for it may crash too."""
    path = paths_of(card_of(name)).model
    done = subprocess.run(
        [sys.executable, "-c", SHARING, str(path), str(side), str(spread)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    killed = done.returncode < 0  # by a signal; Python's own errors end with 1
    assert killed or (done.returncode == 0 and int(done.stdout) > 0), done.stderr


def test_only_this_module_calls_the_readers():
    core = Path(__file__).parents[2] / "core"
    callers = {path.name for path in core.rglob("*.py") if _calls_a_reader(path.read_text())}
    assert callers == {"net.py"}


def _calls_a_reader(code: str) -> bool:
    """Look at the code itself: scripts for taking home name the reader in their text."""
    attributes = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Attribute))
    return any(each.attr.startswith("readNet") for each in attributes)
