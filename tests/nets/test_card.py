"""A card with a mistake says where the mistake is and what is wanted."""

import pytest

from core.errors import CardInvalid
from core.nets.card import ModelFile, read_card
from core.picture.size import Size

DIGEST = "sha256:" + "0" * 64
GOOD = f"""
title = "A net"
task = "classification"
framework = "onnx"
summary = "does something"
labels = ["cat", "dog"]
licence = "MIT"
source = "somewhere"

[blob]
size = [32, 16]
scalefactor = 0.5
mean = [1, 2, 3]

[[files]]
name = "net.onnx"
size = 10
digest = "{DIGEST}"
"""


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "models" / "some-net"
    folder.mkdir(parents=True)
    return folder


def read(folder, text):
    (folder / "card.toml").write_text(text, encoding="utf-8")
    return read_card(folder)


def test_a_good_card_is_read(folder):
    card = read(folder, GOOD)
    assert (card.name, card.labels, card.blob.size) == (
        "some-net",
        ("cat", "dog"),
        Size(32, 16),
    )
    assert card.blob.scalefactor == (0.5, 0.5, 0.5)
    assert (card.model_file.name, card.config_file, card.size_bytes) == ("net.onnx", None, 10)
    assert not card.shipped
    assert hash(card) == hash(read_card(folder))


MISTAKES = {
    "no title": ('title = "A net"', "", "title is missing"),
    "empty licence": ('"MIT"', '"  "', "licence must be a text that is not empty"),
    "unknown task": ('"classification"', '"poetry"', "task must be one of classification"),
    "misspelt layout": (
        'task = "classification"',
        'task = "detection"\nlayout = "yolo8"',
        "layout must be one of auto, darknet, .*, yolov8, yolox, not 'yolo8'",
    ),
    "unknown framework": ('"onnx"', '"torch"', "framework must be one of caffe"),
    "unknown key": ('licence = "MIT"', 'license = "MIT"', "license is no key"),
    "unknown blob key": ("mean =", "means =", r"\[blob\]: means is no key"),
    "mean of two": ("[1, 2, 3]", "[1, 2]", "mean must be a number or a list of three"),
    "size as text": ("[32, 16]", '"32x16"', r"size must be \[width, height\]"),
    "size of nothing": ("[32, 16]", "[0, 16]", r"size must be \[width, height\]"),
    "scale 0": ("0.5", "0", "scalefactor of 0"),
    "no labels": ('["cat", "dog"]', "[]", "labels must have at least one"),
    "a label that is a number": ('"dog"', "7", "labels must be a list of texts"),
    "labels from outside": ('["cat", "dog"]', '"../../secret.txt"', "labels must name a file"),
    "labels not there": ('["cat", "dog"]', '"labels.txt"', "cannot be read"),
    "short digest": (DIGEST, "sha256:00", "digest of net.onnx must read"),
    "file in a folder": ('"net.onnx"', '"../net.onnx"', "without a folder"),
    "size true": ("size = 10", "size = true", "size must be a whole number"),
    "no files": ("[[files]]", "[[file]]", "file is no key"),
    "wrong TOML": ("task =", "task", "not valid TOML"),
    "offered without address": ("[blob]", "offer = true\n[blob]", "an address for every file"),
    "groups do not match": ("[blob]", 'groups = ["pet"]\n[blob]', "as many groups as labels"),
    "confidence in percent": ("[blob]", "confidence = 50\n[blob]", "a number from 0 to 1"),
    "negative offset": ("[blob]", "label_offset = -1\n[blob]", "label_offset must have 0"),
    "caffe without prototxt": ('"onnx"', '"caffe"', "the .prototxt too"),
}


@pytest.mark.parametrize(("old", "new", "says"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_folder_and_key(folder, old, new, says):
    assert old in GOOD
    with pytest.raises(CardInvalid, match=says) as caught:
        read(folder, GOOD.replace(old, new, 1))
    assert str(caught.value).startswith("models/some-net/card.toml")
    assert str(caught.value).endswith(".")


def test_a_folder_without_a_card_says_so(folder):
    with pytest.raises(CardInvalid, match="cannot be read: No such file"):
        read_card(folder)


def test_labels_may_be_shared_by_models(folder):
    (folder.parent / "labels").mkdir()
    (folder.parent / "labels" / "pets.txt").write_text("cat\n\nGroßer Hund\n", encoding="utf-8")
    card = read(folder, GOOD.replace('["cat", "dog"]', '"../labels/pets.txt"'))
    assert card.labels == ("cat", "Großer Hund")


def test_a_card_with_two_files_knows_which_is_which(folder):
    two = GOOD.replace('"onnx"', '"darknet"').replace("net.onnx", "net.weights")
    two += f'[[files]]\nname = "net.cfg"\ndigest = "{DIGEST}"\n'
    card = read(folder, two)
    assert (card.model_file.name, card.config_file.name) == ("net.weights", "net.cfg")
    assert card.size_bytes is None


def test_addresses_are_web_addresses():
    with pytest.raises(CardInvalid, match="must start with https"):
        ModelFile("net.onnx", 1, DIGEST, "file:///etc/passwd")
