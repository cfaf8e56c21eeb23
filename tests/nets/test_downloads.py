"""Downloads: once, whole, the right bytes or none, and a sentence when offline."""

import contextlib
import hashlib
import pickle
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import DownloadFailed, ModelMissing, ModelUnreadable
from core.nets import downloads
from core.nets.card import ModelFile
from core.nets.catalog import card_named
from core.nets.downloads import (
    download,
    file_paths,
    models_folder,
    present,
    running,
    start_download,
)
from tests.models.cards import ON_CARDS
from tests.shared import NETS, needs_shared, where_present
from tests.shelf import serving

CONTENT = bytes(range(256)) * 8000  # 2 MB
SIZE = len(CONTENT)
NAME = "net.onnx"


@pytest.fixture
def shelf(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as server:
        server.files = {f"/{NAME}": CONTENT}
        yield server


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("BLOBSCOPE_MODELS", str(tmp_path / "store"))
    monkeypatch.delenv("BLOBSCOPE_MIRROR", raising=False)
    return tmp_path / "store" / "some-net"


def card_for(address, size=SIZE):
    digest = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
    file = ModelFile(NAME, size, digest, f"{address}/{NAME}")
    like = card_named("resnet18-v1-onnx")
    here = like.folder.parent / "some-net"
    return replace(like, name="some-net", title="Some net", files=(file,), folder=here)


@contextlib.contextmanager
def fetching_child(model, folder):
    """Another process that has begun to download."""
    code = (
        "import sys, pickle; from core.nets.downloads import download;"
        "download(pickle.load(sys.stdin.buffer))"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, cwd=root
    ) as child:
        child.stdin.write(pickle.dumps(model))
        child.stdin.close()
        part = folder / f"{NAME}.part"
        while not part.exists() or not part.stat().st_size:
            assert child.poll() is None
            time.sleep(0.01)
        yield child


def kept(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


def test_a_file_arrives_whole_and_is_found(shelf, folder):
    model = card_for(shelf.address)
    assert not present(model)
    with pytest.raises(
        ModelMissing, match=r"Some net is not on this machine yet \(net\.onnx\)"
    ):
        file_paths(model)
    seen = []
    download(model, lambda *step: seen.append(step))
    assert present(model)
    assert file_paths(model).model.read_bytes() == CONTENT
    assert kept(folder) == [NAME]
    assert seen[-1] == (NAME, len(CONTENT), len(CONTENT))
    assert [step[1] for step in seen] == sorted(step[1] for step in seen)


def test_what_is_here_is_not_fetched_again(shelf):
    for _ in range(2):
        download(card_for(shelf.address))
    assert shelf.gets[f"/{NAME}"] == 1


def test_eight_threads_make_one_request(shelf):
    model = card_for(shelf.address)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: download(model), range(8)))
    assert shelf.gets[f"/{NAME}"] == 1
    assert present(model)


def half_here(shelf, model):
    """Start a download that stops half way until the gate is opened."""
    shelf.moods = ["held"]
    transfer = start_download(model)
    while transfer.progress[1] < SIZE // 2 - downloads.CHUNK:
        assert not transfer.wait(0.01)
    return transfer


def test_a_download_belongs_to_nobody_and_is_joined_half_way(shelf):
    model = card_for(shelf.address)
    transfer = half_here(shelf, model)
    assert running(model) is start_download(model) is transfer
    name, done, total = transfer.progress
    assert (name, total) == (NAME, SIZE)
    assert 0 < done < total
    shelf.gate.set()
    download(model)
    assert transfer.wait(60)
    assert transfer.progress == (NAME, SIZE, SIZE)
    assert running(model) is None
    assert shelf.gets[f"/{NAME}"] == 1


def test_all_who_wait_hear_why_it_failed_and_the_next_try_is_a_new_one(shelf):
    model = card_for(shelf.address)
    shelf.files[f"/{NAME}"] = CONTENT[::-1]
    transfer = half_here(shelf, model)
    shelf.gate.set()
    for _ in range(2):
        with pytest.raises(DownloadFailed, match="its sha256 is not the one on the card"):
            transfer.wait(60)
    shelf.files[f"/{NAME}"] = CONTENT
    download(model)
    assert present(model)


