"""Which values of reports can be compared as pictures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.formats.hash_entry import tells_pictures_apart
from breakwater.reports.rules.perceptual import pdq_code


@given(st.binary(min_size=32, max_size=32), st.booleans())
def test_a_pdq_value_is_read_in_either_case(code: bytes, is_upper: bool) -> None:
    text = code.hex().upper() if is_upper else code.hex()
    assert pdq_code(f"pdq:{text}") == code


@given(st.text(max_size=80))
def test_other_text_is_no_pdq_value_and_no_error(text: str) -> None:
    found = pdq_code(f"pdq:{text}")
    assert found is None or found.hex() == text.lower()


@pytest.mark.parametrize("text", ["ab" * 32, "photodna:" + "ab" * 32, "pdq:" + "ab " * 21 + "a"])
def test_only_what_is_called_pdq_and_has_64_digits_is_read(text: str) -> None:
    assert pdq_code(text) is None


def test_a_nearly_flat_picture_tells_nothing_apart() -> None:
    assert not tells_pictures_apart(bytes(32))
    assert not tells_pictures_apart(b"\xff" * 32)
    assert tells_pictures_apart(b"\x0f" * 32)
