"""The assessments of an entry as the rules weigh them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from breakwater.people.rules import plain
from breakwater.worstof.models import Assessment, BlockList, Entry, Step
from breakwater.worstof.rules.verdict import CRITERIA, Outcome, Rule, Said, Verdict, verdict

# What an entry's steps say when enough authorities have verified it.
VERIFIED = ("worstof.entry.listed", "worstof.entry.verified_again")


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
    if entry.state == Entry.State.LISTED and (step := last_verified(entry)):
        at = step.at
    return verdict(as_said(found), rule_of(entry.block_list), at=at)


def last_verified(entry: Entry) -> Step | None:
    """When authorities last verified it, by its own history: a list's days may have changed since."""
    return Step.objects.filter(entry=entry, verb__in=VERIFIED).order_by("-pk").first()


def verified(entries: Sequence[Entry]) -> set[int]:
    """Those of the entries (at most 5000) that are listed by what authorities verified.

    Weighed by the list's rule of today, as of the moment at which they were listed: the judgements
    of the entry's round, or while it is due again those of a round before.
    """
    listed = {entry.pk: entry for entry in entries if entry.state in Entry.PUBLISHED}
    steps = Step.objects.filter(entry__in=listed, verb__in=VERIFIED).order_by("pk")
    since = dict(steps.values_list("entry_id", "at"))
    rounds: dict[tuple[int, int], list[Assessment]] = {}
    rows = Assessment.objects.filter(entry__in=since).select_related("agency").order_by("pk")
    for row in rows:
        rounds.setdefault((row.entry_id, row.round), []).append(row)
    found = set()
    for (pk, number), said in rounds.items():
        entry = listed[pk]
        is_due = entry.state == Entry.State.DUE
        if number < entry.round if is_due else number == entry.round:
            weight = verdict(as_said(said), rule_of(entry.block_list), at=since[pk])
            found |= {pk} if weight.outcome is Outcome.VERIFIED else set()
    return found


def as_said(found: Iterable[Assessment]) -> list[Said]:
    """The rows as values, each with the human being who said it."""
    rows = list(found)
    return [_said(row, person) for row, person in zip(rows, people_of(rows), strict=True)]


def people_of(rows: Iterable[Assessment]) -> list[str]:
    """Who said each row. What shares an account or a name is one person, through any chain.

    Somebody with accounts in two authorities must not verify alone; that two people of one name
    count once until a third comes is the lesser harm.
    """
    known: list[set[str]] = []
    marks = [_marks(row) for row in rows]
    for mark in marks:
        same = [person for person in known if person & mark]
        known = [person for person in known if not person & mark] + [mark.union(*same)]
    return [next(min(person) for person in known if person & mark) for mark in marks]


def _marks(row: Assessment) -> set[str]:
    marks = {f"name {plain(row.by_name)}"}
    return marks | {f"account {row.by_id}"} if row.by_id else marks


def _said(row: Assessment, person: str) -> Said:
    return Said(
        agency=row.agency_id,
        country=row.agency.country,
        person=person,
        answers={criterion: getattr(row, criterion) for criterion in CRITERIA},
        seen_online_at=row.seen_online_at,
        at=row.at,
        order=row.pk,
    )
