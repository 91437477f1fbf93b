"""Whether what is listed is blocked, for the pages that show it."""

from collections.abc import Sequence
from enum import StrEnum

from django.db.models import QuerySet

from breakwater.worstof.models import Entry, HeldChange, ZoneChange
from breakwater.worstof.queries import zone


class Standing(StrEnum):
    """Whether a listed domain is blocked."""

    BLOCKED = "blocked"
    WAITS = "waits"  # for the publisher
    HELD = "held"  # for the second person
    UNBLOCKED = "unblocked"


def waiting_or_held() -> QuerySet[ZoneChange]:
    """Changes that the publisher has yet to see, or may yet be let go."""
    return ZoneChange.objects.filter(published_at=None, refused="")


def standings(entries: Sequence[Entry]) -> dict[int, Standing]:
    """How those of the entries stand that are listed, by their number."""
    listed = [entry for entry in entries if entry.state in Entry.PUBLISHED]
    there = zone.kept([entry.name for entry in listed])
    rows = (
        waiting_or_held().filter(entry__in=[entry.pk for entry in listed], adds=True).order_by("pk")
    )
    coming = dict(rows.values_list("entry_id", "held__state"))
    found = {}
    for entry in listed:
        if entry.name in there and (entry.block_list.country or not there[entry.name]):
            found[entry.pk] = Standing.BLOCKED
        elif entry.pk not in coming:
            found[entry.pk] = Standing.UNBLOCKED
        else:
            is_held = coming[entry.pk] == HeldChange.State.WAITING
            found[entry.pk] = Standing.HELD if is_held else Standing.WAITS
    return found
