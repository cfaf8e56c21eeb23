"""The registry of output layouts: a new layout is a new file, and nothing else."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.outputs import AUTO, layout_names
from core.results.layouts import layouts

ROOT = Path(__file__).resolve().parents[2]

NEW_LAYOUT = '''
"""Corners of one class: [N, 1, 5], a row a cell of 16 pixels."""

from functools import partial

from core.outputs import LayoutName
from core.results.box_rows import BoxRows
from core.results.grids import Grids, Head, grid_size, stacked_heads
from core.results.layout import Layout
from core.results.rows import RowRule, class_score_alone

import numpy as np


def _rows(outputs):
    (array,) = outputs.values()
    return array[:, 0]


def _read(outputs, facts):
    columns, rows = grid_size(facts.size, 16)
    if [array.shape for array in outputs.values()] != [(columns * rows, 1, 5)]:
        return None
    table = _rows(outputs)
    return BoxRows(
        boxes=table[:, :4],
        box_format="xyxy",
        scores=table[:, 4:],
        lines=(
            f"rows = outputs[{next(iter(outputs))!r}][:, 0]",
            "boxes, scores = rows[:, :4], rows[:, 4:]",
        ),
        grounds="a row for each cell",
    )


def _grids(outputs, facts):
    rows = _rows(outputs)
    sides = rows[:, 2:4] - rows[:, :2]
    table = np.hstack([rows[:, :2] + sides / 2, sides, rows[:, 4:]])
    make = partial(Head, boxes=1, classes=1, box_coding="distances", box_numbers=4)
    return Grids(_RULE, facts.size, stacked_heads(make, facts.size, (16,)), table)


_RULE = RowRule("Corners.", ("cx", "cy", "w", "h"), confidence_steps=class_score_alone)
LAYOUT = Layout(
    name=LayoutName("one-class-corners"),
    families="nets of this test",
    shape="[N, 1, 5]",
    row="left, top, right, bottom, confidence",
    read=_read,
    grids=_grids,
)
'''

CARD = """
title = "A new net"
task = "detection"
framework = "onnx"
labels = ["ship"]
licence = "ours"
source = "here"
summary = "finds ships"
layout = "one-class-corners"

[blob]
size = [96, 64]

[[files]]
name = "new.onnx"
digest = "sha256:{digest}"
"""

PROOF = """
import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))
import numpy as np

import core
from core.nets.card import read_card
from core.outputs import Outputs
from core.picture.size import Size
from core.results.cells import origin
from core.results.decoders import decode_outputs, decoder_lines, grids
from core.results.layout import NetFacts
from core.results.recognition import recognise

assert Path(core.__file__).is_relative_to(Path.cwd())
facts, rng = NetFacts(Size(96, 64)), np.random.default_rng(1)
corners = rng.uniform(0, 40, (24, 2))
sides = rng.uniform(1, 20, (24, 2))
rows = np.hstack([corners, corners + sides, rng.uniform(0, 1, (24, 1))]).astype(np.float32)
outputs = Outputs({"ships": rows[:, None]})

model = read_card(Path("models/new"))
assert model.layout == recognise(outputs, facts).layout == "one-class-corners"
boxes = decode_outputs(outputs, facts, model.layout)
np.testing.assert_array_equal(boxes.xyxy, rows[:, :4])
told = origin(grids(outputs, facts), 9)
assert (told.column, told.line) == (3, 1)
np.testing.assert_allclose(told.xyxy, rows[9, :4], rtol=1e-5)
names = {"np": np, "outputs": dict(outputs), "into": np.array((96, 64))}
exec("\\n".join(decoder_lines(outputs, facts)), names)
np.testing.assert_array_equal(names["xyxy"], boxes.xyxy)
np.testing.assert_array_equal(names["confidences"], boxes.confidence)
print("found by its file")
"""


def test_a_new_layout_is_a_new_file_and_nothing_else(tmp_path):
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "core", tmp_path / "core", ignore=ignored)
    file = tmp_path / "core" / "results" / "layouts" / "one_class_corners.py"
    file.write_text(NEW_LAYOUT, encoding="utf-8")
    (tmp_path / "models" / "new").mkdir(parents=True)
    card = tmp_path / "models" / "new" / "card.toml"
    card.write_text(CARD.format(digest="0" * 64), encoding="utf-8")
    said = subprocess.run(
        [sys.executable, "-I", "-c", PROOF],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert said.stdout == "found by its file\n", said.stderr


def test_every_file_is_a_layout_of_its_name():
    assert list(layouts()) == list(layout_names())
    assert all(name == layout.name for name, layout in layouts().items())


def test_no_layout_is_called_auto():
    assert AUTO not in layout_names()


@pytest.mark.parametrize("name", layout_names())
def test_a_layout_has_grids_or_says_why_not(name):
    layout = layouts()[name]
    assert (layout.grids is None) == bool(layout.no_grid)


def test_models_readme_lists_every_layout():
    listed = (ROOT / "models" / "README.md").read_text(encoding="utf-8")
    for name, layout in layouts().items():
        assert f"| `{name}` | {layout.families} | `{layout.shape}` |" in listed
