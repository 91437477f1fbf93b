"""Says whether somebody may make a decision about a bundle now, and how long it can be undone."""

import functools
from dataclasses import dataclass
from datetime import datetime, timedelta

from breakwater.reports.rules import tables

UNDO_FOR = timedelta(minutes=10)
NEW, OPEN, REFERRED, ARCHIVED, MERGED = range(5)

# From which states a verb may start.
_FROM = {
    "assigned": {NEW, OPEN},
    "released": {NEW, OPEN},
    "archived": {NEW, OPEN, REFERRED},
    "referred": {NEW, OPEN},
    "reopened": {REFERRED, ARCHIVED},
    "merged": {NEW, OPEN},
    "split": {NEW, OPEN, REFERRED},
}
VERBS = tuple(_FROM)


@dataclass(frozen=True, slots=True)
class ArchiveReason:
    key: str
    needs_note: bool


@functools.cache
def archive_reasons() -> tuple[ArchiveReason, ...]:
    found = []
    for number, entry in enumerate(tables.read("archive.toml")["reason"], start=1):
        key = tables.require(entry, "key", str, "archive.toml", f"reason {number}")
        found.append(ArchiveReason(key, entry.get("note", False) is True))
    return tuple(found)


def refusal(verb: str, *, state: int, assigned_to: int | None, by: int, is_supervisor: bool) -> str:
    """Give "" if the decision may be made, or why not: state, not_yours, nothing_to_do."""
    if state not in _FROM[verb]:
        return "state"
    if verb == "assigned" and assigned_to == by:
        return "nothing_to_do"
    if verb == "released" and assigned_to is None:
        return "nothing_to_do"
    if assigned_to not in (None, by) and not is_supervisor:
        return "not_yours"
    return ""


def may_undo(
    *, made_at: datetime, now: datetime, is_own: bool, is_supervisor: bool, verb: str
) -> bool:
    """Everybody may take back their own within ten minutes, a supervisor a merge or split at any time."""
    if is_supervisor and verb in ("merged", "split"):
        return True
    return (is_own or is_supervisor) and now - made_at <= UNDO_FOR
