"""Adds to the audit log. Nothing here changes or removes an entry; the database refuses it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.db import connection, transaction

from breakwater.custody import rules
from breakwater.custody.models import AuditCheck, AuditEntry, AuditHead

VIEWED = "custody.record.viewed"


class Actor(Protocol):
    """A signed-in person, as far as the log needs to know one."""

    @property
    def audit_name(self) -> str: ...

    @property
    def audit_agency(self) -> str: ...


class NotInTransaction(Exception):
    """An audit entry was asked for outside of the transaction of what it tells."""


class HeadMissing(Exception):
    """The log has entries but the row that says where it ends is gone."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did, before it has its place in the log."""

    verb: str
    actor: Actor | str
    at: datetime
    target: str = ""
    detail: Mapping[str, object] | None = None


def _entry(deed: Deed) -> rules.Entry:
    named = isinstance(deed.actor, str)
    actor = deed.actor if isinstance(deed.actor, str) else deed.actor.audit_name
    return rules.Entry(
        seq=0,
        at=deed.at,
        actor=actor[:200],
        agency="" if named else deed.actor.audit_agency[:200],  # type: ignore[union-attr]
        verb=deed.verb,
        target=deed.target[:200],
        detail=rules.canonical(deed.detail or {}),
        previous="",
    )


def _locked_head() -> AuditHead:
    """Hold the end of the log until the transaction ends; other writers wait.

    On SQLite every transaction of this desk is IMMEDIATE and so is the only writer.
    """
    if not connection.in_atomic_block:
        raise NotInTransaction("record an audit entry inside the transaction of its deed")
    head = AuditHead.objects.select_for_update().filter(pk=1).first()
    if head:
        return head
    if AuditEntry.objects.exists():
        raise HeadMissing("the head of the audit log is gone; run: breakwater audit verify")
    AuditHead.objects.get_or_create(pk=1, defaults={"hash": rules.FIRST})
    return AuditHead.objects.select_for_update().get(pk=1)


def record_many(deeds: Iterable[Deed]) -> list[AuditEntry]:
    """Add several entries in the order given.

    Raises:
        NotInTransaction: there is no open transaction.
        HeadMissing: somebody removed the end of the log.
    """
    drafts = [_entry(deed) for deed in deeds]
    if not drafts:
        return []
    head = _locked_head()
    sealed = rules.chained(rules.Head(head.seq, head.hash), drafts)
    entries = AuditEntry.objects.bulk_create(_row(entry) for entry in sealed)
    head.seq, head.hash = entries[-1].seq, entries[-1].hash
    head.save(update_fields=["seq", "hash"])
    return entries


def _row(entry: rules.Entry) -> AuditEntry:
    return AuditEntry(**{name: getattr(entry, name) for name in entry.__slots__})


def record(
    verb: str,
    *,
    actor: Actor | str,
    at: datetime,
    target: str = "",
    detail: Mapping[str, object] | None = None,
) -> AuditEntry:
    """Add one entry, inside the transaction of what it tells: both happen or neither."""
    return record_many([Deed(verb, actor, at, target, detail)])[0]


def record_view(
    user: Actor, target: str, at: datetime, *, detail: Mapping[str, object] | None = None
) -> AuditEntry:
    """Log that somebody is about to see personal data of `target`; call before showing it."""
    with transaction.atomic():
        return record(VIEWED, actor=user, target=target, detail=detail, at=at)


def keep_check(entries: int, findings: Sequence[rules.Finding], *, at: datetime) -> AuditCheck:
    """Keep what a verification found, so that the log's page can tell of it."""
    first = findings[0] if findings else None
    return AuditCheck.objects.create(
        at=at,
        entries=entries,
        faults=len(findings),
        first_fault=f"{first.fault} {first.seq}: {first.reason}"[:300] if first else "",
    )
