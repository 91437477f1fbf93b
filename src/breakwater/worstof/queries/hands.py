"""Whose hands an entry went through in its round: two words about one domain need two people.

A person is known by the account, and by the name that stands beside another account or in a
partner's file: namesakes are taken for one human being, which errs on the safe side.
"""

from collections.abc import Iterable

from django.db.models import F

from breakwater.people.models import Agency, User
from breakwater.worstof.models import Assessment, Entry, PartnerLine, Signature
from breakwater.worstof.queries.judged import plain


def judged_by(user: User, entries: Iterable[Entry]) -> set[int]:
    """Those of the entries that this person has judged in their round."""
    found = Assessment.objects.filter(entry__in=entries, round=F("entry__round"))
    rows = found.values_list("entry_id", "by_id", "by_name")
    return {entry for entry, account, name in rows if _is(user, account, name)}


def signed_by(user: User, entries: Iterable[Entry]) -> set[int]:
    """Those of the entries that this person has signed in their round."""
    found = Signature.objects.filter(entry__in=entries, round=F("entry__round"))
    rows = found.select_related("by")
    return {row.entry_id for row in rows if row.entry_id and _is(user, row.by_id, str(row.by))}


def brought_in_by(
    user: User, entries: Iterable[Entry], *, but_of: Agency | None = None
) -> set[int]:
    """Those of the entries for which this person brought a judgement of their round in by file.

    `but_of` is an authority whose judgements do not matter here.
    """
    found = PartnerLine.objects.filter(
        assessment__entry__in=entries, assessment__round=F("assessment__entry__round")
    )
    rows = found.select_related("file__by", "assessment").defer("file__content")
    return {
        row.assessment.entry_id
        for row in rows
        if row.assessment
        and (but_of is None or row.assessment.agency_id != but_of.pk)
        and _is(user, row.file.by_id, str(row.file.by))
    }


def _is(user: User, account: int | None, name: str) -> bool:
    return account == user.pk or plain(name) == plain(str(user))
