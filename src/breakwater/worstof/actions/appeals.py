"""Appeals: anybody says that a domain is blocked wrongly, and somebody else than its judge decides.

An appeal is about every entry whose block covers its name, see `rules.folding.appealed`.

Whoever appeals keeps a receipt code; the desk keeps its SHA-256 only. No answer to the public
says whether a name is listed before an appeal is decided.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from breakwater.custody.actions import record
from breakwater.formats.domain_name import BadName, read_name
from breakwater.people.models import User
from breakwater.worstof.actions import apart, life, transparency
from breakwater.worstof.models import Appeal, AppealedName, Entry, Step
from breakwater.worstof.queries import hands
from breakwater.worstof.queries.apart import is_still_blocked
from breakwater.worstof.queries.board import lands
from breakwater.worstof.rules.folding import appealed
from breakwater.worstof.rules.stop_texts import APPEAL_DAYS

LONGEST_GIVEN = 253
ANSWER_WITHIN = timedelta(days=APPEAL_DAYS)
# No 0, O, 1, I or L: a code is read from paper and over the telephone.
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_CODE_LENGTH = 20  # 31 letters each: 99 bits


class NotDecided(Exception):
    """An appeal cannot be decided so; the class says why."""


class DecidedAlready(NotDecided):
    """Somebody decided it meanwhile."""


class NoAnswer(NotDecided):
    """Whoever appealed is owed a reason."""


class NotYours(NotDecided):
    """Only another country's own list has the domain: its authorities decide."""


class OnAList(NotDecided):
    """A list has the domain: the appeal is upheld or rejected."""


class Unlisted(NotDecided):
    """No list has the domain, and yet it is blocked: the appeal is upheld."""


class JudgedTheEntry(NotDecided):
    """Who put forward, judged or signed the entry, or carried the file that did, may not reject."""


