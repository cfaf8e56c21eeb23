"""How this server reads the files that visitors give, for those who want to know."""

import streamlit as st

from core.sandbox.walls import Walls
from core.sandbox.worker import known_walls

TITLE = "How this server reads your files"

_WORDS = {
    "memory": "It cannot take more memory than its limit.",
    "processor": "It cannot take more processor time than its limit.",
    "descriptors": "It cannot open a file, a socket or a pipe.",
    "no_files": "It cannot write to a file and leaves no core dump.",
    "nobody": "It runs as the user that owns nothing (needed where the server runs as root).",
    "landlock": "Linux Landlock denies it files, TCP connections and signals to others.",
}


def show_walls() -> None:
    """List, folded, what the system refuses the process that reads files."""
    walls = known_walls()
    if walls is None:
        return
    with st.expander(TITLE, icon=":material/shield:"):
        st.markdown(
            "Videos and GIF, TIFF, AVIF and HEIC pictures are read in a process of their own, "
            "which ends with its answer or after a few idle seconds. On this server:"
        )
        st.markdown("\n".join(_lines(walls)))


def _lines(walls: Walls) -> list[str]:
    return [
        f"- :material/{'check' if name in walls.up else 'close'}: {words}"
        f"{'' if name in walls.up else ' **Not in force here.**'}"
        for name, words in _WORDS.items()
    ]
