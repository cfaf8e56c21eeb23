"""A running app and a real browser.

A machine without a browser fails here with a sentence: a skip would look like a pass.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from tests.shared import NETS
from tools.find_browser import FLAGS, BrowserMissing, find_browser

PATIENCE = 90_000  # milliseconds for a state to come; 30 s fail where two cores are shared
expect.set_options(timeout=PATIENCE)

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")

# Streamlit looks for its own address below the page's path first, then above it: two 404s.
EXPECTED_404 = ("/_stcore/health", "/_stcore/host-config")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def start_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Start one more app: ``start_app(BLOBSCOPE_MODELS="/elsewhere")`` returns its address."""
    with ExitStack() as running:

        def start(script: Path = ROOT / "app.py", **environment: str) -> str:
            folder = tmp_path_factory.mktemp("app")
            defaults = {"BLOBSCOPE_MODELS": str(folder / "models")}
            if NETS.is_dir():
                defaults["BLOBSCOPE_MIRROR"] = str(NETS)
            return running.enter_context(
                _serving(script, folder / "server.log", defaults | environment)
            )

        yield start


@pytest.fixture(scope="session")
def app_url(start_app: Callable[..., str]) -> str:
    """The address of the app that most tests share."""
    return start_app()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    try:
        browser = find_browser()
    except BrowserMissing as missing:
        pytest.fail(f"{missing} `make browser` tries to get one.", pytrace=False)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=browser, headless=True, args=[*FLAGS, *CAMERA]
        )
        yield launched
        launched.close()


@pytest.fixture
def open_page(
    request: pytest.FixtureRequest, chromium: Browser
) -> Iterator[Callable[..., Page]]:
    """Open a window: ``open_page(width=390, dark=True)``; ``url`` for another app.

    When the test is over, an error in any window's console fails it, and so does anything
    that was asked of another host: the app works on a machine without a network.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_one(
        *, width: int = 1440, height: int = 900, dark: bool = False, url: str | None = None
    ) -> Page:
        base_url = url or request.getfixturevalue("app_url")
        context = chromium.new_context(
            base_url=base_url,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            locale="en-GB",
            permissions=["camera"],
            accept_downloads=True,
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda asked: complaints.extend(_foreign(asked.url, base_url)))
        page.on("console", lambda message: complaints.extend(_complaint(message)))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == [], "the browser met with something it should not"


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """A window of 1440 x 900 pixels, light."""
    return open_page()


@contextmanager
def _serving(script: Path, log: Path, environment: dict[str, str]) -> Iterator[str]:
    port = _free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    command += ["--server.address=127.0.0.1", f"--server.port={port}", "--server.headless=true"]
    with log.open("w") as written:
        server = subprocess.Popen(
            command,
            cwd=script.parent,
            stdout=written,
            stderr=written,
            env=os.environ | environment,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _await(url, server, log)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=START_SECONDS)


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port


def _await(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5) as answer:
                if answer.read() == b"ok":
                    return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"The app did not start:\n{log.read_text()}", pytrace=False)


def _foreign(asked: str, base_url: str) -> list[str]:
    address = urlsplit(asked)
    at_home = address.netloc == urlsplit(base_url).netloc
    return [] if at_home or not address.scheme.startswith("http") else [f"asked {asked}"]


def _complaint(message: ConsoleMessage) -> list[str]:
    said = f"{message.text} {message.location['url']}"
    return [said] if message.type == "error" and not _is_expected(message) else []


def _is_expected(message: ConsoleMessage) -> bool:
    path = urlsplit(message.location["url"]).path
    # A picture that a newer run replaced before it was asked for; idle waits for the new one.
    replaced = path.startswith("/media/") or "Image source error" in message.text
    return replaced or ("404" in message.text and path.endswith(EXPECTED_404))
