"""The assessments of an entry as the rules weigh them."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from breakwater.worstof.models import Assessment, BlockList, Entry
from breakwater.worstof.rules.verdict import CRITERIA, Rule, Said, Verdict, verdict


def rule_of(block_list: BlockList) -> Rule:
    """The list's rule. Between agencies of one country, only that country's are asked."""
    by_country = block_list.distinct == BlockList.Distinct.COUNTRY
    return Rule(
        block_list.verifications,
        block_list.distinct,
        "" if by_country else block_list.country,
    )


def of_round(entry: Entry) -> list[Assessment]:
    found = Assessment.objects.filter(entry=entry, round=entry.round)
    return list(found.select_related("agency", "by").order_by("pk"))


def weighed(entry: Entry, found: Iterable[Assessment], *, at: datetime) -> Verdict:
    """What the assessments of the entry's round add up to.

    What was fresh enough when a listed entry was verified stays so until its own clock ends.
    """
    if entry.state == Entry.State.LISTED and entry.fresh_until:
        at = entry.fresh_until - timedelta(days=entry.block_list.fresh_days)
    return verdict(as_said(found), rule_of(entry.block_list), at=at)


def as_said(found: Iterable[Assessment]) -> list[Said]:
    """The rows as values. Somebody whom a file names as an account does is the same person."""
    rows = list(found)
    accounts = {plain(row.by_name): row.by_id for row in rows if row.by_id}
    return [_said(row, row.by_id or accounts.get(plain(row.by_name))) for row in rows]


def _said(row: Assessment, account: int | None) -> Said:
    return Said(
        agency=row.agency_id,
        country=row.agency.country,
        person=f"account {account}" if account else f"name {plain(row.by_name)}",
        answers={criterion: getattr(row, criterion) for criterion in CRITERIA},
        seen_online_at=row.seen_online_at,
        at=row.at,
        order=row.pk,
    )


def plain(name: str) -> str:
    """A person's name as two desks would write it: capitals and spaces say nothing."""
    return " ".join(name.casefold().split())
