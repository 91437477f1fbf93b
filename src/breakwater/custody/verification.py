"""Walks the whole log, judges every entry, and keeps what was found."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from breakwater.custody import queries, rules
from breakwater.custody.actions import keep_check

TOLD_EVERY = 1000


@dataclass(frozen=True, slots=True)
class Verification:
    entries: int
    findings: list[rules.Finding]
    end: rules.Head


def _silent(_entries: int) -> None:
    pass


def verify(
    *, at: datetime, noted: rules.Head | None = None, tell: Callable[[int], None] = _silent
) -> Verification:
    """Check the chain, its end, and if given a head that was noted outside of the database.

    `tell` hears now and then how many entries were read.
    """
    before, count = rules.Head(), 0
    findings: list[rules.Finding] = []
    for entry in queries.entries_to_head():
        findings += [f for f in (rules.check(entry, before), _noted(entry, noted)) if f]
        before, count = rules.Head(entry.seq, entry.hash), count + 1
        if count % TOLD_EVERY == 0:
            tell(count)
    findings += _at_the_end(before, noted)
    tell(count)
    keep_check(count, findings, at=at)
    return Verification(count, findings, before)


def _noted(entry: rules.Entry, noted: rules.Head | None) -> rules.Finding | None:
    if noted is None or entry.seq != noted.seq or entry.hash == noted.hash:
        return None
    reason = "its hash is not the one that was noted"
    return rules.Finding(entry.seq, entry.seq, rules.Fault.ALTERED, reason)


def _at_the_end(last: rules.Head, noted: rules.Head | None) -> list[rules.Finding]:
    kept = queries.head()
    findings: list[rules.Finding] = []
    # A log that nothing was ever written to has no head yet.
    if kept or last.seq:
        finding = rules.check_end(last, kept)
        findings += [finding] if finding else []
    if noted and noted.seq > last.seq:
        reason = f"the log ends at entry {last.seq}, the noted head says {noted.seq}"
        fault = rules.Fault.REMOVED
        findings.append(rules.Finding(last.seq + 1, noted.seq, fault, reason))
    return findings
