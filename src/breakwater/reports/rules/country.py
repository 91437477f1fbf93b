"""Decides which country a report belongs to, and says why."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from breakwater import countries
from breakwater.formats.record import Capture, Person, Record
from breakwater.reports.rules import identify, tables

SOURCES = ("stated", "estimated", "ip", "phone", "address", "lookup")
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Belonging:
    """`country` is alpha-2 or "", `reason` the source that decided, or ""."""

    country: str
    reason: str


@functools.cache
def _order() -> tuple[list[str], list[str]]:
    table = tables.read("country.toml")
    unknown = [s for s in table["order"] if s not in SOURCES]
    if unknown:
        raise tables.BadTable("country.toml", f"order {unknown}", f"some of {', '.join(SOURCES)}")
    return table["order"], table["people"]


def belonging(record: Record, *, overlay: str = "") -> Belonging:
    """Take the first source, in the order of `data/country.toml`, that names a country."""
    order, people = _order()
    for source in order:
        if source == "stated":
            if record.stated_country:
                return Belonging(record.stated_country, source)
            continue
        for role in people:
            for code in _SAYS[source](record, role, overlay):
                if _is_country(code):
                    return Belonging(code, source)
    return Belonging("", "")


def person_country(person: Person, *, overlay: str = "") -> str:
    """Say where one account of a batch belongs, "" if nothing tells."""
    alone = Record(format="", persons=[person])
    return belonging(alone, overlay=overlay).country


def _is_country(code: str) -> bool:
    return bool(code) and code not in countries.PSEUDO


def _people(record: Record, role: str) -> Iterator[Person]:
    return (p for p in record.persons if p.role == role)


def _places(source: str) -> Callable[[Record, str, str], Iterator[str]]:
    def says(record: Record, role: str, overlay: str) -> Iterator[str]:
        for person in _people(record, role):
            for place in person.places:
                if (place.source or "estimated") == source:
                    yield place.country

    return says


def _by_ip(record: Record, role: str, overlay: str) -> Iterator[str]:
    found: list[Capture] = [c for r, c in identify.captures(record) if r == role]
    found.sort(key=lambda c: (c.at.utc if c.at else None) or _LONG_AGO, reverse=True)
    for capture in found:
        # A proxy says where the proxy stands, not where the person is.
        if not capture.proxy:
            yield countries.of_ip(identify.ip_value(capture.ip), overlay)


def _by_phone(record: Record, role: str, overlay: str) -> Iterator[str]:
    for person in _people(record, role):
        for phone in person.phones:
            number = countries.e164(phone.value, phone.calling_code)
            if number:
                yield countries.of_phone(number)


_SAYS: dict[str, Callable[[Record, str, str], Iterator[str]]] = {
    "estimated": _places("estimated"),
    "ip": _by_ip,
    "phone": _by_phone,
    "address": _places("address"),
    "lookup": _places("geo_lookup"),
}
