"""Find a Chromium or Chrome that runs, and get one when asked.

``python -m tools.find_browser`` prints its path; with ``--install`` it gets one if there is
none. The order: ``$CHROMIUM``, what is installed, Debian's package where we may install it,
Playwright's own download into ``.browsers``. Needs nothing but the standard library until
the last resort.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

# The shell first: it draws the same pages, without the browser's own window around them,
# which costs a fifth of the time (the Blob page: 4.9 s, not 6.6 s, on two busy cores).
DEBIAN_PACKAGE = "chromium-headless-shell"
NAMES = (
    DEBIAN_PACKAGE, "chromium", "chromium-browser", "google-chrome-stable", "google-chrome",
    "chrome",
)  # fmt: skip
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
DOWNLOADS = Path(__file__).parents[1] / ".browsers"

# Root in a container: no user namespaces for the sandbox, 64 MB of /dev/shm, no graphics card.
FLAGS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu")

START_SECONDS = 60
PROOF = "ready-to-paint"


class BrowserMissing(Exception):  # noqa: N818
    """There is no browser, and what to do about it."""


def find_browser() -> Path:
    """Return the first browser that starts.

    Raises:
        BrowserMissing: when none does, or when ``$CHROMIUM`` names one that does not.
    """
    named = os.environ.get("CHROMIUM")
    if named:
        if starts(Path(named)):
            return Path(named)
        raise BrowserMissing(f"CHROMIUM is {named}, but no browser starts there.")
    for candidate in _candidates():
        if starts(candidate):
            return candidate
    raise BrowserMissing(
        "No Chromium or Chrome was found. Install one, for example with "
        "`apt-get install chromium`, or name it: CHROMIUM=/path/to/chrome make test."
    )


def starts(browser: Path) -> bool:
    """Say whether the browser shows a page: a snap's stub exists and shows none."""
    page = f"data:text/html,{PROOF}"
    command = [str(browser), "--headless", *FLAGS, "--dump-dom", page]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=START_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return PROOF in done.stdout


def install_browser() -> Path:
    """Return a browser, installing Debian's or else downloading Playwright's.

    Raises:
        BrowserMissing: when neither way gives one that starts.
    """
    try:
        return find_browser()
    except BrowserMissing:
        if os.environ.get("CHROMIUM"):
            raise
    for get in (_install_debian, _download):
        get()
        try:
            return find_browser()
        except BrowserMissing:
            continue
    return find_browser()


def _candidates() -> Iterator[Path]:
    for name in NAMES:
        found = shutil.which(name)
        if found:
            yield Path(found)
    yield from (path for path in [MAC] if path.exists())
    yield from sorted(DOWNLOADS.glob("chromium-*/chrome-*/chrome"), reverse=True)
    yield from sorted(DOWNLOADS.glob("chromium-*/*/*.app/Contents/MacOS/*"), reverse=True)


def _install_debian() -> None:
    """Install the distribution's package; elsewhere than on Debian it is a stub or absent."""
    if not shutil.which("apt-get") or _distribution() != "debian":
        return
    as_root = _as_root()
    if as_root is None:
        return
    _tell(f"Installing Debian's {DEBIAN_PACKAGE} ...")
    quiet = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    _run([*quiet, "update"])
    _run([*quiet, "install", "--no-install-recommends", "--yes", DEBIAN_PACKAGE])


def _download() -> None:
    """Let Playwright download its Chromium, with the libraries it needs where we may."""
    _tell(f"Downloading Playwright's Chromium into {DOWNLOADS.name} ...")
    libraries = ["--with-deps"] if shutil.which("apt-get") and _as_root() is not None else []
    os.environ["PLAYWRIGHT_BROWSERS_PATH"] = str(DOWNLOADS)
    _run([sys.executable, "-m", "playwright", "install", "--no-shell", *libraries, "chromium"])


def _as_root() -> list[str] | None:
    """Return what to put before a command that needs root; None where we may not."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True).returncode == 0:
        return [sudo, "-n"]
    return None


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["ID"]
    except OSError:
        return ""


def _run(command: list[str]) -> None:
    """Run a command whose failure is not the end: the next way is tried."""
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
        _tell(f"That did not work: {' '.join(command)}")


def _tell(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


def main() -> int:
    """Print the browser's path; return 1 and say what to do where there is none."""
    parser = argparse.ArgumentParser(prog="python -m tools.find_browser", description=__doc__)
    parser.add_argument("--install", action="store_true", help="get one if there is none")
    wanted = parser.parse_args()
    try:
        browser = install_browser() if wanted.install else find_browser()
    except BrowserMissing as missing:
        _tell(str(missing))
        return 1
    sys.stdout.write(f"{browser}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
