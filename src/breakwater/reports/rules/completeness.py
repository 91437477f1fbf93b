"""Says how complete a report is, what is missing, and whom to ask for it."""

import functools
from dataclasses import dataclass

from breakwater.formats.record import Record
from breakwater.reports.rules import tables
from breakwater.reports.rules.identify import captures

ASK = ("provider", "access_provider", "clearing_house", "nobody")
KEYS = (
    "incident_type",
    "incident_time",
    "account",
    "contact",
    "ip",
    "ip_time",
    "ip_port",
    "country",
    "file_hash",
    "file_viewed",
)


@dataclass(frozen=True, slots=True)
class Completeness:
    """Per cent of what an officer needs, and the missing fields as (key, whom to ask)."""

    percent: int
    missing: tuple[tuple[str, str], ...]


@functools.cache
def _fields() -> list[tuple[str, int, str]]:
    found = []
    for number, entry in enumerate(tables.read("completeness.toml")["field"], start=1):
        key = tables.require(entry, "key", str, "completeness.toml", f"field {number}")
        weight = tables.require(entry, "weight", int, "completeness.toml", key)
        if key not in KEYS:
            raise tables.BadTable("completeness.toml", key, f"one of {', '.join(KEYS)}")
        if entry.get("ask") not in ASK:
            raise tables.BadTable("completeness.toml", f"{key}.ask", f"one of {', '.join(ASK)}")
        found.append((key, weight, entry["ask"]))
    return found


def completeness(record: Record, *, country: str) -> Completeness:
    present = _present(record, country)
    missing = tuple((key, ask) for key, _, ask in _fields() if not present[key])
    total = sum(weight for _, weight, _ in _fields())
    have = sum(weight for key, weight, _ in _fields() if present[key])
    return Completeness(round(100 * have / total), missing)


def _present(record: Record, country: str) -> dict[str, bool]:
    found = [c for _, c in captures(record)]
    people = record.persons
    return {
        "incident_type": bool(record.incident_type),
        "incident_time": bool(record.incident_at and record.incident_at.utc),
        "account": any((p.account and p.account.identifier) or p.screen_names for p in people),
        "contact": any(p.emails or p.phones for p in people),
        "ip": bool(found),
        "ip_time": any(c.at and c.at.utc for c in found),
        "ip_port": any(c.port for c in found),
        "country": bool(country),
        "file_hash": any(f.md5 or f.sha1 or f.sha256 or f.other_hashes for f in record.files),
        "file_viewed": any(f.viewed is not None for f in record.files),
    }