def new_code() -> str:
    """A receipt code in groups of five, such as ABCDE-FGHJK-MNPQR-STUVW."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))
    return "-".join(letters[place : place + 5] for place in range(0, _CODE_LENGTH, 5))


def digest_of(code: str) -> str:
    """What is kept of a code, however it was typed: SHA-256, hexadecimal."""
    plain = "".join(letter for letter in code.upper() if letter in _LETTERS)
    return hashlib.sha256(plain.encode()).hexdigest()


def receive(
    given: str,
    grounds: str,
    *,
    contact: str = "",
    language: str,
    at: datetime,
    within: timedelta = ANSWER_WITHIN,
) -> tuple[Appeal, str]:
    """Take an appeal in, listed or not, and give the code that only the sender gets.

    `within` is how long the law gives the desk to answer.
    """
    code, name = new_code(), _name(given)
    with transaction.atomic():
        appeal = Appeal.objects.create(
            receipt_digest=digest_of(code), given=_kept(given, name), name=name, entry=_entry(name),
            grounds=grounds, contact=contact, language=language,
            received_at=at, due_at=at + within,
        )  # fmt: skip
        _keep_names(appeal)
        record("worstof.appeal.received", actor="public", at=at, target=f"appeal {appeal.pk}")
    return appeal, code


def _name(given: str) -> str:
    try:
        return read_name(given).name
    except BadName:
        return ""  # the board reads what was written


def _kept(given: str, name: str) -> str:
    """What the sender wrote; of an address too long to be kept, its host if it can be read."""
    return given if len(given) <= LONGEST_GIVEN else name or given[:LONGEST_GIVEN]


def _entry(name: str) -> Entry | None:
    if not name:
        return None
    found = Entry.objects.filter(name__in=appealed(name)).select_related("block_list")
    return _first(list(found), name)


def _first(entries: Sequence[Entry], name: str) -> Entry | None:
    """The entry that leads: one that is blocked now, of the common list, nearest to the name."""

    def order(entry: Entry) -> tuple[bool, bool, int, int]:
        is_over, far = entry.state not in Entry.PUBLISHED, abs(len(entry.name) - len(name))
        return is_over, entry.block_list.is_overlay, far, entry.pk

    return min(entries, key=order, default=None)


def _keep_names(appeal: Appeal) -> None:
    rows = (AppealedName(appeal=appeal, name=name) for name in sorted(appealed(appeal.name)))
    AppealedName.objects.bulk_create(rows)


def find(code: str) -> Appeal | None:
    return Appeal.objects.filter(receipt_digest=digest_of(code)).first()


def uphold(appeal: Appeal, *, by: User, answer: str, at: datetime) -> Appeal:
    """Take what covers the domain off the common lists and the own country's, and say why.

    What another country's own list has of it waits for that country: the appeal is handed on.

    If none has it, it is taken off where it is blocked all the same; else nothing is upheld, see
    `answer_unlisted`.

    Raises:
        DecidedAlready: somebody was quicker.
        NoAnswer: no reason is given.
        NotYours: only another country's own list has it.
    """
    _check(answer)
    with transaction.atomic():
        appeal = _open(appeal)
        mine, others = _shared_out(appeal, by)
        if not _is_on_a_list(mine) and not is_blocked_unlisted(appeal, by):
            return _unlisted(appeal, mine, others, by, answer, at)
        transparency.append_answer("appeal-upheld", appeal, at=at)
        _tell_entries("worstof.appeal.upheld", mine, by, answer, at)
        for entry in mine:
            if entry.state in life.OPEN:
                life.remove(entry, by=by, reason=answer, at=at)
        apart.take_off(sorted(appealed(appeal.name)), by=by, reason=answer, at=at)
        _decide(appeal, Appeal.State.UPHELD, by, answer, at)
        _hand_on(appeal, others)
        record("worstof.appeal.upheld", actor=by, at=at, target=f"appeal {appeal.pk}",
               detail={"answer": answer})  # fmt: skip
    return appeal


def _shared_out(appeal: Appeal, by: User) -> tuple[list[Entry], list[Entry]]:
    """The entries that this person decides about, and those of other countries' own lists.

    Locks in the order of everybody else: entries, the transparency log, the audit log.
    """
    entries = _locked_entries(appeal)
    mine = [entry for entry in entries if entry.block_list.country in lands(by)]
    if not mine and _is_on_a_list(entries):
        raise NotYours
    appeal.entry = _first(mine, appeal.name)
    return mine, [entry for entry in entries if entry not in mine]


def _locked_entries(appeal: Appeal) -> list[Entry]:
    rows = Entry.objects.select_for_update(of=("self",)).select_related("block_list")
    if appeal.part_of_id:  # of one country's own list
        rows = rows.filter(block_list=appeal.entry.block_list if appeal.entry else None)
    return list(rows.filter(name__in=appealed(appeal.name)).order_by("pk"))


def _hand_on(appeal: Appeal, entries: Sequence[Entry]) -> None:
    """Leave what another country's own list has to its authorities, with the same clock."""
    by_list: dict[int, list[Entry]] = {}
    for entry in entries:
        if entry.state in life.OPEN:
            by_list.setdefault(entry.block_list_id, []).append(entry)
    for of_list in by_list.values():
        part = Appeal.objects.create(
            # The sender's one code leads to the first part; this code nobody is given.
            receipt_digest=digest_of(new_code()), part_of=appeal,
            entry=_first(of_list, appeal.name),
            given=appeal.given, name=appeal.name, grounds=appeal.grounds,
            contact=appeal.contact, language=appeal.language,
            received_at=appeal.received_at, due_at=appeal.due_at,
        )  # fmt: skip
        _keep_names(part)


def _tell_entries(verb: str, entries: Sequence[Entry], by: User, answer: str, at: datetime) -> None:
    """Put the answer into the history of the entries that it is about."""
    agency = by.agency.name if by.agency else ""
    Step.objects.bulk_create(
        Step(entry=e, verb=verb, by_name=str(by), agency_name=agency, reason=answer, at=at)
        for e in entries
    )


