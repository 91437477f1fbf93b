"""Lines and numbers as every page writes them."""

import pytest

from breakwater.drawing.words import in_one_line
from breakwater.site.templatetags.desk import signed


@pytest.mark.parametrize(
    ("sentences", "line"),
    [
        ([], ""),
        (["Live streaming"], "Live streaming"),
        (["The provider escalated it", "A child is named"], "The provider escalated it; a child is named"),
        (["Seen last month", "CSAM is named", "IP address known"], "Seen last month; CSAM is named; IP address known"),
        (["One", "2 earlier reports", "É uma frase"], "One; 2 earlier reports; é uma frase"),
    ],
)  # fmt: skip
def test_only_the_first_of_several_sentences_in_one_line_begins_with_a_capital(
    sentences: list[str], line: str
) -> None:
    assert in_one_line(sentences) == line


def test_points_have_their_sign_and_a_minus_as_wide_as_the_plus() -> None:
    assert [signed(points) for points in (15, 0, -30)] == ["+15", "0", "−30"]
