"""Puts right where lists and resolvers differ, by a named person with a reason.

Both ways go through the publisher: with its guards, its brake and its log.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from breakwater.custody.actions import record
from breakwater.people.models import User
from breakwater.worstof.actions import last_defence
from breakwater.worstof.actions.life.moves import locked
from breakwater.worstof.actions.life.refusals import Guarded, NoReason, WrongState
from breakwater.worstof.actions.told import Told, Voice
from breakwater.worstof.actions.zone import queue_change
from breakwater.worstof.models import Entry, ZoneChange
from breakwater.worstof.queries import apart


def queue_again(entry: Entry, *, by: User, reason: str, at: datetime) -> Entry:
    """Have a listed domain blocked that is not blocked, as if its addition had just been decided.

    Raises:
        WrongState: it is not listed, is blocked, or is on its way.
        Guarded: a guard forbids it; the table has to be put right first.
        NoReason: no reason is given.
    """
    if not reason.strip():
        raise NoReason
    with transaction.atomic():
        entry = locked(entry)
        if not apart.unblocked().filter(pk=entry.pk).exists():
            raise WrongState(entry.state)
        if last_defence.all_forbidden([entry.name]):
            raise Guarded
        told = Told(entry, by, at, Voice.of(by))
        queue_change(entry, adds=True, at=at)
        told.say("worstof.entry.queued_again", reason=reason.strip())
        told.write()
    apart.count_anew()
    return entry


def take_off(names: Sequence[str], *, by: User, reason: str, at: datetime) -> list[str]:
    """Have those of the names opened again that are blocked although no list has them.

    What lists say of a name stays: a name that only a national list has is then blocked for that
    country alone. Gives the names.

    Raises:
        NoReason: no reason is given.
    """
    if not reason.strip():
        raise NoReason
    with transaction.atomic():
        found = list(apart.unlisted_for(by).filter(name__in=names).values_list("name", flat=True))
        # An entry that no longer lists the name may have left no removal behind.
        over = Entry.objects.select_for_update().filter(name__in=found)
        for entry in over.exclude(state__in=Entry.PUBLISHED).order_by("pk"):
            queue_change(entry, adds=False, at=at)
        rows = [ZoneChange(name=name, adds=False, decided_at=at) for name in found]
        made = [row.pk for row in ZoneChange.objects.bulk_create(rows)]
        if made:
            detail = {"reason": reason.strip(), "removed": len(found)}
            target = f"changes {made[0]} to {made[-1]}"
            record("worstof.names.taken_off", actor=by, at=at, target=target, detail=detail)
    apart.count_anew()
    return found
