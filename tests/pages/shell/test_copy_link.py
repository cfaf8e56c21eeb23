"""The button that copies the page's address, run by Node."""

import json
import subprocess
from pathlib import Path
from shutil import which

import pytest

from pages.components.shell import copy_link

NODE = """
const [code, clipboard] = JSON.parse(process.argv[1])
const select = function () { this.selected = true }
const make = () => ({ hidden: true, value: '', textContent: '', select })
const parts = { button: make(), input: make(), '[role=status]': make() }
const copied = []
globalThis.window = { location: { href: 'https://lab.example.org/blob?blob.width=320' } }
const works = { clipboard: { writeText: async (text) => { copied.push(text) } } }
Object.defineProperty(globalThis, 'navigator', { value: clipboard ? works : {} })
const url = 'data:text/javascript,' + encodeURIComponent(code)
import(url).then(async (module) => {
  module.default({ parentElement: { querySelector: (name) => parts[name] } })
  await parts.button.onclick()
  console.log(JSON.stringify({ copied, field: parts.input, words: parts['[role=status]'] }))
})
"""


@pytest.mark.skipif(which("node") is None, reason="no node on this machine")
@pytest.mark.parametrize("clipboard", [True, False])
def test_the_button_copies_the_address_or_shows_it_where_it_may_not(clipboard):
    code = Path(copy_link.__file__).with_suffix(".js").read_text()
    given = json.dumps([code, clipboard])
    done = subprocess.run(
        ["node", "-e", NODE, given], capture_output=True, text=True, check=True, timeout=60
    )
    found = json.loads(done.stdout)
    link = "https://lab.example.org/blob?blob.width=320"
    if clipboard:
        assert found["copied"] == [link]
        assert found["words"]["textContent"] == "Copied."
        assert found["field"]["hidden"]
    else:
        assert found["copied"] == []
        assert found["field"]["value"] == link
        assert not found["field"]["hidden"]
        assert found["field"]["selected"]
