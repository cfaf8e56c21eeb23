"""What a process leaves behind when it is killed, and who removes it."""

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from core.video import scratch
from core.video.scratch import remove_abandoned, scratch_folder

ROOT = Path(__file__).resolve().parents[2]
KILLED = """
import sys
from core.video.writing import AnnotatedVideo
annotated = AnnotatedVideo("MP4")
print(annotated.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def process() -> tuple[subprocess.Popen, Path]:
    """Start a process that holds a video; return it and the video's file."""
    running = subprocess.Popen(
        [sys.executable, "-c", KILLED],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return running, Path(running.stdout.readline().strip())


def test_what_a_killed_server_left_is_removed_at_the_next_start(folder):
    with process()[0] as running:
        (film,) = folder.glob("blobscope-videos-*/*.part")
        assert remove_abandoned() == 0, "its process lives"
        assert film.exists()
        running.kill()
    assert film.exists()
    assert remove_abandoned() == 1
    assert list(folder.iterdir()) == []


def test_a_server_that_ends_leaves_nothing(folder):
    with process()[0] as running:
        assert list(folder.iterdir())
        running.stdin.close()
    assert list(folder.iterdir()) == []


def test_the_folder_is_private_and_its_own_process_never_removes_it():
    made = scratch_folder()
    if os.name == "posix":
        assert stat.S_IMODE(made.stat().st_mode) == 0o700
    remove_abandoned()
    assert made.is_dir()
    assert scratch_folder() == made


def test_what_only_has_our_name_stays(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "precious").write_text("stays")
    (folder / "blobscope-videos-link").symlink_to(elsewhere)
    (folder / "blobscope-videos-file").write_text("")
    assert remove_abandoned() == 0
    assert (elsewhere / "precious").exists()


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="Windows has no owners of this kind")
def test_what_belongs_to_others_stays(folder, monkeypatch):
    (folder / "blobscope-videos-theirs").mkdir()
    monkeypatch.setattr(scratch.os, "getuid", lambda: 12345)
    assert remove_abandoned() == 0
    assert (folder / "blobscope-videos-theirs").exists()
