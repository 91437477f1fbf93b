"""Pages of figures. Each makes its figures, then shows them or gives one as a file.

No page reads a report or a person: published tables and tallies only.
"""

from collections.abc import Mapping
from itertools import groupby

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from breakwater import countries as codes
from breakwater.drawing import exports
from breakwater.drawing.figure import Figure
from breakwater.drawing.shown import show
from breakwater.figures import own_figures, published_figures, rules, words
from breakwater.figures.published import Line, Published, tables
from breakwater.figures.recent import recent
from breakwater.people.access import needs
from breakwater.reports.queries import tallies

MOST_COMPARED = 6
NEIGHBOURS = 7


@require_GET
@needs("figures.see")
def dashboard(request: HttpRequest) -> HttpResponse:
    published, code = tables(), settings.DESK_COUNTRY
    taken = recent(timezone.now())
    own, last = taken.counts, taken.last_days
    line = _line(published, code)
    region, lines = _home_region(published, code)
    figures = [
        published_figures.trend(line, published),
        own_figures.by_month(own.by_month),
        own_figures.by_provider(own.by_provider),
        own_figures.by_type(own.by_type),
        published_figures.map_of(
            "map",
            _("Reports by country, %(year)s: %(region)s")
            % {"year": published.years[-1], "region": words.REGIONS.get(region, _("World"))},
            lines,
            published.years[-1],
            code,
            region,
        ),
    ]
    context = {
        "answer": _answer(published, code),
        "recent": last,
        "recent_urgent": words.percent(rules.share(last.urgent, last.reports)),
        "total": own.total,
        "since": taken.since,
        "taken_at": taken.taken_at,
        "region": region,
        "region_name": words.REGIONS.get(region),
        "code": code,
    }
    return _page(request, "dashboard", figures, context)


@require_GET
@needs("figures.see")
def countries_page(request: HttpRequest) -> HttpResponse:
    published = tables()
    year = published.years[-1]
    lines = sorted(
        published.countries.values(), key=lambda line: (-line.by_year.get(year, -1), line.name)
    )
    title = _("All countries and territories")
    figures = [
        published_figures.map_of(
            "map",
            _("Reports by country, %(year)s") % {"year": year},
            lines,
            year,
            settings.DESK_COUNTRY,
            "world",
        ),
        published_figures.world(published),
        published_figures.table("countries", title, lines, published.years, settings.DESK_COUNTRY),
    ]
    context = {
        "total": words.number(published.totals[year]),
        "year": year,
        "regions": words.REGIONS.items(),
    }
    return _page(request, "countries", figures, context)


@require_GET
@needs("figures.see")
def country(request: HttpRequest, iso2: str) -> HttpResponse:
    published, code = tables(), iso2.upper()
    if code not in published.countries and code not in codes.all_codes():
        raise Http404(code)
    line = _line(published, code)
    figures = [
        published_figures.trend(line, published),
        published_figures.standing(line, published),
        _around(published, code),
        own_figures.beside(line, code, tallies.by_year(code)),
    ]
    regions = [(s, words.REGIONS[s]) for s, members in published.regions.items() if code in members]
    context = {
        "answer": _answer(published, code),
        "code": code,
        "regions": regions,
        "is_mixed": any(
            check.line.code == code and check.wrong_years for check in rules.check_shared(published)
        ),
    }
    return _page(request, "country", figures, context)


@require_GET
@needs("figures.see")
def region(request: HttpRequest, slug: str) -> HttpResponse:
    published = tables()
    if slug not in published.regions:
        raise Http404(slug)
    lines, year = _members(published, slug), published.years[-1]
    name = words.REGIONS[slug]
    home = settings.DESK_COUNTRY
    figures = [
        published_figures.region_trend(slug, published),
        published_figures.map_of(
            "map", _("Map: %(region)s, %(year)s") % {"region": name, "year": year},
            lines, year, home, slug,
        ),
        published_figures.bars(
            "bars", _("Reports by country, %(year)s: %(region)s") % {"region": name, "year": year},
            lines, year, home,
        ),
        published_figures.table(
            "countries", _("Published table: %(region)s") % {"region": name},
            lines, published.years, home,
        ),
    ]  # fmt: skip
    if slug == "caribbean":
        figures.append(published_figures.shared(published))
    totals = published.region_total(slug)
    context = {
        "name": name,
        "slug": slug,
        "regions": words.REGIONS.items(),
        "total": words.number(totals[year]),
        "year": year,
        "moved": words.percent(rules.change(totals[year - 1], totals[year]), signed=True),
        "members": len(lines),
    }
    return _page(request, "region", figures, context)


