"""How long each part of the road took."""

from core.pipeline import RoadTimes
from pages.components.shell.metrics import show_metrics
from pages.components.shell.text import milliseconds


def show_times(times: RoadTimes, *, read_ms: float) -> None:
    """Show the parts side by side: load, decode, blob, forward (first and warm), read.

    A net that was in memory already shows neither its load nor its first forward.
    """
    parts = {
        "load the net": times.load,
        "decode": times.decode,
        "make the blob": times.blob,
        "first forward": times.first_forward,
        "warm forward": times.forward,
        "read": read_ms,
    }
    known = {name: value for name, value in parts.items() if value is not None}
    show_metrics({name: milliseconds(value) for name, value in known.items()})
