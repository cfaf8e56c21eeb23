"""No stranger's request stops the others: real servers, on a machine without a network."""

import http.client
import os
import re
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import pytest
from streamlit import net_util
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.web.server import server_util
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from pages.components.shell import server

ROOT = Path(__file__).parents[3]
START_SECONDS = 120
HANG_SECONDS = 40
ANSWER_SECONDS = 20

# Names other than this machine's are noted, and hang: a resolver behind a black hole.
BLACK_HOLE = f"""
import os, socket, time
resolve = socket.getaddrinfo
def black_hole(host, *given, **named):
    if host in (None, "localhost", "127.0.0.1", "0.0.0.0", "::1"):
        return resolve(host, *given, **named)
    with open(os.environ["ASKED"], "a") as asked:
        print(host, file=asked)
    time.sleep({HANG_SECONDS})
    raise socket.gaierror(socket.EAI_AGAIN, "no answer")
socket.getaddrinfo = black_hole
"""


@contextmanager
def started(folder: Path, *command: str, **settings: str) -> Iterator[int]:
    """Start a server without a network; yield its port."""
    (folder / "sitecustomize.py").write_text(BLACK_HOLE)
    (folder / "asked").touch()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    of_it = {"PYTHONPATH": str(folder), "ASKED": str(folder / "asked")}
    of_it["BLOBSCOPE_MODELS"] = str(folder / "models")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [
                *[sys.executable, *command, f"--server.port={port}"],
                *["--server.address=127.0.0.1", "--server.headless=true"],
            ],
            cwd=ROOT,
            env=os.environ | of_it | settings,
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers(port):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def answers(port: int) -> bool:
    try:
        return ask(port, "GET", "/_stcore/health")[0] == 200
    except OSError:
        return False


def ask(port: int, method: str, path: str, *given) -> tuple[int, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    connection.request(method, path, *given)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders())


def handshake(port: int, origin: str | None, cookie: str = "") -> ClientConnection:
    return connect(
        f"ws://127.0.0.1:{port}/_stcore/stream",
        origin=origin,
        subprotocols=["streamlit"],
        additional_headers={"Cookie": cookie} if cookie else {},
        open_timeout=ANSWER_SECONDS,
        max_size=None,
        proxy=None,
    )


def run_page(session: ClientConnection, page: str = "") -> str:
    """Run a page as a browser does, the first one or by its name; return the session's id."""
    wish = BackMsg()
    wish.rerun_script.query_string = ""
    wish.rerun_script.page_name = page
    session.send(wish.SerializeToString())
    session_id = ""
    while True:
        came = ForwardMsg()
        came.ParseFromString(session.recv(timeout=START_SECONDS))
        kind = came.WhichOneof("type")
        if kind == "new_session":
            session_id = came.new_session.initialize.session_id
        if kind == "script_finished":
            return session_id


def assert_foreigners_are_refused(port: int, folder: Path) -> None:
    for origin in ("https://foreign.example", "http://10.9.8.7:8501", "null", "nonsense"):
        with pytest.raises(InvalidStatus) as refused:
            handshake(port, origin)
        assert refused.value.response.status_code == 403
    assert (folder / "asked").read_text() == ""


def test_a_foreign_origin_is_refused_without_a_network_before_anybody_came(tmp_path):
    with started(tmp_path, "serve.py") as port:
        assert_foreigners_are_refused(port, tmp_path)
        for own in (f"http://localhost:{port}", f"http://127.0.0.1:{port}", None):
            with handshake(port, own) as session:
                assert run_page(session)
        assert (tmp_path / "asked").read_text() == ""


def test_streamlit_run_app_refuses_a_foreign_origin_as_soon_as_a_visitor_came(tmp_path):
    with (
        started(tmp_path, "-m", "streamlit", "run", "app.py") as port,
        handshake(port, f"http://localhost:{port}") as session,
    ):
        run_page(session)
        assert_foreigners_are_refused(port, tmp_path)


def test_a_named_origin_is_still_let_in(monkeypatch):
    server.guard_server()
    monkeypatch.setattr(server_util, "allowlisted_origins", lambda: {"https://lab.example"})
    assert server_util.is_url_from_allowed_origins("https://lab.example")
    assert not server_util.is_url_from_allowed_origins("https://other.example")


def put(port: int, cookie: str, session_id: str, data: bytes) -> int:
    name, edge = str(uuid.uuid4()), uuid.uuid4().hex
    head = f'Content-Disposition: form-data; name="{name}"; filename="{name}"'
    body = f"--{edge}\r\n{head}\r\n\r\n".encode() + data + f"\r\n--{edge}--\r\n".encode()
    headers = {
        "Content-Type": f"multipart/form-data; boundary={edge}",
        "Cookie": cookie,
        "X-Xsrftoken": cookie.partition("=")[2],
    }
    path = f"/_stcore/upload_file/{session_id}/{name}"
    return ask(port, "PUT", path, body, headers)[0]


def test_a_session_holds_no_more_uploads_than_its_limit_and_none_of_a_page_that_it_left(
    tmp_path,
):
    with started(tmp_path, "serve.py", BLOBSCOPE_UPLOAD_MB="5") as port:
        cookies = ask(port, "GET", "/_stcore/health")[1].get("set-cookie", "")
        found = re.search(r"_streamlit_xsrf=[^;]+", cookies)
        assert found, cookies
        cookie = found[0]
        own = f"http://127.0.0.1:{port}"
        with handshake(port, own, cookie) as visit, handshake(port, own, cookie) as other:
            greedy, modest = run_page(visit), run_page(other)
            assert greedy != modest
            came = [put(port, cookie, greedy, bytes(1_000_000)) for _ in range(8)]
            assert came == [204] * 5 + [413] * 3
            assert put(port, cookie, modest, bytes(1_000_000)) == 204
            run_page(visit)
            assert put(port, cookie, greedy, bytes(1_000_000)) == 413, "the page is the same"
            run_page(visit, "many")
            assert put(port, cookie, greedy, bytes(5_000_000)) == 204, "its files were let go"


@pytest.fixture
def manager() -> MemoryUploadedFileManager:
    server.guard_server()
    return MemoryUploadedFileManager("/upload")


def record(name: str, size: int) -> server.UploadedFileRec:
    return server.UploadedFileRec(name, name, "image/png", bytes(size))


def test_what_is_removed_or_replaced_makes_room(manager, monkeypatch):
    monkeypatch.setenv("BLOBSCOPE_UPLOAD_MB", "1")
    manager.add_file("ann", record("a", 900_000))
    manager.add_file("ann", record("a", 1_000_000))
    with pytest.raises(server.HTTPException, match="can hold 1 MB of files") as refused:
        manager.add_file("ann", record("b", 1))
    assert refused.value.status_code == 413
    manager.add_file("ben", record("b", 1_000_000))
    manager.remove_file("ann", "a")
    manager.add_file("ann", record("b", 1))
    assert set(manager.file_storage["ann"]) == {"b"}


def test_empty_files_are_counted_too(manager, monkeypatch):
    monkeypatch.setattr(server, "MOST_UPLOADED_FILES", 3)
    for name in "abca":
        manager.add_file("ann", record(name, 0))
    with pytest.raises(server.HTTPException, match="can hold 3 files"):
        manager.add_file("ann", record("d", 0))


def test_the_patches_are_for_this_version_alone():
    assert version("streamlit") == server.CURED, "review whether it still needs them"
    assert server_util.net_util is net_util
    for _ in range(2):
        server.guard_server()
    assert net_util.get_external_ip() is None
