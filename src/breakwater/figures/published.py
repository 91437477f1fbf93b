"""Reads the published tables once, checks them, and gives them as plain values.

A table that does not add up to the totals of `data/sources.toml` is refused. Odd rows are
kept as they were published; `rules.findings` says what is odd about them. Knows no Django.
"""

import csv
import functools
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib import resources

from breakwater import countries

DATA = resources.files("breakwater.figures") / "data"


class WrongFigures(Exception):
    """A table of this package is not the published one."""


@dataclass(frozen=True)
class Row:
    """One line of the country table, as published; `code` is "" where ISO knows no country."""

    name: str
    iso3: str
    code: str
    year: int
    reports: int


@dataclass(frozen=True)
class Line:
    """One name with its reports per year."""

    name: str
    code: str
    by_year: Mapping[int, int]


@dataclass(frozen=True)
class Source:
    title: str
    publisher: str
    copied_from: str
    copied_on: date
    totals: Mapping[int, int]


@dataclass(frozen=True)
class Published:
    years: tuple[int, ...]
    provider_years: tuple[int, ...]
    rows: tuple[Row, ...]
    totals: Mapping[int, int]
    provider_totals: Mapping[int, int]
    countries: Mapping[str, Line]
    providers: Mapping[str, Line]
    shared: tuple[Line, ...]
    regions: Mapping[str, tuple[str, ...]]
    uninhabited: frozenset[str]
    sources: Mapping[str, Source]

    def of_year(self, year: int) -> dict[str, int]:
        """Reports of every country in one year; countries without an entry are left out."""
        return {c: line.by_year[year] for c, line in self.countries.items() if year in line.by_year}

    def region_total(self, slug: str) -> dict[int, int]:
        lines = [self.countries[code] for code in self.regions[slug] if code in self.countries]
        return {year: sum(line.by_year.get(year, 0) for line in lines) for year in self.years}


@functools.cache
def tables() -> Published:
    """All published tables, read and checked at first use."""
    sources = _sources()
    rows = tuple(_country_rows())
    providers = _providers()
    regions = tomllib.loads(_text("regions.toml"))
    totals = _checked(_sums((r.year, r.reports) for r in rows), sources["countries"])
    entries = ((year, n) for line in providers.values() for year, n in line.by_year.items())
    provider_totals = _checked(_sums(entries), sources["providers"])
    return Published(
        years=tuple(sorted(totals)),
        provider_years=tuple(sorted(provider_totals)),
        rows=rows,
        totals=totals,
        provider_totals=provider_totals,
        countries=_lines_of(rows),
        providers=providers,
        shared=tuple(_shared_lines()),
        regions={slug: tuple(codes) for slug, codes in regions["regions"].items()},
        uninhabited=frozenset(regions["uninhabited"]),
        sources=sources,
    )


def _text(name: str) -> str:
    return (DATA / name).read_text(encoding="utf-8-sig")


def _table(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(_text(name).splitlines()))


def _count(text: str) -> int:
    if not text.isdecimal():
        raise WrongFigures(f"{text!r} is not a number of reports")
    return int(text)


def _sources() -> dict[str, Source]:
    return {
        key: Source(
            title=entry["title"],
            publisher=entry["publisher"],
            copied_from=entry["copied_from"],
            copied_on=entry["copied_on"],
            totals={int(year): total for year, total in entry.get("totals", {}).items()},
        )
        for key, entry in tomllib.loads(_text("sources.toml")).items()
    }


def _country_rows() -> Iterator[Row]:
    seen: set[tuple[str, int]] = set()
    for entry in _table("countries.csv"):
        year = int(entry["year"])
        if (entry["country"], year) in seen:
            raise WrongFigures(f"{entry['country']} stands twice in {year}")
        seen.add((entry["country"], year))
        code = countries.iso2(entry["iso3"])
        yield Row(entry["country"], entry["iso3"], code, year, _count(entry["reports"]))


def _lines_of(rows: tuple[Row, ...]) -> dict[str, Line]:
    """Countries by code; rows of one code under two names are added up."""
    names: dict[str, str] = {}
    sums: dict[str, dict[int, int]] = {}
    for row in rows:
        if not row.code:
            continue
        names.setdefault(row.code, row.name)
        years = sums.setdefault(row.code, {})
        years[row.year] = years.get(row.year, 0) + row.reports
    return {code: Line(names[code], code, by_year) for code, by_year in sums.items()}


def _providers() -> dict[str, Line]:
    found: dict[str, dict[int, int]] = {}
    for entry in _table("providers.csv"):
        years = found.setdefault(entry["esp"], {})
        year = int(entry["year"])
        years[year] = years.get(year, 0) + _count(entry["reports"])
    return {name: Line(name, "", by_year) for name, by_year in found.items()}


def _shared_lines() -> Iterator[Line]:
    for entry in _table("seed_caribbean_cybertipline.csv"):
        years = {int(key): _count(value) for key, value in entry.items() if key.isdecimal()}
        yield Line(entry["country"], countries.iso2(entry["iso3"]), years)


def _sums(pairs: Iterator[tuple[int, int]]) -> dict[int, int]:
    sums: dict[int, int] = {}
    for year, number in pairs:
        sums[year] = sums.get(year, 0) + number
    return sums


def _checked(sums: dict[int, int], source: Source) -> dict[int, int]:
    if sums != source.totals:
        raise WrongFigures(f"{source.title}: the rows do not add up to the published totals")
    return sums
