"""One small net with random weights, said in four formats and read by OpenCV."""

import cv2
import numpy as np
import pytest

from training.graph import Conv, Dense, Graph, Layer, Plain, Yolo, halved
from training.writers import caffe, darknet, tensorflow

FORMATS = ("onnx", "caffe", "tensorflow", "darknet")
CLASSES = 7


def conv(name, source, inputs, outputs, kernel, stride, rng) -> Conv:
    weight = rng.normal(0, (2 / (inputs * kernel**2)) ** 0.5, (outputs, inputs, kernel, kernel))
    bias = rng.normal(0, 0.3, outputs)
    return Conv(name, (source,), weight.astype(np.float32), bias.astype(np.float32), stride)


def residual_layers(rng) -> tuple[Layer, ...]:
    """A stem, a block with a projection, a block without, and the classifier's end."""
    dense = rng.normal(0, 0.7, (CLASSES, 12)).astype(np.float32)
    return (
        conv("stem", "data", 3, 8, 3, 2, rng),
        Plain("stem_relu", ("stem",), "relu"),
        conv("beside", "stem_relu", 8, 12, 1, 2, rng),
        conv("first", "stem_relu", 8, 12, 3, 2, rng),
        Plain("first_relu", ("first",), "relu"),
        conv("second", "first_relu", 12, 12, 3, 1, rng),
        Plain("sum", ("second", "beside"), "add"),
        Plain("sum_relu", ("sum",), "relu"),
        conv("third", "sum_relu", 12, 12, 3, 1, rng),
        Plain("third_relu", ("third",), "relu"),
        conv("fourth", "third_relu", 12, 12, 3, 1, rng),
        Plain("again", ("fourth", "sum_relu"), "add"),
        Plain("again_relu", ("again",), "relu"),
        Plain("average", ("again_relu",), "average"),
        Dense("logits", ("average",), dense, rng.normal(0, 0.2, CLASSES).astype(np.float32)),
        Plain("confidences", ("logits",), "softmax"),
    )


@pytest.fixture
def classifier() -> Graph:
    layers = residual_layers(np.random.default_rng(1))
    return halved(Graph("tiny", (32, 24), layers, ("confidences",)))


def written(graph, format_name, folder, **options):
    if format_name == "onnx":
        pytest.importorskip("onnx", reason="the ONNX writer uses the onnx package")
        from training.writers import onnx

        return onnx.write(graph, folder, classes=CLASSES, **options)
    writers = {"caffe": caffe, "tensorflow": tensorflow, "darknet": darknet}
    return writers[format_name].write(graph, folder, **options)


def answer(files, blob):
    net = cv2.dnn.readNet(*map(str, files))
    net.setInput(blob)
    return net.forward()


def convolved(planes, layer: Conv):
    """A naive convolution, kernel by kernel."""
    size, pad = layer.weight.shape[2], layer.pad
    padded = np.pad(planes, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(2, 3))
    windows = windows[:, :, :: layer.stride, :: layer.stride]
    return np.einsum("nchwij,ocij->nohw", windows, layer.weight) + layer.bias[:, None, None]


def worked_out(graph: Graph, blob):
    """What the graph means, in float64 and by hand."""
    values = {"data": blob.astype(np.float64)}
    for layer in graph.layers:
        taken = [values[name] for name in layer.inputs]
        match layer:
            case Conv():
                found = convolved(taken[0], layer)
            case Dense(_, _, weight, bias):
                found = taken[0] @ weight.T + bias
            case Plain(_, _, "relu"):
                found = taken[0].clip(0)
            case Plain(_, _, "add"):
                found = taken[0] + taken[1]
            case Plain(_, _, "average"):
                found = taken[0].mean(axis=(2, 3))
            case Plain(_, _, "softmax"):
                powers = np.exp(taken[0])
                found = powers / powers.sum(axis=1, keepdims=True)
        values[layer.name] = found
    return values[graph.outputs[0]]


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("pictures", [1, 3])
def test_every_format_says_what_the_graph_means(classifier, format_name, pictures, tmp_path):
    blob = np.random.default_rng(2).random((pictures, 3, 24, 32), np.float32)
    said = answer(written(classifier, format_name, tmp_path), blob)
    assert said.reshape(pictures, -1).shape == (pictures, CLASSES)
    np.testing.assert_allclose(
        said.reshape(pictures, -1), worked_out(classifier, blob), rtol=0, atol=1e-4
    )


def test_full_precision_is_nearer_to_weights_that_were_not_halved(tmp_path):
    graph = Graph("tiny", (32, 24), residual_layers(np.random.default_rng(3)), ("confidences",))
    blob = np.random.default_rng(4).random((1, 3, 24, 32), np.float32)
    truth = worked_out(graph, blob)
    for format_name in ("onnx", "caffe", "tensorflow"):
        off = {
            half: np.abs(answer(written(graph, format_name, tmp_path, half=half), blob) - truth)
            for half in (False, True)
        }
        assert off[False].max() < 1e-6 < off[True].max() < 5e-3


