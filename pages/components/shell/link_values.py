"""What a link says: a value that its widget does not know is ignored, with a sentence.

Streamlit 1.67 reads the values of all bound widgets from the address bar in one method of its
session state. Some of them let a text through that then raises: an empty one where a choice
is required, or a number that no float can hold. So that method is replaced, with its own
rule in front. It has a private name: review this for every other version of Streamlit, for
which ``tests/pages/shell/test_link_values.py`` fails.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import RerunException
from streamlit.runtime.state.common import WidgetMetadata
from streamlit.runtime.state.query_params import parse_url_param
from streamlit.runtime.state.session_state import SessionState

from pages.components.shell.old_links import renamed

CHECKED = "1.67.0"
_KEPT = "links.unknown"
_UNKNOWN: ContextVar[list[str] | None] = ContextVar("unknown", default=None)
_seed = SessionState._seed_widget_from_url


@contextmanager
def show_unknown_values() -> Iterator[None]:
    """Name on top, once, the settings of a link whose values the page does not know."""
    SessionState._seed_widget_from_url = _seed_if_known  # type: ignore[method-assign, assignment]
    top = st.empty()
    unknown = st.session_state.setdefault(_KEPT, [])
    token = _UNKNOWN.set(unknown)
    interrupted = False
    try:
        yield
    except RerunException:
        interrupted = True  # the next run shows them
        raise
    finally:
        _UNKNOWN.reset(token)
        if unknown and not interrupted:
            top.warning(sentence(unknown), icon=":material/link_off:")
            unknown.clear()


def sentence(keys: list[str]) -> str:
    """Say which settings of a link are ignored.

    >>> sentence(["sample"])
    'This link has a value that Blobscope does not know, ignored here: `sample`.'
    """
    names = ", ".join(f"`{key}`" for key in dict.fromkeys(keys))
    what = "a value" if len(set(keys)) == 1 else "values"
    return f"This link has {what} that Blobscope does not know, ignored here: {names}."


def known(metadata: WidgetMetadata[Any], told: str | list[str]) -> bool:
    """Tell whether a widget holds just what the address bar says, and may hold it."""
    try:
        "".join(told).encode()  # a lone surrogate could not be sent back
        parsed = parse_url_param(told, metadata.value_type)
        value = metadata.deserializer(parsed)
        same = bool(metadata.serializer(value) == parsed)
        default = metadata.deserializer(None)
    except Exception:  # a foreign function on a stranger's text: all it may say is no
        return False
    options = metadata.formatted_options
    texts = parsed if isinstance(parsed, list) else [parsed]
    offered = options is None or all(text in options for text in texts)
    return same and offered and (value is not None or default is None)


def _seed_if_known(
    state: SessionState,
    metadata: WidgetMetadata[Any],
    user_key: str,
    widget_id: str,
    url_value: str | list[str],
) -> bool:
    """Set a widget to what the address bar says; False if the default stays."""
    told = _renewed(user_key, url_value)
    several = metadata.value_type == "string_array_value" and metadata.max_array_length is None
    if not known(metadata, told):
        if (unknown := _UNKNOWN.get()) is not None:
            unknown.append(user_key)
        if not several:
            state._clear_url_param(user_key)
            return False
    return _seed(state, metadata, user_key, widget_id, told)


def _renewed(key: str, told: str | list[str]) -> str | list[str]:
    """Replace the option texts of older links."""
    if isinstance(told, str):
        return renamed(key, told) or told
    return [renamed(key, text) or text for text in told]
