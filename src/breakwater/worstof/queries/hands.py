"""Whose hands an entry or a held change went through: two words about one thing need two people.

A person is known by the account, and by the name that stands beside another account or in a
partner's file: namesakes are taken for one human being, which errs on the safe side.
"""

from collections.abc import Collection, Iterable

from django.db.models import F, QuerySet

from breakwater.people.models import Agency, User
from breakwater.people.rules import plain
from breakwater.worstof.models import Assessment, Entry, PartnerFile, PartnerLine, Signature


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


def has_judged_or_signed(user: User, names: Collection[str]) -> bool:
    """Whether this person judged or signed an entry of one of these names, in any round."""
    said = Assessment.objects.filter(entry__name__in=names).values_list("by_id", "by_name")
    if any(_is(user, account, by_name) for account, by_name in said):
        return True
    return has_signed(user, Signature.objects.filter(entry__name__in=names))


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
    people = ("file__by", "file__received_by")
    rows = found.select_related(*people, "assessment").defer("file__content")
    return {
        row.assessment.entry_id
        for row in rows
        if row.assessment
        and (but_of is None or row.assessment.agency_id != but_of.pk)
        and any(person and _is(user, person.pk, str(person)) for person in carriers(row.file))
    }


def carriers(file: PartnerFile) -> list[User | None]:
    """Through whose hands a file went; None for one that nobody is known to have brought."""
    return [file.by, file.received_by]


def _is(user: User, account: int | None, name: str) -> bool:
    return account == user.pk or plain(name) == plain(str(user))
