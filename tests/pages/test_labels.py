"""One rule for all labels: sentence case, but for the names that OpenCV and NumPy give."""

import ast
from pathlib import Path

import pytest

from pages.components.shell.text import as_label

ROOT = Path(__file__).parents[2]
LABELLED = (
    *("button", "checkbox", "toggle", "radio", "selectbox", "multiselect", "slider"),
    *("select_slider", "number_input", "text_input", "text_area", "file_uploader"),
    *("segmented_control", "pills", "expander", "popover", "metric", "choice", "color_picker"),
)


def labels(path: Path) -> list[str]:
    """Read the labels that a file gives its controls as plain text."""
    nodes = ast.walk(ast.parse(path.read_text()))
    calls = (node for node in nodes if isinstance(node, ast.Call))
    first = (call.args[0] for call in calls if call.args and _name(call.func) in LABELLED)
    return [each.value for each in first if isinstance(each, ast.Constant)]


def _name(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))


FILES = {str(path.relative_to(ROOT)): labels(path) for path in ROOT.glob("pages/**/*.py")}


@pytest.mark.parametrize("file", [file for file, told in FILES.items() if told])
def test_labels_begin_with_a_capital_unless_they_are_names_of_code(file):
    assert FILES[file] == [as_label(each) for each in FILES[file]]


def test_the_rule_reads_labels():
    assert {"Temperature T", "swapRB"} <= {label for told in FILES.values() for label in told}
