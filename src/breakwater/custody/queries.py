"""Reads of the audit log: for its page, for the history of one thing, for verification."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from breakwater.custody import rules
from breakwater.custody.models import AuditCheck, AuditEntry, AuditHead

CHUNK = 5000


def entries_for(target: str) -> QuerySet[AuditEntry]:
    """What happened to one thing, newest first."""
    return AuditEntry.objects.filter(target=target).order_by("-seq")


def head() -> rules.Head | None:
    row = AuditHead.objects.filter(pk=1).first()
    return rules.Head(row.seq, row.hash) if row else None


def plain(entry: AuditEntry) -> rules.Entry:
    return rules.Entry(**{name: getattr(entry, name) for name in rules.Entry.__slots__})


def all_entries(
    after: int = -1, among: QuerySet[AuditEntry] | None = None
) -> Iterator[rules.Entry]:
    """The log, or some of it, in its order and in pieces: it can be millions of rows.

    Read by key and not with one open cursor, because a cursor over a whole verification
    would hold a read transaction open and keep SQLite's log from being trimmed.
    """
    last = after
    entries = AuditEntry.objects.all() if among is None else among
    while True:
        rows = entries.filter(seq__gt=last).order_by("seq")
        values = list(rows.values_list(*rules.Entry.__slots__)[:CHUNK])
        if not values:
            return
        yield from (rules.Entry(*value) for value in values)
        last = values[-1][0]


def entries_to_head() -> Iterator[rules.Entry]:
    """The whole log while others add to it: it ends where the head, read last, says.

    An entry and its head are committed together, so a head that was read after the entries
    is never behind them, unless somebody else than this desk wrote to the table.
    """
    last = -1
    while True:
        start = last
        for entry in all_entries(after=last):
            last = entry.seq
            yield entry
        end = head()
        if last == start or end is None or end.seq <= last:
            return


def length() -> int:
    """How many entries the log should have: no count of rows, which takes long."""
    kept = head()
    return kept.seq if kept else 0


def last_check() -> AuditCheck | None:
    return AuditCheck.objects.order_by("-pk").first()


@dataclass(frozen=True, slots=True)
class Filter:
    """What a reader of the log looks for; "" and None look for everything."""

    actor: str = ""
    verb: str = ""
    target: str = ""
    since: datetime | None = None
    before: datetime | None = None


def filtered(wanted: Filter) -> QuerySet[AuditEntry]:
    """Give the entries that fit, newest first."""
    fits = Q()
    if wanted.actor:
        fits &= Q(actor=wanted.actor)
    if wanted.verb:
        fits &= Q(verb=wanted.verb)
    if wanted.target:
        fits &= Q(target=wanted.target)
    if wanted.since:
        fits &= Q(at__gte=wanted.since)
    if wanted.before:
        fits &= Q(at__lt=wanted.before)
    return AuditEntry.objects.filter(fits).order_by("-seq")


def page_of(entries: QuerySet[AuditEntry], below: int | None, size: int) -> list[AuditEntry]:
    """Give one page that starts below an entry, and one entry more if another page follows."""
    return list((entries.filter(seq__lt=below) if below else entries)[: size + 1])
