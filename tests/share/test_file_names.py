"""Whatever a text holds, the name made of it is harmless everywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.share.file_names import file_name

HOSTILE = [
    "../../../etc/evil<b>.jpg",
    "..\\..\\boot.ini",
    "/absolute",
    ".hidden",
    "...",
    "",
    " ",
    "con",
    "CON.png",
    "nul.tar.gz",
    "COM1.",
    "a" * 500 + ".jpeg",
    "a.b" * 200,
    "\x00\x1b[31m\n\u202e.png",
    "\u2100 a/c \uff0fslash",
    "=cmd|'/c calc'!A1",
    "\ud800",
    "中" * 300 + ".webp",
]


def harmless(name: str) -> bool:
    parts = name.upper().split(".")[0]
    return (
        0 < len(name) <= 60
        and len(name.encode()) <= 255 - 15  # room for a number and an ending
        and not set(name) & set('/\\:*?"<>|=\x00\n\r')
        and name.isprintable()
        and name == name.strip(" .")
        and parts not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT9"}
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_become_harmless(text):
    assert harmless(file_name(text))


@given(st.text())
def test_any_text_becomes_a_harmless_name_and_stays_it(text):
    name = file_name(text)
    assert harmless(name)
    assert file_name(name) == name


def test_a_long_name_keeps_its_ending():
    assert file_name("a" * 500 + ".jpeg") == "a" * 55 + ".jpeg"
