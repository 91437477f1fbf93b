"""Makes figures from the published tables."""

from collections.abc import Iterable, Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from breakwater.drawing.figure import Cell, Figure, Series
from breakwater.figures import rules, words
from breakwater.figures.published import Line, Published

LOG_FROM = 50
"""Series whose largest number is this many times the smallest are drawn logarithmically."""


def country_link(code: str) -> str:
    return reverse("figures-country", args=[code])


def trend(line: Line, tables: Published) -> Figure:
    years = tables.years
    return Figure(
        id="trend",
        title=_("Reports for %(country)s per year") % {"country": words.country(line.code)},
        origin="published",
        column=_("Year"),
        labels=tuple(str(year) for year in years),
        series=(Series(_("Reports"), _per_year(line, years)),),
        kind="columns",
    )


def standing(line: Line, tables: Published) -> Figure:
    """Rank, change and share of the world, year by year."""
    years = tables.years
    ranks = [rules.rank(tables.of_year(year), line.code) for year in years]
    own = line.by_year
    return Figure(
        id="standing",
        title=_("%(country)s among all countries") % {"country": words.country(line.code)},
        origin="published",
        column=_("Year"),
        labels=tuple(str(year) for year in years),
        series=(
            Series(_("Reports"), _per_year(line, years)),
            Series(_("Place"), tuple(rank.place if rank else None for rank in ranks)),
            Series(_("Countries"), tuple(rank.of if rank else None for rank in ranks)),
            Series(
                _("Change"),
                tuple(rules.change(own.get(y - 1), own.get(y)) for y in years),
                unit="change",
            ),
            Series(
                _("Share of the world"),
                tuple(rules.share(own.get(y, 0), tables.totals[y]) for y in years),
                unit="share",
            ),
        ),
        kind="table",
    )


def table(id: str, title: str, lines: Sequence[Line], years: Sequence[int], mark: str) -> Figure:
    """Countries as rows, years as columns."""
    return Figure(
        id=id,
        title=title,
        origin="published",
        column=_("Country or territory"),
        labels=tuple(words.country(line.code) for line in lines),
        series=tuple(
            Series(str(year), tuple(line.by_year.get(year) for line in lines)) for year in years
        ),
        kind="table",
        links=tuple(country_link(line.code) for line in lines),
        codes=tuple(line.code for line in lines),
        marked=_marked(lines, mark),
    )


def bars(id: str, title: str, lines: Iterable[Line], year: int, mark: str = "") -> Figure:
    """One year's numbers, the highest first."""
    present = sorted(
        (line for line in lines if year in line.by_year),
        key=lambda line: (-line.by_year[year], line.name),
    )
    values = [line.by_year[year] for line in present]
    return Figure(
        id=id,
        title=title,
        origin="published",
        column=_("Country or territory"),
        labels=tuple(words.country(line.code) for line in present),
        series=(Series(_("Reports %(year)s") % {"year": year}, tuple(values)),),
        log=_wants_log(values),
        links=tuple(country_link(line.code) for line in present),
        codes=tuple(line.code for line in present),
        marked=_marked(present, mark),
    )


def map_of(id: str, title: str, lines: Iterable[Line], year: int, mark: str, view: str) -> Figure:
    drawn = bars(id, title, lines, year, mark)
    return Figure(**{**drawn.__dict__, "kind": "map", "log": False, "view": view})


def region_trend(slug: str, tables: Published) -> Figure:
    totals = tables.region_total(slug)
    return Figure(
        id="total",
        title=_("All reports for this region per year: %(region)s")
        % {"region": words.REGIONS[slug]},
        origin="published",
        column=_("Year"),
        labels=tuple(str(year) for year in totals),
        series=(Series(_("Reports"), tuple(totals.values())),),
        kind="columns",
    )


