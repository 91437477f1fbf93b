"""An operator's file of names is read in any spelling, and no line of it is passed over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.formats.domain_name import Problem, read_name
from breakwater.worstof.rules.operator_names import BadLine, OperatorNames, read_operator_names


@pytest.mark.parametrize(
    "content",
    [
        "bank.example\nbücher.example\n",
        "\ufeffBank.Example.\r\nBÜCHER.example  # the shop",
        "# ours\n\n  https://bank.example/login\n\ufeff*.bücher.example\nbank.example",
        "bank.example\rxn--bcher-kva.example\r",
    ],
)
def test_every_spelling_of_a_name_is_the_same_name(content: str) -> None:
    names = ("bank.example", "xn--bcher-kva.example")
    assert read_operator_names(content.encode()) == OperatorNames(names)


def test_what_is_no_name_is_told_with_its_line() -> None:
    content = b"good.example\nlocalhost\n# \xfc is fine in a remark\nb\xfccher.example\n192.0.2.1"
    found = read_operator_names(content)
    assert found.names == ("good.example",)
    assert found.bad == (
        BadLine(2, Problem.SINGLE_LABEL),
        BadLine(4, Problem.CHARACTERS),
        BadLine(5, Problem.IP_ADDRESS),
    )


def test_a_file_of_another_encoding_is_bad_and_not_empty() -> None:
    assert read_operator_names("good.example\n".encode("utf-16")).bad
    assert read_operator_names(b"").bad
    assert read_operator_names(b"# nothing yet\n") == OperatorNames()


@given(st.binary(max_size=200))
def test_every_line_is_a_name_a_remark_or_told(content: bytes) -> None:
    found = read_operator_names(content)
    assert all(read_name(name).name == name for name in found.names)
    lines = content.splitlines() or [b""]
    texts = (line.partition(b"#")[0].decode("utf-8", "replace") for line in lines)
    said = [text for text in texts if text.replace("\ufeff", "").strip()]
    assert len(found.names) <= len(said)
    assert all(1 <= line.number <= len(lines) for line in found.bad)
    assert bool(found.names or found.bad) == bool(said or not content)
