"""All that a list says, as values that any format can be written from."""

import json
from collections.abc import Iterator

from breakwater.formats.hash_entry import HashEntry
from breakwater.hashlists.actions.entries import restore
from breakwater.hashlists.models import Entry, Fingerprint, HashList, VicsFrame
from breakwater.hashlists.rules.frames import Frame

AT_ONCE = 5_000


def entries(hash_list: HashList) -> Iterator[HashEntry]:
    """Every entry that is not withdrawn, in the order in which the desk learnt of them."""
    last = 0
    while True:
        alive = Entry.objects.filter(hash_list=hash_list, deleted_at=None, pk__gt=last)
        found = list(alive.order_by("pk")[:AT_ONCE])
        if not found:
            return
        last = found[-1].pk
        hashes: dict[int, list[tuple[int, bytes]]] = {}
        # Entries of other lists between them come along; lists are mostly written in one piece.
        rows = Fingerprint.objects.filter(entry_id__gte=found[0].pk, entry_id__lte=last)
        for pk, kind, value in rows.order_by("kind", "id").values_list("entry_id", "kind", "value"):
            hashes.setdefault(pk, []).append((kind, bytes(value)))
        for entry in found:
            yield restore(entry, hashes.get(entry.pk, ()))


def frames(hash_list: HashList) -> Iterator[Frame]:
    """What stood around the records of VICS files, in the order in which they came."""
    for row in VicsFrame.objects.filter(hash_list=hash_list).order_by("pk"):
        case = json.loads(row.case) if row.case else None
        kind, version, scheme, name = json.loads(row.frame)
        yield Frame(kind, version, scheme, name, json.loads(row.root), case)
