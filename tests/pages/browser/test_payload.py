"""What is packed for the browser can be taken apart to the last byte."""

from hypothesis import given
from hypothesis import strategies as st

from pages.components.browser.payload import pack
from tests.pages.screen import unpacked

VALUES = st.one_of(st.integers(), st.text(), st.lists(st.booleans()))
PARTS = st.dictionaries(st.text(min_size=1), st.binary())


@given(st.dictionaries(st.text().filter(lambda name: name != "parts"), VALUES), PARTS)
def test_values_and_bytes_come_back_as_they_were(head, parts):
    values, back = unpacked(pack(head, parts))
    assert back == parts
    assert {name: value for name, value in values.items() if name != "parts"} == head
