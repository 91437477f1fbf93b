"""All that a list says, as values that any format can be written from."""

import json
from array import array
from collections.abc import Iterator, Sequence

from django.db import connection
from django.db.models import QuerySet

from breakwater.formats.hash_entry import HashEntry
from breakwater.hashlists.actions.entries import restore
from breakwater.hashlists.models import Entry, HashList, VicsFrame
from breakwater.hashlists.rules.frames import Frame, frame_name
from breakwater.storage import bulk

AT_ONCE = 5_000


class Stored:
    """Entries by their numbers, read anew each time they are gone through, a set at a time."""

    def __init__(self) -> None:
        self.numbers = array("q")

    def __iter__(self) -> Iterator[HashEntry]:
        for first in range(0, len(self.numbers), AT_ONCE):
            numbers = self.numbers[first : first + AT_ONCE].tolist()
            alive = Entry.objects.filter(pk__in=numbers, deleted_at=None)
            yield from _restored(list(alive.order_by("pk")))


def entries(hash_list: HashList) -> Iterator[HashEntry]:
    """Every entry that is not withdrawn, in the order in which the desk learnt of them."""
    last = 0
    while found := list(_alive(hash_list, last)[:AT_ONCE]):
        last = found[-1].pk
        yield from _restored(found)


def by_frame(hash_list: HashList) -> dict[tuple[str, ...], Stored]:
    """What `entries` gives, by the frame that the records stood in; eight bytes each are held."""
    found: dict[tuple[str, ...], Stored] = {}
    last = 0
    while rows := list(_alive(hash_list, last).values_list("pk", "facts")[:AT_ONCE]):
        for last, facts in rows:
            name = frame_name(json.loads(bytes(facts)).get("extra", {}))
            found.setdefault(name, Stored()).numbers.append(last)
    return found


def frames(hash_list: HashList) -> Iterator[Frame]:
    """What stood around the records of VICS files, in the order in which they came."""
    for row in VicsFrame.objects.filter(hash_list=hash_list).order_by("pk"):
        case = json.loads(row.case) if row.case else None
        kind, version, scheme, name = json.loads(row.frame)
        yield Frame(kind, version, scheme, name, json.loads(row.root), case)


def _alive(hash_list: HashList, after: int) -> QuerySet[Entry]:
    return Entry.objects.filter(hash_list=hash_list, deleted_at=None, pk__gt=after).order_by("pk")


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
