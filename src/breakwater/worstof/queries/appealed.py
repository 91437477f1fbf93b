"""Which appeals are about an entry: those against its name, and against what its block covers."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from breakwater.worstof.models import Appeal, AppealedName, Entry

OPEN = Appeal.State.OPEN


class Appeals(NamedTuple):
    """How many appeals there were, and how many of them are open."""

    total: int = 0
    open: int = 0


NONE = Appeals()


def is_appealed() -> Exists:
    """Of entries: whether an open appeal is about them."""
    found = AppealedName.objects.filter(name=OuterRef("name"), appeal__state=OPEN)
    of_list = Q(appeal__entry__block_list=OuterRef("block_list"))
    return Exists(found.filter(Q(appeal__part_of=None) | of_list))


def of_entry(found: QuerySet[Appeal], entry: Entry) -> QuerySet[Appeal]:
    """Those of the appeals that are about the entry; a part of this list stands for its whole."""
    parts = Appeal.objects.filter(entry__block_list=entry.block_list_id)
    whole = Q(part_of=None) & ~Exists(parts.filter(part_of=OuterRef("pk")))
    mine = whole | Q(part_of__isnull=False, entry__block_list=entry.block_list_id)
    return found.filter(mine, names__name=entry.name).order_by("-pk")


def counts(entries: Sequence[Entry]) -> dict[int, Appeals]:
    """By the entry's number; of at most 5000. An appeal and its parts count once."""
    rows = AppealedName.objects.filter(name__in={entry.name for entry in entries}).values_list(
        "name", "appeal__part_of", "appeal__entry__block_list", "appeal__state"
    )
    by_name: dict[str, list[tuple[bool, int | None, str]]] = {}
    for name, part_of, of_list, state in rows:
        by_name.setdefault(name, []).append((part_of is not None, of_list, state))
    return {
        entry.pk: _counted(by_name[entry.name], entry.block_list_id)
        for entry in entries
        if entry.name in by_name
    }


def _counted(rows: Iterable[tuple[bool, int | None, str]], block_list: int) -> Appeals:
    mine = [(part, state) for part, of_list, state in rows if not part or of_list == block_list]
    return Appeals(
        sum(not is_part for is_part, _state in mine), sum(state == OPEN for _part, state in mine)
    )
