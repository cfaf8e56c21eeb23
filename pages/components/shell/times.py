"""How long each step of the pipeline took."""

from core.pipeline import RoadTimes
from pages.components.shell.metrics import show_metrics
from pages.components.shell.text import milliseconds


def show_times(times: RoadTimes, *, read_ms: float) -> None:
    """Show the steps side by side: load, decode, blob, inference (first and warm), read.

    A net that is already in memory shows neither its load time nor its first inference.
    """
    parts = {
        "load network": times.load,
        "decode image": times.decode,
        "preprocessing": times.blob,
        "first inference": times.first_forward,
        "inference": times.forward,
        "post-processing": read_ms,
    }
    known = {name: value for name, value in parts.items() if value is not None}
    show_metrics({name: milliseconds(value) for name, value in known.items()})
