"""What a change that is not finished will say of entries that its list holds already.

Until its end the list speaks as before: whoever asks, pulls or exports sees nothing of a change that
is half written, and nothing of one that is never finished. With its end all of it holds, in the one
transaction that also says that it ended.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from breakwater.hashlists.models import AmendedHash, Amendment, Entry, ListChange
from breakwater.storage import bulk

# Rows of finished changes are removed so many at a time: nobody waits for it.
SWEPT_AT_ONCE = 20_000
FIELDS = (
    "change", "entry_id", "member", "media", "grade", "mapped_grade", "is_deleted", "facts",
    "has_other_hashes",
)  # fmt: skip
Row = tuple[Any, ...]


def stage(change: ListChange, rows: Sequence[Row], hashes: Iterable[Row]) -> None:
    """Keep what the change says: `rows` as `FIELDS` behind the first, `hashes` as entry, kind, value.

    What it said of the same entries before is replaced.
    """
    if not rows:
        return
    where, parameter = bulk.among("entry_id", [row[0] for row in rows])
    with connection.cursor() as cursor:
        for model in (Amendment, AmendedHash):
            cursor.execute(
                f"DELETE FROM {model._meta.db_table} WHERE change_id = %s AND {where}",  # noqa: S608
                [change.pk, parameter],
            )
    bulk.insert(Amendment, FIELDS, [(change.pk, *row) for row in rows])
    found = [(change.pk, *row) for row in hashes]
    bulk.insert(AmendedHash, ("change", "entry_id", "kind", "value"), found)


def hashes_of(change: ListChange, entries: Sequence[int]) -> dict[int, set[tuple[int, bytes]]]:
    """The hashes that the change will give to entries; those that get none are there too."""
    found: dict[int, set[tuple[int, bytes]]] = {pk: set() for pk in entries}
    if entries:
        where, parameter = bulk.among("entry_id", entries)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT entry_id, kind, value FROM hashlists_amendedhash"  # noqa: S608
                f" WHERE change_id = %s AND {where}",
                [change.pk, parameter],
            )
            for entry_id, kind, value in cursor.fetchall():
                found[entry_id].add((kind, bytes(value)))
    return found


def grades_after(change: ListChange) -> Counter[tuple[str, str]]:
    """By how many entries each grade of the list will have more, or fewer, once it is applied."""
    counted: Counter[tuple[str, str]] = Counter()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.grade, e.mapped_grade, COUNT(*) FROM hashlists_amendment a"
            " JOIN hashlists_entry e ON e.id = a.entry_id"
            " JOIN hashlists_listchange c ON c.id = e.changed_by_id"
            " WHERE a.change_id = %s AND e.deleted_at IS NULL AND c.finished_at IS NOT NULL"
            " GROUP BY 1, 2",
            [change.pk],
        )
        for grade, mapped, count in cursor.fetchall():
            counted[grade, mapped] -= count
        cursor.execute(
            "SELECT grade, mapped_grade, COUNT(*) FROM hashlists_amendment"
            " WHERE change_id = %s AND NOT is_deleted GROUP BY 1, 2",
            [change.pk],
        )
        for grade, mapped, count in cursor.fetchall():
            counted[grade, mapped] += count
    return counted


def apply(change: ListChange, *, at: datetime) -> None:
    """Let all that was staged hold, inside the transaction that finishes the change."""
    open_too = ListChange.objects.filter(hash_list=change.hash_list_id, finished_at=None)
    if open_too.exclude(pk=change.pk).exists():
        _stage_for_others(change)
    deleted_at = connection.ops.adapt_datetimefield_value(at)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE hashlists_entry SET member = a.member, media = a.media, grade = a.grade,"
            " mapped_grade = a.mapped_grade, facts = a.facts, changed_by_id = a.change_id,"
            " deleted_at = CASE WHEN a.is_deleted THEN %s ELSE NULL END"
            " FROM hashlists_amendment a"
            " WHERE a.change_id = %s AND a.entry_id = hashlists_entry.id",
            [deleted_at, change.pk],
        )
        if not cursor.rowcount:
            return
        cursor.execute(
            "DELETE FROM hashlists_fingerprint WHERE entry_id IN (SELECT entry_id"
            " FROM hashlists_amendment WHERE change_id = %s AND has_other_hashes)",
            [change.pk],
        )
        cursor.execute(
            "INSERT INTO hashlists_fingerprint (entry_id, kind, value)"
            " SELECT entry_id, kind, value FROM hashlists_amendedhash WHERE change_id = %s"
            " ORDER BY id",
            [change.pk],
        )


def _stage_for_others(change: ListChange) -> None:
    """Stage what other unfinished changes wrote as new, before this one takes it over."""
    theirs = (
        " FROM hashlists_amendment a JOIN hashlists_entry e ON e.id = a.entry_id"
        " JOIN hashlists_listchange c ON c.id = e.changed_by_id"
    )
    where = " WHERE a.change_id = %s AND c.id <> a.change_id AND c.finished_at IS NULL"
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO hashlists_amendment (change_id, entry_id, member, media, grade,"
            " mapped_grade, is_deleted, facts, has_other_hashes) SELECT c.id, e.id, e.member,"
            " e.media, e.grade, e.mapped_grade, e.deleted_at IS NOT NULL, e.facts, TRUE"
            f"{theirs}{where}",
            [change.pk],
        )
        cursor.execute(
            "INSERT INTO hashlists_amendedhash (change_id, entry_id, kind, value)"
            f" SELECT c.id, f.entry_id, f.kind, f.value{theirs}"
            f" JOIN hashlists_fingerprint f ON f.entry_id = e.id{where}",
            [change.pk],
        )


def sweep() -> None:
    """Remove what finished changes had staged, also those whose worker was killed before this."""
    for model in (Amendment, AmendedHash):
        while True:
            over = model.objects.filter(change__finished_at__isnull=False).order_by()
            some = list(over.values_list("pk", flat=True)[:SWEPT_AT_ONCE])
            if not some:
                break
            where, parameter = bulk.among("id", some)
            with connection.cursor() as cursor:
                cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE {where}", [parameter])  # noqa: S608


def drop(change: ListChange) -> None:
    """Take back all that an unfinished change wrote, and the change itself.

    Where entries of it are left for another, the change stays with them.
    """
    take_back(change)
    if Entry.objects.filter(changed_by=change).exists():
        ListChange.objects.filter(pk=change.pk).update(state=ListChange.State.FAILED)
    else:
        change.delete()


def take_back(change: ListChange) -> None:
    """Remove what an unfinished change wrote and staged.

    New entries of it of which another unfinished change speaks are left for that one.
    """
    mine = (
        "SELECT id FROM hashlists_entry WHERE changed_by_id = %s AND id NOT IN"
        " (SELECT entry_id FROM hashlists_amendment WHERE change_id <> %s)"
    )
    with connection.cursor() as cursor:
        for table in ("fingerprint", "opinion", "foreignopinion"):
            cursor.execute(
                f"DELETE FROM hashlists_{table} WHERE entry_id IN ({mine})",  # noqa: S608
                [change.pk, change.pk],
            )
        cursor.execute(
            f"DELETE FROM hashlists_entry WHERE id IN ({mine})",  # noqa: S608
            [change.pk, change.pk],
        )
        for table in ("amendment", "amendedhash"):
            cursor.execute(f"DELETE FROM hashlists_{table} WHERE change_id = %s", [change.pk])  # noqa: S608
