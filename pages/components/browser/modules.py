"""Join the JavaScript modules of a component to the one text that Streamlit takes.

``st.components.v2.component`` gives a component's script to the browser as a module without
an address, so its imports would lead nowhere. The files here are plain ES modules, which Node
and TypeScript read as they are; ``script_of`` puts those that a component imports in front of
it, each in a function of its own, so that their private names cannot meet. It knows::

    import { one, other } from './file.js'      a whole statement, from the line's beginning
    export function one() {                     or class, or const
    export default function () {                in the component's own file

Whatever else says import or export is refused when the component is registered.
"""

import re
from pathlib import Path

COMPONENTS = Path(__file__).resolve().parents[1]

_IMPORT = re.compile(r"^import \{([\w\s,]*)\} from '(\.[^'\n]*)'\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:function|class|const) (\w+))", re.MULTILINE)
_DEFAULT = re.compile(r"^export default (?=function\b)", re.MULTILINE)
_COMMENT = re.compile(r"^\s*//.*|/\*\*.*?\*/", re.MULTILINE | re.DOTALL)
_OTHER = re.compile(r"^.*\b(?:import|export)\b.*$", re.MULTILINE)


def script_of(script: Path) -> str:
    """Read a component's script, with each module that it imports in front of it.

    Raises:
        ValueError: if a file imports or exports in a form that is not known here, imports a
            name that the other file does not export, or imports itself in a circle.
        OSError: if a file that is imported cannot be read.
    """
    joined: dict[Path, str] = {}
    body = _with_imports(script.resolve(), joined, ())
    exports = _DEFAULT.findall(body)
    if len(exports) != 1:
        raise ValueError(f"{script}: a component has one default function, not {len(exports)}")
    _refuse_others(script, _DEFAULT.sub("", body))
    return "".join([*joined.values(), body])


def _with_imports(file: Path, joined: dict[Path, str], importers: tuple[Path, ...]) -> str:
    """Join what a file imports; return its text, with the names taken from there."""
    if file in importers:
        raise ValueError(f"{file}: imports itself, by way of {importers[-1]}")

    def take(statement: re.Match[str]) -> str:
        module = (file.parent / statement[2]).resolve()
        if module not in joined:
            joined[module] = _as_function(module, joined, (*importers, file))
        names = {name.strip() for name in statement[1].split(",")} - {""}
        if missing := names - set(_EXPORT.findall(module.read_text(encoding="utf-8"))):
            raise ValueError(f"{file}: {module.name} does not export {sorted(missing)}")
        return f"const {{ {', '.join(sorted(names))} }} = {_name(module)}\n"

    return _IMPORT.sub(take, file.read_text(encoding="utf-8"))


def _as_function(module: Path, joined: dict[Path, str], importers: tuple[Path, ...]) -> str:
    """Write a module as a function that returns what it exports."""
    body = _with_imports(module, joined, importers)
    exports = ", ".join(_EXPORT.findall(body))
    body = _EXPORT.sub("", body)
    _refuse_others(module, body)
    return f"const {_name(module)} = (() => {{\n{body}return {{ {exports} }}\n}})()\n\n"


def _refuse_others(file: Path, body: str) -> None:
    if unknown := _OTHER.search(_COMMENT.sub("", body)):
        raise ValueError(f"{file}: this form is not known here: {unknown[0].strip()}")


def _name(module: Path) -> str:
    """Name a module so that nothing in a script is called alike: ``$browser_dom``."""
    return "$" + "_".join(module.relative_to(COMPONENTS).with_suffix("").parts)
