"""Decides what figures mean: rank, change, trend, share, small cells, and what is odd.

Findings are computed from the tables and carry their evidence; the sentences are made in
`words`. No Django, no I/O.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from breakwater.figures.published import Line, Published, Row

SMALL_CELL = 5
STEADY = 0.10
"""A change of less than a tenth over the whole span is called steady."""

Trend = Literal["rising", "falling", "steady", "unknown"]


@dataclass(frozen=True)
class Rank:
    place: int
    of: int
    tied: bool


def rank(values: Mapping[str, int], key: str) -> Rank | None:
    """Give the place of `key`, the highest first; equal numbers share a place."""
    if key not in values:
        return None
    own = values[key]
    higher = sum(1 for value in values.values() if value > own)
    equal = sum(1 for value in values.values() if value == own)
    return Rank(place=higher + 1, of=len(values), tied=equal > 1)


def change(before: int | None, after: int | None) -> float | None:
    """Relative change, None where there is nothing to compare with."""
    if not before or after is None:
        return None
    return (after - before) / before


def trend(by_year: Mapping[int, int]) -> Trend:
    """Compare the last two years' mean with the mean of the years before."""
    years = sorted(by_year)
    if len(years) < 3:
        return "unknown"
    late = [by_year[year] for year in years[-2:]]
    early = [by_year[year] for year in years[:-2]]
    before, after = sum(early) / len(early), sum(late) / len(late)
    if not before:
        return "rising" if after else "steady"
    moved = (after - before) / before
    if abs(moved) < STEADY:
        return "steady"
    return "rising" if moved > 0 else "falling"


def share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def is_small(number: int, limit: int = SMALL_CELL) -> bool:
    """Whether a count of people is so small that it could point to one of them."""
    return 0 < number < limit


def shown(number: int, limit: int = SMALL_CELL) -> int | str:
    """A count of people as it may be shown."""
    return f"<{limit}" if is_small(number, limit) else number


@dataclass(frozen=True)
class Evidence:
    """One number of a table; `beside` is what it is compared with, from `where`."""

    name: str
    year: int | None
    number: int | None
    where: str = ""
    beside: int | None = None


@dataclass(frozen=True)
class Finding:
    kind: str
    subject: str
    evidence: tuple[Evidence, ...]
    other: str = ""


def findings(tables: Published) -> list[Finding]:
    """Everything odd that can be found in the tables, the most misleading first."""
    return [
        *_mixed_rows(tables),
        *_two_names(tables.rows),
        *_other_totals(tables),
        *_no_country(tables),
        *_not_in_iso(tables.rows),
        *_uninhabited(tables),
        *_other_spellings(tables),
        *_years_missing(tables),
    ]


@dataclass(frozen=True)
class SharedCheck:
    """How a row of the shared table compares with the published table, per year."""

    line: Line
    published: Line
    wrong_years: tuple[int, ...]


def check_shared(tables: Published) -> list[SharedCheck]:
    found = []
    for line in tables.shared:
        published = tables.countries[line.code]
        wrong = tuple(y for y, n in line.by_year.items() if published.by_year.get(y) != n)
        found.append(SharedCheck(line, published, wrong))
    return found


def _mixed_rows(tables: Published) -> Iterator[Finding]:
    for check in check_shared(tables):
        if not check.wrong_years:
            continue
        other = _whose(tables, check)
        evidence = []
        for year, number in check.line.by_year.items():
            wrong = year in check.wrong_years and other is not None
            source = other if wrong and other else check.published
            beside = source.by_year.get(year)
            evidence.append(Evidence(check.line.name, year, number, source.name, beside))
        kind = "mixed_row" if other else "other_numbers"
        yield Finding(kind, check.line.name, tuple(evidence), other.name if other else "")


def _whose(tables: Published, check: SharedCheck) -> Line | None:
    """The one country that has exactly these numbers in the years that do not fit."""
    listed = {line.code for line in tables.shared}
    wrong = {year: check.line.by_year[year] for year in check.wrong_years}
    fitting = [
        line
        for code, line in tables.countries.items()
        if code not in listed and all(line.by_year.get(y) == n for y, n in wrong.items())
    ]
    return fitting[0] if len(fitting) == 1 else None


def _two_names(rows: Sequence[Row]) -> Iterator[Finding]:
    names: dict[str, list[str]] = {}
    for row in rows:
        known = names.setdefault(row.iso3, [])
        if row.iso3 and row.name not in known:
            known.append(row.name)
    for iso3, known in names.items():
        if len(known) > 1:
            doubled = [r for r in rows if r.iso3 == iso3]
            yield Finding("two_names", iso3, _of_rows(doubled), " / ".join(known))


def _other_totals(tables: Published) -> Iterator[Finding]:
    evidence = tuple(
        Evidence("", year, tables.totals[year], "", tables.provider_totals[year])
        for year in tables.provider_years
        if tables.totals[year] != tables.provider_totals[year]
    )
    if evidence:
        yield Finding("other_totals", "", evidence)


def _no_country(tables: Published) -> Iterator[Finding]:
    rows = [row for row in tables.rows if not row.iso3]
    if rows:
        evidence = tuple(
            Evidence(r.name, r.year, r.reports, "", tables.totals[r.year]) for r in rows
        )
        yield Finding("no_country", rows[0].name, evidence)


def _not_in_iso(rows: Sequence[Row]) -> Iterator[Finding]:
    odd = [row for row in rows if row.iso3 and not row.code]
    if odd:
        yield Finding("not_in_iso", "", _of_rows(odd))


def _uninhabited(tables: Published) -> Iterator[Finding]:
    odd = [row for row in tables.rows if row.code in tables.uninhabited]
    if odd:
        yield Finding("uninhabited", "", _of_rows(odd))


def _other_spellings(tables: Published) -> Iterator[Finding]:
    odd = [c for c in check_shared(tables) if c.line.name != c.published.name]
    if odd:
        evidence = tuple(Evidence(c.line.name, None, None, c.published.name) for c in odd)
        yield Finding("other_spelling", "", evidence)


def _years_missing(tables: Published) -> Iterator[Finding]:
    """Countries with an entry in some years only: no entry is not the same as none."""
    evidence = tuple(
        Evidence(line.name, year, None)
        for line in tables.countries.values()
        for year in tables.years
        if year not in line.by_year
    )
    if evidence:
        yield Finding("years_missing", "", evidence)


def _of_rows(rows: Sequence[Row]) -> tuple[Evidence, ...]:
    return tuple(Evidence(r.name, r.year, r.reports) for r in rows)
