"""What every test has: no deadlines that a busy machine breaks, and nets of its own."""

import os

import pytest
from hypothesis import settings

from tests.shared import NETS, PRESENT

# How long an example takes says more about the other work of a machine than about ours.
# The same examples at each run, so that a red run is red again: `make fuzz` looks for new ones.
settings.register_profile("blobscope", deadline=None, derandomize=True)
settings.register_profile("fuzz", deadline=None, max_examples=2_000)
settings.load_profile(os.environ.get("BLOBSCOPE_EXAMPLES", "blobscope"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not PRESENT:
        terminalreporter.write_line(
            "Only our own nets were tested: those of others are not on this machine "
            "(BLOBSCOPE_SHARED names their folder)."
        )


@pytest.fixture
def mirrored(tmp_path_factory, monkeypatch) -> None:
    """Fetch nets of others from ../shared, once for all tests that ask for this."""
    monkeypatch.setenv("BLOBSCOPE_MIRROR", str(NETS))
    monkeypatch.setenv("BLOBSCOPE_MODELS", str(tmp_path_factory.getbasetemp() / "models"))
