"""What becomes of a domain: put forward, judged, listed, doubted, verified again, taken away.

Every verb locks the entry's row first, so that of two that come at once the second sees what the
first has done: two second verifications list a domain once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from breakwater.formats.domain_name import DomainName, read_name
from breakwater.people.models import User
from breakwater.worstof.actions.told import CLOCK, Told, Voice
from breakwater.worstof.models import (
    Assessment,
    BlockList,
    Entry,
    Nomination,
    PartnerLine,
    Signature,
    Step,
)
from breakwater.worstof.queries.judged import of_round, plain, rule_of, weighed
from breakwater.worstof.queries.known_names import known
from breakwater.worstof.rules import clocks
from breakwater.worstof.rules.guards import guards_for
from breakwater.worstof.rules.verdict import (
    CRITERIA,
    SIGNATURES,
    YES,
    Outcome,
    is_fresh,
    may_judge,
)

State = Entry.State
MAY_BE_JUDGED = (State.NOMINATED, State.GUARDED, State.LISTED, State.DUE)
OVER = (State.LAPSED, State.REMOVED, State.REFUSED)
OPEN = tuple(state for state in State if state not in OVER)
WITHDRAWABLE_FOR = timedelta(minutes=10)
CLOCKS_AT_ONCE = 500


class Refusal(Exception):
    """A verb cannot be done to this entry now; the class says why."""


class WrongState(Refusal):
    """The entry is in a state in which this cannot be done."""


class NotYours(Refusal):
    """The list takes authorities of one country only, and this is another."""


class AlreadyNominated(Refusal):
    """This authority has put the domain forward already, with the same evidence."""


class NotSeenLately(Refusal):
    """Said to be online, but seen longer ago than three months, or in the future."""


class JudgedIt(Refusal):
    """An extra signature has to come from somebody who did not judge the entry."""


class SignedAlready(Refusal):
    """One person signs once."""


class BroughtIn(Refusal):
    """This person brought another authority's word in: two words need two people."""


class TooLate(Refusal):
    """Ten minutes have passed, or something has followed."""


