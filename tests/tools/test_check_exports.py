"""What `make test-exports` calls the same, and what it calls wrong."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core.nets.catalog import card_named
from tools import check_exports as tool


@pytest.fixture(autouse=True)
def this_python(monkeypatch):
    """Our own Python stands in for the environments, which take minutes to make."""
    monkeypatch.setattr(tool, "environment", lambda _: Path(sys.executable))


@pytest.mark.parametrize("name", ["tiny-dominant-colour", "tiny-blob-detector"])
def test_a_script_run_elsewhere_writes_the_apps_own_table(name):
    made = tool.export(card_named(name))
    assert tool.verdict(made, "4.12") == ""
    assert len(tool.rows_of(made.expected)) > 1


def test_a_wrong_table_a_lost_script_and_a_missing_sentence_are_wrong():
    made = tool.export(card_named("tiny-dominant-colour"))
    wrong = replace(made, expected=made.expected.replace("class_id", "class"))
    assert "instead of 'class'" in tool.verdict(wrong, "4.12")
    assert "ended with" in tool.verdict(replace(made, script="nothing.py"), "4.12")
    assert "ended with 0" in tool.verdict(made, "5.0")  # ours reads Caffe, so it said nothing


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ([["dog", "0.5"]], ""),
        ([["dog", "0.5015"]], ""),
        ([["dog", "0.6"]], "'0.6' instead of '0.5'"),
        ([["cat", "0.5"]], "'cat' instead of 'dog'"),
        ([], "0 rows instead of 1"),
    ],
)
def test_the_last_digit_may_differ_and_no_more(written, says):
    found = tool.difference([["dog", "0.5"]], written)
    assert says in found
    assert bool(says) == bool(found)
