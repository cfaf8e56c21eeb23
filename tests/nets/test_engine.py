"""The narrow door: right answers for everybody, however many come at once."""

import contextlib
import hashlib
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from core.blob.make import Blob, make_blob
from core.errors import ForwardFailed, ModelMissing, ModelUnreadable
from core.nets.cache import NetCache
from core.nets.card import ModelFile, ModelPaths
from core.nets.catalog import card_named
from core.nets.engine import LocalEngine, engine, infer
from core.nets.net import read_net
from core.picture.image import BgrImage, decode_picture
from core.picture.samples import sample_picture
from core.picture.size import Size
from tests.models.cards import EVERY_NET, ON_CARDS, OURS, card_of, manifest, paths_of
from tests.shared import IMAGES, needs_shared, where_present


def photo(name):
    return BgrImage(cv2.imread(str(IMAGES / name)))


def sample(name="motorcycle"):
    return decode_picture(sample_picture(name))


def blob_for(model, image):
    return make_blob(image, model.blob)[0]


def colour_blob(colour=(0, 0, 255), side=128):
    return blob_for(
        card_named("tiny-dominant-colour"), BgrImage(np.full((side, side, 3), colour, np.uint8))
    )


def test_outputs_come_by_name_with_timings():
    here = LocalEngine()
    first, second = (
        here.infer(card_named("tiny-dominant-colour"), colour_blob()) for _ in range(2)
    )
    assert first.outputs.shapes == {"share": (1, 12, 1, 1)}
    assert first.timings.load_ms > 0
    assert first.timings.first
    assert second.timings.load_ms is None
    assert not second.timings.first
    assert second.timings.forward_ms > 0
    np.testing.assert_array_equal(first.outputs["share"], second.outputs["share"])


def test_outputs_cannot_be_changed_and_are_not_the_nets_own_memory():
    here = LocalEngine()
    red = here.infer(card_named("tiny-dominant-colour"), colour_blob()).outputs["share"]
    kept = red.copy()
    here.infer(card_named("tiny-dominant-colour"), colour_blob((255, 0, 0)))
    np.testing.assert_array_equal(red, kept)
    with pytest.raises(ValueError, match="read-only"):
        red[:] = 0


def test_the_blob_is_left_as_it_was():
    blob = colour_blob()
    before = blob.copy()
    infer(card_named("tiny-dominant-colour"), blob)
    np.testing.assert_array_equal(blob, before)


def test_there_is_one_engine_in_a_process():
    assert engine() is engine()


REFUSED = {
    "grey": ((1, 1, 128, 128), r"wants 3 channels, but the blob has 1\. Write channels = 3"),
    "alpha": ((1, 4, 128, 128), r"wants 3 channels, but the blob has 4\. Write channels = 3"),
    "tiny": ((1, 3, 2, 2), "was made for pictures of 128 x 128, and the blob is 2 x 2"),
    "three axes": ((3, 128, 128), "does not accept a blob of shape"),
    "no picture": ((0, 3, 9, 9), r"does not accept.* card says a size of 128 x 128\.$"),
}


@pytest.mark.parametrize(("shape", "says"), REFUSED.values(), ids=REFUSED)
def test_a_blob_that_the_net_refuses_gives_the_true_reason_and_harms_nobody(shape, says):
    here = LocalEngine()
    good = here.infer(card_named("tiny-dominant-colour"), colour_blob()).outputs["share"]
    with pytest.raises(ForwardFailed, match=says) as caught:
        here.infer(card_named("tiny-dominant-colour"), Blob(np.zeros(shape, np.float32)))
    assert str(caught.value).startswith("Dominant colour ")
    assert ".cpp" not in str(caught.value)
    again = here.infer(card_named("tiny-dominant-colour"), colour_blob()).outputs["share"]
    np.testing.assert_array_equal(good, again)


def test_files_that_are_not_here_give_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("BLOBSCOPE_MODELS", str(tmp_path))
    resnet = card_named("resnet18-v1-onnx")
    with pytest.raises(ModelMissing, match="ResNet-18 is not on this machine yet"):
        LocalEngine().infer(resnet, colour_blob())


def test_a_broken_file_is_read_again_once_it_is_mended(tmp_path):
    good = card_named("tiny-blob-detector")
    content = (good.folder / "blobs.onnx").read_bytes()
    mended = replace(good, folder=tmp_path, files=(replace(good.model_file, size=None),))
    (tmp_path / "blobs.onnx").write_bytes(content[:1000])
    here = LocalEngine()
    blob = blob_for(good, BgrImage(np.zeros((9, 9, 3), np.uint8)))
    with pytest.raises(ModelUnreadable, match="not the file that its card"):
        here.infer(mended, blob)
    (tmp_path / "blobs.onnx").write_bytes(content)
    assert here.infer(mended, blob).outputs.shapes == {"rows": (1, 9520, 12)}