class NoReason(Refusal):
    """It has to be said why."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """Why a domain is put forward. Words and numbers, never content."""

    evidence: str  # the authority's own file number
    seen: str
    seen_at: datetime
    source: str = Nomination.Source.HAND
    report_number: str = ""
    hosting: Mapping[str, str] = field(default_factory=dict)


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


def nominate(
    block_list: BlockList,
    given: str,
    sighting: Sighting,
    *,
    by: User,
    at: datetime,
    voice: Voice | None = None,
) -> Entry:
    """Put a domain forward for a list; a name that may never be blocked comes back refused.

    An entry under way only gets the nomination more; one that is over begins a new round.
    `voice` is whose nomination it is, if `by` merely hands it in.

    Raises:
        BadName: `given` has no name that a resolver could block.
        NotYours: the list takes authorities of one country only.
        AlreadyNominated: this authority did so before, with the same evidence and moment.
    """
    name = read_name(given)
    voice = voice or Voice.of(by)
    _check_country(block_list, voice)
    with transaction.atomic():
        entry, is_new = _entry_of(block_list, name, at)
        told = Told(entry, by, at, voice)
        if _is_known(entry, sighting, voice):
            raise AlreadyNominated
        entry.hosting = {**entry.hosting, **{k: v for k, v in sighting.hosting.items() if v}}
        told.say(
            "worstof.entry.nominated", detail={"list": block_list.name, "source": sighting.source}
        )
        _keep_nomination(entry, given, sighting, voice, at)
        if is_new or entry.state in OVER:
            _begin_round(entry, is_new=is_new)
            _refuse_if_guarded(told)
        told.write()
    return entry


def _entry_of(block_list: BlockList, name: DomainName, at: datetime) -> tuple[Entry, bool]:
    entry, is_new = Entry.objects.get_or_create(
        block_list=block_list,
        name=name.name,
        defaults={"shown": name.shown, "created_at": at},
    )
    return _locked(entry), is_new


def _locked(entry: Entry) -> Entry:
    found = Entry.objects.select_for_update(of=("self",)).select_related("block_list")
    return found.get(pk=entry.pk)


def _check_country(block_list: BlockList, voice: Voice) -> None:
    if not may_judge(voice.agency.country, rule_of(block_list)):
        raise NotYours


def _is_known(entry: Entry, sighting: Sighting, voice: Voice) -> bool:
    same = entry.nominations.filter(
        agency=voice.agency, evidence=sighting.evidence, seen_at=sighting.seen_at
    )
    return same.exists()


def _keep_nomination(
    entry: Entry, given: str, sighting: Sighting, voice: Voice, at: datetime
) -> None:
    Nomination.objects.create(
        entry=entry,
        source=sighting.source,
        report_number=sighting.report_number,
        evidence=sighting.evidence,
        seen=sighting.seen,
        seen_at=sighting.seen_at,
        given=given[:2000],
        agency=voice.agency,
        by=voice.user,
        by_name=voice.name,
        at=at,
    )


def _begin_round(entry: Entry, *, is_new: bool = False) -> None:
    entry.round += 0 if is_new else 1
    entry.state = State.NOMINATED
    entry.listed_at = entry.fresh_until = entry.due_at = entry.ended_at = None


def _refuse_if_guarded(told: Told) -> bool:
    """Look at the guards again; say whether one of them forbids the name."""
    entry = told.entry
    entry.guards, refuses = _guards(entry.name)
    if refuses:
        _leave(told, State.REFUSED)
        told.say("worstof.entry.refused", detail={"guards": [key for key, _ in entry.guards]})
    return refuses


def _guards(name: str) -> tuple[list[list[str]], bool]:
    """Key and match of each guard that names it, and whether one of them forbids the name."""
    found = guards_for(name, known())
    return [[guard.key, guard.match] for guard in found], any(guard.refuses for guard in found)


def assess(
    entry: Entry,
    judgement: Judgement,
    *,
    by: User,
    at: datetime,
    voice: Voice | None = None,
    door: str = Assessment.Door.PAGE,
) -> Assessment:
    """Judge an entry for one's authority, and do what all judgements together then ask for.

    Raises:
        WrongState: the entry is in discussion or over.
        NotYours: the list takes authorities of one country only.
        NotSeenLately: "online" is said of a sight too old, or a sight lies in the future.
        BroughtIn: `by` brought a partner's assessment of this round in by file.
    """
    voice = voice or Voice.of(by)
    _check_country(entry.block_list, voice)
    _check_sight(judgement, at)
    with transaction.atomic():
        entry = _locked(entry)
        _check_state(entry, MAY_BE_JUDGED)
        if voice.user is not None:
            _check_hands(entry, voice.user)
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


def _check_state(entry: Entry, wanted: tuple[Entry.State, ...]) -> None:
    if entry.state not in wanted:
        raise WrongState(entry.state)


def _check_hands(entry: Entry, by: User) -> None:
    """One person alone, with a file that nobody else saw, must not make two authorities agree."""
    brought = PartnerLine.objects.filter(file__by=by, assessment__entry=entry)
    if brought.filter(assessment__round=entry.round).exists():
        raise BroughtIn


def _answers(made: Assessment) -> dict[str, object]:
    answers: dict[str, object] = {name: getattr(made, name) for name in CRITERIA}
    return answers | {"agency": made.agency.name, "person": made.by_name, "door": made.door}


def _weigh(told: Told) -> None:
    """Move the entry to where its assessments put it."""
    entry = told.entry
    # What was seen lately enough when it was listed is not too old because a third one agrees:
    # while it is listed, the clock alone asks for new sights.
    since = entry.listed_at if entry.state == State.LISTED else None
    result = weighed(entry, of_round(entry), at=since or told.at)
    if result.outcome is Outcome.DENIED:
        _leave(told, State.DISCUSSION)
        told.say("worstof.entry.discussed")
    elif result.outcome is Outcome.VERIFIED:
        if entry.state in (State.NOMINATED, State.DUE):
            _verified(told)
    elif entry.state in (State.GUARDED, State.LISTED):
        _leave(told, State.NOMINATED)
        told.say("worstof.entry.doubted")


def _verified(told: Told) -> None:
    entry = told.entry
    signed = _pairs(entry) if entry.state == State.DUE else set()
    if _refuse_if_guarded(told):
        return
    if _pairs(entry) - signed:
        _leave(told, State.GUARDED)
        told.say("worstof.entry.guarded", detail={"guards": [key for key, _ in entry.guards]})
    else:
        _list(told)


def _pairs(entry: Entry) -> set[tuple[str, str]]:
    return {(key, match) for key, match in entry.guards}


def _list(told: Told) -> None:
    """Have the entry blocked, or keep it blocked for another period."""
    entry = told.entry
    was_listed = entry.state in Entry.PUBLISHED
    entry.state = State.LISTED
    entry.fresh_until = clocks.fresh_until(told.at, entry.block_list.fresh_days)
    entry.due_at = entry.fresh_until
    if was_listed:
        told.say("worstof.entry.verified_again")
        return
    entry.listed_at = told.at
    told.say("worstof.entry.listed")
    told.enters()


def _leave(told: Told, state: Entry.State, verb: str = "removed") -> None:
    """Move the entry to a state in which nobody blocks it."""
    entry = told.entry
    if entry.state in Entry.PUBLISHED:
        told.leaves(verb)
    entry.state = state
    entry.fresh_until = entry.due_at = None
    entry.ended_at = told.at if state in OVER else None


def withdraw(made: Assessment, *, by: User, at: datetime) -> Entry:
    """Take one's own assessment back, within ten minutes and while nothing has followed.

    Raises:
        TooLate: it is another's, too old, or the entry has moved since.
    """
    with transaction.atomic():
        entry = _locked(made.entry)
        mine = Assessment.objects.filter(pk=made.pk, by=by, round=entry.round).first()
        last = Step.objects.filter(entry=entry).order_by("-pk").first()
        if mine is None or last is None or not _is_last(mine, last, at):
            raise TooLate
        told = Told(entry, by, at, Voice(mine.agency, mine.by_name, by))
        told.say("worstof.entry.withdrawn", detail=_answers(mine))
        mine.delete()  # what it said stays in the audit log
        told.write()
    return entry


def _is_last(mine: Assessment, last: Step, at: datetime) -> bool:
    is_mine = last.verb == "worstof.entry.assessed" and last.at == mine.at
    return is_mine and last.by_name == mine.by_name and at - mine.at <= WITHDRAWABLE_FOR


def sign(entry: Entry, *, by: User, reason: str, at: datetime) -> Signature:
    """Put an extra signature under a guarded entry; the second one lists it.

    Raises:
        WrongState: the entry waits for no signature.
        NoReason: no reason is given.
        JudgedIt: this person assessed the entry.
        SignedAlready: this person signed before.
    """
    if not reason.strip():
        raise NoReason
    with transaction.atomic():
        entry = _locked(entry)
        _check_state(entry, (State.GUARDED,))
        _check_signer(entry, by)
        made = Signature.objects.create(
            entry=entry, round=entry.round, by=by, reason=reason.strip(), at=at
        )
        told = Told(entry, by, at, Voice.of(by))
        told.say("worstof.entry.signed", reason=reason.strip())
        if entry.signatures.filter(round=entry.round).count() >= SIGNATURES:
            _list_signed(told)
        told.write()
    return made


def _check_signer(entry: Entry, by: User) -> None:
    for row in of_round(entry):
        if row.by_id == by.pk or (row.by_id is None and plain(row.by_name) == plain(str(by))):
            raise JudgedIt
    if entry.signatures.filter(round=entry.round, by=by).exists():
        raise SignedAlready


def _list_signed(told: Told) -> None:
    """List what two people signed, unless it became too old or forbidden while it waited."""
    if _refuse_if_guarded(told):
        return
    if weighed(told.entry, of_round(told.entry), at=told.at).outcome is Outcome.VERIFIED:
        _list(told)
    else:
        _leave(told, State.NOMINATED)
        told.say("worstof.entry.doubted")


def discuss(entry: Entry, *, by: User, reason: str, at: datetime) -> Entry:
    """Put an entry into discussion, or say a word more in it; nobody blocks what is discussed.

    Raises:
        WrongState: the entry is over.
        NoReason: no reason is given.
    """
    if not reason.strip():
        raise NoReason
    with transaction.atomic():
        entry = _locked(entry)
        _check_state(entry, OPEN)
        _check_country(entry.block_list, Voice.of(by))
        told = Told(entry, by, at, Voice.of(by))
        _leave(told, State.DISCUSSION)
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
        entry = _locked(entry)
        _check_state(entry, (State.DISCUSSION,))
        told = Told(entry, by, at, Voice.of(by))
        if refuse:
            _leave(told, State.REFUSED)
        else:
            _begin_round(entry)
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
        entry = _locked(entry)
        _check_state(entry, OPEN)
        told = Told(entry, by, at, Voice.of(by))
        _leave(told, State.REMOVED)
        told.say("worstof.entry.removed", reason=reason.strip())
        told.write()
    return entry


def move_clocks(at: datetime) -> bool:
    """Move what has to be verified again, and what nobody verified in time; say if any moved."""
    due = Entry.objects.filter(state__in=Entry.PUBLISHED, due_at__lte=at).order_by("due_at", "pk")
    found = list(due[:CLOCKS_AT_ONCE])
    moved = [_move_clock(entry, at) for entry in found]
    return any(moved)


def _move_clock(entry: Entry, at: datetime) -> bool:
    with transaction.atomic():
        entry = _locked(entry)
        state = clocks.next_state(entry.state, entry.due_at, at=at)
        if state == entry.state:
            return False
        told = Told(entry, CLOCK, at)
        if state == State.DUE:
            _fall_due(told)
        else:
            _leave(told, State.LAPSED, "lapsed")
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
