"""The desk's own counts, read from the tallies alone: no report or person is touched.

Tallies hold one row per day, country, provider and type, so these reads stay fast at a
million reports. Each function is one query, `overview` two.

Months and years are summed here, not in SQL: grouping by the bare day uses the index,
while truncating dates costs a call per row on SQLite.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from django.db.models import Max, Min, QuerySet, Sum

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

    by_day: dict[date, Counts]
    by_country: dict[str, Counts]
    by_provider: dict[str, Counts]
    by_type: dict[str, Counts]

    @property
    def total(self) -> Counts:
        return sum(self.by_day.values(), Counts())

    @property
    def by_month(self) -> dict[date, Counts]:
        return _months(self.by_day)

    def since(self, day: date) -> Counts:
        """Counts of this day and later."""
        return sum((counts for key, counts in self.by_day.items() if key >= day), Counts())


Key = TypeVar("Key")

_SUMS = {
    "sum_reports": Sum("reports"),
    "sum_urgent": Sum("urgent"),
    "sum_files": Sum("files"),
}
_NAMES = tuple(_SUMS)


def overview(since: date | None = None, country: str | None = None) -> Overview:
    """All ways to look at one span."""
    found = Overview(_days(_span(since, None, country)), {}, {}, {})
    rows = (
        _span(since, None, country)
        .values_list("country", "provider__name", "incident_type")
        .annotate(**_SUMS)
        .order_by()
    )
    for code, provider, kind, *sums in rows:
        counts = Counts(*sums)
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
    return _months(_days(_span(since, None, country)))


def by_year(country: str | None = None) -> dict[int, Counts]:
    found: dict[int, Counts] = {}
    for day, counts in _days(_span(None, None, country)).items():
        _add(found, day.year, counts)
    return found


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


def _days(rows: QuerySet[Tally]) -> dict[date, Counts]:
    return {day: counts for day, counts in _grouped(rows, "day") if isinstance(day, date)}


def _months(days: dict[date, Counts]) -> dict[date, Counts]:
    found: dict[date, Counts] = {}
    for day, counts in days.items():
        _add(found, day.replace(day=1), counts)
    return found


def _grouped(rows: QuerySet[Tally], key: str) -> list[tuple[object, Counts]]:
    found = rows.values_list(key).annotate(**_SUMS).order_by(key)
    return [(first, Counts(*sums)) for first, *sums in found]


def _add(sums: dict[Key, Counts], key: Key, counts: Counts) -> None:
    sums[key] = sums.get(key, Counts()) + counts
