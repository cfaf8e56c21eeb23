"""A card with a mistake says where the mistake is and what is wanted."""

import re
import tomllib
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.errors import CardInvalid
from core.nets.card import ModelFile, read_card
from core.nets.catalog import MODELS
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
        "layout must be one of auto, darknet, .*, yolov8, .*, not 'yolo8'",
    ),
    "unknown framework": ('"onnx"', '"torch"', "framework must be one of caffe"),
    "recommended, not offered": (
        'licence = "MIT"',
        'licence = "MIT"\nrecommended = true',
        "recommended must have offer = true beside it",
    ),
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
    "a key of the card in a table": ("mean =", 'licence = "MIT"\nmean =', "above the first"),
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


WITHOUT_BLOB = GOOD[: GOOD.index("[blob]")]
FILES = GOOD[GOOD.index("[[files]]") :]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (WITHOUT_BLOB + FILES, r"blob is missing; wanted: a table \[blob\].*size ="),
        (WITHOUT_BLOB + "blob = 5\n" + FILES, r"blob must be a table \[blob\]"),
        (
            WITHOUT_BLOB + "files = ['net.onnx']\n[blob]\n",
            r"files must be tables \[\[files\]\]",
        ),
        (WITHOUT_BLOB + "files = 3\n[blob]\n", r"files must be tables \[\[files\]\]"),
    ],
)
def test_a_table_that_is_none_gets_a_sentence(folder, text, says):
    with pytest.raises(CardInvalid, match=says):
        read(folder, text)


def labelled(folder, data, name="labels.txt", **lines):
    (folder / name).write_bytes(data)
    more = "".join(f"{key} = {value}\n" for key, value in lines.items())
    return read(folder, GOOD.replace('["cat", "dog"]', f'"{name}"\n{more}'))


def test_a_class_without_a_name_is_called_by_its_number(folder):
    card = labelled(folder, b"cat\n\ndog\n", label_offset=1)
    assert card.labels == ("cat", "class 2", "dog")
    assert [card.label(each) for each in range(5)] == [
        "background",
        "cat",
        "class 2",
        "dog",
        "class 4",
    ]
    assert card.label_notes == ("labels.txt has no name for 1 of 3 classes.",)


def test_labels_that_number_themselves_take_no_offset(folder):
    numbered = b'item { id: 1 name: "cat" } item { id: 2 name: "dog" }'
    card = labelled(folder, numbered)
    assert [card.label(each) for each in (1, 2)] == ["cat", "dog"]
    with pytest.raises(CardInvalid, match="from 1 on, so label_offset would move them"):
        labelled(folder, numbered, label_offset=1)


@pytest.mark.parametrize(
    ("labels", "offset", "classes", "says"),
    [
        ("\n".join(map(str, range(1000))), 0, 1001, r"1,001 classes.*1,000 labels.*offset = 1"),
        ("cat\ndog", 1, 2, "2 classes.*2 labels behind 1.*label_offset = 0"),
        ("1: cat\n2: dog", 0, 2, "2 classes.*numbered from 1"),
        ("\n".join(map(str, range(80))), 0, 2, "2 classes.*80 labels.*trained with"),
        ("no\nyes", 0, 1, "1 class,.*One number tells two classes apart"),
        ("cat", 0, 80, "80 classes.*1 label:"),
    ],
)
def test_labels_that_do_not_fit_the_net_are_said_with_both_numbers(
    folder, labels, offset, classes, says
):
    card = labelled(folder, labels.encode(), label_offset=offset)
    assert re.search(says, card.misfit(classes))
    assert card.misfit(offset + len(card.labels)) is None


def test_a_folder_without_a_card_says_so(folder):
    with pytest.raises(CardInvalid, match="cannot be read: No such file"):
        read_card(folder)


def test_labels_may_be_shared_by_models(folder):
    (folder.parent / "labels").mkdir()
    (folder.parent / "labels" / "pets.txt").write_text("cat\nGroßer Hund\n", encoding="utf-8")
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


README = (MODELS / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("table", "known"),
    [
        ("## Keys above the first table", r"known are (.*?)\. If|known are (.*)\.$"),
        ("## `[blob]`", r"known are (.*?)\."),
        ("## `[[files]]`", r"known are (.*?)\."),
    ],
)
def test_the_readme_of_the_models_documents_every_key_and_no_other(table, known, folder):
    """What a card may hold is what its refusal of an unknown key lists."""
    wrong = {
        "## Keys": GOOD.replace("title =", "nonsense = 1\ntitle ="),
        "## `[bl": GOOD.replace("mean =", "nonsense = 1\nmean ="),
        "## `[[f": GOOD.replace("size = 10", "size = 10\nnonsense = 1"),
    }[table[:7]]
    with pytest.raises(CardInvalid) as caught:
        read(folder, wrong)
    allowed = next(filter(None, re.search(known, str(caught.value)).groups())).split(", ")
    section = README[README.index(table) :].split("\n## ")[0]
    told = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    tables = ["blob", "files"] if "Keys" in table else []  # have sections of their own
    assert sorted([*told, *tables]) == sorted(allowed)


def test_the_example_in_the_readme_is_a_good_card(folder):
    example = re.search(r"```toml\n(.*?)```", README, re.DOTALL)[1]
    (folder / "labels.txt").write_text("screw\nnut\n")
    card = read(folder, example.replace("sha256:...", DIGEST))
    assert card.blob.fit == "letterbox"


KEYS = [*tomllib.loads(GOOD), "label_offset", "layout", "logits", "confidence", "iou"]
KEYS += ["measured", "notes", "offer", "recommended", "groups", "anchors"]
VALUES = st.recursive(
    st.sampled_from(["nan", "inf", "-inf", "1e400", "true", "1979-05-27", "07:32:00"])
    | st.integers().map(str)
    | st.integers(1, 6000).map(lambda digits: "9" * digits)
    | st.integers(1, 6000).map(lambda digits: "0x" + "f" * digits)
    | st.text(max_size=8)
    .map(lambda text: "".join(map("\\\\U{:08x}".format, map(ord, text))))
    .map('"{}"'.format),
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda each: f"[{', '.join(each)}]")
        | st.tuples(st.sampled_from(["name", "size", "mean", "a"]), inner).map(
            lambda pair: f"{{{pair[0]} = {pair[1]}}}"
        )
    ),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(KEYS), VALUES)
@example("confidence", "9" * 400)
@example("confidence", "9" * 5000)
@example("label_offset", "0x" + "f" * 5000)
@example("title", "0x" + "f" * 5000)
@example("groups", '"a\\u0000b"')
@example("notes", "[" * 2000 + "]" * 2000)
@example("files", f'[{{name = "a\\u0000.onnx", digest = "{DIGEST}"}}]')
def test_whatever_the_value_of_a_key_there_is_a_card_or_a_sentence(folder, key, value):
    with suppress(CardInvalid):
        table, _, rest = GOOD.partition("\n[blob]")
        own = re.sub(rf"^{key} = .*$", "", table, flags=re.MULTILINE)
        card = read(folder, f"{own}{key} = {value}\n[blob]{rest}")
        assert str(card.size_bytes)
        assert card.label(0)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["size", "scalefactor", "mean", "std", "pad_value", "fit"]), VALUES)
def test_whatever_the_value_of_a_blobs_key_there_is_a_card_or_a_sentence(folder, key, value):
    with suppress(CardInvalid):
        own = re.sub(rf"^{key} = (\[\d|0).*$", "", GOOD, flags=re.MULTILINE)
        assert read(folder, own.replace("[blob]", f"[blob]\n{key} = {value}"))
