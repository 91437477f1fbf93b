"""Whose hands an entry or a held change went through: two words about one thing need two people.

A person is known by the account, and by the name that stands beside another account or in a
partner's file: namesakes are taken for one human being, which errs on the safe side.
"""

from collections.abc import Collection, Iterable

from django.db.models import F, QuerySet

from breakwater.people.models import Agency, User
from breakwater.people.rules import plain
from breakwater.worstof.models import (
    Assessment,
    Entry,
    Nomination,
    PartnerFile,
    PartnerLine,
    Signature,
)
from breakwater.worstof.rules.incoming import TAKEN


def judged_by(user: User, entries: Iterable[Entry]) -> set[int]:
    """Those of the entries that this person has judged in their round."""
    found = Assessment.objects.filter(entry__in=entries, round=F("entry__round"))
    rows = found.values_list("entry_id", "by_id", "by_name")
    return {entry for entry, account, name in rows if _is(user, account, name)}


def signed_by(user: User, entries: Iterable[Entry]) -> set[int]:
    """Those of the entries that this person has signed in their round."""
    rows = Signature.objects.filter(entry__in=entries, round=F("entry__round"))
    return {row.entry_id for row in _by(user, rows) if row.entry_id}


def has_signed(user: User, signatures: QuerySet[Signature]) -> bool:
    return bool(_by(user, signatures))


def signers(signatures: QuerySet[Signature]) -> int:
    """How many people signed."""
    return len({plain(str(row.by)) for row in signatures.select_related("by")})


def had_a_hand_in(user: User, names: Collection[str]) -> bool:
    """Whether this person put an entry of one of these names forward, judged it, signed it, or
    brought a partner's word of it in by file, in any round."""
    of_names = {"entry__name__in": names}
    people = ("by_id", "by_name")
    said = Assessment.objects.filter(**of_names).values_list(*people)
    put = Nomination.objects.filter(**of_names).values_list(*people)
    if any(_is(user, account, name) for account, name in (*said, *put)):
        return True
    if has_signed(user, Signature.objects.filter(**of_names)):
        return True
    lines = PartnerLine.objects.filter(**of_names, outcome__in=TAKEN)
    return any(_is_carrier(user, row.file) for row in _with_files(lines))


def _by(user: User, signatures: QuerySet[Signature]) -> list[Signature]:
    return [row for row in signatures.select_related("by") if _is(user, row.by_id, str(row.by))]


def brought_in_by(
    user: User, entries: Iterable[Entry], *, but_of: Agency | None = None
) -> set[int]:
    """Those of the entries for which this person brought a judgement of their round in by file.

    Who brought the file in and who had it taken in are both asked for.

    `but_of` is an authority whose judgements do not matter here.
    """
    found = PartnerLine.objects.filter(
        assessment__entry__in=entries, assessment__round=F("assessment__entry__round")
    )
    return {
        row.assessment.entry_id
        for row in _with_files(found.select_related("assessment"))
        if row.assessment
        and (but_of is None or row.assessment.agency_id != but_of.pk)
        and _is_carrier(user, row.file)
    }


def _with_files(lines: QuerySet[PartnerLine]) -> QuerySet[PartnerLine]:
    return lines.select_related("file__by", "file__received_by").defer("file__content")


def _is_carrier(user: User, file: PartnerFile) -> bool:
    """Whether this person brought the file in, or had it taken in."""
    return any(
        person and _is(user, person.pk, str(person)) for person in (file.by, file.received_by)
    )


def _is(user: User, account: int | None, name: str) -> bool:
    return account == user.pk or plain(name) == plain(str(user))
