"""The published tables are the published ones, and what is odd in them is found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.figures import published, rules
from breakwater.figures.published import Source, WrongFigures, tables


def test_the_rows_of_every_year_add_up_to_the_published_totals() -> None:
    assert tables().totals == {
        2019: 16_987_361,
        2020: 21_751_085,
        2021: 29_397_681,
        2022: 32_059_029,
        2023: 36_210_368,
    }
    assert tables().provider_totals == {2021: 29_157_083, 2022: 31_802_525, 2023: 35_944_826}


def test_a_table_that_does_not_add_up_is_refused() -> None:
    source = Source("a table", "", "", tables().sources["countries"].copied_on, {2023: 10})
    with pytest.raises(WrongFigures):
        published._checked({2023: 11}, source)


def test_rows_of_one_country_under_two_names_are_added_up() -> None:
    assert tables().countries["GF"].by_year[2021] == 313 + 2


def test_every_member_of_a_region_has_published_figures() -> None:
    for members in tables().regions.values():
        assert set(members) <= tables().countries.keys()
    assert len(tables().regions["caribbean"]) == len(set(tables().regions["caribbean"])) == 25


def test_the_caribbean_region_is_the_shared_table_in_its_order() -> None:
    assert tables().regions["caribbean"] == tuple(line.code for line in tables().shared)


def _finding(kind: str) -> rules.Finding:
    return next(f for f in rules.findings(tables()) if f.kind == kind)


def test_the_row_that_mixes_two_territories_is_found_with_its_evidence() -> None:
    finding = _finding("mixed_row")
    assert (finding.subject, finding.other) == ("Sain Marteen", "Saint Martin")
    assert [(e.year, e.number, e.where) for e in finding.evidence] == [
        (2021, 20, "Saint Martin"),
        (2022, 50, "Saint Martin"),
        (2023, 115, "Sint Maarten"),
    ]
    assert all(e.number == e.beside for e in finding.evidence)


def test_the_other_rows_of_the_shared_table_fit() -> None:
    assert sum(1 for check in rules.check_shared(tables()) if not check.wrong_years) == 24


def test_a_country_under_two_names_and_entries_that_are_no_country_are_found() -> None:
    assert _finding("two_names").other == "French Guiana / Guiana, French"
    assert {e.name for e in _finding("not_in_iso").evidence} == {"Europe", "Netherlands Antilles"}
    assert "Bouvet Island" in {e.name for e in _finding("uninhabited").evidence}
    assert [e.number for e in _finding("no_country").evidence][-1] == 1_851_762
    assert {e.name for e in _finding("other_spelling").evidence} >= {"Curazao", "Haití"}


def test_equal_numbers_share_a_place() -> None:
    values = {"A": 5, "B": 3, "C": 3, "D": 1}
    assert rules.rank(values, "C") == rules.Rank(place=2, of=4, tied=True)
    assert rules.rank(values, "D") == rules.Rank(place=4, of=4, tied=False)
    assert rules.rank(values, "E") is None


@pytest.mark.parametrize(
    ("numbers", "wanted"),
    [
        ([10, 10, 20, 20], "rising"),
        ([20, 20, 10, 10], "falling"),
        ([100, 100, 101, 99], "steady"),
        ([10, 20], "unknown"),
        ([0, 0, 5], "rising"),
        ([0, 0, 0], "steady"),
    ],
)
def test_a_trend_compares_the_last_two_years_with_those_before(
    numbers: list[int], wanted: str
) -> None:
    assert rules.trend(dict(enumerate(numbers, start=2019))) == wanted


def test_a_change_from_nothing_is_not_a_number() -> None:
    assert rules.change(0, 5) is None
    assert rules.change(None, 5) is None
    assert rules.change(50, 75) == 0.5
    assert rules.share(1, 0) is None


@given(st.integers(min_value=0, max_value=10_000))
def test_a_small_count_of_people_is_never_shown_as_it_is(number: int) -> None:
    shown = rules.shown(number)
    assert shown == ("<5" if 0 < number < 5 else number)
