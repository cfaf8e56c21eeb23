"""``make models``: recommended models are fetched and checked ahead of the first visitor."""

import pytest

from core.nets.catalog import recommended
from core.nets.downloads import file_paths, models_folder, present
from tests.recommended import recommend_tiny_nets
from tests.shared import NETS, needs_shared
from tests.shelf import serving
from tools.fetch_models import main


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("BLOBSCOPE_MODELS", str(tmp_path / "models"))


@pytest.fixture
def shelf():
    with serving() as server:
        yield server


@pytest.fixture
def better(shelf, monkeypatch):
    return recommend_tiny_nets(shelf, monkeypatch)


def test_all_are_fetched_and_a_second_time_nothing_is_asked(better, shelf, capsys):
    assert main() == 0
    assert all(map(present, better.values()))
    asked = sum(len(card.files) for card in better.values())
    assert shelf.gets.total() == asked
    assert f"Better detection is in {models_folder() / 'better-detection'}." in told(capsys)
    assert main() == 0
    assert shelf.gets.total() == asked
    assert "Better detection is already in" in told(capsys)


def test_a_machine_without_a_network_gets_a_sentence_and_fails(better, shelf, capsys):
    shelf.files.pop("/better-detection/blobs.onnx")
    assert main() == 1
    said = told(capsys)
    assert "Better detection could not be reached" in said
    assert "BLOBSCOPE_MIRROR" in said
    assert "Traceback" not in said
    assert present(better["classification"])  # one that fails keeps no other back


def test_a_file_with_other_content_is_refused(better, shelf, capsys):
    path = "/better-detection/blobs.onnx"
    shelf.files[path] = bytes(len(shelf.files[path]))
    assert main() == 1
    assert not present(better["detection"])
    assert "Better detection" in told(capsys)


def test_a_file_that_was_changed_on_this_machine_is_set_aside_and_fetched_again(better, capsys):
    assert main() == 0
    path = file_paths(better["detection"]).model
    content = path.read_bytes()
    path.write_bytes(bytes(len(content)))
    assert main() == 0
    assert f"It is now called {path.name}.damaged" in told(capsys)
    assert path.read_bytes() == content


@needs_shared
def test_a_mirror_is_enough(monkeypatch):
    monkeypatch.setenv("BLOBSCOPE_MIRROR", str(NETS))
    assert main() == 0
    for task in ("classification", "detection"):
        model = recommended(task)
        assert model is not None
        assert file_paths(model).model.is_relative_to(models_folder())


def told(capsys) -> str:
    return capsys.readouterr().err
