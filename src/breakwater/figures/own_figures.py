"""Makes figures from the desk's own counts, and from own and published ones side by side."""

from collections.abc import Mapping
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from breakwater.drawing.figure import Cell, Figure, Series
from breakwater.figures import rules, words
from breakwater.figures.published import Line
from breakwater.reports.queries.tallies import Counts, People

SHOWN = 12
BANDS = ("0-2", "3-6", "7-10", "11-13", "14-15", "16-17", "18+", "")


def by_month(counts: Mapping[date, Counts]) -> Figure:
    months = sorted(counts)
    return Figure(
        id="months",
        title=_("Reports received per month"),
        origin="own",
        column=_("Month"),
        labels=tuple(date_format(month, "M Y") for month in months),
        series=(
            Series(_("Reports"), tuple(counts[month].reports for month in months)),
            Series(_("Urgent"), tuple(counts[month].urgent for month in months)),
        ),
        kind="columns",
    )


def by_provider(counts: Mapping[str, Counts]) -> Figure:
    return _ranked(
        "own_providers",
        _("Reports received by provider"),
        _("Provider"),
        {words.provider(name): count for name, count in counts.items()},
    )


def by_type(counts: Mapping[str, Counts]) -> Figure:
    return _ranked(
        "types",
        _("Reports received by type"),
        _("Type"),
        {words.incident_type(kind): count for kind, count in counts.items()},
    )


def by_country(counts: Mapping[str, Counts]) -> Figure:
    return _ranked(
        "own_countries",
        _("Reports received by country"),
        _("Country"),
        {words.country(code): count for code, count in counts.items()},
    )


def _ranked(id: str, title: str, column: str, counts: Mapping[str, Counts]) -> Figure:
    """The largest first; what is beyond the limit is added up in a last row."""
    names = sorted(counts, key=lambda name: (-counts[name].reports, name))
    rows = [(name, counts[name]) for name in names[:SHOWN]]
    rest = [counts[name] for name in names[SHOWN:]]
    if rest:
        others = _("%(number)s others") % {"number": words.number(len(rest))}
        rows.append((others, sum(rest, Counts())))
    return Figure(
        id=id,
        title=title,
        origin="own",
        column=column,
        labels=tuple(name for name, _counts in rows),
        series=(
            Series(_("Reports"), tuple(count.reports for _name, count in rows)),
            Series(_("Urgent"), tuple(count.urgent for _name, count in rows)),
        ),
    )


def beside(line: Line | None, code: str, own: Mapping[int, Counts]) -> Figure:
    """Published and own counts of one country, year by year."""
    published = line.by_year if line else {}
    years = sorted({*published, *own})
    return Figure(
        id="beside",
        title=_("Published and own counts for %(country)s") % {"country": words.country(code)},
        origin="both",
        column=_("Year"),
        labels=tuple(str(year) for year in years),
        series=(
            Series(_("Published by NCMEC"), tuple(published.get(year) for year in years)),
            Series(
                _("This desk's own counts"),
                tuple(own[year].reports if year in own else None for year in years),
            ),
        ),
        kind="columns",
    )


def people(counts: list[People], role: str) -> Figure:
    """Age and sex of one role; counts that could point to a person are not shown."""
    found: dict[tuple[str, str], int] = {}
    for row in counts:
        if row.role == role:
            sex = row.sex if row.sex in words.SEXES else ""
            found[row.age_band, sex] = found.get((row.age_band, sex), 0) + row.persons
    bands = [band for band in BANDS if any(key[0] == band for key in found)]
    sexes = [sex for sex in words.SEXES if any(key[1] == sex for key in found)]
    return Figure(
        id=role,
        title=str(words.ROLES[role]),
        origin="own",
        column=_("Age"),
        labels=tuple(_band(band) for band in bands),
        series=tuple(
            Series(
                str(words.SEXES[sex]), tuple(_shown(found.get((band, sex), 0)) for band in bands)
            )
            for sex in sexes
        ),
        note=_(
            "Counts under %(limit)s are shown as “<%(limit)s”, and no totals are given, so that "
            "nobody can be recognised."
        )
        % {"limit": rules.SMALL_CELL},
    )


def _shown(number: int) -> Cell:
    return rules.shown(number)


def _band(band: str) -> str:
    if not band:
        return _("Age not known")
    return band.replace("-", "–")
