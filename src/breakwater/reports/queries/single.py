"""Reads of one report: what was understood, beside the original's own text."""

import json
import zlib
from dataclasses import dataclass

from breakwater.formats import filing
from breakwater.formats.record import FormatError, Record, load
from breakwater.people.access import sees_only_shared
from breakwater.people.models import User
from breakwater.reports.models import Bundle, Report
from breakwater.reports.queries.queue import visible

TEXT_SHOWN = 400_000


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of the original as text; `name` says which."""

    name: str
    text: str


def report(number: str, user: User) -> Report | None:
    found = Report.objects.select_related("provider", "original__delivery").filter(number=number)
    if sees_only_shared(user):
        found = found.filter(memberships__bundle__in=visible(user))
    return found.first()


def record(of: Report) -> Record:
    return load(zlib.decompress(of.record))


def bundles(of: Report, user: User) -> list[Bundle]:
    return list(visible(user).filter(memberships__report=of).order_by("pk"))


def original_bytes(of: Report) -> bytes:
    return zlib.decompress(of.original.content)


def original_parts(of: Report) -> list[Part]:
    """The original in readable pieces; its exact bytes are a download."""
    data = original_bytes(of)
    if of.original.format != "filing":
        return [Part(of.original.name or "JSON", _pretty(data))]
    try:
        parts = filing.unpack(data)
    except FormatError as problem:
        return [Part("filing", str(problem))]
    return [Part(_part_name(p), _part_text(p)) for p in parts][:200]


def _part_name(part: filing.Part) -> str:
    name = str(part.meta.get("name", ""))
    return f"{part.kind} {name}".strip()


def _part_text(part: filing.Part) -> str:
    if part.body:
        return part.body.decode("utf-8", "replace")[:TEXT_SHOWN]
    return "\n".join(f"{key}: {value}" for key, value in part.meta.items())


def _pretty(data: bytes) -> str:
    try:
        return json.dumps(json.loads(data.decode("utf-8-sig")), indent=2, ensure_ascii=False)[
            :TEXT_SHOWN
        ]
    except ValueError:
        return data.decode("utf-8", "replace")[:TEXT_SHOWN]
