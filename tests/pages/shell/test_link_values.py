"""No text in an address bar raises; what a page does not know, it names once."""

from importlib.metadata import version
from itertools import cycle, islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from streamlit.runtime.state.common import WidgetMetadata
from streamlit.runtime.state.session_state import SessionState
from streamlit.testing.v1 import AppTest

from pages.components.shell import link_values
from pages.components.shell.link_values import known, sentence
from tests.pages.conftest import ROOT

PAGES = [path.stem for path in sorted((ROOT / "pages").glob("*.py"))]
HOSTILE = ("", "no such value", "9" * 400, "a\0b", "1e400", "nan", "-1", "\ufffd", "-inf")
Bound = dict[str, WidgetMetadata]


@pytest.fixture(autouse=True)
def no_session(monkeypatch):
    """streamlit-webrtc looks for the session of a real server, which an AppTest has not."""
    for place in ("component", "shutdown"):
        monkeypatch.setattr(f"streamlit_webrtc.{place}.get_this_session_info", lambda: None)


@pytest.fixture
def bound(monkeypatch) -> Bound:
    """Every widget that a page binds to the address bar, by its key, as pages draw them."""
    drawn: Bound = {}
    bind = SessionState._handle_query_param_binding

    def noting(self, metadata, user_key, widget_id):
        drawn[user_key] = metadata
        return bind(self, metadata, user_key, widget_id)

    monkeypatch.setattr(SessionState, "_handle_query_param_binding", noting)
    return drawn


def opened(page: str, query: dict[str, str | list[str]]) -> tuple[AppTest, str]:
    """Follow a link to a page; return the page, and what it and Home say of the link."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params.update(query)
    said = _said(app.run())
    if page != "home":
        said += _said(app.switch_page(f"pages/{page}.py").run())
    assert not app.exception, (query, app.exception)
    return app, said


def _said(app: AppTest) -> str:
    return "".join(each.value for each in app.warning if each.value.startswith("This link"))


def free_text(metadata: WidgetMetadata) -> bool:
    """Tell text fields: they show what a link says, with a sentence where it is wrong."""
    return metadata.value_type == "string_value" and metadata.formatted_options is None


def opening(bound: Bound, number: int) -> dict[str, str]:
    """Choose another option everywhere, to bring more widgets on the page."""
    chosen = {}
    for key, each in bound.items():
        options = each.formatted_options
        if each.value_type == "bool_value":
            chosen[key] = "true"
        elif options and not key.endswith((".model", "picture", ".source")):
            chosen[key] = options[number % len(options)]
    return chosen


@pytest.mark.parametrize("page", PAGES)
def test_no_text_in_an_address_bar_raises_and_the_page_names_what_it_ignores(page, bound):
    first, _ = opened(page, {})
    default = {key: first.session_state[key] for key in bound}
    on_page = {key: each for key, each in bound.items() if not free_text(each)}
    assert on_page
    for start in range(0, len(HOSTILE), 3):
        texts = dict(zip(on_page, islice(cycle(HOSTILE), start, None), strict=False))
        app, said = opened(page, texts)
        for key, metadata in on_page.items():
            if key not in app.session_state or (not texts[key] and several(metadata)):
                continue
            assert app.session_state[key] == default[key], (key, texts[key])
            assert f"`{key}`" in said, (key, texts[key])
        assert "This link" not in _said(app.run()), "it is said once"


def several(metadata: WidgetMetadata) -> bool:
    return metadata.value_type == "string_array_value" and metadata.max_array_length is None


@pytest.mark.parametrize("page", PAGES)
def test_nor_does_a_text_for_a_widget_that_another_choice_brings(page, bound):
    opened(page, {})
    tried = set(bound)
    for number in (1, 2, 3):
        chosen = opening(bound, number)
        opened(page, chosen)
        new = [key for key in bound if key not in tried]
        tried |= set(new)
        if new:
            opened(page, {**chosen, **dict(zip(new, cycle(HOSTILE), strict=False))})


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_field_says_beside_it_what_is_wrong_with_a_link(text):
    app, _ = opened("blob", {"blob.mean": text})
    assert app.error or text == "-1"


def test_the_patch_is_for_this_version_alone():
    assert version("streamlit") == link_values.CHECKED, "measure anew whether it needs it"


def test_repeated_and_partly_known_values():
    app, said = opened("detection", {"sample": ["cat", "coffee"], "detection.nms": ["x", "y"]})
    assert app.session_state["sample"] == "cat"
    assert app.session_state["detection.nms"] == "per class"
    assert sentence(["detection.nms"]) in said
    drawn = "detection.display.drawn"
    app, said = opened("detection", {drawn: ["boxes", "no such"]})
    assert app.session_state[drawn] == ["boxes"], "what is known counts"
    assert sentence([drawn]) in said


def test_a_link_with_known_values_is_followed_without_a_word():
    app, said = opened(
        "blob", {"blob.fit": "crop", "blob.width": "320", "blob.ddepth": "uint8"}
    )
    assert (app.session_state["blob.fit"], app.session_state["blob.width"]) == ("crop", 320)
    assert not said


def number_box() -> WidgetMetadata:
    """A number from 0 to 100 as Streamlit registers it, 7 by default."""

    def held(value):
        return 7 if value is None or not 0 <= value <= 100 else int(value)

    return WidgetMetadata("id", held, lambda value: value, "double_value")


@given(some.text() | some.lists(some.text(), min_size=1) | some.floats().map(str))
@settings(max_examples=300)
def test_a_number_is_known_if_the_widget_holds_just_that(told):
    last = told if isinstance(told, str) else told[-1]
    try:
        number = float(last)
    except ValueError:
        number = -1
    assert known(number_box(), told) == (0 <= number <= 100 and number.is_integer())


def test_a_lone_surrogate_is_no_text():
    text = WidgetMetadata("id", lambda told: told or "", lambda value: value, "string_value")
    assert known(text, "é")
    assert not known(text, "\ud800")


def test_streamlit_itself_still_needs_this(monkeypatch):
    """If this fails, the patch can go but for its sentence."""

    def script():
        import streamlit as st

        st.session_state.held = st.segmented_control(
            "Letter", ["a", "b"], default="a", required=True, key="letter", bind="query-params"
        )

    monkeypatch.setattr(SessionState, "_seed_widget_from_url", link_values._seed)
    app = AppTest.from_function(script)
    app.query_params["letter"] = ""
    assert app.run().session_state["held"] is None
