"""Reads an original into a record, whichever format it came in, and derives what follows.

Needs no Django and no database: the same bytes give the same understanding, which makes
`breakwater reports rebuild` possible and lets another process do the reading.
"""

import gc
import os
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from breakwater.formats import filing, ispws, le_delivery
from breakwater.formats.record import FormatError, Record, dump
from breakwater.reports.rules import country, identify
from breakwater.reports.rules.bundling import batch_selector
from breakwater.reports.rules.completeness import completeness
from breakwater.reports.rules.facts import Fact, own_facts
from breakwater.reports.rules.identify import Selector

MAX_PROBLEMS = 200


@dataclass(slots=True)
class Understood:
    """What a report alone tells, small enough to hand from one process to another.

    `packed` is the whole record as compressed JSON; `parts` are a batch's countries with
    the selector that links each; `people` are (role, age, sex).
    """

    packed: bytes
    provider: str
    received_at: datetime | None
    incident_at: datetime | None
    incident_type: str
    is_batch: bool
    is_informational: bool
    file_count: int
    problems: int
    country: str
    country_reason: str
    ip_grade: int
    completeness: int
    facts: dict[str, Fact]
    people: list[tuple[str, int | None, str]]
    selectors: list[tuple[str, str, str, int]]  # role, kind, value, number
    parts: list[tuple[str, tuple[str, str, str, int]]]


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
    if parts and parts[0].kind == le_delivery.JSON_PART:
        return le_delivery.read_parts(parts)
    return ispws.read_parts(parts)


def understand(record: Record, *, provider_name: str = "", overlay: str = "") -> Understood:
    if not record.provider:
        record.provider = provider_name
    if len(record.not_understood) > MAX_PROBLEMS:
        more = len(record.not_understood) - MAX_PROBLEMS
        record.not_understood = [*record.not_understood[:MAX_PROBLEMS], f"and {more} more"]
    where = country.belonging(record, overlay=overlay)
    grades = [identify.grade(c, demo=bool(overlay)) for _, c in identify.captures(record)]
    return Understood(
        packed=zlib.compress(dump(record), 1),
        provider=record.provider[:255],
        received_at=record.received_at.utc if record.received_at else None,
        incident_at=record.incident_at.utc if record.incident_at else None,
        incident_type=record.incident_type,
        is_batch=bool(record.batch),
        is_informational=record.informational,
        file_count=len(record.files),
        problems=len(record.not_understood),
        country=where.country,
        country_reason=where.reason,
        ip_grade=int(max(grades, default=identify.IpGrade.NONE)),
        completeness=completeness(record, country=where.country).percent,
        facts=own_facts(record),
        people=[(p.role, p.age, p.sex) for p in record.persons],
        selectors=[_numbered(s) for s in identify.selectors(record)],
        parts=_parts(record, overlay) if record.batch else [],
    )


def _numbered(selector: Selector) -> tuple[str, str, str, int]:
    return selector.role, selector.kind, selector.value, selector.id


def _parts(record: Record, overlay: str) -> list[tuple[str, tuple[str, str, str, int]]]:
    """Split a viral batch by the country of its accounts, each part with its link."""
    md5 = next((f.md5 or f.sha256 for f in record.files if f.md5 or f.sha256), "")
    found = {country.person_country(p, overlay=overlay) for p in record.persons} or {""}
    return [(code, _numbered(batch_selector(md5, code))) for code in sorted(found)]


def read_packed(
    items: list[tuple[str, bytes, str]], overlay: str
) -> list[tuple[Understood | None, str]]:
    """Read (format, compressed bytes, provider name) each into its understanding or its fault."""
    with no_collector():
        return [_read_packed(*item, overlay) for item in items]


def _read_packed(
    format: str, content: bytes, provider_name: str, overlay: str
) -> tuple[Understood | None, str]:
    try:
        record = read_original(format, zlib.decompress(content))
        return understand(record, provider_name=provider_name, overlay=overlay), ""
    except FormatError as problem:
        return None, str(problem)


@contextmanager
def no_collector() -> Iterator[None]:
    """Hold the garbage collector back: a set makes a million values and no cycles."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def end_with(parent: int) -> None:
    """Let the reading process end when its worker was killed, instead of waiting for ever.

    It lives for one run and makes no cycles, so it does without the garbage collector, which
    would look through every set of readings before they are handed over.
    """
    gc.disable()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