def test_processes_make_one_request_and_see_each_others_progress(shelf, folder):
    shelf.moods = ["held"]
    model = card_for(shelf.address)
    with fetching_child(model, folder):
        transfer = start_download(model)
        while transfer.progress[1] < SIZE // 2 - downloads.CHUNK:
            assert not transfer.wait(0.01)
        shelf.gate.set()
        assert transfer.wait(60)
    assert shelf.gets[f"/{NAME}"] == 1


def test_a_wrong_digest_keeps_nothing(shelf, folder):
    shelf.files[f"/{NAME}"] = CONTENT[::-1]
    with pytest.raises(DownloadFailed, match="its sha256 is not the one on the card"):
        download(card_for(shelf.address))
    assert kept(folder) == []


def test_sha1_digests_are_checked_as_well(shelf, folder):
    model = card_for(shelf.address, size=None)
    file = replace(model.files[0], digest="sha1:" + hashlib.sha1(CONTENT).hexdigest())
    download(replace(model, files=(file,)))
    assert kept(folder) == [NAME]


@pytest.mark.parametrize("ranges", [False, True])
@pytest.mark.parametrize("mood", ["cut", "no length", 503])
def test_a_fault_that_passes_is_tried_once_more(shelf, folder, mood, ranges):
    shelf.moods, shelf.ranges = [mood], ranges
    download(card_for(shelf.address))
    assert (folder / NAME).read_bytes() == CONTENT
    assert shelf.gets[f"/{NAME}"] == 2


def test_a_connection_that_is_cut_each_time_ends_in_a_sentence(shelf):
    shelf.moods = ["cut"] * 9
    model = card_for(shelf.address)
    with pytest.raises(DownloadFailed, match="the connection was cut"):
        download(model)
    assert shelf.gets[f"/{NAME}"] == downloads.TRIES
    assert not present(model)


def test_what_came_before_a_cut_is_not_fetched_again(shelf, folder):
    shelf.moods, shelf.ranges = ["cut"], True
    download(card_for(shelf.address))
    assert shelf.began[0] == 0 < shelf.began[1]
    assert (folder / NAME).read_bytes() == CONTENT


@pytest.mark.parametrize("ranges", [False, True])
@pytest.mark.parametrize("left", [b"not ours" * 9, CONTENT, CONTENT * 2])
def test_a_beginning_that_does_not_fit_is_dropped(shelf, folder, left, ranges):
    shelf.ranges = ranges
    folder.mkdir(parents=True)
    (folder / f"{NAME}.part").write_bytes(left)
    download(card_for(shelf.address))
    assert kept(folder) == [NAME]
    assert (folder / NAME).read_bytes() == CONTENT


def test_a_file_that_is_larger_than_promised_is_dropped_at_once(shelf, folder):
    with pytest.raises(DownloadFailed, match=r"larger than the 1,000 bytes.*nothing was kept"):
        download(card_for(shelf.address, size=1000))
    assert shelf.gets[f"/{NAME}"] == 1
    assert kept(folder) == []


def test_without_a_known_size_there_is_a_cap_too(shelf, monkeypatch):
    monkeypatch.setattr(downloads, "LARGEST", 5000)
    with pytest.raises(DownloadFailed, match="larger than the 5,000 bytes"):
        download(card_for(shelf.address, size=None))


def test_a_file_that_is_not_there_says_so(shelf):
    shelf.files.clear()
    with pytest.raises(DownloadFailed, match=r"127\.0\.0\.1:\d+/net\.onnx answered 404"):
        download(card_for(shelf.address))


