"""What the transparency log says: leaves, heads, and the hashes that proofs are made of."""

from collections.abc import Collection
from datetime import UTC

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
