"""The desk's own counts, read from the tallies alone: no report or person is touched.

Tallies hold one row per day, country, provider and type, so these reads stay fast at a
million reports. Each function is one query.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from django.db.models import Max, Min, QuerySet, Sum
from django.db.models.functions import TruncMonth, TruncYear

from breakwater.reports.models import PersonTally, Tally


@dataclass(frozen=True)
class Counts:
    reports: int = 0
    urgent: int = 0
    files: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.reports + other.reports, self.urgent + other.urgent, self.files + other.files
        )


@dataclass(frozen=True)
class People:
    role: str
    age_band: str
    sex: str
    persons: int


@dataclass(frozen=True)
class Overview:
    """The counts of a span, each way they are looked at."""

    by_month: dict[date, Counts]
    by_country: dict[str, Counts]
    by_provider: dict[str, Counts]
    by_type: dict[str, Counts]

    @property
    def total(self) -> Counts:
        return sum(self.by_month.values(), Counts())


Key = TypeVar("Key")

_SUMS = {
    "sum_reports": Sum("reports"),
    "sum_urgent": Sum("urgent"),
    "sum_files": Sum("files"),
}
_NAMES = tuple(_SUMS)


def overview(since: date | None = None, country: str | None = None) -> Overview:
    """All ways to look at one span, from a single pass over the tallies."""
    found = Overview({}, {}, {}, {})
    rows = (
        _span(since, None, country)
        .annotate(month=TruncMonth("day"))
        .values_list("month", "country", "provider__name", "incident_type")
        .annotate(**_SUMS)
        .order_by()
    )
    for month, code, provider, kind, *sums in rows:
        counts = Counts(*sums)
        _add(found.by_month, month, counts)
        _add(found.by_country, code, counts)
        _add(found.by_provider, provider, counts)
        _add(found.by_type, kind, counts)
    return found


def total(since: date | None = None, until: date | None = None) -> Counts:
    """Counts from `since` to before `until`."""
    sums = _span(since, until, None).aggregate(**_SUMS)
    return Counts(*(sums[name] or 0 for name in _NAMES))


def last_days(today: date, days: int = 30) -> Counts:
    return total(since=today - timedelta(days=days - 1), until=today + timedelta(days=1))


def by_month(since: date | None = None, country: str | None = None) -> dict[date, Counts]:
    rows = _span(since, None, country).annotate(key=TruncMonth("day"))
    return {key: counts for key, counts in _grouped(rows, "key") if isinstance(key, date)}


def by_year(country: str | None = None) -> dict[int, Counts]:
    rows = _span(None, None, country).annotate(key=TruncYear("day"))
    return {key.year: counts for key, counts in _grouped(rows, "key") if isinstance(key, date)}


def by_country(since: date | None = None) -> dict[str, Counts]:
    return {str(key): counts for key, counts in _grouped(_span(since, None, None), "country")}


def by_provider(since: date | None = None, country: str | None = None) -> dict[str, Counts]:
    rows = _grouped(_span(since, None, country), "provider__name")
    return {str(key): counts for key, counts in rows}


def by_type(since: date | None = None, country: str | None = None) -> dict[str, Counts]:
    rows = _grouped(_span(since, None, country), "incident_type")
    return {str(key): counts for key, counts in rows}


def span() -> tuple[date, date] | None:
    """First and last day with a report, None while there is none."""
    ends = Tally.objects.aggregate(first=Min("day"), last=Max("day"))
    return (ends["first"], ends["last"]) if ends["first"] else None


def people() -> list[People]:
    """People by role, age band and sex, over all time."""
    rows = (
        PersonTally.objects.values_list("role", "age_band", "sex")
        .annotate(number=Sum("persons"))
        .order_by("role", "age_band", "sex")
    )
    return [People(*row) for row in rows]


def _span(since: date | None, until: date | None, country: str | None) -> QuerySet[Tally]:
    rows = Tally.objects.all()
    if since is not None:
        rows = rows.filter(day__gte=since)
    if until is not None:
        rows = rows.filter(day__lt=until)
    if country is not None:
        rows = rows.filter(country=country)
    return rows


def _grouped(rows: QuerySet[Tally], key: str) -> list[tuple[object, Counts]]:
    found = rows.values_list(key).annotate(**_SUMS).order_by(key)
    return [(first, Counts(*sums)) for first, *sums in found]


def _add(sums: dict[Key, Counts], key: Key, counts: Counts) -> None:
    sums[key] = sums.get(key, Counts()) + counts
