"""Recommended models of our own: the tiny nets under other names, lent by a local server."""

from dataclasses import replace

import pytest

from core.nets import catalog
from core.nets.card import ModelCard, Task
from core.nets.catalog import card_named
from tests.shelf import Shelf

TINY: dict[Task, str] = {
    "classification": "tiny-dominant-colour",
    "detection": "tiny-blob-detector",
}


def recommend_tiny_nets(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> dict[Task, ModelCard]:
    """Recommend a copy of a tiny net for each task, and no other; return their cards."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("BLOBSCOPE_MIRROR", raising=False)
    better = {task: _lent(card_named(name), shelf) for task, name in TINY.items()}
    others = [replace(each, recommended=False) for each in catalog.catalog()]
    monkeypatch.setattr(catalog, "catalog", lambda: (*others, *better.values()))
    return better


def _lent(tiny: ModelCard, shelf: Shelf) -> ModelCard:
    name = f"better-{tiny.task}"
    files = []
    for file in tiny.files:
        path = f"/{name}/{file.name}"
        shelf.files[path] = (tiny.folder / file.name).read_bytes()
        files.append(replace(file, address=shelf.address + path))
    return replace(
        tiny,
        name=name,
        title=f"Better {tiny.task}",
        files=tuple(files),
        folder=tiny.folder.with_name(name),
        offer=True,
        recommended=True,
    )
