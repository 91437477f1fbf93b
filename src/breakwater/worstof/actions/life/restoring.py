"""Whoever removed a listed domain by a slip takes that back."""

from datetime import datetime

from django.db import transaction

from breakwater.people.models import User
from breakwater.worstof.actions.life.moves import State, check_state, guards_of, locked
from breakwater.worstof.actions.life.refusals import NoReason, TooLate
from breakwater.worstof.actions.told import Told, Voice
from breakwater.worstof.models import Entry
from breakwater.worstof.queries.restorable import fresh_until_of


def restore(entry: Entry, *, by: User, reason: str, at: datetime) -> Entry:
    """List a domain again that `by` removed within the last ten minutes, as it was listed.

    Nothing is verified by it: the authorities' verifications are those of before, the day on which
    they have to be given anew stays the same, and the addition passes the brake like any other.

    Raises:
        WrongState: the domain is not removed.
        NoReason: no reason is given.
        TooLate: see `queries.restorable`, or a guard came to name the domain meanwhile.
    """
    if not reason.strip():
        raise NoReason
    with transaction.atomic():
        entry = locked(entry)
        check_state(entry, (State.REMOVED,))
        fresh_until = fresh_until_of(entry, by, at=at)
        if fresh_until is None or _guarded_anew(entry):
            raise TooLate
        entry.state = State.LISTED
        entry.fresh_until = entry.due_at = fresh_until
        entry.ended_at = None
        told = Told(entry, by, at, Voice.of(by))
        told.say("worstof.entry.restored", reason=reason.strip())
        told.enters()
        told.write()
    return entry


def _guarded_anew(entry: Entry) -> bool:
    found, refuses = guards_of(entry.name)
    signed = {(key, match) for key, match in entry.guards}
    return refuses or not {(key, match) for key, match in found} <= signed