@require_GET
@needs("figures.see")
def compare(request: HttpRequest) -> HttpResponse:
    published = tables()
    asked = dict.fromkeys(code.upper() for code in request.GET.getlist("c"))
    chosen = [code for code in asked if code in published.countries][:MOST_COMPARED]
    lines = [published.countries[code] for code in chosen]
    figures = []
    if lines:
        figures = [
            published_figures.comparison(lines, published),
            published_figures.table("countries", _("Side by side"), lines, published.years, ""),
        ]
    choices = sorted(
        ((code, words.country(code)) for code in published.countries), key=lambda c: c[1]
    )
    context = {
        "choices": choices,
        "chosen": chosen,
        "names": ", ".join(words.country(code) for code in chosen),
        "left_out": [code for code in asked if code not in chosen],
        "slots": [chosen[place] if place < len(chosen) else "" for place in range(MOST_COMPARED)],
        "most": MOST_COMPARED,
    }
    return _page(request, "compare", figures, context)


@require_GET
@needs("figures.see")
def providers(request: HttpRequest) -> HttpResponse:
    published = tables()
    year = published.provider_years[-1]
    first = max(published.providers.values(), key=lambda line: line.by_year.get(year, 0))
    part = rules.share(first.by_year[year], published.provider_totals[year])
    own = recent(timezone.now()).counts.by_provider
    figures = [
        own_figures.by_provider(own),
        published_figures.top_providers(published),
        published_figures.all_providers(published),
    ]
    context = {"first": first.name, "part": words.percent(part), "year": year}
    return _page(request, "providers", figures, context)


@require_GET
@needs("figures.see")
def types(request: HttpRequest) -> HttpResponse:
    found = recent(timezone.now()).counts.by_type
    whole = sum((count.reports for count in found.values()), 0)
    first = max(found, key=lambda kind: found[kind].reports, default=None)
    context = {
        "first": None if first is None else words.whole_type(first),
        "part": first is not None and words.percent(rules.share(found[first].reports, whole)),
    }
    return _page(request, "types", [own_figures.by_type(found)], context)


@require_GET
@needs("figures.see")
def people(request: HttpRequest) -> HttpResponse:
    found = tallies.people()
    figures = [own_figures.people(found, role) for role in words.ROLES]
    victims = sum(row.persons for row in found if row.role == "victim")
    aged = sum(row.persons for row in found if row.role == "victim" and row.age_band)
    # Rounded to a whole per cent of many, or not said: a precise share gives small counts away.
    known = None if victims < 100 else words.percent(round(aged / victims, 2))
    return _page(request, "people", figures, {"known": known, "limit": rules.SMALL_CELL})


@require_GET
@needs("figures.see")
def quality(request: HttpRequest) -> HttpResponse:
    published = tables()
    found = rules.findings(published)
    figures = [_finding_figure(place, finding) for place, finding in enumerate(found)]
    checks = rules.check_shared(published)
    groups = [
        {
            "kind": kind,
            "title": words.findings_title(kind),
            "findings": [
                {
                    "sentence": words.finding(finding),
                    "shown": show(figures[found.index(finding)], settings.DEMO),
                }
                for finding in members
            ],
        }
        for kind, members in groupby(found, key=lambda finding: finding.kind)
    ]
    context = {
        "groups": groups,
        "number": len(found),
        "fitting": sum(1 for check in checks if not check.wrong_years),
        "checked": len(checks),
        "years": published.years,
        "sources": published.sources.values(),
        "country_total": words.number(sum(published.totals.values())),
    }
    return _page(request, "quality", figures, context)


def _finding_figure(place: int, finding: rules.Finding) -> Figure:
    return published_figures.evidence(
        f"finding_{place}", words.findings_title(finding.kind), finding
    )


def _page(
    request: HttpRequest, name: str, figures: list[Figure], context: Mapping[str, object]
) -> HttpResponse:
    """The page, or one of its figures as a file if the address asks for it."""
    wanted = request.GET.get("export")
    if wanted is not None:
        return exports.answer(request, wanted, figures)
    shown = {figure.id: show(figure, settings.DEMO) for figure in figures}
    context = {**context, "figures": shown, "room": "figures", "page_name": name}
    return render(request, f"figures/{name}.html", context)


def _answer(published: Published, code: str) -> str:
    year = published.years[-1]
    by_year = dict(_line(published, code).by_year)
    return words.answer_of_country(code, year, by_year, rules.rank(published.of_year(year), code))


def _line(published: Published, code: str) -> Line:
    return published.countries.get(code) or Line(words.country(code), code, {})


def _members(published: Published, slug: str) -> list[Line]:
    return [published.countries[c] for c in published.regions[slug] if c in published.countries]


def _home_region(published: Published, code: str) -> tuple[str, list[Line]]:
    """The first region that has the country, else the whole world."""
    for slug, members in published.regions.items():
        if code in members:
            return slug, _members(published, slug)
    return "world", list(published.countries.values())


def _around(published: Published, code: str) -> Figure:
    """The countries ranked next to this one in the last year."""
    year = published.years[-1]
    ranked = sorted(published.of_year(year).items(), key=lambda item: (-item[1], item[0]))
    order = [found for found, _number in ranked]
    place = order.index(code) if code in order else 0
    first = max(0, min(place - NEIGHBOURS // 2, len(order) - NEIGHBOURS))
    lines = [published.countries[found] for found in order[first : first + NEIGHBOURS]]
    title = _("Countries with about as many reports, %(year)s") % {"year": year}
    return published_figures.bars("around", title, lines, year, code)
