"""A discussion about an entry is begun and ended, and an entry is taken away."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from breakwater.people.models import User
from breakwater.worstof.actions.life.moves import (
    OPEN,
    State,
    begin_round,
    check_country,
    check_state,
    leave,
    locked,
)
from breakwater.worstof.actions.life.refusals import NoReason
from breakwater.worstof.actions.told import Told, Voice, write_leaving
from breakwater.worstof.models import Entry
from breakwater.worstof.queries.zone import pieces


def discuss(entry: Entry, *, by: User, reason: str, at: datetime) -> Entry:
    """Put an entry into discussion, or say a word more in it; nobody blocks what is discussed.

    Raises:
        WrongState: the entry is over.
        NoReason: no reason is given.
    """
    if not reason.strip():
        raise NoReason
    with transaction.atomic():
        entry = locked(entry)
        check_state(entry, OPEN)
        check_country(entry.block_list, Voice.of(by))
        told = Told(entry, by, at, Voice.of(by))
        leave(told, State.DISCUSSION)
        told.say("worstof.entry.discussed", reason=reason.strip())
        told.write()
    return entry


def settle(entry: Entry, *, by: User, reason: str, at: datetime, refuse: bool = False) -> Entry:
    """End a discussion: the entry is judged anew from the beginning, or refused.

    Raises:
        WrongState: the entry is not in discussion.
        NoReason: no reason is given.
    """
    if not reason.strip():
        raise NoReason
    with transaction.atomic():
        entry = locked(entry)
        check_state(entry, (State.DISCUSSION,))
        told = Told(entry, by, at, Voice.of(by))
        if refuse:
            leave(told, State.REFUSED)
        else:
            begin_round(entry)
        told.say("worstof.entry.settled", reason=reason.strip(), detail={"refused": refuse})
        told.write()
    return entry


def remove(entry: Entry, *, by: User, reason: str, at: datetime) -> Entry:
    """Take an entry away, listed or not yet: the content is gone, or it should not be here.

    Raises:
        WrongState: the entry is over already.
        NoReason: no reason is given.
    """
    if not reason.strip():
        raise NoReason
    with transaction.atomic():
        entry = locked(entry)
        check_state(entry, OPEN)
        told = Told(entry, by, at, Voice.of(by))
        leave(told, State.REMOVED)
        told.say("worstof.entry.removed", reason=reason.strip())
        told.write()
    return entry


def unlist(numbers: Collection[int], *, by: User, reason: str, at: datetime) -> None:
    """Take those of the entries away that are listed, because their additions were thrown away
    before anybody blocked them; what has moved on meanwhile stays as it is."""
    voice = Voice.of(by)
    rows = Entry.objects.select_for_update(of=("self",)).select_related("block_list")
    # All entries before the logs: whoever else writes locks them in that order.
    told = [
        Told(entry, by, at, voice)
        for piece in pieces(sorted(numbers))
        for entry in rows.filter(pk__in=piece, state__in=Entry.PUBLISHED).order_by("pk")
    ]
    for one in told:
        one.say("worstof.entry.removed", reason=reason)
    write_leaving(told, at=at)
