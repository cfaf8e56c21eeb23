"""Pages are tested as a visitor meets them: through app.py."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.testing.v1 import AppTest

from core.nets.card import ModelCard, Task
from tests.forwards import noted_forwards
from tests.recommended import recommend_tiny_nets
from tests.shared import NETS
from tests.shelf import Shelf, serving

ROOT = Path(__file__).parents[2]
Visit = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def fresh_caches() -> Iterator[None]:
    """AppTests share Streamlit's global caches; each test starts with empty ones."""
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture(autouse=True)
def models_of_their_own(tmp_path, monkeypatch) -> None:
    """No test sees, or fills, the model folder of the person who runs it."""
    monkeypatch.setenv("BLOBSCOPE_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("BLOBSCOPE_MIRROR", str(NETS))


@pytest.fixture(autouse=True)
def visitors_of_this_computer(monkeypatch) -> None:
    """Visitors have no address, as on the computer of who starts the app.

    An AppTest's server is a mock: asking it for an address takes 6 ms in each run.
    """
    monkeypatch.setattr(type(st.context), "ip_address", None)


@pytest.fixture
def visit() -> Visit:
    """Open a page by its name, choose a picture, and take the page's settings from a link.

    The picture's widgets are on every page, and an AppTest, unlike a browser, does not
    write what they hold into the address bar: they are turned by hand here. What links do
    in full is for tests/browser.
    """

    def opened(page: str = "home", source: str = "", sample: str = "", **query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        for name, value in query.items():
            app.query_params[name.replace("__", ".")] = value
        app.run()
        if page != "home":
            app.switch_page(f"pages/{page}.py").run()
        if source:
            app.segmented_control(key="picture").set_value(source).run()
        if sample:
            app.pills(key="sample").set_value(sample).run()
        assert not app.exception, app.exception
        return app

    return opened


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    """A local server that lends model files."""
    with serving() as server:
        yield server


@pytest.fixture
def better(shelf, monkeypatch) -> dict[Task, ModelCard]:
    """The recommended models are tiny nets of our own, lent by ``shelf``."""
    return recommend_tiny_nets(shelf, monkeypatch)


@pytest.fixture
def media(monkeypatch) -> dict[str, bytes]:
    """Keep the bytes of every picture a page shows, by the last part of its address."""
    kept: dict[str, bytes] = {}
    load = MemoryMediaFileStorage.load_and_get_id

    def recording(self, data, mimetype, kind, filename=None):
        file_id = load(self, data, mimetype, kind, filename)
        name = self.get_url(file_id).rsplit("/", 1)[-1]
        kept[name] = self.get_file(name).content
        return file_id

    monkeypatch.setattr(MemoryMediaFileStorage, "load_and_get_id", recording)
    return kept


@pytest.fixture
def forwards(monkeypatch) -> list[str]:
    """The names of the nets that were asked, in order."""
    return noted_forwards(monkeypatch)
