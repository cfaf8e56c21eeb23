"""Whatever a text holds, the name made of it is harmless everywhere."""

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.share.file_names import file_name, stem

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
    parts = name.upper().split(".")[0].rstrip()
    return (
        len(name) > 0
        and len(name.encode()) <= 255 - 30  # room for a number and an ending
        and not set(name) & set('/\\:*?"<>|\x00\n\r\u202e')
        and not any(category(each) in ("Cc", "Cs") for each in name)
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


OWN = [
    "pedestrian (1).jpg",
    "road#12.jpg",
    "cat & dog.png",
    "frame@2x.png",
    "a+b.jpg",
    "image.webp.jpg",
    "IMG_1234.jpg",
    "\u0928\u092e\u0938\u094d\u0924\u0947.jpg",
    "\u0e20\u0e32\u0e1e\u0e16\u0e48\u0e32\u0e22.png",
    "\U0001f431.png",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467.png",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.jpg",
    "Mu\u0308ller.jpg",
    "M\u00fcller.jpg",
    "\uff26\uff35\uff2c\uff2c.png",
    "x" * 70 + ".jpg",
    "2024-05-01 at 10.11.12\u202fAM.png",
    "50% off [sale] {1} 'a' `b` $c ^d ~e !f ;g =h ,i.png",
    "conference.png",
    "no ending",
]


@pytest.mark.parametrize("name", OWN, ids=ascii)
def test_what_every_file_system_takes_stays_so_that_label_files_pair_up(name):
    assert file_name(name) == name
    assert f"{stem(file_name(name))}.txt" == f"{stem(name)}.txt"


ALIKE = [
    ("a?b.jpg", "a*b.jpg"),
    ("a?b.jpg", "a_b.jpg"),
    ("con.png", "_con.png"),
    (".cat.png", "cat.png"),
    ("x" * 300 + "1.jpg", "x" * 300 + "2.jpg"),
    ("\u4e2d" * 100 + "a.jpg", "\u4e2d" * 100 + "b.jpg"),
    ("\U0001f431.png", "\U0001f436.png"),
    ("a\nb", "a\tb"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE, ids=ascii)
def test_two_pictures_never_get_one_name(one, other):
    assert file_name(one) != file_name(other)


@given(
    st.text(st.characters(exclude_characters="/\\")),
    st.text(st.characters(exclude_characters="/\\")),
)
def test_two_names_stay_two(one, other):
    emptied = "picture" in (file_name(one), file_name(other))
    assert one == other or emptied or file_name(one) != file_name(other)


def test_a_long_name_keeps_its_ending():
    name = file_name("a" * 500 + ".jpeg")
    assert name.startswith("a" * 180)
    assert name.endswith(".jpeg")
    assert len(name) == 200
