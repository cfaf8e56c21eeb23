"""Every folder under models/ is a model that somebody can use and may use."""

import hashlib
import re
import shutil

import pytest

from core.errors import ModelMissing
from core.nets.catalog import (
    MODELS,
    card_named,
    cards,
    catalog,
    default_model,
    read_catalog,
    recommended,
)
from core.nets.downloads import download
from core.outputs import AUTO
from tests.models.cards import ON_CARDS, manifest
from tests.recommended import recommend_tiny_nets
from tests.shared import NETS, needs_shared, where_present
from tests.shelf import serving

KNOWN_COUNTS = {
    "imagenet.txt": 1000,
    "imagenet-darknet.txt": 1000,
    "coco80.txt": 80,
    "voc20.txt": 20,
}
NOT_PINNED = ("pjreddie.com", "/releases/download/")  # the digest is the only guard there

every_card = pytest.mark.parametrize("each", catalog(), ids=lambda each: each.name)


def test_each_folder_is_a_model():
    folders = {path.name for path in MODELS.iterdir() if path.is_dir()} - {"labels"}
    assert {each.name for each in catalog()} == folders
    assert read_catalog().refused == ()


def test_a_bad_card_drops_out_with_its_sentence_and_the_others_stay(tmp_path):
    good = MODELS / "tiny-dominant-colour"
    for name in ("good", "same-title", "broken"):
        shutil.copytree(good, tmp_path / name)
    (tmp_path / "broken" / "card.toml").write_text("title = 'Broken'", encoding="utf-8")
    found = read_catalog(tmp_path)
    assert [each.name for each in found.cards] == ["good"]
    broken, twice = found.refused
    assert broken.startswith("models/broken/card.toml: labels is missing")
    assert "title is 'Dominant colour', as that of models/good" in twice


@every_card
def test_a_card_says_where_the_net_comes_from_and_what_one_may_do(each):
    for text in (each.title, each.licence, each.source, each.summary):
        assert len(text) >= 3
    assert each.blob.size is not None
    assert len(each.summary) <= 240


@every_card
def test_a_layout_is_one_that_we_decode(each):
    assert each.task == "detection" or each.layout == AUTO


@every_card
def test_files_are_shipped_whole_or_have_an_address(each):
    for file in each.files:
        path = each.folder / file.name
        if path.exists():
            kind, _, digest = file.digest.partition(":")
            assert hashlib.new(kind, path.read_bytes()).hexdigest() == digest
            assert path.stat().st_size == file.size
        else:
            assert each.offer
            assert file.address.startswith("https://")
            pinned = re.search(r"/[0-9a-f]{40}/", file.address)
            assert pinned or any(part in file.address for part in NOT_PINNED)


@pytest.mark.parametrize(("name", "count"), KNOWN_COUNTS.items())
def test_shared_label_files_are_complete(name, count):
    lines = (MODELS / "labels" / name).read_text(encoding="utf-8").splitlines()
    assert len(lines) == count
    assert all(line == line.strip() != "" for line in lines)


def test_no_two_models_have_one_title():
    titles = [each.title for each in catalog()]
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize("task", ["classification", "detection"])
def test_the_first_model_of_each_task_needs_no_download(task):
    assert cards(task)[0].shipped


RECOMMENDED = {
    "classification": "squeezenet-v1.1-fp16-onnx",
    "detection": "yolox-nano-onnx",
}


@pytest.mark.parametrize(("task", "name"), RECOMMENDED.items())
def test_one_model_of_each_task_is_recommended_and_small(task, name):
    assert [each.name for each in cards(task) if each.recommended] == [name]
    assert recommended(task) is card_named(name)
    assert card_named(name).size_bytes < 5e6


@pytest.mark.parametrize("task", RECOMMENDED)
def test_a_task_starts_with_the_recommended_model_once_it_is_there(task, tmp_path, monkeypatch):
    monkeypatch.setenv("BLOBSCOPE_MODELS", str(tmp_path))
    with serving() as shelf:
        better = recommend_tiny_nets(shelf, monkeypatch)[task]
        assert default_model(task) is cards(task)[0] is not better
        download(better)
    assert default_model(task) is better


@needs_shared
@pytest.mark.parametrize(("task", "name"), RECOMMENDED.items())
def test_the_real_recommended_models_become_defaults(task, name, tmp_path, monkeypatch):
    monkeypatch.setenv("BLOBSCOPE_MODELS", str(tmp_path))
    monkeypatch.setenv("BLOBSCOPE_MIRROR", str(NETS))
    download(card_named(name))
    assert default_model(task).name == name


def test_a_name_from_nowhere_gives_a_sentence():
    with pytest.raises(ModelMissing, match=r"no model called 'skynet' here\. Choose one from"):
        card_named("skynet")


def test_class_ids_find_their_labels_past_a_background():
    ssd = card_named("mobilenet-ssd-voc-caffe")
    assert [ssd.label(each) for each in (0, 1, 20, 21)] == [
        "background",
        "aeroplane",
        "tvmonitor",
        "class 21",
    ]


@needs_shared
@pytest.mark.parametrize("name", where_present(*ON_CARDS))
def test_a_card_agrees_with_the_facts_we_were_given(name):
    facts, ours = manifest(name), card_named(name)
    assert (ours.task, ours.framework) == (facts["task"], facts["format"])
    given = {file["path"]: file for file in facts["files"]}
    for file in ours.files:
        fact = given[file.name]
        assert (file.size, file.digest) == (fact["size"], f"sha256:{fact['sha256']}")
        assert file.address == fact["url"]
    preprocessing = facts["preprocessing"]
    assert list(ours.blob.size.cv2) == preprocessing["size"]
    assert ours.blob.scalefactor == (preprocessing["scalefactor"],) * 3
    assert list(ours.blob.mean) == preprocessing["mean"]
    assert ours.blob.swap_rb == preprocessing["swapRB"]
    assert len(ours.labels) + ours.label_offset == facts["labels"]["count"]
