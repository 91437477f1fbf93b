"""Whether what is listed is blocked, and what is no longer listed is open, for their pages."""

from collections.abc import Sequence
from enum import StrEnum

from django.db.models import QuerySet

from breakwater.worstof.models import Entry, HeldChange, ZoneChange
from breakwater.worstof.queries import zone


class Standing(StrEnum):
    """Whether a listed domain is blocked, or why one that is not listed still is."""

    BLOCKED = "blocked"
    WAITS = "waits"  # for the publisher
    HELD = "held"  # for the second person
    UNBLOCKED = "unblocked"
    LEAVING = "leaving"  # its removal waits for the publisher
    LEAVING_HELD = "leaving-held"  # its removal waits for two signatures


STILL_BLOCKED = (Standing.LEAVING, Standing.LEAVING_HELD)


def waiting_or_held() -> QuerySet[ZoneChange]:
    """Changes that the publisher has yet to see, or may yet be let go."""
    return ZoneChange.objects.filter(published_at=None, refused="")


def standings(entries: Sequence[Entry]) -> dict[int, Standing]:
    """How those of the entries stand that are listed, or still blocked, by their number."""
    names = {entry.name for entry in entries}
    there = zone.kept(sorted(names))
    rows = waiting_or_held().filter(name__in=names).order_by("pk")
    coming: dict[tuple[str, int | None, bool], bool] = {}
    for name, entry, adds, held in rows.values_list("name", "entry_id", "adds", "held__state"):
        coming[name, entry, adds] = held == HeldChange.State.WAITING
    found = {entry.pk: _standing(entry, there, coming) for entry in entries}
    return {pk: standing for pk, standing in found.items() if standing}


def _standing(
    entry: Entry, there: dict[str, bool], coming: dict[tuple[str, int | None, bool], bool]
) -> Standing | None:
    is_there = entry.name in there
    if entry.state not in Entry.PUBLISHED:
        # A removal without an entry is of a name that no list has any more.
        keys = [(entry.name, of, False) for of in (entry.pk, None)]
        held = [coming[key] for key in keys if key in coming]
        if not (is_there and held):
            return None
        return Standing.LEAVING_HELD if any(held) else Standing.LEAVING
    if is_there and (entry.block_list.country or not there[entry.name]):
        return Standing.BLOCKED
    is_held = coming.get((entry.name, entry.pk, True))
    if is_held is None:
        return Standing.UNBLOCKED
    return Standing.HELD if is_held else Standing.WAITS
