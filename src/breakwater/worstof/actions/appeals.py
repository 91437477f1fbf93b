"""Appeals: anybody says that a domain is blocked wrongly, and somebody else than its judge decides.

Whoever appeals keeps a receipt code; the desk keeps its SHA-256 only. No answer to the public
says whether a name is listed before an appeal is decided.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction

from breakwater.custody.actions import record
from breakwater.formats.domain_name import BadName, read_name
from breakwater.people.models import User
from breakwater.worstof.actions import life, transparency
from breakwater.worstof.models import Appeal, Assessment, Entry
from breakwater.worstof.rules.stop_texts import APPEAL_DAYS

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


class JudgedTheEntry(NotDecided):
    """An officer who verified the entry may not alone reject the appeal against it."""


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
            receipt_digest=digest_of(code), given=given[:253], name=name, entry=_entry(name),
            grounds=grounds, contact=contact, language=language,
            received_at=at, due_at=at + within,
        )  # fmt: skip
        record("worstof.appeal.received", actor="public", at=at, target=f"appeal {appeal.pk}")
    return appeal, code


def _name(given: str) -> str:
    try:
        return read_name(given).name
    except BadName:
        return ""  # the board reads what was written


def _entry(name: str) -> Entry | None:
    """The entry that an appeal is about; one that is blocked now comes first."""
    found = list(Entry.objects.filter(name=name).order_by("pk")) if name else []
    blocked = [entry for entry in found if entry.state in Entry.PUBLISHED]
    return next(iter([*blocked, *found]), None)


def find(code: str) -> Appeal | None:
    return Appeal.objects.filter(receipt_digest=digest_of(code)).first()


def uphold(appeal: Appeal, *, by: User, answer: str, at: datetime) -> Appeal:
    """Take the domain off every list that still has it, and say why.

    Raises:
        DecidedAlready: somebody was quicker.
        NoAnswer: no reason is given.
    """
    _check(answer)
    with transaction.atomic():
        appeal = _open(appeal)
        # Locks in the order of everybody else: entries, the transparency log, the audit log.
        entries = _locked_entries(appeal)
        if appeal.entry:
            transparency.append("appeal-upheld", appeal.entry, at=at)
        for entry in entries:
            if entry.state in life.OPEN:
                life.remove(entry, by=by, reason=answer, at=at)
        _decide(appeal, Appeal.State.UPHELD, by, answer, at)
        record("worstof.appeal.upheld", actor=by, at=at, target=f"appeal {appeal.pk}",
               detail={"answer": answer})  # fmt: skip
    return appeal


def _locked_entries(appeal: Appeal) -> list[Entry]:
    if not appeal.name:
        return []
    return list(Entry.objects.select_for_update().filter(name=appeal.name).order_by("pk"))


def reject(appeal: Appeal, *, by: User, answer: str, at: datetime) -> Appeal:
    """Leave the list as it is, and say why.

    Raises:
        DecidedAlready: somebody was quicker.
        NoAnswer: no reason is given.
        JudgedTheEntry: this person assessed or signed the entry.
    """
    _check(answer)
    with transaction.atomic():
        appeal = _open(appeal)
        if has_judged(by, appeal):
            raise JudgedTheEntry
        if appeal.entry:
            transparency.append("appeal-rejected", appeal.entry, at=at)
        _decide(appeal, Appeal.State.REJECTED, by, answer, at)
        record("worstof.appeal.rejected", actor=by, at=at, target=f"appeal {appeal.pk}",
               detail={"answer": answer})  # fmt: skip
    return appeal


def has_judged(user: User, appeal: Appeal) -> bool:
    """Whether this person judged or signed an entry of the name that the appeal is about."""
    if not appeal.name:
        return False
    judged = Assessment.objects.filter(entry__name=appeal.name, by=user).exists()
    return judged or Entry.objects.filter(name=appeal.name, signatures__by=user).exists()


def _check(answer: str) -> None:
    if not answer.strip():
        raise NoAnswer


def _open(appeal: Appeal) -> Appeal:
    rows = Appeal.objects.select_for_update(of=("self",)).select_related("entry__block_list")
    found = rows.get(pk=appeal.pk)
    if found.state != Appeal.State.OPEN:
        raise DecidedAlready
    if found.entry is None:
        found.entry = _entry(found.name)  # it can have been put forward after the appeal
    return found


def _decide(appeal: Appeal, state: Appeal.State, by: User, answer: str, at: datetime) -> None:
    appeal.state, appeal.answer, appeal.decided_by, appeal.decided_at = state, answer, by, at
    appeal.save(update_fields=["entry", "state", "answer", "decided_by", "decided_at"])