LONG = 1000


def factor_card(folder, *factors):
    """A card of a net that multiplies 1000 numbers with a matrix; a file for each factor."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, LONG])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, LONG])
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    cards = []
    for factor in factors:
        weights = numpy_helper.from_array(factor * np.eye(LONG, dtype=np.float32), "w")
        graph = helper.make_graph([node], "g", [x], [y], [weights])
        opset = [helper.make_opsetid("", 13)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=8)
        onnx.save_model(model, folder / f"{factor}.onnx")
        file = ModelFile(f"{factor}.onnx", None, "sha256:" + "0" * 64)
        cards.append(replace(card_named("tiny-blob-detector"), folder=folder, files=(file,)))
    return cards


def beside_the_card(model):
    config = model.config_file and model.folder / model.config_file.name
    return ModelPaths(model.folder / model.model_file.name, config)


ROW = Blob(np.arange(LONG, dtype=np.float32)[np.newaxis])


def test_a_card_whose_file_was_exchanged_gets_a_new_net(tmp_path):
    once, twice = factor_card(tmp_path, 1, 2)
    assert (once.name, once.folder) == (twice.name, twice.folder)
    here = LocalEngine(locate=beside_the_card)
    np.testing.assert_allclose(here.infer(once, ROW).outputs["y"], ROW)
    np.testing.assert_allclose(here.infer(twice, ROW).outputs["y"], 2 * ROW)


def test_the_cache_counts_a_net_as_more_than_its_weights(tmp_path):
    """OpenCV keeps weights several times over; nets that seem light fill the memory."""
    cache = NetCache()
    LocalEngine(locate=beside_the_card, cache=cache).infer(*factor_card(tmp_path, 1), ROW)
    weights = 4 * LONG**2
    assert 2 * weights < cache.size_bytes < 8 * weights


def writer(pipe, reading):
    """Open the other end as soon as somebody reads, or raise what kept him from it."""
    while not reading.done():
        with contextlib.suppress(OSError):  # nobody yet
            return os.fdopen(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK), "wb")
        time.sleep(0.01)
    raise AssertionError("nobody read") from reading.exception()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a file that keeps a reader waiting")
def test_no_two_files_are_read_at_once(tmp_path):
    """OpenCV's readers share state: opencv/opencv issue 15757."""
    slow, good = tmp_path / "slow.cfg", card_named("tiny-dominant-colour")
    os.mkfifo(slow)
    (tmp_path / "slow.weights").write_bytes(b"rubbish" * 9)
    files = tuple(
        ModelFile(f"slow.{end}", None, "sha1:" + "0" * 40) for end in ("cfg", "weights")
    )
    waits = replace(good, name="slow", framework="darknet", folder=tmp_path, files=files)
    arrived = {"slow": Event(), good.name: Event()}

    def locate(model):
        arrived[model.name].set()
        return beside_the_card(model)

    here = LocalEngine(locate=locate)
    with ThreadPoolExecutor(2) as pool:
        reading = pool.submit(here.infer, waits, colour_blob())
        with writer(slow, reading) as pipe:
            behind = pool.submit(here.infer, good, colour_blob())
            assert arrived[good.name].wait(30)
            with pytest.raises(TimeoutError):  # a lone read takes a few milliseconds
                behind.result(timeout=1)
            pipe.write(b"[net]\nwidth=abc\n[convolutional]")
        with pytest.raises(ModelUnreadable):
            reading.result(timeout=30)
        assert behind.result(timeout=30).outputs


def test_each_blob_shape_has_a_net_of_its_own():
    cache = NetCache()
    here = LocalEngine(cache=cache)
    for side in (64, 128, 64, 128):
        pixels = np.zeros((1, 3, side, side), np.float32)
        here.infer(card_named("tiny-dominant-colour"), Blob(pixels))
    assert cache.nets == 2


@pytest.mark.parametrize("names", [OURS[:4], *where_present(ON_CARDS[:4])])
def test_old_nets_make_room_for_new_ones(names):
    cache = NetCache(max_nets=2)
    here = LocalEngine(locate=paths_of, cache=cache)
    for name in names:
        model = card_of(name)
        here.infer(model, blob_for(model, sample()))
    assert [key.name for key in cache.keys] == list(names[2:4])


@pytest.mark.parametrize("name", EVERY_NET)
def test_every_net_runs_through_the_door(name):
    model = card_of(name)
    done = LocalEngine(locate=paths_of).infer(model, blob_for(model, sample()))
    for array in done.outputs.values():
        assert array.dtype == np.float32
        assert np.isfinite(array).all()


