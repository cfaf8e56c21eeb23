"""The floors: who may import whom. ``docs/architecture.md`` says it in words."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
APP = ["app.py", *(str(path.relative_to(ROOT)) for path in ROOT.glob("pages/**/*.py"))]
CORE = [str(path.relative_to(ROOT)) for path in ROOT.glob("core/**/*.py")]
COMPONENTS = [str(path.relative_to(ROOT)) for path in ROOT.glob("pages/components/*/**/*.py")]
# a wing's __init__.py has a docstring and no more; all others are tested by name
NAMED = [each for each in COMPONENTS if len(ast.parse((ROOT / each).read_text()).body) > 1]
PAGES = [str(path.relative_to(ROOT)) for path in ROOT.glob("pages/*.py")]
LONGEST_PAGE = 40
# an optional extra may be imported in one place, when it is asked for and not before
EXTRAS = {"core/nets/second_opinion.py": {"onnxruntime"}}

# each wing of core, and the wings below it
BELOW = {
    "": [],
    "errors": [],
    "environment": [],
    "wording": [],
    "outputs": ["errors"],
    "sandbox": ["errors"],
    "picture": ["errors", "outputs", "sandbox"],
    "blob": ["errors", "outputs", "picture"],
    "nets": ["wording", "errors", "outputs", "picture", "blob"],
    "results": ["wording", "errors", "outputs", "picture"],
    "render": ["errors", "outputs", "picture", "blob", "results"],
    "pipeline": ["errors", "outputs", "picture", "blob", "nets", "results"],
    "share": [
        *["errors", "outputs", "picture", "blob", "nets", "results", "render", "pipeline"],
        *["answers", "doubts", "series", "video"],
    ],
    "answers": ["wording", "picture", "blob", "nets", "results", "pipeline"],
    "doubts": ["errors", "outputs", "picture", "blob", "nets", "results", "pipeline"],
    "lab": [
        *["errors", "outputs", "picture", "blob", "nets", "results", "render", "pipeline"],
        *["wording", "answers"],
    ],
    "jobs": ["environment", "errors"],
    "series": [
        *["errors", "outputs", "picture", "blob", "nets", "results", "render", "pipeline"],
        *["answers", "doubts"],
    ],
    "video": [
        *["errors", "outputs", "picture", "blob", "nets", "results", "render", "pipeline"],
        *["answers", "series", "sandbox"],
    ],
    "live": [
        *[
            "environment",
            "wording",
            "errors",
            "outputs",
            "picture",
            "blob",
            "nets",
            "results",
            "render",
            "pipeline",
        ],
        *["answers", "series", "video"],
    ],
}

# the same of pages/components; the wings of one row do not know each other
ROWS = (
    {"shell", "browser"},
    {"inputs"},
    {"blob", "classification", "detection"},
    {"answers"},
    {"home", "lab", "live", "series"},
)


@pytest.mark.parametrize("file", CORE)
def test_core_imports_only_what_lies_below(file):
    wing = _wing(_module(file))
    assert wing in BELOW, f"core/{wing} stands on no floor yet: add it to the glossary and here"
    above = {
        name
        for name in _imports(file)
        if name.split(".")[0] == "core" and _wing(name) not in [wing, *BELOW[wing]]
    }
    assert above == set()


@pytest.mark.parametrize("file", COMPONENTS)
def test_components_import_only_what_lies_below(file):
    wing = _component_wing(_module(file))
    floor = next((number for number, row in enumerate(ROWS) if wing in row), None)
    assert floor is not None, f"pages/components/{wing} stands in no row yet: add it here"
    allowed = {wing}.union(*ROWS[:floor])
    above = {
        name
        for name in _imports(file)
        if name.startswith("pages.") and _component_wing(name) not in allowed
    }
    assert above == set()


def test_no_public_name_of_core_is_defined_in_two_modules():
    homes: dict[str, list[str]] = {}
    for file in CORE:
        for name in _defined(file) - ({"LAYOUT"} if "/layouts/" in file else set()):
            homes.setdefault(name, []).append(file)
    assert {name: files for name, files in homes.items() if len(files) > 1} == {}


@pytest.mark.parametrize("file", NAMED)
def test_each_component_has_a_test_file_of_its_name(file):
    names = _module(file).split(".")[2:]
    tests = ROOT.joinpath("tests/pages", *names[:-1], f"test_{names[-1]}.py")
    assert tests.is_file(), f"{tests.relative_to(ROOT)} is missing"


@pytest.mark.parametrize("file", CORE)
def test_core_knows_nothing_of_the_pages_or_of_streamlit(file):
    assert _tops(file).isdisjoint({"streamlit", "streamlit_webrtc", "app", "pages"})


@pytest.mark.parametrize("file", APP + CORE)
def test_the_app_imports_nothing_that_is_not_deployed(file):
    outside = {"tests", "training", "tools", "benchmarks"}
    developers = {"pytest", "hypothesis", "playwright", "matplotlib", "onnx", "onnxruntime"}
    assert _tops(file).isdisjoint((outside | developers) - EXTRAS.get(file, set()))


@pytest.mark.parametrize("file", EXTRAS)
def test_the_app_starts_without_its_extras(file):
    loaded = (name for node in _tree(file).body for name in _imported(node))
    assert {name.split(".")[0] for name in loaded}.isdisjoint(EXTRAS[file])


@pytest.mark.parametrize("file", APP + CORE)
def test_nothing_from_a_visitor_is_unpickled_or_evaluated(file):
    assert _tops(file).isdisjoint({"pickle", "shelve", "marshal", "dill", "joblib"})
    calls = (node for node in ast.walk(_tree(file)) if isinstance(node, ast.Call))
    named = {call.func.id for call in calls if isinstance(call.func, ast.Name)}
    assert named.isdisjoint({"eval", "exec", "compile", "__import__"})


@pytest.mark.parametrize("file", ["app.py", *PAGES])
def test_a_page_reads_like_a_recipe(file):
    lines = len((ROOT / file).read_text().splitlines())
    assert lines <= LONGEST_PAGE, f"{file} has {lines} lines; what it works out goes below"
    assert _tops(file).isdisjoint({"cv2", "numpy", "PIL"}), "pixels are core's business"
    shaped = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.While)
    assert not [node for node in ast.walk(_tree(file)) if isinstance(node, shaped)]


def test_nobody_imports_in_a_circle():
    graph = {_module(file): _inner_imports(file) for file in APP + CORE}
    assert list(TopologicalSorter(graph).static_order()), "raises CycleError with the circle"


def test_every_module_is_named_after_what_it_holds():
    names = {Path(file).stem for file in APP + CORE}
    assert names.isdisjoint({"utils", "util", "helpers", "helper", "common", "misc", "tools"})


def _inner_imports(file: str) -> frozenset[str]:
    ours = {_module(each) for each in APP + CORE}
    return (_imports(file) & ours) - {_module(file)}


def _tops(file: str) -> set[str]:
    return {name.split(".")[0] for name in _imports(file)}


@cache
def _imports(file: str) -> frozenset[str]:
    """Every module the file imports, wherever the import stands."""
    return frozenset(name for node in ast.walk(_tree(file)) for name in _imported(node))


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        members = [f"{node.module}.{alias.name}" for alias in node.names]
        modules = [name for name in members if _is_module(name)]
        yield from modules or [node.module]


def _defined(file: str) -> set[str]:
    """Name what a module defines at its top for others: functions, classes and values."""
    names: set[str] = set()
    for node in _tree(file).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            stored = (each for each in ast.walk(node) if isinstance(each, ast.Name))
            names.update(each.id for each in stored if isinstance(each.ctx, ast.Store))
    return {name for name in names if not name.startswith("_")}


def _is_module(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").is_file()


@cache
def _tree(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text(), filename=file)


def _module(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _wing(module: str) -> str:
    """``core.blob.make`` stands in the wing ``blob``; ``core`` itself in none."""
    return module.split(".")[1] if "." in module else ""


def _component_wing(module: str) -> str:
    """``pages.components.blob.planes`` stands in the wing ``blob``; a page in none."""
    names = module.split(".")
    return names[2] if names[:2] == ["pages", "components"] and len(names) > 2 else ""
