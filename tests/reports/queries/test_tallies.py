"""The desk's own counts, as the tallies have them."""

from datetime import date

import pytest
from pytest_django import DjangoAssertNumQueries

from breakwater.reports.models import PersonTally, Provider, Tally
from breakwater.reports.queries import tallies
from breakwater.reports.queries.tallies import Counts


@pytest.fixture(autouse=True)
def counted(db: None) -> None:
    one = Provider.objects.create(name="Example Chat")
    other = Provider.objects.create(name="Example Drive")
    for day, country, provider, kind, reports, urgent in (
        (date(2025, 12, 31), "JM", one, "csam", 7, 0),
        (date(2026, 10, 1), "JM", one, "csam", 10, 1),
        (date(2026, 11, 2), "JM", one, "enticement", 5, 5),
        (date(2026, 11, 2), "TT", other, "csam", 3, 0),
    ):
        Tally.objects.create(
            day=day,
            country=country,
            provider=provider,
            incident_type=kind,
            reports=reports,
            urgent=urgent,
            files=2 * reports,
        )


def test_an_overview_counts_every_report_once_in_each_way(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(2):
        found = tallies.overview()
    assert found.total == Counts(25, 6, 50)
    for way in (found.by_day, found.by_month, found.by_country, found.by_provider, found.by_type):
        assert sum(way.values(), Counts()) == found.total  # type: ignore[attr-defined]
    assert found.by_month[date(2026, 11, 1)] == Counts(8, 5, 16)
    assert found.since(date(2026, 11, 1)) == Counts(8, 5, 16)


def test_counts_can_be_limited_to_a_span_and_a_country() -> None:
    assert tallies.total(since=date(2026, 1, 1)).reports == 18
    assert tallies.last_days(date(2026, 11, 2), days=30).reports == 8
    assert tallies.last_days(date(2024, 1, 1)).reports == 0
    assert tallies.by_year("JM") == {2025: Counts(7, 0, 14), 2026: Counts(15, 6, 30)}
    assert tallies.by_month(country="TT") == {date(2026, 11, 1): Counts(3, 0, 6)}
    assert tallies.by_country()["TT"].reports == 3
    assert tallies.by_provider(country="JM") == {"Example Chat": Counts(22, 6, 44)}
    assert tallies.by_type()["enticement"].urgent == 5
    assert tallies.span() == (date(2025, 12, 31), date(2026, 11, 2))


def test_people_are_added_up_over_months_and_countries() -> None:
    for month, country in ((10, "JM"), (11, "JM"), (11, "TT")):
        PersonTally.objects.create(
            month=date(2026, month, 1),
            country=country,
            role="victim",
            age_band="14-15",
            sex="female",
            persons=4,
        )
    assert tallies.people() == [tallies.People("victim", "14-15", "female", 12)]
