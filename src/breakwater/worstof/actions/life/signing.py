"""Two people who did not judge an entry sign for it, because a guard asks for care."""

from datetime import datetime

from django.db import transaction

from breakwater.people.models import User
from breakwater.worstof.actions.life.moves import (
    State,
    check_state,
    doubt,
    list_entry,
    locked,
    refuse_if_guarded,
)
from breakwater.worstof.actions.life.refusals import BroughtIn, JudgedIt, NoReason, SignedAlready
from breakwater.worstof.actions.told import Told, Voice
from breakwater.worstof.models import Entry, Signature
from breakwater.worstof.queries import hands
from breakwater.worstof.queries.judged import of_round, weighed
from breakwater.worstof.rules.verdict import SIGNATURES, Outcome


def sign(entry: Entry, *, by: User, reason: str, at: datetime) -> Signature:
    """Put an extra signature under a guarded entry; the second one lists it.

    Raises:
        WrongState: the entry waits for no signature.
        NoReason: no reason is given.
        JudgedIt: this person assessed the entry.
        BroughtIn: this person brought a partner's assessment of this round in by file.
        SignedAlready: this person signed before.
    """
    if not reason.strip():
        raise NoReason
    with transaction.atomic():
        entry = locked(entry)
        check_state(entry, (State.GUARDED,))
        _check_signer(entry, by)
        made = Signature.objects.create(
            entry=entry, round=entry.round, by=by, reason=reason.strip(), at=at
        )
        told = Told(entry, by, at, Voice.of(by))
        told.say("worstof.entry.signed", reason=reason.strip())
        if hands.signers(entry.signatures.filter(round=entry.round)) >= SIGNATURES:
            _list_signed(told)
        told.write()
    return made


def _check_signer(entry: Entry, by: User) -> None:
    """A signature is a further person's word: nobody's who had another part in this round."""
    if hands.judged_by(by, [entry]):
        raise JudgedIt
    if hands.brought_in_by(by, [entry]):
        raise BroughtIn
    if hands.signed_by(by, [entry]):
        raise SignedAlready


def _list_signed(told: Told) -> None:
    """List what two people signed, unless it became too old or forbidden while it waited."""
    if refuse_if_guarded(told):
        return
    if weighed(told.entry, of_round(told.entry), at=told.at).outcome is Outcome.VERIFIED:
        list_entry(told)
    else:
        doubt(told)
