"""Time moves what has to be verified again, and what nobody verified in time."""

from datetime import datetime

from django.db import transaction

from breakwater.worstof.actions.life.moves import State, leave, locked
from breakwater.worstof.actions.told import CLOCK, Told
from breakwater.worstof.models import Entry
from breakwater.worstof.rules import clocks

CLOCKS_AT_ONCE = 500


def move_clocks(at: datetime) -> bool:
    """Move what has to be verified again, and what nobody verified in time; say if any moved."""
    due = Entry.objects.filter(state__in=Entry.PUBLISHED, due_at__lte=at).order_by("due_at", "pk")
    found = list(due[:CLOCKS_AT_ONCE])
    moved = [_move_clock(entry, at) for entry in found]
    return any(moved)


def _move_clock(entry: Entry, at: datetime) -> bool:
    with transaction.atomic():
        entry = locked(entry)
        state = clocks.next_state(entry.state, entry.due_at, at=at)
        if state == entry.state:
            return False
        told = Told(entry, CLOCK, at)
        if state == State.DUE:
            _fall_due(told)
        else:
            leave(told, State.LAPSED, "lapsed")
            told.say("worstof.entry.lapsed")
        told.write()
    return True


def _fall_due(told: Told) -> None:
    """Ask all authorities anew; the name stays blocked for the days of grace."""
    entry = told.entry
    entry.state = State.DUE
    entry.round += 1
    if entry.fresh_until:
        entry.due_at = clocks.lapses_at(entry.fresh_until, entry.block_list.grace_days)
    told.say("worstof.entry.fell_due")
