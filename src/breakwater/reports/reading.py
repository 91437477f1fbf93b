"""Reads an original into a record, whichever format it came in, and derives what follows.

Pure apart from the country database: the same bytes give the same understanding, which
is what makes `breakwater reports rebuild` possible.
"""

import zlib
from dataclasses import dataclass

from breakwater.formats import filing, ispws, le_delivery
from breakwater.formats.record import FormatError, Record, dump
from breakwater.reports.rules import country, identify
from breakwater.reports.rules.bundling import batch_selector
from breakwater.reports.rules.completeness import Completeness, completeness
from breakwater.reports.rules.identify import Selector

MAX_PROBLEMS = 200


@dataclass(slots=True)
class Understood:
    """A record with all that can be told from it alone. `parts` are a batch's countries."""

    record: Record
    packed: bytes
    country: str
    country_reason: str
    ip_grade: int
    completeness: Completeness
    selectors: list[Selector]
    parts: list[tuple[str, Selector]]


def read_original(format: str, data: bytes) -> Record:
    """Read the bytes of an original.

    Raises:
        FormatError: nothing of it can be read; the message says where and why.
    """
    if format == "le_json":
        return le_delivery.read_report(data)
    if format != "filing":
        raise FormatError("format", f"«{format}» is none that this desk reads")
    parts = filing.unpack(data)
    if parts and parts[0].kind == "le_json":
        return le_delivery.read_package(data)
    return ispws.read_filing(data)


def understand(record: Record, *, provider_name: str = "", overlay: str = "") -> Understood:
    if not record.provider:
        record.provider = provider_name
    if len(record.not_understood) > MAX_PROBLEMS:
        more = len(record.not_understood) - MAX_PROBLEMS
        record.not_understood = [*record.not_understood[:MAX_PROBLEMS], f"and {more} more"]
    where = country.belonging(record, overlay=overlay)
    grades = [identify.grade(c, demo=bool(overlay)) for _, c in identify.captures(record)]
    return Understood(
        record=record,
        packed=zlib.compress(dump(record), 1),
        country=where.country,
        country_reason=where.reason,
        ip_grade=int(max(grades, default=identify.IpGrade.NONE)),
        completeness=completeness(record, country=where.country),
        selectors=identify.selectors(record),
        parts=_parts(record, overlay) if record.batch else [],
    )


def _parts(record: Record, overlay: str) -> list[tuple[str, Selector]]:
    """Split a viral batch by the country of its accounts, each part with its link."""
    md5 = next((f.md5 or f.sha256 for f in record.files if f.md5 or f.sha256), "")
    found = {country.person_country(p, overlay=overlay) for p in record.persons} or {""}
    return [(code, batch_selector(md5, code)) for code in sorted(found)]
