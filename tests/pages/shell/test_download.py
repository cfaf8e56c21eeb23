"""One button hands over every file."""

import streamlit as st

from pages.components.shell.download import download
from pages.components.shell.navigation import ROOT


def test_a_click_does_not_run_the_page_again(monkeypatch):
    given = {}
    monkeypatch.setattr(st, "download_button", lambda *_, **how: given.update(how))
    download("a file", b"data", key="key", name="a.bin", mime=None)
    assert given["on_click"] == "ignore"
    assert (given["file_name"], given["key"]) == ("a.bin", "key")


def test_no_other_module_writes_the_button_out():
    writing = [
        path.name
        for path in (ROOT / "pages").rglob("*.py")
        if "download_button" in path.read_text(encoding="utf-8")
    ]
    assert writing == ["download.py"]