def test_offline_is_one_clear_sentence_with_both_ways_out(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(DownloadFailed) as caught:
        download(card_for("http://127.0.0.1:9"))
    assert str(caught.value) == (
        "Some net could not be reached (http://127.0.0.1:9/net.onnx did not deliver: no "
        "connection, or it was lost). Without a network, set BLOBSCOPE_MIRROR to a folder or "
        "address that holds the models, or BLOBSCOPE_MODELS to a folder with "
        "some-net/net.onnx in it."
    )


@pytest.mark.parametrize("address", ["http://example.org", "http://127.0.0.1.example.org"])
def test_plain_http_is_refused_without_asking(address):
    with pytest.raises(DownloadFailed, match="is not encrypted"):
        download(card_for(address))


def test_a_redirect_may_not_lead_away_from_encryption(shelf, folder):
    shelf.moods = ["away"]
    with pytest.raises(DownloadFailed, match=r"http://example\.org/net\.onnx is not encrypted"):
        download(card_for(shelf.address))
    assert kept(folder) == []


def test_a_process_that_was_killed_half_way_leaves_no_trap(shelf, folder):
    shelf.moods = ["held"]
    with fetching_child(card_for(shelf.address), folder) as child:
        child.send_signal(signal.SIGKILL)
    model = card_for(shelf.address)
    assert not present(model)
    assert kept(folder) == [f"{NAME}.part"]
    download(model)
    assert kept(folder) == [NAME]
    assert present(model)


def test_a_file_that_was_cut_afterwards_counts_as_absent(shelf, folder):
    model = card_for(shelf.address)
    download(model)
    (folder / NAME).write_bytes(CONTENT[:100])
    assert not present(model)
    download(model)
    assert (folder / NAME).read_bytes() == CONTENT


def test_a_folder_that_cannot_be_written_is_named(shelf, tmp_path, monkeypatch):
    (tmp_path / "a-file").write_text("no folder")
    monkeypatch.setenv("BLOBSCOPE_MODELS", str(tmp_path / "a-file"))
    with pytest.raises(DownloadFailed, match=r"cannot be stored in .*BLOBSCOPE_MODELS"):
        download(card_for(shelf.address))


def test_a_folder_that_the_system_refuses_to_look_at_is_named_too(tmp_path, monkeypatch):
    monkeypatch.setenv("BLOBSCOPE_MODELS", str(tmp_path / ("a" * 300)))
    model = card_for("https://example.org")
    assert not present(model)
    with pytest.raises(DownloadFailed, match=r"cannot be stored in .*File name too long"):
        download(model)


def test_a_tilde_is_the_home_of_a_person(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BLOBSCOPE_MODELS", "~/store")
    monkeypatch.setenv("BLOBSCOPE_MIRROR", "~")
    (tmp_path / NAME).write_bytes(CONTENT)
    download(card_for("https://example.org"))
    assert (tmp_path / "store/some-net" / NAME).read_bytes() == CONTENT


def test_the_folder_is_the_named_one_or_in_the_users_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("BLOBSCOPE_MODELS", str(tmp_path))
    assert models_folder() == tmp_path
    monkeypatch.delenv("BLOBSCOPE_MODELS")
    assert models_folder().parts[-2:] == ("blobscope", "models")


def test_shipped_files_are_used_where_they_lie(folder):
    tiny = card_named("tiny-dominant-colour")
    download(tiny)
    assert file_paths(tiny).model.parent == tiny.folder
    assert not folder.parent.exists()


class TestMirror:
    @pytest.mark.parametrize("place", ["some-net/net.onnx", "net.onnx"])
    def test_a_folder_stands_in_for_the_address(
        self, shelf, folder, tmp_path, monkeypatch, place
    ):
        path = tmp_path / "mirror" / place
        path.parent.mkdir(parents=True)
        path.write_bytes(CONTENT)
        monkeypatch.setenv("BLOBSCOPE_MIRROR", str(tmp_path / "mirror"))
        download(card_for(shelf.address))
        assert (folder / NAME).read_bytes() == CONTENT
        assert not shelf.gets

    @pytest.mark.parametrize("place", ["/models/some-net/net.onnx", "/models/net.onnx"])
    def test_an_address_stands_in_for_the_address(self, shelf, folder, monkeypatch, place):
        shelf.files = {place: CONTENT}
        monkeypatch.setenv("BLOBSCOPE_MIRROR", f"{shelf.address}/models/")
        download(card_for("https://example.org"))
        assert (folder / NAME).read_bytes() == CONTENT

    def test_a_mirror_without_the_file_never_falls_back_to_the_network(
        self, shelf, tmp_path, monkeypatch
    ):
        monkeypatch.setenv("BLOBSCOPE_MIRROR", str(tmp_path))
        with pytest.raises(DownloadFailed, match=r"net\.onnx is not there"):
            download(card_for(shelf.address))
        assert not shelf.gets

    def test_an_address_in_capitals_is_an_address(self, shelf, folder, monkeypatch):
        monkeypatch.setenv("BLOBSCOPE_MIRROR", shelf.address.replace("http", "HTTP"))
        download(card_for("https://example.org"))
        assert (folder / NAME).read_bytes() == CONTENT

    @pytest.mark.parametrize(
        ("mirror", "said"),
        [
            ("http://[::1", "not a valid host"),
            (f"http://{'a' * 70}.test", "label empty or too long"),
            ("http://", "Invalid URL"),
        ],
    )
    def test_a_mirror_that_is_no_address_is_the_one_to_blame(self, mirror, said, monkeypatch):
        monkeypatch.setenv("BLOBSCOPE_MIRROR", mirror)
        with pytest.raises(DownloadFailed, match=f"could not be reached.*{said}"):
            download(card_for("https://example.org"))

    def test_a_mirror_that_is_a_file_is_the_one_to_blame(self, tmp_path, monkeypatch):
        (tmp_path / "a-file").write_text("no folder")
        monkeypatch.setenv("BLOBSCOPE_MIRROR", str(tmp_path / "a-file"))
        with pytest.raises(DownloadFailed, match=r"a-file/net\.onnx cannot be read: Not a dir"):
            download(card_for("https://example.org"))

    def test_a_mirror_is_not_trusted_more_than_the_network(self, folder, tmp_path, monkeypatch):
        (tmp_path / NAME).write_bytes(CONTENT[::-1])
        monkeypatch.setenv("BLOBSCOPE_MIRROR", str(tmp_path))
        with pytest.raises(DownloadFailed, match="its sha256 is not the one"):
            download(card_for("https://example.org"))
        assert kept(folder) == []

    @needs_shared
    @pytest.mark.parametrize("name", where_present(*ON_CARDS))
    def test_the_shared_nets_serve_as_a_mirror(self, folder, monkeypatch, name):
        monkeypatch.setenv("BLOBSCOPE_MIRROR", str(NETS))
        download(card_named(name))
        assert present(card_named(name))
        assert file_paths(card_named(name)).model.parent == folder.parent / name

    @needs_shared
    def test_the_shared_nets_serve_as_a_mirror_over_http(self, shelf, monkeypatch):
        model = card_named(ON_CARDS[0])
        file = model.model_file.name
        shelf.files = {f"/{model.name}/{file}": (NETS / model.name / file).read_bytes()}
        monkeypatch.setenv("BLOBSCOPE_MIRROR", shelf.address)
        download(model)
        assert present(model)


def test_a_file_beside_the_card_is_checked_once_and_again_when_it_changes(
    tmp_path, monkeypatch
):
    model = replace(card_for("https://example.org"), folder=tmp_path)
    path = tmp_path / NAME
    path.write_bytes(CONTENT)
    read = []
    digest_of = hashlib.file_digest
    monkeypatch.setattr(
        hashlib, "file_digest", lambda *given: read.append(1) or digest_of(*given)
    )
    for _ in range(3):
        assert file_paths(model).model == path
    assert len(read) == 1
    path.write_bytes(bytes([CONTENT[0] ^ 1]) + CONTENT[1:])
    with pytest.raises(
        ModelUnreadable, match=r"net\.onnx is not the file that its card"
    ) as caught:
        file_paths(model)
    assert hashlib.sha256(path.read_bytes()).hexdigest() in str(caught.value)
    assert len(read) == 2
