"""How far the archive has met each change of a list; the room of reports asks and answers."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Exists, F, OuterRef, QuerySet

from breakwater.hashlists.actions.entries import NAMES
from breakwater.hashlists.models import Entry, Fingerprint, HashList, Kind, ListChange

__all__ = [
    "ListChange", "Listed", "advance", "begin", "entries_of", "finish", "next_change",
    "without_hashes",
]  # fmt: skip

# The form of a change that lets a list fall silent or speak again.
TERMS = "terms"
# So many hashes are sorted for each set more quickly than those of all other changes are passed over.
SORTED = 50_000


class Listed(NamedTuple):
    """One hash of a changed entry."""

    fingerprint: int
    entry: int
    kind: str
    value: str


def next_change() -> ListChange | None:
    """The oldest finished change that the archive has not met and that the index holds."""
    done = ListChange.objects.filter(
        state=ListChange.State.DONE,
        matched_at=None,
        hash_list__revision=F("hash_list__indexed_revision"),
    )
    return done.select_related("hash_list").order_by("id").first()


def begin(change: ListChange) -> None:
    """Count the hashes that the archive has to meet, the first time it meets any of them."""
    if change.to_meet is None:
        by, number = _concerned(change)
        change.to_meet = Fingerprint.objects.filter(**{by: number}).count()
        change.save(update_fields=["to_meet"])


def entries_of(change: ListChange, most: int) -> list[Listed]:
    """The next hashes of entries that this change wrote, deleted ones among them."""
    by, number = _concerned(change)
    found = Fingerprint.objects.filter(**{by: number})
    if (change.to_meet or 0) > SORTED:
        # By the sum a database reads on behind the last hash instead of sorting all for each set.
        found = Fingerprint.objects.annotate(number=F(by) + 0).filter(number=number)
    found = found.filter(id__gt=change.matched).order_by("id")
    rows = found.values_list("id", "entry", "kind", "value")[:most]
    return [Listed(pk, e, NAMES[Kind(kind)], bytes(value).hex()) for pk, e, kind, value in rows]


def without_hashes(change: ListChange) -> QuerySet[Entry]:
    """Entries of a change that have no searched hash left: none of `entries_of` names them."""
    hashes = Fingerprint.objects.filter(entry=OuterRef("pk"))
    return Entry.objects.filter(~Exists(hashes), changed_by=change)


def _concerned(change: ListChange) -> tuple[str, int]:
    """What entries have in common that a change concerns; one of terms concerns its whole list."""
    if change.form == TERMS:
        return "entry__hash_list", change.hash_list_id
    return "entry__changed_by", change.pk


def advance(change: ListChange, some: Sequence[Listed]) -> None:
    """Keep how far the archive has come."""
    change.matched = some[-1].fingerprint
    change.met += len(some)
    change.save(update_fields=["matched", "met"])


def finish(change: ListChange, at: datetime) -> None:
    """Say that the archive has met all of a change."""
    change.matched_at = at
    change.save(update_fields=["matched_at"])
    HashList.objects.filter(pk=change.hash_list_id).update(matched_revision=F("revision"))
