"""Noting which nets are asked, in tests of what may be asked again and what may not."""

import pytest

from core.nets import engine


def noted_forwards(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Put an engine in place that notes the name of the net at each forward."""
    names: list[str] = []
    local = engine.LocalEngine()

    class Counting:
        def infer(self, model, blob):
            names.append(model.name)
            return local.infer(model, blob)

    monkeypatch.setattr(engine, "engine", Counting)
    return names
