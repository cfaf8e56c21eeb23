"""Two patches for Streamlit 1.67.0, so that no stranger's request stops the others.

They replace names that Streamlit does not promise to keep, so they must be reviewed for
every other version: then ``tests/pages/shell/test_server.py`` fails.

1. For each WebSocket handshake with a foreign Origin, Streamlit asks an outside host for its
   own public address, and its event loop waits meanwhile; a failure is not remembered. Where
   names do not resolve, each such handshake stops every visitor for 20 seconds. No setting
   avoids it: the outside host is asked before ``server.corsAllowedOrigins`` is read. Blobscope
   asks nobody: a page from the public address has the same Origin and Host, and is let in
   without this.
2. An open session may upload any number of files, whether a page asked for them or not, and
   all stay in memory until it changes the page or ends. Here a session has a limit.
"""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from streamlit import net_util
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from core.environment import whole_number

CURED = "1.67.0"

MOST_UPLOADED_MB = 500
"""MB that a session may hold, unless BLOBSCOPE_UPLOAD_MB says otherwise; Batch takes 200."""

MOST_UPLOADED_FILES = 2000
"""Files that a session may hold: even an empty one costs memory."""

TOO_LARGE = 413

_add_file = MemoryUploadedFileManager.add_file


def guard_server() -> None:
    """Apply both patches; more than once is as good as once."""
    net_util.get_external_ip = _no_address
    MemoryUploadedFileManager.add_file = _add_within_limits  # type: ignore[method-assign, assignment]


def _no_address() -> str | None:
    return None


def _add_within_limits(
    manager: MemoryUploadedFileManager, session_id: str, file: UploadedFileRec
) -> None:
    held = manager.file_storage.get(session_id, {})
    if reason := _over_limits(file, held):
        raise HTTPException(TOO_LARGE, detail=reason)
    _add_file(manager, session_id, file)


def _over_limits(file: UploadedFileRec, held: Mapping[str, UploadedFileRec]) -> str | None:
    """Say which limit one more file would break; the file that it replaces does not count."""
    others = [each for each in list(held.values()) if each.file_id != file.file_id]
    size = len(file.data) + sum(len(each.data) for each in others)
    most = whole_number("BLOBSCOPE_UPLOAD_MB", MOST_UPLOADED_MB)
    if size > most * 10**6:
        return f"A session can hold {most} MB of files. Remove some, or reload the page."
    if len(others) >= MOST_UPLOADED_FILES:
        return (
            f"A session can hold {MOST_UPLOADED_FILES} files. Remove some, or reload the page."
        )
    return None
