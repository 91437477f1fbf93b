"""A whole number that somebody typed is read, and nothing else is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.formats.whole_number import MOST, whole_number


@given(st.integers(0, MOST))
def test_every_number_that_a_database_keeps_is_read(number: int) -> None:
    assert whole_number(str(number)) == number


@given(st.text() | st.text("0123456789²٣", max_size=30))
def test_whatever_else_is_typed_is_no_number_and_no_error(text: str) -> None:
    number = whole_number(text)
    assert number is None or (set(text) <= set("0123456789") and 0 <= number <= MOST)


@pytest.mark.parametrize("text", ["", "²", "٣", "-1", "+1", " 1", "1_0", str(MOST + 1), "9" * 5000])
def test_what_only_looks_like_a_number_is_none(text: str) -> None:
    assert whole_number(text) is None
