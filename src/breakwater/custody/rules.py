"""How the audit log is chained, and what a broken chain says about who touched it.

Every entry's hash covers all of its fields and the hash of the entry before it. Whoever
can write to the database can still recompute the whole chain, so the head (`Head`) is
meant to be noted outside of it: `breakwater audit head`.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

FIRST = "0" * 64  # what the first entry names as the hash before it
# How far around a place an entry that was moved is looked for, so that it can be named.
NEIGHBOURHOOD = 500


@dataclass(frozen=True, slots=True)
class Entry:
    seq: int
    at: datetime
    actor: str
    agency: str
    verb: str
    target: str
    detail: str
    previous: str
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain ends. `seq` 0 with `FIRST` is an empty log."""

    seq: int = 0
    hash: str = FIRST


class Fault(StrEnum):
    ALTERED = "altered"
    REMOVED = "removed"
    REORDERED = "reordered"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken place: entries `seq` to `last` (mostly the same) and what is wrong there."""

    seq: int
    last: int
    fault: Fault
    reason: str


def canonical(detail: Mapping[str, object]) -> str:
    """The one way to write this value as JSON, so that the same detail has the same hash.

    Raises:
        ValueError: NaN or infinity, which JSON cannot say.
        TypeError: a value that is not plain data.
    """
    return json.dumps(
        detail, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )


def digest(entry: Entry) -> str:
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    fields = [entry.seq, at, entry.actor, entry.agency, entry.verb, entry.target]
    fields += [entry.detail, entry.previous]
    text = json.dumps(fields, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def sealed(entry: Entry) -> Entry:
    return replace(entry, hash=digest(entry))


def chained(head: Head, entries: Iterable[Entry]) -> Iterator[Entry]:
    """Give each entry the place after the one before it, and seal it."""
    for entry in entries:
        placed = sealed(replace(entry, seq=head.seq + 1, previous=head.hash))
        head = Head(placed.seq, placed.hash)
        yield placed


def _first_place(entry: Entry) -> int | None:
    """Where an entry whose hash does not fit its place was written, if that is near."""
    start = max(1, entry.seq - NEIGHBOURHOOD)
    for seq in range(start, entry.seq + NEIGHBOURHOOD + 1):
        if digest(replace(entry, seq=seq)) == entry.hash:
            return seq
    return None


def _misfit(entry: Entry) -> Finding:
    place = _first_place(entry)
    if place is not None:
        reason = f"entry {place} stands in the place of entry {entry.seq}"
        return Finding(entry.seq, entry.seq, Fault.REORDERED, reason)
    reason = "its content does not give its hash"
    return Finding(entry.seq, entry.seq, Fault.ALTERED, reason)


def _gap(entry: Entry, before: Head) -> Finding:
    if entry.seq > before.seq + 1:
        reason = f"after entry {before.seq} comes entry {entry.seq}"
        return Finding(before.seq + 1, entry.seq - 1, Fault.REMOVED, reason)
    reason = f"it comes after entry {before.seq}"
    return Finding(entry.seq, entry.seq, Fault.REORDERED, reason)


def check(entry: Entry, before: Head) -> Finding | None:
    """Judge one entry by what stands before it; the first thing that is wrong is named."""
    if entry.seq != before.seq + 1:
        return _gap(entry, before)
    if digest(entry) != entry.hash:
        return _misfit(entry)
    if entry.previous == before.hash:
        return None
    if before.seq == 0:
        return Finding(1, 1, Fault.ALTERED, "it was not written as the first entry")
    reason = f"entry {entry.seq} was chained to another entry {before.seq}"
    return Finding(before.seq, before.seq, Fault.ALTERED, reason)


def check_end(last: Head, head: Head | None) -> Finding | None:
    """Judge the end of the log by the head that was kept or noted."""
    if head is None:
        reason = "the row that says where the log ends is gone"
        return Finding(last.seq, last.seq, Fault.REMOVED, reason)
    if last.seq < head.seq:
        reason = f"the log ends at entry {last.seq}, its head says {head.seq}"
        return Finding(last.seq + 1, head.seq, Fault.REMOVED, reason)
    if last.seq > head.seq:
        reason = f"its head says that the log ends at entry {head.seq}"
        return Finding(head.seq + 1, last.seq, Fault.ADDED, reason)
    if last.hash != head.hash:
        return Finding(last.seq, last.seq, Fault.ALTERED, "its hash is not the one of the head")
    return None


def verify(entries: Iterable[Entry], head: Head | None) -> Iterator[Finding]:
    """Walk the log in the order it is kept and name every place where the chain breaks."""
    before = Head()
    for entry in entries:
        finding = check(entry, before)
        if finding:
            yield finding
        before = Head(entry.seq, entry.hash)
    finding = check_end(before, head)
    if finding:
        yield finding