def shrunk(image, rounded):
    """Shrink the short side to 224 with INTER_AREA, as whoever measured Tiny Darknet did."""
    height, width = image.shape[:2]
    scale = 224 / min(height, width)
    size = rounded(width * scale), rounded(height * scale)
    return BgrImage(cv2.resize(image, size, interpolation=cv2.INTER_AREA))


PREPARED = {
    "squeezenet-v1.1-fp16-onnx": [lambda image: image],
    # the manifest does not say how its long side was rounded: one of the two must fit
    "tiny-darknet-imagenet": [
        lambda image: shrunk(image, round),
        lambda image: shrunk(image, math.ceil),
    ],
}


@needs_shared
@pytest.mark.parametrize("name", where_present(*PREPARED))
def test_classifiers_find_what_their_manifest_says(name):
    model = card_of(name)
    here = LocalEngine(locate=paths_of)
    examples = manifest(name)["measured"]["examples"]
    assert len(examples) >= 9
    for image, ranking in examples.items():
        label, expected = ranking[0]
        away = []
        for prepare in PREPARED[name]:
            done = here.infer(model, blob_for(model, prepare(photo(image))))
            confidence = next(iter(done.outputs.values())).ravel()
            assert model.label(int(confidence.argmax())) == label, image
            away.append(abs(confidence.max() - expected))
        assert min(away) <= 0.02, image


@pytest.mark.parametrize("name", [*OURS, *where_present(*ON_CARDS)])
def test_the_thread_count_changes_no_more_than_the_last_digits(name):
    """So it may follow the traffic. With one count the bits stay; with another, OpenCV cuts
    element-wise layers elsewhere and YOLOX moves by 2e-5, the other nets not at all."""
    model = card_of(name)
    net = read_net(model, paths_of(model))
    blob = blob_for(model, sample())
    before = cv2.getNumThreads()
    answers = {1: [], 2: []}
    try:
        for threads in (2, 1, 2, 1):
            cv2.setNumThreads(threads)
            net.setInput(blob)
            outputs = net.forward(net.getUnconnectedOutLayersNames())
            answers[threads].append(np.concatenate([each.ravel() for each in outputs]))
    finally:
        cv2.setNumThreads(before)
    for same in answers.values():
        np.testing.assert_array_equal(same[0], same[1])
    np.testing.assert_allclose(answers[1][0], answers[2][0], rtol=1e-4, atol=1e-4)


OUR_FOUR = (
    "starter-classifier-onnx",
    "starter-classifier-caffe",
    "starter-detector-darknet",
    "tiny-blob-detector",
)


@pytest.mark.parametrize(
    "names",
    [OUR_FOUR, *where_present((*ON_CARDS[:3], ON_CARDS[5]))],
    ids=lambda names: names[0],
)
def test_eight_threads_with_four_nets_and_different_pictures_never_mix_results(names):
    """The control without a lock is in test_net.py: it does give wrong answers."""
    jobs = [
        (model, blob_for(model, sample(picture)))
        for model in map(card_of, names)
        for picture in ("cat", "coffee", "astronaut", "motorcycle")
    ]

    def bits(done):
        return b"".join(array.tobytes() for array in done.outputs.values())

    alone = LocalEngine(cores=1, locate=paths_of)
    right = [bits(alone.infer(*job)) for job in jobs]
    assert len(set(right)) == len(jobs)
    here = LocalEngine(locate=paths_of)
    order = np.random.default_rng(7).permutation(np.repeat(np.arange(len(jobs)), 10))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: bits(here.infer(*jobs[number])), order))
    wrong = sum(bits != right[number] for bits, number in zip(found, order, strict=True))
    assert wrong == 0


@pytest.mark.parametrize(
    "name", ["starter-classifier-onnx", *where_present("squeezenet-v1.1-fp16-onnx")]
)
def test_eight_visitors_at_once_load_the_net_once(name):
    reads = []

    def locate(model):
        reads.append(model.name)
        return paths_of(model)

    model = card_of(name)
    here = LocalEngine(locate=locate)
    blob = blob_for(model, sample())
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: here.infer(model, blob), range(8)))
    assert reads == [model.name]
    assert sum(each.timings.load_ms is not None for each in done) == 1
    assert sum(each.timings.first for each in done) == 1