def shared(tables: Published) -> Figure:
    """The shared table exactly as it is, its names and its mistakes included."""
    years = tuple(tables.shared[0].by_year)
    wrong = {place for place, c in enumerate(rules.check_shared(tables)) if c.wrong_years}
    return Figure(
        id="shared",
        title=_("The shared table of 25 countries and territories, as it is"),
        origin="published",
        column=_("Country or territory"),
        labels=tuple(line.name for line in tables.shared),
        series=tuple(
            Series(str(year), tuple(line.by_year[year] for line in tables.shared)) for year in years
        ),
        kind="table",
        links=tuple(country_link(line.code) for line in tables.shared),
        codes=tuple(line.code for line in tables.shared),
        marked=frozenset(wrong),
        note=_(
            "The names are written as in the shared table. A marked row does not fit the "
            "published table: see the page on data quality."
        ),
    )


def comparison(lines: Sequence[Line], tables: Published) -> Figure:
    values = [n for line in lines for n in line.by_year.values()]
    return Figure(
        id="comparison",
        title=_("Reports per year"),
        origin="published",
        column=_("Year"),
        labels=tuple(str(year) for year in tables.years),
        series=tuple(
            Series(words.country(line.code), _per_year(line, tables.years)) for line in lines
        ),
        kind="lines",
        log=_wants_log(values),
    )


def world(tables: Published) -> Figure:
    return Figure(
        id="world",
        title=_("Reports worldwide per year"),
        origin="published",
        column=_("Year"),
        labels=tuple(str(year) for year in tables.years),
        series=(Series(_("Reports"), tuple(tables.totals[year] for year in tables.years)),),
        kind="columns",
    )


def top_providers(tables: Published, many: int = 15) -> Figure:
    year = tables.provider_years[-1]
    lines = _by_size(tables.providers.values(), year)[:many]
    values = [line.by_year[year] for line in lines]
    return Figure(
        id="top",
        title=_("Providers with the most reports in %(year)s, worldwide") % {"year": year},
        origin="published",
        column=_("Provider"),
        labels=tuple(line.name for line in lines),
        series=(Series(_("Reports"), tuple(values)),),
        log=_wants_log(values),
    )


def all_providers(tables: Published) -> Figure:
    years = tables.provider_years
    lines = _by_size(tables.providers.values(), years[-1])
    changes = (rules.change(x.by_year.get(years[-2]), x.by_year.get(years[-1])) for x in lines)
    return Figure(
        id="providers",
        title=_("All providers, worldwide"),
        origin="published",
        column=_("Provider"),
        labels=tuple(line.name for line in lines),
        series=(
            *(Series(str(y), tuple(line.by_year.get(y) for line in lines)) for y in years),
            Series(_("Change"), tuple(changes), unit="change"),
        ),
        kind="table",
    )


def _by_size(lines: Iterable[Line], year: int) -> list[Line]:
    return sorted(lines, key=lambda line: (-line.by_year.get(year, -1), line.name.lower()))


def _per_year(line: Line, years: Sequence[int]) -> tuple[Cell, ...]:
    return tuple(line.by_year.get(year) for year in years)


def _marked(lines: Sequence[Line], code: str) -> frozenset[int]:
    return frozenset(place for place, line in enumerate(lines) if line.code == code)


def _wants_log(values: Sequence[int]) -> bool:
    positive = [value for value in values if value > 0]
    return bool(positive) and max(positive) >= LOG_FROM * min(positive)


def evidence(id: str, title: str, finding: rules.Finding) -> Figure:
    """The numbers behind a finding, as a table."""
    rows = finding.evidence
    own, beside = words.evidence_columns(finding.kind)
    columns = (
        Series(_("Year"), tuple(str(row.year or "") for row in rows), unit="words"),
        Series(own, tuple(row.number for row in rows)),
        Series(_("Compared with"), tuple(row.where for row in rows), unit="words"),
        Series(beside, tuple(row.beside for row in rows)),
    )
    used = tuple(c for c in columns if any(cell not in ("", None) for cell in c.values))
    return Figure(
        id=id,
        title=title,
        origin="published",
        column=_("Entry"),
        labels=tuple(row.name or _("All countries") for row in rows),
        series=used,
        kind="table",
    )
