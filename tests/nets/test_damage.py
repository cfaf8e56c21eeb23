"""A model's file that was damaged on the disk gives no answer: it is set aside or named."""

import os
import shutil
import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.blob.make import Blob
from core.errors import ModelMissing, ModelUnreadable
from core.nets.catalog import cards
from core.nets.downloads import download, file_paths, models_folder, present
from core.nets.engine import LocalEngine

OWN = {
    card.name: card for task in ("classification", "detection") for card in cards(task)
    if card.shipped
}  # fmt: skip


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    """An empty models folder, and a mirror that holds our own nets."""
    monkeypatch.setenv("BLOBSCOPE_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("BLOBSCOPE_MIRROR", str(tmp_path / "mirror"))
    for card in OWN.values():
        shutil.copytree(card.folder, tmp_path / "mirror" / card.name)


def offered(name, tmp_path):
    """One of our own nets, as if it had to be downloaded."""
    card = OWN[name]
    files = (
        replace(file, address=f"https://models.example/{file.name}") for file in card.files
    )
    return replace(card, files=tuple(files), offer=True, folder=tmp_path / "cards" / name)


def blob_for(card) -> Blob:
    width, height = card.blob.size.cv2
    noise = np.random.default_rng(0).uniform(0, 1, (1, 3, height, width))
    return Blob(noise.astype(np.float32))


def answer(card) -> list[np.ndarray]:
    outputs = LocalEngine(cores=1).infer(card, blob_for(card)).outputs
    return [outputs[name] for name in outputs]


def damage(path, at: float, flip: int) -> None:
    content = bytearray(path.read_bytes())
    content[int(at * len(content))] ^= flip
    path.write_bytes(content)


@pytest.mark.parametrize("name", OWN)
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    which=st.integers(0, 1),
    at=st.floats(0, 1, exclude_max=True),
    flip=st.integers(1, 255),
)
def test_one_changed_byte_gives_no_answer_and_the_file_can_be_had_again(
    name, tmp_path, which, at, flip
):
    card = offered(name, tmp_path)
    download(card)
    file = card.files[which % len(card.files)]
    path = models_folder() / card.name / file.name
    good = path.read_bytes()
    damage(path, at, flip)
    bad = path.read_bytes()
    assert len(bad) == len(good)
    with pytest.raises(ModelMissing, match=r"not the file that its card.*download it"):
        answer(card)
    assert not present(card), "the page offers to download it"
    assert path.with_name(f"{file.name}.damaged").read_bytes() == bad
    download(card)
    assert path.read_bytes() == good


@pytest.mark.parametrize("name", OWN)
def test_a_net_that_was_fetched_again_answers_as_before(name, tmp_path):
    card = offered(name, tmp_path)
    download(card)
    before = answer(card)
    path = models_folder() / card.name / card.model_file.name
    damage(path, 0.5, 1)
    with pytest.raises(ModelMissing):
        answer(card)
    download(card)
    for one, other in zip(before, answer(card), strict=True):
        assert np.array_equal(one, other)


def test_groups_of_zero_in_a_cfg_do_not_end_the_process(tmp_path):
    card = offered("starter-classifier-darknet", tmp_path)
    download(card)
    path = models_folder() / card.name / card.config_file.name
    text = path.read_text()
    path.write_text(text.replace("groups=", "groups=0#", 1)[: len(text)])
    assert path.stat().st_size == len(text)
    assert "groups=0" in path.read_text()
    with pytest.raises(ModelMissing):
        answer(card)


def test_a_file_that_nobody_offers_is_left_where_it_is_and_named(tmp_path):
    card = replace(offered("tiny-blob-detector", tmp_path), offer=False)
    download(card)
    path = models_folder() / card.name / card.model_file.name
    damage(path, 0.5, 1)
    with pytest.raises(ModelUnreadable, match=r"Replace .*or correct the digest"):
        answer(card)
    assert path.exists()


def test_a_folder_that_keeps_its_files_says_what_to_replace(tmp_path, monkeypatch):
    card = offered("tiny-blob-detector", tmp_path)
    download(card)
    path = models_folder() / card.name / card.model_file.name
    damage(path, 0.5, 1)

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "replace", refuse)
    with pytest.raises(ModelUnreadable, match="Replace "):
        answer(card)


def test_a_file_that_cannot_be_opened_is_a_sentence(tmp_path, monkeypatch):
    card = offered("tiny-blob-detector", tmp_path)
    download(card)

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    path = models_folder() / card.name / card.model_file.name
    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(ModelUnreadable, match="cannot be opened: Permission denied"):
        file_paths(card)


def test_a_time_that_was_turned_back_hides_no_change_of_the_file(tmp_path):
    card = offered("tiny-blob-detector", tmp_path)
    download(card)
    path = models_folder() / card.name / card.model_file.name
    facts = path.stat()
    assert file_paths(card).model == path
    damage(path, 0.5, 1)
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    with pytest.raises(ModelMissing):
        file_paths(card)


def test_many_threads_set_a_file_aside_once_and_all_are_told(tmp_path):
    card = offered("tiny-blob-detector", tmp_path)
    download(card)
    path = models_folder() / card.name / card.model_file.name
    damage(path, 0.5, 1)
    told, gate = [], threading.Barrier(8)

    def ask():
        gate.wait()
        try:
            file_paths(card)
        except (ModelMissing, ModelUnreadable) as error:
            told.append(error)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 8
    assert path.with_name(f"{path.name}.damaged").exists()
    assert not present(card)
