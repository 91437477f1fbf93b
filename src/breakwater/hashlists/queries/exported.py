"""All that a list says, as values that any format can be written from."""

import json
from array import array
from collections.abc import Iterable, Iterator, Sequence

from django.db import connection
from django.db.models import QuerySet

from breakwater.formats.hash_entry import HashEntry
from breakwater.hashlists.actions.entries import restore
from breakwater.hashlists.models import Entry, HashList, VicsFrame
from breakwater.hashlists.queries.told import told_of
from breakwater.hashlists.rules.frames import Frame, frame_name
from breakwater.storage import bulk

AT_ONCE = 5_000


class Stored:
    """Entries by their numbers, read anew each time they are gone through, a set at a time."""

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        self.numbers = array("q", numbers)

    def __iter__(self) -> Iterator[HashEntry]:
        for found in self.sets():
            yield from _restored(list(found))

    def sets(self) -> Iterator[QuerySet[Entry]]:
        """Give the rows of those that are not withdrawn, in order."""
        for first in range(0, len(self.numbers), AT_ONCE):
            numbers = self.numbers[first : first + AT_ONCE].tolist()
            yield Entry.objects.filter(pk__in=numbers, deleted_at=None).order_by("pk")


def entries(hash_list: HashList) -> Stored:
    """Every entry that is not withdrawn, in the order in which the desk learnt of them.

    Eight bytes of each are held: to read on behind the last one, SQLite sorts all of the list.
    """
    alive = told_of(hash_list).filter(deleted_at=None).order_by("pk")
    return Stored(alive.values_list("pk", flat=True).iterator(AT_ONCE))


def by_frame(hash_list: HashList) -> dict[tuple[str, ...], Stored]:
    """What `entries` gives, by the frame that the records stood in."""
    found: dict[tuple[str, ...], Stored] = {}
    for rows in entries(hash_list).sets():
        for number, facts in rows.values_list("pk", "facts"):
            name = frame_name(json.loads(bytes(facts)).get("extra", {}))
            found.setdefault(name, Stored()).numbers.append(number)
    return found


def frames(hash_list: HashList) -> Iterator[Frame]:
    """What stood around the records of VICS files, in the order in which they came."""
    for row in VicsFrame.objects.filter(hash_list=hash_list).order_by("pk"):
        case = json.loads(row.case) if row.case else None
        kind, version, scheme, name = json.loads(row.frame)
        yield Frame(kind, version, scheme, name, json.loads(row.root), case)


def _restored(found: Sequence[Entry]) -> Iterator[HashEntry]:
    hashes: dict[int, list[tuple[int, bytes]]] = {}
    where, parameter = bulk.among("entry_id", [entry.pk for entry in found])
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT entry_id, kind, value FROM hashlists_fingerprint WHERE {where}"  # noqa: S608
            " ORDER BY kind, id",
            [parameter],
        )
        for number, kind, value in cursor.fetchall():
            hashes.setdefault(number, []).append((kind, bytes(value)))
    for entry in found:
        yield restore(entry, hashes.get(entry.pk, ()))
