"""A labels file of any usual form gives the right text to each class, or a sentence."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import CardInvalid
from core.nets.labels import read_labels
from core.nets.text_format import Message, parse

CAT_DOG_OWL = {0: "cat", 1: "dog", 2: "owl"}
WITH_A_GAP = {0: "cat", 1: "dog", 3: "owl"}
FROM_ONE = {1: "cat", 2: "dog", 3: "owl"}
LABEL_MAP = """
# COCO, shortened
item { name: "/m/01" id: 1 display_name: "cat" }
item: <
  display_name: 'dog', id: 2
  keypoints { id: 9 label: "nose" }
>
item {
  id: 3;
  name: "owl"
}
"""
FORMS = {
    "plain": ("cat\ndog\nowl", CAT_DOG_OWL),
    "windows": ("cat\r\ndog\r\nowl\r\n", CAT_DOG_OWL),
    "old mac": ("cat\rdog\rowl", CAT_DOG_OWL),
    "carriage returns doubled on their way": ("cat\r\r\ndog\r\r\nowl\r\r\n", CAT_DOG_OWL),
    "byte order mark": ("\ufeffcat\ndog\nowl\n", CAT_DOG_OWL),
    "last lines empty": ("cat\ndog\nowl\n\n \n", CAT_DOG_OWL),
    "an empty line counts": ("cat\ndog\n\nowl\n", WITH_A_GAP),
    "first line empty": ("\ncat\ndog\nowl\n", FROM_ONE),
    "colons": ("0: cat\n1: dog\n2: owl", CAT_DOG_OWL),
    "colons, not in order": ("2: owl\n0: cat\n1: dog", CAT_DOG_OWL),
    "colons with a gap": ("0:cat\n1:dog\n\n3:owl", WITH_A_GAP),
    "colons from one": ("1: cat\n2: dog\n3: owl", FROM_ONE),
    "spaces with gaps": ("0  cat\n1  dog\n3  owl\n", WITH_A_GAP),
    "spaces from one": ("1 cat\n2 dog\n3 owl\n", FROM_ONE),
    "tabs": ("0\tcat\n1\tdog\n3\towl\n", WITH_A_GAP),
    "dots": ("0. cat\n1. dog\n2. owl\n", CAT_DOG_OWL),
    "brackets": ("0) cat\n1) dog\n2) owl\n", CAT_DOG_OWL),
    "equals": ("0=cat\n1=dog\n2=owl\n", CAT_DOG_OWL),
    "csv": ("0,cat\n1,dog\n2,owl\n", CAT_DOG_OWL),
    "csv with a head": ("id,name\n0,cat\n1,dog\n2,owl\n", CAT_DOG_OWL),
    "quoted lines": ("0: 'cat',\n1: 'dog',\n2: 'owl'\n", CAT_DOG_OWL),
    "coins are names": ("1 cent\n2 cent\n5 cent", {0: "1 cent", 1: "2 cent", 2: "5 cent"}),
    "digits are names": ("0\n1\n2", {0: "0", 1: "1", 2: "2"}),
    "years are names": ("1998 Jeep\n2012 Audi", {0: "1998 Jeep", 1: "2012 Audi"}),
    "tokens are names": ("[PAD]\n[UNK]\ncat", {0: "[PAD]", 1: "[UNK]", 2: "cat"}),
    "only some have numbers": ("cat\n1: dog", {0: "cat", 1: "1: dog"}),
    "yaml map": ("names:\n  0: cat\n  1: dog\n  2: owl\n", CAT_DOG_OWL),
    "yaml list": ("nc: 3\ntrain: ../a\nnames:\n- cat\n- dog\n- owl\n", CAT_DOG_OWL),
    "yaml in a row": ("# x\nnc: 3\nnames: [cat, 'dog', \"owl\"]  # three", CAT_DOG_OWL),
    "yaml map in a row": ("names: {0: cat, 1: dog, 3: owl}", WITH_A_GAP),
    "yaml's no is a word": (
        "names: [no, yes, 1e3, null]",
        dict(enumerate(["no", "yes", "1e3", "null"])),
    ),
    "json list": ('["cat", "dog", "owl"]', CAT_DOG_OWL),
    "json numbers to names": ('{"2": "owl", "0": "cat", "1": "dog"}', CAT_DOG_OWL),
    "json with a lone surrogate": (
        '["c\\ud800at", "dog", "owl"]',
        {**CAT_DOG_OWL, 0: "c\ufffdat"},
    ),
    "json with a gap": ('{"0": "cat", "1": "dog", "3": "owl"}', WITH_A_GAP),
    "json names to numbers": ('{"cat": 0, "dog": 1, "owl": 2}', CAT_DOG_OWL),
    "json names": ('{"names": ["cat", "dog", "owl"], "x": 1}', CAT_DOG_OWL),
    "transformers": (
        '{"model_type": "vit", "id2label": {"0": "cat", "1": "dog", "2": "owl"}}',
        CAT_DOG_OWL,
    ),
    "keras": ('{"0": ["n01", "cat"], "1": ["n02", "dog"], "2": ["n03", "owl"]}', CAT_DOG_OWL),
    "coco": (
        '{"categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}, '
        '{"id": 3, "name": "owl"}]}',
        FROM_ONE,
    ),
    "json objects without ids": (
        '[{"name": "cat"}, {"name": "dog"}, {"name": "owl"}]',
        CAT_DOG_OWL,
    ),
    "python": ("{0: 'cat',\n 1: \"dog\",\n 2: 'owl'}", CAT_DOG_OWL),
    "label map": (LABEL_MAP, FROM_ONE),
}


def named(found):
    return {row: text for row, text in enumerate(found.texts) if text}


@pytest.mark.parametrize(("text", "expected"), FORMS.values(), ids=FORMS)
def test_each_form_gives_each_class_its_name(text, expected):
    found = read_labels(text.encode(), name="labels.txt")
    assert named(found) == expected
    assert found.first == min(expected)
    assert len(found.texts) == max(expected) + 1


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", False),
        ("utf-8-sig", False),
        ("utf-16", False),
        ("utf-16-le", False),
        ("utf-16-be", False),
        ("utf-32", False),
        ("latin-1", True),
        ("cp1252", True),
    ],
)
def test_each_encoding_is_read_and_a_guess_is_said(encoding, note):
    words = ["Bär", "façade", "œuf" if encoding == "cp1252" else "Öl"]
    found = read_labels("\n".join(words).encode(encoding), name="pets.names")
    assert list(found.texts) == words
    assert found.notes == (
        ("pets.names is not UTF-8; it was read as Latin-1 (Windows-1252).",) if note else ()
    )


def test_decomposed_letters_and_composed_ones_are_one_label():
    found = read_labels("Mu\u0308cke".encode(), name="labels.txt")
    assert found.texts == ("M\u00fccke",)


def test_lines_end_where_a_text_file_ends_them_and_nowhere_else():
    data = "cat\x85one\ndog\u2028two\x0bthree".encode()
    assert len(read_labels(data, name="labels.txt").texts) == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0: cat\n1: dog\n2: owl", "number in front of each name was taken as its class"),
        ("cat\n\ndog", "no name for 1 of 3 classes"),
        ("0: cat\n5: dog", "no name for 4 of 6 classes"),
    ],
)
def test_what_is_not_plain_is_said(text, says):
    assert any(says in each for each in read_labels(text.encode(), name="a.txt").notes)


REFUSED = {
    "nothing": ("", "a.txt", "names no class"),
    "only empty lines": ("\n\n", "a.txt", "names no class"),
    "zeros": ("a\0\0b\0", "a.txt", "no text that we can read"),
    "half of UTF-16": (b"\xff\xfea", "a.txt", "no text that we can read"),
    "no JSON": ("cat\ndog: [", "a.json", "no valid JSON"),
    "no YAML": ("a: [", "a.yaml", "no valid YAML"),
    "a map of neither": ('{"cat": "dog", "owl": "eel"}', "a.json", "neither from numbers"),
    "a number alone": ("7", "a.json", "neither a list"),
    "a list of lists": ("[[1, [2]]]", "a.json", "where a label is expected"),
    "two names for one": ("0: cat\n0: dog", "a.txt", "class 0 two names: 'cat' and 'dog'"),
    "a class beyond reach": ('{"0": "a", "999999": "b"}', "a.json", "limit is 100000"),
    "a label map cut off": ('item { id: 1 name: "cat"', "a.pbtxt", "no label map"),
    "a label map without ids": ('item { name: "cat" }', "a.pbtxt", "no label map"),
}


@pytest.mark.parametrize(("text", "name", "says"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_labels_gets_a_sentence(text, name, says):
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(CardInvalid, match=says) as caught:
        read_labels(data, name=name)
    assert str(caught.value).startswith(name)


def test_deep_brackets_and_aliases_of_aliases_end_in_a_sentence_or_lines():
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + at)}: &{chr(98 + at)} [{','.join(['*' + chr(97 + at)] * 9)}]\n"
        for at in range(8)
    )
    with pytest.raises(CardInvalid):
        read_labels((bomb + "names: *i").encode(), name="a.yaml")
    with pytest.raises(CardInvalid):
        read_labels(b"[" * 100_000, name="a.json")


WORDS = st.text(st.characters(categories=["L"]), min_size=1, max_size=9)


@given(st.lists(WORDS, min_size=1, max_size=30, unique=True))
def test_lists_and_maps_of_any_words_come_back(words):
    words = list(read_labels("\n".join(words).encode(), name="a.txt").texts)
    for text in (
        json.dumps(words),
        json.dumps({str(row): word for row, word in enumerate(words)}),
        "\n".join(f"{row}: {word}" for row, word in enumerate(words)),
        "".join(f'item {{ id: {row} name: "{word}" }}' for row, word in enumerate(words)),
    ):
        assert list(read_labels(text.encode(), name="a.txt").texts) == words


@given(st.binary(max_size=200))
def test_any_bytes_are_labels_or_a_sentence(data):
    try:
        found = read_labels(data, name="a.txt")
    except CardInvalid:
        return
    assert found.texts


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a {", "is missing at the end"),
        ("a [", "is missing at the end"),
        ("a: [1,", "is missing at the end"),
        ("a: 1 }", "line 1 has '}' where a name"),
        ("a:", "a value is missing"),
        ("\n\na: }", "line 3"),
        ('\na: "open', "line 2 cannot be read"),
        ("a {" * 99 + "}" * 99, "where a name is expected"),
    ],
)
def test_broken_text_format_names_the_line(text, says):
    with pytest.raises(ValueError, match=says):
        parse(text)


@given(
    st.lists(st.sampled_from(["a", "1", ":", "[", "]", "{", "}", "<", ">", ",", ";", "'b'"]))
)
def test_whatever_the_order_of_its_marks_text_format_is_read_or_refused(tokens):
    says = ""
    try:
        found = parse(" ".join(tokens))
    except ValueError as refused:
        says = str(refused)
    assert "line" in says or "missing at the end" in says or isinstance(found, Message)


def test_text_format_reads_lists_comments_and_nested_messages():
    found = parse('a: [1, 2] # no\nb { c: "x\\"y" "z" d <> } b { c: true }')
    assert found.texts("a") == ("1", "2")
    assert [each.text("c") for each in found.messages("b")] == ['x"yz', "true"]
    assert found.text("b", "d", "e") is None
