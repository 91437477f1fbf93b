"""Time moves what has to be verified again, and what nobody verified in time.

A clock can be wrong for an hour, and a worker can be off for weeks. So nothing leaves the list
before the authorities were asked for all days of grace, nothing leaves it in the moment in which
the time has jumped, and what a clock that ran ahead has done is undone when it comes back.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from breakwater.worstof.actions.life.moves import State, leave, locked
from breakwater.worstof.actions.told import CLOCK, Told
from breakwater.worstof.models import BlockList, Entry, Step
from breakwater.worstof.rules import clocks

CLOCKS_AT_ONCE = 500


def move_clocks(at: datetime) -> bool:
    """Move what has to be verified again, and what nobody verified in time; say if any moved."""
    moved = False
    # Two queries, since either alone is answered by an index.
    for wanted in (Q(state__in=Entry.PUBLISHED, due_at__lte=at), _asked_ahead(at)):
        found = Entry.objects.filter(wanted).order_by("due_at", "pk")[:CLOCKS_AT_ONCE]
        for entry in list(found):
            moved = _move_clock(entry, at) or moved
    return moved


def _asked_ahead(at: datetime) -> Q:
    """What has more days of grace than anything that is asked for now: the clock was ahead."""
    found = Q(pk__in=[])
    for number, days in BlockList.objects.values_list("pk", "grace_days"):
        after_fresh = Q(due_at__gt=F("fresh_until") + clocks.grace(days))
        is_later = Q(due_at__gt=clocks.lapses_at(at, days)) & after_fresh
        found |= Q(state=State.DUE, block_list=number) & is_later
    return found


def _move_clock(entry: Entry, at: datetime) -> bool:
    with transaction.atomic():
        entry = locked(entry)
        told = Told(entry, CLOCK, at)
        if Entry.objects.filter(_asked_ahead(at), pk=entry.pk).exists():
            _put_right(told)
        elif (state := clocks.next_state(entry.state, entry.due_at, at=at)) == entry.state:
            return False
        elif state == State.DUE:
            _fall_due(told)
        elif clocks.is_late(entry.due_at, at=at):
            entry.due_at = at + clocks.DAY_MORE
            told.say("worstof.entry.grace_moved")
        else:
            leave(told, State.LAPSED, "lapsed")
            told.say("worstof.entry.lapsed")
        told.write()
    return True


def ask_again(told: Told) -> None:
    """Have all authorities judge a listed entry anew, with all days of grace from now on."""
    entry = told.entry
    entry.state = State.DUE
    entry.round += 1
    entry.due_at = _end_of_grace(told)


def _end_of_grace(told: Told) -> datetime:
    asked = max(told.entry.fresh_until or told.at, told.at)
    return clocks.lapses_at(asked, told.entry.block_list.grace_days)


def _fall_due(told: Told) -> None:
    """Ask all authorities anew; the name stays blocked for the days of grace."""
    ask_again(told)
    told.say("worstof.entry.fell_due")


def _put_right(told: Told) -> None:
    """Undo what a clock that ran ahead did, or count the days of grace from now.

    Where nothing followed, the entry is as fresh as before, in the round that listed it.
    """
    entry = told.entry
    last = Step.objects.filter(entry=entry).order_by("-pk").values_list("verb", flat=True).first()
    is_fresh = entry.fresh_until is not None and entry.fresh_until > told.at
    if is_fresh and last == "worstof.entry.fell_due":
        entry.state = State.LISTED
        entry.round -= 1
        entry.due_at = entry.fresh_until
        told.say("worstof.entry.fresh_still")
    else:
        entry.due_at = _end_of_grace(told)
        told.say("worstof.entry.grace_moved")
