"""Letters outside ASCII are written as Python's own codec writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.formats._core import punycode


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=70))
def test_every_text_is_written_as_pythons_codec_writes_it(text: str) -> None:
    assert punycode(text) == text.encode("punycode").decode("ascii")


@pytest.mark.parametrize(
    ("text", "written"),
    [  # of RFC 3492 section 7.1
        ("почемужеонинеговорятпорусски", "b1abfaaepdrnnbgefbadotcwatmq2g4l"),
        ("3年b組金八先生", "3b-ww4c5e180e575a65lsy2b"),
        ("そのスピードで", "d9juau41awczczp"),
    ],
)
def test_the_samples_of_the_rfc(text: str, written: str) -> None:
    assert punycode(text) == written
