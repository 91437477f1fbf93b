"""Reads of the audit log: for its page, for the history of one thing, for verification."""

from collections.abc import Iterator

from django.db.models import QuerySet

from breakwater.custody import rules
from breakwater.custody.models import AuditEntry, AuditHead

CHUNK = 5000


def entries_for(target: str) -> QuerySet[AuditEntry]:
    """What happened to one thing, newest first."""
    return AuditEntry.objects.filter(target=target).order_by("-seq")


def head() -> rules.Head | None:
    row = AuditHead.objects.filter(pk=1).first()
    return rules.Head(row.seq, row.hash) if row else None


def plain(entry: AuditEntry) -> rules.Entry:
    return rules.Entry(**{name: getattr(entry, name) for name in rules.Entry.__slots__})


def all_entries() -> Iterator[rules.Entry]:
    """The whole log in its order, in pieces: it can be millions of rows.

    Read by key and not with one open cursor, because a cursor over a whole verification
    would hold a read transaction open and keep SQLite's log from being trimmed.
    """
    last = -1
    while True:
        rows = AuditEntry.objects.filter(seq__gt=last).order_by("seq")
        values = list(rows.values_list(*rules.Entry.__slots__)[:CHUNK])
        if not values:
            return
        yield from (rules.Entry(*value) for value in values)
        last = values[-1][0]