def _is_on_a_list(entries: Sequence[Entry]) -> bool:
    return any(entry.state in life.OPEN for entry in entries)


def answer_unlisted(appeal: Appeal, *, by: User, answer: str, at: datetime) -> Appeal:
    """Answer an appeal against a domain that no list has, neither listed nor on its way.

    The sender reads the same words as after any other decision.

    Raises:
        DecidedAlready: somebody was quicker.
        NoAnswer: no answer is given.
        NotYours: only another country's own list has it.
        OnAList: a list has it, perhaps since a moment ago.
        Unlisted: it is blocked all the same.
    """
    _check(answer)
    with transaction.atomic():
        appeal = _open(appeal)
        mine, others = _shared_out(appeal, by)
        if _is_on_a_list(mine):
            raise OnAList
        if is_blocked_unlisted(appeal, by):
            raise Unlisted
        return _unlisted(appeal, mine, others, by, answer, at)


def _unlisted(
    appeal: Appeal,
    mine: Sequence[Entry],
    others: Sequence[Entry],
    by: User,
    answer: str,
    at: datetime,
) -> Appeal:
    transparency.append_answer("appeal-unlisted", appeal, at=at)
    _tell_entries("worstof.appeal.unlisted", mine, by, answer, at)
    _decide(appeal, Appeal.State.UNLISTED, by, answer, at)
    _hand_on(appeal, others)
    record("worstof.appeal.unlisted", actor=by, at=at, target=f"appeal {appeal.pk}",
           detail={"answer": answer})  # fmt: skip
    return appeal


def reject(appeal: Appeal, *, by: User, answer: str, at: datetime) -> Appeal:
    """Leave the list as it is, and say why.

    If no list has the domain, nothing is rejected: see `answer_unlisted`.

    Raises:
        DecidedAlready: somebody was quicker.
        NoAnswer: no reason is given.
        NotYours: only another country's own list has it.
        Unlisted: no list has it, and yet it is blocked.
        JudgedTheEntry: this person put forward, judged or signed an entry, or carried its file.
    """
    _check(answer)
    with transaction.atomic():
        appeal = _open(appeal)
        mine, others = _shared_out(appeal, by)
        if is_blocked_unlisted(appeal, by):
            raise Unlisted
        if not _is_on_a_list(mine):
            return _unlisted(appeal, mine, others, by, answer, at)
        if has_judged(by, appeal):
            raise JudgedTheEntry
        transparency.append_answer("appeal-rejected", appeal, at=at)
        _tell_entries("worstof.appeal.rejected", mine, by, answer, at)
        _decide(appeal, Appeal.State.REJECTED, by, answer, at)
        _hand_on(appeal, others)
        record("worstof.appeal.rejected", actor=by, at=at, target=f"appeal {appeal.pk}",
               detail={"answer": answer})  # fmt: skip
    return appeal


def is_blocked_unlisted(appeal: Appeal, user: User) -> bool:
    """Whether the name is blocked although no list has it, as far as this person may see."""
    names = appealed(appeal.name)
    published = Entry.objects.filter(name__in=names, state__in=Entry.PUBLISHED)
    return not published.exists() and is_still_blocked(names, user)


def has_judged(user: User, appeal: Appeal) -> bool:
    """Whether this person's hands were in an entry that the appeal is about."""
    return hands.had_a_hand_in(user, appealed(appeal.name))


def _check(answer: str) -> None:
    if not answer.strip():
        raise NoAnswer


def _open(appeal: Appeal) -> Appeal:
    rows = Appeal.objects.select_for_update(of=("self",)).select_related("entry__block_list")
    found = rows.get(pk=appeal.pk)
    if found.state != Appeal.State.OPEN:
        raise DecidedAlready
    return found


def _decide(appeal: Appeal, state: Appeal.State, by: User, answer: str, at: datetime) -> None:
    appeal.state, appeal.answer, appeal.decided_by, appeal.decided_at = state, answer, by, at
    appeal.save(update_fields=["entry", "state", "answer", "decided_by", "decided_at"])