def test_half_precision_makes_half_the_file(tmp_path):
    wide = Graph(
        "wide", (32, 24), (conv("c", "data", 3, 4000, 3, 1, np.random.default_rng(5)),), ("c",)
    )
    for writer in (caffe, tensorflow):
        full, half = (
            writer.write(wide, tmp_path, half=h)[0].stat().st_size for h in (False, True)
        )
        assert half == pytest.approx(full / 2, rel=0.02)


def test_tensorflow_text_and_weights_share_no_constant(classifier, tmp_path):
    model, config = tensorflow.write(classifier, tmp_path)
    assert "Const" not in config.read_text()
    blob = np.random.default_rng(6).random((1, 3, 24, 32), np.float32)
    np.testing.assert_allclose(answer([model], blob), answer([model, config], blob), atol=1e-6)


def test_darknet_weights_have_exactly_the_numbers_that_the_cfg_asks_for(classifier, tmp_path):
    model, _ = darknet.write(classifier, tmp_path)
    numbers = sum(
        layer.weight.size + layer.bias.size
        for layer in classifier.layers
        if isinstance(layer, Conv | Dense)
    )
    assert model.stat().st_size == 20 + 4 * numbers


@pytest.mark.parametrize("side", [64, 96])
def test_darknet_yolo_rows_are_the_formula_of_the_detector(side, tmp_path):
    rng = np.random.default_rng(7)
    anchors, classes, stride = ((9, 14), (30, 22), (41, 50)), 4, 16
    columns = 5 + classes
    layers = (
        conv("a", "data", 3, 6, 3, 2, rng),
        Plain("a_pool", ("a",), "maxpool"),
        conv("b", "a_pool", 6, 8, 3, 2, rng),
        conv("c", "b", 8, 8, 3, 2, rng),
        conv("d", "c", 8, 8, 3, 2, rng),
        Plain("up", ("d",), "upsample"),
        Plain("both", ("up", "c"), "concat"),
        conv("raw", "both", 16, 3 * columns, 1, 1, rng),
        Plain("logistic", ("raw",), "sigmoid"),
        Yolo("rows", ("logistic",), anchors, stride, classes),
    )
    graph = Graph("yolo", (64, 64), layers, ("rows",))
    blob = rng.random((1, 3, side, side), np.float32)
    rows = answer(darknet.write(graph, tmp_path), blob)

    a = convolved(blob.astype(np.float64), layers[0])
    a = a.reshape(1, 6, side // 4, 2, side // 4, 2).max(axis=(3, 5))
    c = convolved(convolved(a, layers[2]), layers[3])
    up = convolved(c, layers[4]).repeat(2, axis=2).repeat(2, axis=3)
    raw = convolved(np.concatenate([up, c], axis=1), layers[7])
    cells = side // 16
    t = 1 / (1 + np.exp(-raw.reshape(3, columns, cells, cells).transpose(2, 3, 0, 1)))
    row, column = np.mgrid[:cells, :cells]
    grid = np.stack([column, row], axis=-1)[:, :, None]
    centre = (2 * t[..., :2] - 0.5 + grid) / cells
    sides = (2 * t[..., 2:4]) ** 2 * np.array(anchors) / side
    confidences = t[..., 4:5] * t[..., 5:]
    confidences[confidences <= darknet.LEAST_CONFIDENCE] = 0
    wanted = np.concatenate([centre, sides, t[..., 4:5], confidences], axis=-1)
    np.testing.assert_allclose(rows, wanted.reshape(-1, columns), atol=1e-4)


def test_darknet_keeps_confidences_below_opencvs_own_threshold(tmp_path):
    layers = (
        conv("raw", "data", 3, 21, 1, 1, np.random.default_rng(8)),
        Plain("logistic", ("raw",), "sigmoid"),
        Yolo("rows", ("logistic",), ((9, 14), (30, 22), (41, 50)), 1, 2),
    )
    files = darknet.write(Graph("faint", (32, 32), layers, ("rows",)), tmp_path)
    rows = answer(files, np.random.default_rng(9).random((1, 3, 32, 32), np.float32))
    faint = (rows[:, 5:] > 0) & (rows[:, 5:] < 0.2)
    assert faint.any()


def test_a_layer_without_a_word_is_refused_by_name(tmp_path):
    graph = Graph("x", (32, 32), (Plain("twice", ("data",), "upsample"),), ("twice",))
    for writer in (caffe, tensorflow):
        with pytest.raises(ValueError, match="no word for twice"):
            writer.write(graph, tmp_path)
