import subprocess
import sys
from pathlib import Path

import pytest

from tools import find_browser as finder

PYTHON = sys.executable


@pytest.fixture(autouse=True)
def no_browser(tmp_path, monkeypatch) -> None:
    """A machine of our own: an empty PATH, an ordinary user, no downloads, no $CHROMIUM."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(finder, "MAC", tmp_path / "no-mac")
    monkeypatch.setattr(finder, "DOWNLOADS", tmp_path / ".browsers")
    monkeypatch.setattr(finder.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(finder, "_distribution", lambda: "debian")
    monkeypatch.setattr(finder.sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", "")


def program(path: Path, does: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)
    return path


def browser(path: Path) -> Path:
    return program(path, f"echo '<html>{finder.PROOF}</html>'")


def installs(path: Path) -> str:
    """The shell line that puts a working browser at ``path``."""
    return (
        f"/bin/mkdir -p {path.parent}; "
        f"echo '#!/bin/sh\necho {finder.PROOF}' > {path}; /bin/chmod +x {path}"
    )


def test_an_installed_browser_is_found(tmp_path):
    chrome = browser(tmp_path / "google-chrome-stable")
    assert finder.find_browser() == chrome


def test_a_stub_that_shows_no_page_is_passed_over(tmp_path):
    program(tmp_path / "chromium-browser", "echo 'Chromium: install the snap'; exit 1")
    chrome = browser(tmp_path / "google-chrome")
    assert finder.find_browser() == chrome


def test_the_shell_without_windows_is_preferred(tmp_path):
    browser(tmp_path / "chromium")
    shell = browser(tmp_path / finder.DEBIAN_PACKAGE)
    assert finder.find_browser() == shell


def test_the_named_browser_comes_first(tmp_path, monkeypatch):
    browser(tmp_path / "chromium")
    mine = browser(tmp_path / "elsewhere" / "mine")
    monkeypatch.setenv("CHROMIUM", str(mine))
    assert finder.find_browser() == mine


def test_a_named_browser_that_is_not_there_is_not_replaced_in_silence(tmp_path, monkeypatch):
    browser(tmp_path / "chromium")
    monkeypatch.setenv("CHROMIUM", "/nowhere/chrome")
    with pytest.raises(finder.BrowserMissing, match="CHROMIUM is /nowhere/chrome"):
        finder.install_browser()


def test_a_machine_without_a_browser_is_told_what_to_do():
    with pytest.raises(finder.BrowserMissing, match="apt-get install chromium"):
        finder.find_browser()


def test_an_installed_browser_is_not_installed_again(tmp_path):
    chromium = browser(tmp_path / "chromium")
    program(tmp_path / "apt-get", f"touch {tmp_path}/asked")
    assert finder.install_browser() == chromium
    assert not (tmp_path / "asked").exists()


def test_root_on_debian_gets_the_package(tmp_path, monkeypatch):
    monkeypatch.setattr(finder.os, "geteuid", lambda: 0)
    program(tmp_path / "env", 'shift; exec "$@"')
    program(tmp_path / "apt-get", installs(tmp_path / finder.DEBIAN_PACKAGE))
    assert finder.install_browser() == tmp_path / finder.DEBIAN_PACKAGE


def test_a_user_with_free_sudo_gets_the_package_too(tmp_path):
    program(tmp_path / "sudo", 'shift; [ "$1" = true ] || exec "$@"')
    program(tmp_path / "env", 'shift; exec "$@"')
    program(tmp_path / "apt-get", installs(tmp_path / finder.DEBIAN_PACKAGE))
    assert finder.install_browser() == tmp_path / finder.DEBIAN_PACKAGE


def test_a_user_who_may_not_install_packages_gets_playwrights_download(tmp_path):
    program(tmp_path / "apt-get", f"touch {tmp_path}/asked")
    downloaded = tmp_path / ".browsers/chromium-1234/chrome-linux64/chrome"
    program(tmp_path / "python", installs(downloaded))
    assert finder.install_browser() == downloaded
    assert not (tmp_path / "asked").exists()


def test_where_no_way_works_it_is_a_failure_with_a_sentence(tmp_path, capfd):
    program(tmp_path / "python", "exit 1")
    with pytest.raises(finder.BrowserMissing, match="CHROMIUM="):
        finder.install_browser()
    assert "That did not work" in capfd.readouterr().err


def test_the_command_fails_when_there_is_no_browser():
    done = subprocess.run(
        [PYTHON, "-m", "tools.find_browser"],
        cwd=Path(__file__).parents[2],
        env={"PATH": "/nowhere", "CHROMIUM": "/nowhere/chrome"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "no browser starts there" in done.stderr
