"""The read API of figures: published tables and the desk's own counts, no personal data."""

from datetime import datetime
from typing import TypeVar

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from breakwater.figures import rules
from breakwater.figures.published import Line, Published, tables
from breakwater.figures.recent import recent
from breakwater.people.api_access import reader
from breakwater.reports.queries import tallies
from breakwater.reports.queries.tallies import Counts

Key = TypeVar("Key", str, int)
router = Router(tags=["figures"])


class PublishedLine(Schema):
    code: str = Field(description="ISO 3166-1 alpha-2")
    name: str = Field(description="as published")
    reports: dict[int, int] = Field(description="reports by year; no key: no entry")


class Country(PublishedLine):
    rank: int | None = Field(description="place among all countries in the last year")
    ranked: int = Field(description="countries with an entry in the last year")
    trend: str = Field(description="rising, falling, steady or unknown")
    own_reports: dict[int, int] = Field(description="this desk's own counts by year")


class Region(Schema):
    slug: str
    reports: dict[int, int]
    countries: list[PublishedLine]


class Own(Schema):
    """This desk's own counts of the last twelve months."""

    since: str
    counted_at: datetime
    reports: int
    urgent: int
    by_month: dict[str, int]
    by_country: dict[str, int]
    by_provider: dict[str, int]
    by_type: dict[str, int]


class Proof(Schema):
    name: str
    year: int | None
    number: int | None
    compared_with: str
    number_there: int | None


class Finding(Schema):
    kind: str
    subject: str
    other: str
    evidence: list[Proof]


@router.get(
    "/figures/countries", response=list[PublishedLine], summary="Published figures of all countries"
)
def all_countries(request: HttpRequest) -> list[PublishedLine]:
    reader(request, "figures.see")
    return [_line(line) for line in tables().countries.values()]


@router.get("/figures/countries/{code}", response=Country, summary="One country's figures")
def one_country(request: HttpRequest, code: str) -> Country:
    reader(request, "figures.see")
    published = tables()
    line = published.countries.get(code.upper())
    if line is None:
        raise HttpError(404, f"the published tables have no country {code[:10]}")
    return _country(published, line)


@router.get("/figures/regions/{slug}", response=Region, summary="One region's figures")
def one_region(request: HttpRequest, slug: str) -> Region:
    reader(request, "figures.see")
    published = tables()
    if slug not in published.regions:
        raise HttpError(404, f"regions are {', '.join(published.regions)}")
    members = [published.countries[code] for code in published.regions[slug]]
    return Region(
        slug=slug,
        reports=published.region_total(slug),
        countries=[_line(line) for line in members],
    )


@router.get("/figures/own", response=Own, summary="This desk's own counts")
def own_counts(request: HttpRequest) -> Own:
    reader(request, "figures.see")
    taken = recent(timezone.now())
    counts, total = taken.counts, taken.counts.total
    return Own(
        since=taken.since.isoformat(),
        counted_at=taken.taken_at,
        reports=total.reports,
        urgent=total.urgent,
        by_month={f"{month:%Y-%m}": n.reports for month, n in sorted(counts.by_month.items())},
        by_country=_reports(counts.by_country),
        by_provider=_reports(counts.by_provider),
        by_type=_reports(counts.by_type),
    )


@router.get("/figures/quality", response=list[Finding], summary="What is odd in the tables")
def all_findings(request: HttpRequest) -> list[Finding]:
    reader(request, "figures.see")
    return [_finding(found) for found in rules.findings(tables())]


def _line(line: Line) -> PublishedLine:
    return PublishedLine(code=line.code, name=line.name, reports=dict(line.by_year))


def _country(published: Published, line: Line) -> Country:
    last = published.of_year(published.years[-1])
    rank = rules.rank(last, line.code)
    return Country(
        code=line.code,
        name=line.name,
        reports=dict(line.by_year),
        rank=rank.place if rank else None,
        ranked=len(last),
        trend=rules.trend(line.by_year),
        own_reports=_reports(tallies.by_year(line.code)),
    )


def _finding(found: rules.Finding) -> Finding:
    return Finding(
        kind=found.kind,
        subject=found.subject,
        other=found.other,
        evidence=[
            Proof(
                name=e.name,
                year=e.year,
                number=e.number,
                compared_with=e.where,
                number_there=e.beside,
            )
            for e in found.evidence
        ],
    )


def _reports(counts: dict[Key, Counts]) -> dict[Key, int]:
    return {key: count.reports for key, count in counts.items()}
