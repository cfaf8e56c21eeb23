"""A component's modules are joined into one script, or refused with a sentence."""

import json
import subprocess
from pathlib import Path
from shutil import which

import pytest

from pages.components.browser import modules
from pages.components.browser.modules import COMPONENTS, script_of

needs_node = pytest.mark.skipif(which("node") is None, reason="no Node on this machine")
IMPORTING = [
    path for path in COMPONENTS.rglob("*.js") if "\nexport default " in path.read_text()
]


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write files beside each other, and return the path of the component's own."""
    folder = tmp_path / "components"
    folder.mkdir()
    monkeypatch.setattr(modules, "COMPONENTS", folder)

    def written(view: str, **others: str) -> Path:
        for name, text in {"view": view, **others}.items():
            (folder / f"{name}.js").write_text(text)
        return folder / "view.js"

    return written


def run(script: str) -> object:
    """Let Node call the default export of a script, and return what it answers."""
    code = (
        "const url = 'data:text/javascript,' + encodeURIComponent(process.argv[1])\n"
        "const { default: start } = await import(url)\n"
        "console.log(JSON.stringify(start()))"
    )
    done = subprocess.run(
        ["node", "--input-type=module", "-e", code, script],
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    return json.loads(done.stdout)


@needs_node
def test_what_is_joined_does_what_the_modules_do(write):
    view = write(
        "import { Pair, twice } from './pairs.js'\n"
        "import {\n  LIMIT,\n} from './numbers.js'\n"
        "const secret = 'the view'\n"
        "export default function () {\n"
        "  return [new Pair(twice(2)).sum(), LIMIT, secret]\n"
        "}\n",
        pairs="import { LIMIT } from './numbers.js'\n"
        "const secret = 1\n"
        "export class Pair {\n"
        "  constructor(one) { this.one = one }\n"
        "  sum() { return this.one + secret + LIMIT }\n"
        "}\n"
        "export function twice(value) { return 2 * value }\n",
        numbers="// we export and import what follows\nconst secret = 100\n"
        "export const LIMIT = secret\n",
    )
    script = script_of(view)
    assert run(script) == [105, 100, "the view"]
    assert script.count("const secret = 100") == 1  # imported twice, and there once


@needs_node
@pytest.mark.parametrize("path", IMPORTING, ids=lambda path: str(path.relative_to(COMPONENTS)))
def test_a_browser_can_read_the_script_of_every_component(path):
    checked = subprocess.run(
        ["node", "--input-type=module", "--check"],
        input=script_of(path),
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert checked.returncode == 0, checked.stderr


VIEW = "export default function () {\n}\n"
TAKES = f"import {{ one }} from './other.js'\n{VIEW}"
ONE = "export const one = 1\n"
REFUSED = {
    "a name that is not exported": (TAKES, "const one = 1\n", "does not export"),
    "a new name": (TAKES.replace("one", "one as two"), ONE, "does not export"),
    "a default import": (TAKES.replace("{ one }", "one"), ONE, "not known"),
    "all at once": (TAKES.replace("{ one }", "* as all"), ONE, "not known"),
    "a library": (TAKES.replace("./other.js", "library"), ONE, "not known"),
    "a later import": (f"{VIEW}const later = await import('./other.js')\n", ONE, "not known"),
    "a variable": (TAKES, "export let one = 1\n", "not known"),
    "a list of exports": (TAKES, f"{ONE}export {{ one as two }}\n", "not known"),
    "a default export of a module": (TAKES, ONE + VIEW, "not known"),
    "another export of a component": (VIEW + ONE, "", "not known"),
    "no component": ("const start = 1\n", "", "one default function, not 0"),
    "a circle": (TAKES, TAKES.replace(VIEW, ONE), "imports itself"),
}


@pytest.mark.parametrize(("view", "other", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_known_is_refused_by_the_files_name(view, other, sentence, write):
    with pytest.raises(ValueError, match=rf"\.js.*{sentence}"):
        script_of(write(view, other=other))


def test_a_module_that_is_missing_is_named(write):
    with pytest.raises(FileNotFoundError, match=r"gone\.js"):
        script_of(write(f"import {{ one }} from './gone.js'\n{VIEW}"))


def test_a_module_of_somewhere_else_is_refused(write):
    with pytest.raises(ValueError, match="outside"):
        script_of(write(f"import {{ one }} from '../outside.js'\n{VIEW}", **{"../outside": ""}))
