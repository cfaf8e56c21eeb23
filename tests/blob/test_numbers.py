"""What a person writes into a field is read, and read back from what we write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.blob.numbers import triple_from_text, triple_to_text
from core.errors import BlobImpossible

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(st.tuples(NUMBERS, NUMBERS, NUMBERS))
def test_what_is_written_can_be_read_back_exactly(triple):
    assert triple_from_text(triple_to_text(triple), name="mean") == triple


@given(st.integers(2, 10**9))
def test_one_over_a_whole_number_is_written_as_a_fraction(under):
    assert triple_to_text((1 / under,) * 3) == f"1/{under}"


@pytest.mark.parametrize("number", [5e-324, 1e-310, 1e-300, 1.7e308])
def test_the_smallest_and_largest_numbers_are_written_too(number):
    assert triple_from_text(triple_to_text((number, 0, 1)), name="std") == (number, 0, 1)


@pytest.mark.parametrize(
    "text", ["", "abc", "1/0", "1,2,x", "inf", "nan", "1e999", "1/2/3", "1,,2"]
)
def test_what_is_no_number_gets_a_sentence_with_its_name(text):
    with pytest.raises(BlobImpossible, match=r"mean is .*write a number"):
        triple_from_text(text, name="mean")


def test_two_or_four_numbers_are_neither_one_nor_three():
    for text in ("1, 2", "1, 2, 3, 4"):
        with pytest.raises(BlobImpossible, match="write one, or three"):
            triple_from_text(text, name="std")
