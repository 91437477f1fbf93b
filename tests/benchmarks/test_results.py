"""A figure that misses what was asked is called so."""

import pytest

from benchmarks import blocklists
from benchmarks.results import Figure, line, reached


def figure(limit: str, value: float = 10.0, ratio: float | None = None) -> Figure:
    return Figure("speed", "", value, "s", "", None, ratio, limit)


@pytest.mark.parametrize(
    ("limit", "value", "ratio", "is_reached"),
    [
        ("at least 90 x", 1, 90, True),
        ("at least 90 x", 1000, 89.9, False),
        (">= 25 x pdqhash", 1, 24, False),
        ("≥ 1,300 reports/s", 1300, None, True),
        ("≥ 1,300 reports/s", 1299, 7, False),
        ("at most a quarter", 1000, 0.25, True),
        ("at most a quarter", 0.1, 0.26, False),
        ("below 5 s", 5, None, False),
        ("below 5 s", 4.99, None, True),
        ("at most 8 s; the peer takes longer", 8, 0.1, True),
        ("flat: below 64 MB", 70, None, False),
        ("more than 10 s, it must fail", 10, None, False),
        ("0", 0, None, True),
        ("0", 1, None, False),
        ("at least 90 x", 1000, None, False),
        ("0, but for the order of additions", 2, None, None),
        ("", 2, None, None),
    ],
)
def test_a_figure_is_held_against_what_was_asked(
    limit: str, value: float, ratio: float | None, is_reached: bool | None
) -> None:
    assert reached(figure(limit, value, ratio)) is is_reached


@pytest.mark.parametrize(("peer", "is_reached"), [(47.9, False), (48.1, True), (None, False)])
def test_a_peer_that_is_nearly_as_quick_or_did_not_run_misses_what_was_asked(
    peer: float | None, is_reached: bool
) -> None:
    other = None if peer is None else (peer, 1.0, 1.0, "")
    assert reached(blocklists.beside("compile", 6.0, other)) is is_reached


def test_the_line_of_a_figure_that_misses_says_so() -> None:
    assert line(figure("below 5 s", 6)).endswith("asked: below 5 s – **not reached**")
    assert line(figure("below 5 s", 4)).endswith("asked: below 5 s")
