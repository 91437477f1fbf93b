"""What the transparency log says: leaves, heads, and the hashes that proofs are made of."""

import json
from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from django.db.models import QuerySet

from breakwater.custody.models import AuditEntry
from breakwater.formats.domain_name import BadName, read_name
from breakwater.storage.bulk import fetch_by_ids
from breakwater.worstof.models import LogHead, LogLeaf, LogNode
from breakwater.worstof.rules import merkle
from breakwater.worstof.rules.leaves import Head


def size() -> int:
    """How many leaves there are, signed or not."""
    last = LogLeaf.objects.order_by("-index").values_list("index", flat=True).first()
    return 0 if last is None else last + 1


def nodes(wanted: Collection[merkle.Node]) -> dict[merkle.Node, bytes]:
    """The hashes of these full nodes, in one query.

    Raises:
        KeyError: one of them is not kept, because the log is shorter or was damaged.
    """
    places = {merkle.place(node): node for node in wanted}
    rows = fetch_by_ids(LogNode, ("place", "hash"), places)
    found = {places[place]: bytes(value) for place, value in rows}
    if len(found) < len(places):
        raise KeyError(f"{len(places) - len(found)} hashes of the log are gone")
    return found


def root_at(size: int) -> bytes:
    return merkle.hashes_of([(0, size)], nodes)[0]


def inclusion_proof(index: int, size: int) -> list[bytes]:
    """Raises: ValueError: no such leaf; KeyError: the log was damaged."""
    return merkle.hashes_of(merkle.inclusion_spans(index, size), nodes)


def consistency_proof(old: int, size: int) -> list[bytes]:
    """Raises: ValueError: no such sizes; KeyError: the log was damaged."""
    return merkle.hashes_of(merkle.consistency_spans(old, size), nodes)


def head_of(row: LogHead) -> Head:
    return Head(row.size, bytes(row.root), row.at.astimezone(UTC), bytes(row.signature))


def last_head() -> Head | None:
    row = LogHead.objects.order_by("-size").first()
    return head_of(row) if row else None


def signed_last() -> datetime | None:
    """When the desk last signed a head, by its clock of then; the head can carry another time."""
    rows = AuditEntry.objects.filter(verb="worstof.log.signed").order_by("-seq")
    return rows.values_list("at", flat=True).first()


def heads(since: int = 0, limit: int | None = None) -> list[Head]:
    """Signed heads by size, those of at least `since` leaves; at most `limit`."""
    rows = LogHead.objects.filter(size__gte=since).order_by("size")
    return [head_of(row) for row in rows[:limit]]


def leaves(start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Index and commitment of the leaves from `start` up to the one before `end`, as kept."""
    rows = LogLeaf.objects.filter(index__gte=start, index__lt=end).order_by("index")
    for index, commitment in rows.values_list("index", "commitment").iterator():
        yield index, bytes(commitment)


def leaf_hash(index: int) -> bytes:
    """The hash of a leaf as it was kept when the leaf was added.

    Raises:
        KeyError: there is none.
    """
    return nodes([(0, index)])[0, index]


def leaves_of(what: str) -> QuerySet[LogLeaf]:
    """The leaf of this number, or every leaf that hides a decision on this domain.

    Leaves hold names in their normal form; an appeal about what is none is found by its own words.
    """
    rows = LogLeaf.objects.order_by("index")
    if what.isascii() and what.isdigit():
        return rows.filter(index=int(what)) if len(what) < 19 else rows.none()
    try:
        name = read_name(what).name
    except BadName:
        name = what.lower()
    # Only an auditor's command asks this, so that no index has to hold names.
    return rows.filter(decision__contains=f'"name":{json.dumps(name, ensure_ascii=False)}')