def onnx_card(folder, nodes, inputs, output, constants=(), **blob):
    """A card of an ONNX net made of nodes; inputs and output by name and shape."""
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (*inputs.items(), output)
    ]
    graph = helper.make_graph(nodes, "g", values[:-1], values[-1:], list(constants))
    opset = [helper.make_opsetid("", 12)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    onnx.save_model(model, folder / "net.onnx")
    digest = hashlib.sha256((folder / "net.onnx").read_bytes()).hexdigest()
    like = card_named("tiny-blob-detector")
    file = ModelFile("net.onnx", None, f"sha256:{digest}")
    spec = replace(like.blob, size=Size(32, 32), **blob)
    return replace(like, title="A net", folder=folder, files=(file,), blob=spec)


MEANS = (
    helper.make_node("GlobalAveragePool", ["image"], ["pooled"]),
    helper.make_node("Flatten", ["pooled"], ["flat"]),
)


def test_a_net_of_two_inputs_names_both(tmp_path):
    nodes = [*MEANS, helper.make_node("Mul", ["flat", "image_shape"], ["out"])]
    inputs = {"image": (1, 3, 32, 32), "image_shape": (1, 3)}
    model = onnx_card(tmp_path, nodes, inputs, ("out", (1, 3)))
    blob = Blob(np.zeros((1, 3, 32, 32), np.float32))
    with pytest.raises(
        ForwardFailed, match=r"2 inputs, image \[1, 3, 32, 32\] and image_shape"
    ):
        LocalEngine().infer(model, blob)


def test_a_net_for_grey_pictures_gets_them_or_says_so(tmp_path):
    """OpenCV runs this one on three planes as a grouped convolution, without a word."""
    weights = numpy_helper.from_array(np.ones((3, 1, 1, 1), np.float32), "w")
    nodes = [helper.make_node("Conv", ["image", "w"], ["y"], kernel_shape=[1, 1])]
    grey = {"image": (1, 1, 32, 32)}
    model = onnx_card(tmp_path, nodes, grey, ("y", (1, 3, 32, 32)), [weights], channels=1)
    photo_like = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    here = LocalEngine()
    blob = blob_for(model, BgrImage(photo_like))
    assert blob.shape == (1, 1, 32, 32)
    answer = here.infer(model, blob).outputs["y"]
    np.testing.assert_array_equal(answer, np.repeat(blob, 3, axis=1))
    colours = Blob(np.zeros((1, 3, 32, 32), np.float32))
    with pytest.raises(ForwardFailed, match="wants 1 channel, but the blob has 3"):
        here.infer(model, colours)


def test_a_net_with_a_fixed_size_names_both_sizes_when_it_fails(tmp_path):
    shape = numpy_helper.from_array(np.array([1, 3072], np.int64), "s")
    weights = numpy_helper.from_array(np.ones((3072, 2), np.float32), "w")
    nodes = [
        helper.make_node("Reshape", ["image", "s"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["y"]),
    ]
    inputs = {"image": (1, 3, 32, 32)}
    model = onnx_card(tmp_path, nodes, inputs, ("y", (1, 2)), [shape, weights])
    here = LocalEngine()
    assert here.infer(model, Blob(np.ones((1, 3, 32, 32), np.float32))).outputs["y"].max() > 0
    with pytest.raises(
        ForwardFailed, match="made for pictures of 32 x 32, and the blob is 64 x"
    ):
        here.infer(model, Blob(np.ones((1, 3, 64, 64), np.float32)))


HALVES = """
input: "data" input_shape { dim: 1 dim: 3 dim: 32 dim: 32 }
layer { name: "half" type: "Pooling" bottom: "data" top: "half"
        pooling_param { kernel_size: 2 stride: 2 } }
layer { name: "sum" type: "Eltwise" bottom: "data" bottom: "half" top: "sum" }
"""


def test_a_net_that_fails_on_what_it_declares_does_not_blame_the_blob(tmp_path):
    like = card_named("tiny-dominant-colour")
    files = []
    for name, data in (
        ("net.prototxt", HALVES.encode()),
        ("net.caffemodel", (like.folder / like.model_file.name).read_bytes()),
    ):
        (tmp_path / name).write_bytes(data)
        files.append(ModelFile(name, None, f"sha256:{hashlib.sha256(data).hexdigest()}"))
    model = replace(like, folder=tmp_path, files=tuple(files))
    with pytest.raises(ForwardFailed, match="OpenCV fails inside Dominant colour, although"):
        LocalEngine().infer(model, Blob(np.ones((1, 3, 32, 32), np.float32)))


def test_a_net_that_opencv_cannot_read_is_told_without_files_and_functions(tmp_path):
    weights = numpy_helper.from_array(np.ones((5, 2), np.float32), "w")
    nodes = [*MEANS, helper.make_node("MatMul", ["flat", "w"], ["y"])]
    inputs = {"image": (1, 3, 32, 32)}
    model = onnx_card(tmp_path, nodes, inputs, ("y", (1, 2)), [weights])
    with pytest.raises(ModelUnreadable, match="MatMul") as caught:
        LocalEngine().infer(model, Blob(np.ones((1, 3, 32, 32), np.float32)))
    assert ".cpp" not in str(caught.value)
    assert "in function" not in str(caught.value)
