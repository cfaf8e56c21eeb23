"""The folder in which this process keeps the videos that it writes, and what others left.

Nobody else can read it. It goes when the process ends; where the process is killed, the
next one that starts removes it. A lock tells whether its process lives: the system lets go
of it with the process, however that ends.
"""

import atexit
import os
import shutil
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from filelock import FileLock, Timeout

_OURS = "blobscope-videos-"
_UNLOCKED = "blobscope-making-"
_LOCK = "lock"


@lru_cache(maxsize=1)
def scratch_folder() -> Path:
    """Make the folder once, with its lock; it has its name only when it is locked."""
    made = Path(tempfile.mkdtemp(prefix=_UNLOCKED))
    lock = FileLock(made / _LOCK, thread_local=False)
    lock.acquire()
    folder = made.with_name(made.name.replace(_UNLOCKED, _OURS, 1))
    made.rename(folder)
    atexit.register(_remove, folder, lock)
    return folder


def remove_abandoned() -> int:
    """Remove the folders of processes that are gone; return how many there were."""
    return sum(
        _remove_abandoned(folder)
        for folder in Path(tempfile.gettempdir()).glob(f"{_OURS}*")
        if _is_ours(folder)
    )


def _is_ours(folder: Path) -> bool:
    """Tell whether we made it: a name in a folder that all may write proves nothing."""
    with suppress(OSError):
        told = folder.lstat()
        mine = not hasattr(os, "getuid") or told.st_uid == os.getuid()
        return mine and folder.is_dir() and not folder.is_symlink()
    return False


def _remove_abandoned(folder: Path) -> bool:
    lock = FileLock(folder / _LOCK, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):  # its process lives, or another one removes it
        return False
    _remove(folder, lock)
    return True


def _remove(folder: Path, lock: FileLock) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        lock.release()
