"""Downloads: once, whole, the right bytes or none, and a sentence when offline."""

import contextlib
import hashlib
import multiprocessing
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core.errors import DownloadFailed, ModelMissing
from core.nets import downloads
from core.nets.card import ModelFile
from core.nets.catalog import card
from core.nets.downloads import download, file_paths, models_folder, present
from tests.models.cards import ON_CARDS
from tests.shared import NETS, needs_shared

CONTENT = bytes(range(256)) * 8000  # 2 MB
SIZE = len(CONTENT)
NAME = "net.onnx"


class Shelf(ThreadingHTTPServer):
    """A web server with one file and moods: what it does to the next requests."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.files = {f"/{NAME}": CONTENT}
        self.moods = []
        self.gets = Counter()
        self.address = f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.gets[self.path] += 1
        mood = self.server.moods.pop(0) if self.server.moods else "good"
        content = self.server.files.get(self.path)
        if content is None or mood == 503:
            self.send_error(404 if content is None else mood)
        elif mood == "away":
            self.send_response(302)
            self.send_header("Location", "http://example.org/net.onnx")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._send(content, mood)

    def _send(self, content, mood):
        self.send_response(200)
        if mood != "no length":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        sent = content[: len(content) // 2] if mood in ("cut", "no length") else content
        for start in range(0, len(sent), 100_000):
            self.wfile.write(sent[start : start + 100_000])
            if mood == "slow":
                time.sleep(0.02)
        if sent != content:
            self.close_connection = True
            self.connection.close()

    def handle(self):
        with contextlib.suppress(OSError):  # the visitor hung up
            super().handle()


@pytest.fixture
def shelf(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Shelf()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("BLOBSCOPE_MODELS", str(tmp_path / "store"))
    monkeypatch.delenv("BLOBSCOPE_MIRROR", raising=False)
    return tmp_path / "store" / "some-net"


def card_for(address, size=SIZE):
    digest = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
    file = ModelFile(NAME, size, digest, f"{address}/{NAME}")
    like = card("resnet18-v1-onnx")
    here = like.folder.parent / "some-net"
    return replace(like, name="some-net", title="Some net", files=(file,), folder=here)


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
    shelf.moods = ["slow"]
    model = card_for(shelf.address)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: download(model), range(8)))
    assert shelf.gets[f"/{NAME}"] == 1
    assert present(model)


def test_processes_make_one_request_too(shelf):
    shelf.moods = ["slow"]
    context = multiprocessing.get_context("spawn")
    with context.Pool(3) as pool:
        pool.map(download, [card_for(shelf.address)] * 3)
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


@pytest.mark.parametrize("mood", ["cut", "no length", 503])
def test_a_fault_that_passes_is_tried_once_more(shelf, folder, mood):
    shelf.moods = [mood]
    download(card_for(shelf.address))
    assert (folder / NAME).read_bytes() == CONTENT
    assert shelf.gets[f"/{NAME}"] == 2


def test_a_connection_that_is_cut_each_time_ends_in_a_sentence(shelf, folder):
    shelf.moods = ["cut"] * 9
    with pytest.raises(DownloadFailed, match="the connection was cut"):
        download(card_for(shelf.address))
    assert shelf.gets[f"/{NAME}"] == downloads.TRIES
    assert kept(folder) == []


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
    with pytest.raises(DownloadFailed, match=r"127\.0\.0\.1 answered 404"):
        download(card_for(shelf.address))


def test_offline_is_one_clear_sentence_with_both_ways_out(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(DownloadFailed) as caught:
        download(card_for("http://127.0.0.1:9"))
    assert str(caught.value) == (
        "Some net could not be reached (127.0.0.1 did not deliver: no connection). Without a "
        "network, set BLOBSCOPE_MIRROR to a folder or address that holds the models, or "
        "BLOBSCOPE_MODELS to a folder with some-net/net.onnx in it."
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
    shelf.moods = ["slow"]
    code = (
        "import sys, pickle; from core.nets.downloads import download;"
        "download(pickle.load(sys.stdin.buffer))"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, cwd=root
    ) as child:
        child.stdin.write(pickle.dumps(card_for(shelf.address)))
        child.stdin.close()
        while not (folder / f"{NAME}.part").exists():
            assert child.poll() is None
            time.sleep(0.01)
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


def test_the_folder_is_the_named_one_or_in_the_users_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("BLOBSCOPE_MODELS", str(tmp_path))
    assert models_folder() == tmp_path
    monkeypatch.delenv("BLOBSCOPE_MODELS")
    assert models_folder().parts[-2:] == ("blobscope", "models")


def test_shipped_files_are_used_where_they_lie(folder):
    tiny = card("tiny-dominant-colour")
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

    def test_a_mirror_is_not_trusted_more_than_the_network(self, folder, tmp_path, monkeypatch):
        (tmp_path / NAME).write_bytes(CONTENT[::-1])
        monkeypatch.setenv("BLOBSCOPE_MIRROR", str(tmp_path))
        with pytest.raises(DownloadFailed, match="its sha256 is not the one"):
            download(card_for("https://example.org"))
        assert kept(folder) == []

    @needs_shared
    @pytest.mark.parametrize("name", ON_CARDS)
    def test_the_shared_nets_serve_as_a_mirror(self, folder, monkeypatch, name):
        monkeypatch.setenv("BLOBSCOPE_MIRROR", str(NETS))
        download(card(name))
        assert present(card(name))
        assert file_paths(card(name)).model.parent == folder.parent / name

    @needs_shared
    def test_the_shared_nets_serve_as_a_mirror_over_http(self, shelf, monkeypatch):
        model = card(ON_CARDS[0])
        file = model.model_file.name
        shelf.files = {f"/{model.name}/{file}": (NETS / model.name / file).read_bytes()}
        monkeypatch.setenv("BLOBSCOPE_MIRROR", shelf.address)
        download(model)
        assert present(model)
