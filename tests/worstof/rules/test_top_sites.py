"""A snapshot of the largest sites is read in every form, or it is said what ails it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.worstof.rules.top_sites import Fault, TopSites, fault_of, read_top_sites

NOW = datetime(2026, 11, 27, tzinfo=UTC)
NAMES = st.lists(st.from_regex(r"\A[a-z]{2,9}\.(example|test)\Z"), unique=True, max_size=30)
FORMS: dict[str, Callable[[int, str], str]] = {
    "one a line": lambda rank, name: name,
    "Tranco": lambda rank, name: f"{rank},{name}",
    "quoted": lambda rank, name: f'"{rank}","{name}"',
    "rank last": lambda rank, name: f"{name},{rank}",
    "rank last, quoted": lambda rank, name: f'"{name}","{rank}"',
    "semicolons": lambda rank, name: f"{rank};{name};{rank * 17}",
    "tabs": lambda rank, name: f"{rank}\t{name}",
    "Majestic": lambda rank, name: f"{rank},{rank},{name},example,{rank},{rank}",
    "addresses": lambda rank, name: f"https://{name}/,{rank}",
    "with spaces": lambda rank, name: f"  {rank} , {name}  ",
}


@pytest.mark.parametrize("form", FORMS)
@given(names=NAMES)
def test_every_form_of_a_list_gives_its_names_in_order(form: str, names: list[str]) -> None:
    lines = [FORMS[form](rank, name) for rank, name in enumerate(names, 1)]
    headings = ["# a remark", "", "GlobalRank,Domain"]
    assert read_top_sites([*headings, *lines], 1000) == (tuple(names), 1)


@given(st.lists(st.text(max_size=40), max_size=20), st.integers(1, 5))
def test_whatever_a_file_holds_it_is_read_and_no_further_than_asked(
    lines: list[str], most: int
) -> None:
    names, bad = read_top_sites(lines, most)
    assert len(names) <= most
    assert len(names) + bad <= len(lines)


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        (TopSites(), Fault.MISSING),
        (TopSites((), 0, NOW), Fault.EMPTY),
        (TopSites((), 900, NOW), Fault.EMPTY),
        (TopSites(("a.example",), 2, NOW), Fault.UNREADABLE),
        (TopSites(("a.example",), 1, NOW - timedelta(days=91)), Fault.OLD),
        (TopSites(("a.example",), 1, NOW - timedelta(days=89)), None),
    ],
)
def test_what_ails_a_list_is_named(found: TopSites, fault: Fault | None) -> None:
    assert fault_of(found, at=NOW) is fault
