"""The read API of figures: published tables and the desk's own counts. No personal data."""

from datetime import date

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from breakwater.figures.published import tables
from breakwater.people.api_access import reader
from breakwater.reports.queries import tallies

router = Router(tags=["figures"])


class Years(Schema):
    code: str = Field(description="ISO 3166-1 alpha-2")
    name: str
    reports: dict[int, int] = Field(description="year to reports, as published")


class Region(Schema):
    region: str
    total: dict[int, int]
    countries: list[Years]


class Own(Schema):
    """The desk's own counts; synthetic in a demo."""

    reports: int
    urgent: int
    files: int
    by_country: dict[str, int]
    by_type: dict[str, int]


@router.get("/figures/countries/{code}", response=Years, summary="Published reports of a country")
def country(request: HttpRequest, code: str) -> Years:
    reader(request, "figures.see")
    line = tables().countries.get(code.upper())
    if line is None:
        raise HttpError(404, f"the published tables have no country {code[:8]}")
    return Years(code=line.code, name=line.name, reports=dict(line.by_year))


@router.get("/figures/regions/{slug}", response=Region, summary="Published reports of a region")
def region(request: HttpRequest, slug: str) -> Region:
    reader(request, "figures.see")
    published = tables()
    if slug not in published.regions:
        raise HttpError(404, f"region is one of {', '.join(published.regions)}")
    lines = [published.countries[c] for c in published.regions[slug] if c in published.countries]
    return Region(
        region=slug,
        total=published.region_total(slug),
        countries=[Years(code=x.code, name=x.name, reports=dict(x.by_year)) for x in lines],
    )


@router.get("/figures/own", response=Own, summary="The desk's own counts since a day")
def own(request: HttpRequest, since: date | None = None) -> Own:
    reader(request, "figures.see")
    found = tallies.overview(since=since)
    total = found.total
    return Own(
        reports=total.reports,
        urgent=total.urgent,
        files=total.files,
        by_country={key: counts.reports for key, counts in found.by_country.items()},
        by_type={key: counts.reports for key, counts in found.by_type.items()},
    )
