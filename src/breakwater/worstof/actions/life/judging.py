"""An authority judges an entry, and what all judgements together then ask for is done."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from breakwater.people.models import User
from breakwater.worstof.actions.life.moves import (
    State,
    check_country,
    check_state,
    doubt,
    leave,
    list_entry,
    locked,
    refuse_if_guarded,
)
from breakwater.worstof.actions.life.refusals import (
    BroughtIn,
    NoReason,
    NotSeenLately,
    OwnHands,
    SeenOthers,
    SignedIt,
    TooLate,
)
from breakwater.worstof.actions.told import Told, Voice
from breakwater.worstof.models import Assessment, Entry, Step
from breakwater.worstof.queries import hands
from breakwater.worstof.queries.independence import has_company, has_spoken, is_open_to
from breakwater.worstof.queries.judged import of_round, weighed
from breakwater.worstof.rules.verdict import CRITERIA, NO, YES, Outcome, is_fresh

MAY_BE_JUDGED = (State.NOMINATED, State.GUARDED, State.LISTED, State.DUE)
WITHDRAWABLE_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an authority says of the four criteria (`models.Answer`)."""

    real: str
    under_13: str
    severe: str
    online: str
    seen_online_at: datetime
    confidence: str
    note: str = ""

    @property
    def is_denial(self) -> bool:
        return any(getattr(self, criterion) == NO for criterion in CRITERIA)


def assess(
    entry: Entry,
    judgement: Judgement,
    *,
    by: User,
    at: datetime,
    voice: Voice | None = None,
    door: str = Assessment.Door.PAGE,
    beside: User | None = None,
) -> Assessment:
    """Judge an entry for one's authority, and do what all judgements together then ask for.

    `beside` is who brought in the partner's file that `by` has taken in.

    Raises:
        WrongState: the entry is in discussion or over.
        NotYours: the list takes authorities of one country only.
        NoReason: a criterion is denied on a page without a note.
        NotSeenLately: "online" is said of a sight too old, or a sight lies in the future.
        SignedIt: `by` has signed the entry in this round.
        BroughtIn: `by` brought a partner's assessment of this round in by file.
        SeenOthers: yes to all, and the authority can read what others said in this round.
        OwnHands: `by` brings a partner's in, and judged here or brought another partner's in.
    """
    voice = voice or Voice.of(by)
    check_country(entry.block_list, voice)
    _check_sight(judgement, at)
    # What a partner's file says without a note is not made up here.
    if door == Assessment.Door.PAGE and judgement.is_denial and not judgement.note.strip():
        raise NoReason
    with transaction.atomic():
        entry = locked(entry)
        check_state(entry, MAY_BE_JUDGED)
        for person in {by, beside or by}:
            _check_hands(entry, person, voice)
        _check_independence(entry, judgement, voice)
        made = Assessment.objects.create(
            entry=entry,
            round=entry.round,
            agency=voice.agency,
            by=voice.user,
            by_name=voice.name,
            door=door,
            at=at,
            **{name: getattr(judgement, name) for name in judgement.__slots__},
        )
        told = Told(entry, by, at, voice)
        told.say("worstof.entry.assessed", detail=_answers(made))
        _weigh(told)
        told.write()
    return made


def _check_sight(judgement: Judgement, at: datetime) -> None:
    is_old = judgement.online == YES and not is_fresh(judgement.seen_online_at, at=at)
    if is_old or judgement.seen_online_at > at:
        raise NotSeenLately


def _check_hands(entry: Entry, by: User, voice: Voice) -> None:
    """One person alone, with a file that nobody else saw, must not make two authorities agree.

    A signature is not struck out for a judgement that comes later: another may have been given
    because it stood there.
    """
    if hands.signed_by(by, [entry]):
        raise SignedIt
    if voice.user is not None:
        if hands.brought_in_by(by, [entry]):
            raise BroughtIn
    elif hands.judged_by(by, [entry]) or hands.brought_in_by(by, [entry], but_of=voice.agency):
        raise OwnHands


def _check_independence(entry: Entry, judgement: Judgement, voice: Voice) -> None:
    """A yes counts only if it was given before the others' answers were open; a doubt always."""
    rows, agency = of_round(entry), voice.agency.pk
    is_yes = all(getattr(judgement, name) == YES for name in CRITERIA)
    if is_yes and has_company(agency, rows) and is_open_to(agency, entry.block_list, rows):
        raise SeenOthers


def _answers(made: Assessment) -> dict[str, object]:
    """All that was said, for the audit log alone: the history of the entry is read by authorities
    that have not judged yet."""
    answers: dict[str, object] = {
        name: getattr(made, name) for name in (*CRITERIA, "confidence", "note")
    }
    answers["seen_online_at"] = made.seen_online_at.isoformat()
    return answers | {"agency": made.agency.name, "person": made.by_name, "door": made.door}


def _weigh(told: Told) -> None:
    """Move the entry to where its assessments put it."""
    entry = told.entry
    # What was seen lately enough when it was listed is not too old because a third one agrees:
    # while it is listed, the clock alone asks for new sights, and `weighed` goes by that day.
    result = weighed(entry, of_round(entry), at=told.at)
    if result.outcome is Outcome.DENIED:
        leave(told, State.DISCUSSION)
        told.say("worstof.entry.discussed")
    elif result.outcome is Outcome.VERIFIED:
        if entry.state in (State.NOMINATED, State.DUE):
            _verified(told)
    elif entry.state in (State.GUARDED, State.LISTED):
        doubt(told)


def _verified(told: Told) -> None:
    entry = told.entry
    signed = _pairs(entry) if entry.state == State.DUE else set()
    if refuse_if_guarded(told):
        return
    if _pairs(entry) - signed:
        leave(told, State.GUARDED)
        told.say("worstof.entry.guarded", detail={"guards": [key for key, _ in entry.guards]})
    else:
        list_entry(told)


def _pairs(entry: Entry) -> set[tuple[str, str]]:
    return {(key, match) for key, match in entry.guards}


def withdraw(made: Assessment, *, by: User, reason: str, at: datetime) -> Entry:
    """Take one's own assessment back, within ten minutes and while nothing has followed.

    Raises:
        NoReason: no reason is given.
        TooLate: it is another's, too old, or the entry has moved since.
        SeenOthers: it has opened what others said.
    """
    if not reason.strip():
        raise NoReason
    with transaction.atomic():
        entry = locked(made.entry)
        mine = Assessment.objects.filter(pk=made.pk, by=by, round=entry.round).first()
        last = Step.objects.filter(entry=entry).order_by("-pk").first()
        if mine is None or last is None or not _is_last(mine, last, at):
            raise TooLate
        rows = of_round(entry)
        if has_spoken(mine.agency_id, rows) and has_company(mine.agency_id, rows):
            raise SeenOthers
        told = Told(entry, by, at, Voice(mine.agency, mine.by_name, by))
        told.say("worstof.entry.withdrawn", reason=reason.strip(), detail=_answers(mine))
        mine.delete()  # what it said stays in the audit log
        told.write()
    return entry


def _is_last(mine: Assessment, last: Step, at: datetime) -> bool:
    is_mine = last.verb == "worstof.entry.assessed" and last.at == mine.at
    return is_mine and last.by_name == mine.by_name and at - mine.at <= WITHDRAWABLE_FOR
