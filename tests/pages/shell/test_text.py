"""Words on the screen: strangers' text is never markup, and numbers read alike."""

import html

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pages.components.shell.text import (
    WORD_JOINER,
    about_seconds,
    amount,
    megabytes,
    milliseconds,
    plain,
)


@given(st.text())
def test_escaping_loses_nothing(text):
    assert html.unescape(plain(text)).replace(WORD_JOINER, "") == text.replace(WORD_JOINER, "")


@example("see www.example.org or https://example.org, or write to me@example.org")
@given(st.text(alphabet="![](){}*_`~<>:$@|+-\\www.example.org/1 "))
def test_no_sign_of_markdown_and_no_address_is_left(text):
    safe = plain(text)
    assert not set("\\`*_{}[]()!|<>~$@") & set(safe)
    assert "://" not in safe
    assert "www." not in safe


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (milliseconds(99.94), "99.9 ms"),
        (milliseconds(100.4), "100 ms"),
        (megabytes(999_949), "999.9 kB"),
        (megabytes(10**6), "1.0 MB"),
        (about_seconds(89.4), "89 s"),
        (about_seconds(90), "2 min"),
        (amount(0, "file"), "0 files"),
    ],
)
def test_numbers_change_their_unit_where_they_should(written, expected):
    assert written == expected


def test_a_lone_surrogate_which_streamlit_cannot_send_is_replaced():
    assert plain("a\ud800b") == "a\ufffdb"
