"""Whose word an entry waits for: by what still stands in its round, not by who has spoken.

An authority whose "cannot say" or too old sight verifies nothing is asked again. If it can read what
others said by then, its yes would count for nothing (`queries.independence`); where no authority of
this desk could verify any more, those who can read the round are asked to discuss it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from breakwater.people import rules as people_rules
from breakwater.people.access import user_may
from breakwater.people.models import User
from breakwater.worstof.models import Assessment, BlockList, Entry, Signature
from breakwater.worstof.queries.independence import has_company, has_spoken, is_open_to
from breakwater.worstof.queries.judged import as_said, rule_of
from breakwater.worstof.rules.verdict import CRITERIA, SEEN_WITHIN, YES, verdict, would_help

State = Entry.State
_JUDGED = (State.NOMINATED, State.DUE)
MOST = 5000
Authority = tuple[int, str]  # number and country


class Ask(StrEnum):
    """What an entry that authorities judge asks of one of them."""

    JUDGE = "judge"
    DISCUSS = "discuss"


def waiting_for(user: User, visible: QuerySet[Entry], *, at: datetime) -> QuerySet[Entry]:
    """What waits for this person: a judgement, a signature, or a word in a discussion."""
    wanted = Q(pk__in=[])
    if user_may(user, "worstof.assess"):
        judged = visible.filter(_judged_by(user), _counts_doubtfully(user, at), state__in=_JUDGED)
        found = list(judged.order_by("created_at", "pk")[:MOST])
        again = asks(found, rounds_of(found), user, at=at)
        wanted |= Q(state__in=_JUDGED) & ~_judged_by(user) | Q(pk__in=list(again))
    if user_may(user, "worstof.sign"):
        mine = _this_round().filter(by=user)
        signed = Signature.objects.filter(entry=OuterRef("pk"), round=OuterRef("round"), by=user)
        wanted |= Q(state=State.GUARDED) & ~Q(Exists(mine)) & ~Q(Exists(signed))
        wanted |= Q(state=State.DISCUSSION)
    return visible.filter(wanted)


def _this_round() -> QuerySet[Assessment]:
    return Assessment.objects.filter(entry=OuterRef("pk"), round=OuterRef("round"))


def _judged_by(user: User) -> Q:
    """Whether one judged whose verification would stand in the place of this person's."""
    country = user.agency.country if user.agency else ""
    same_country = Q(
        entry__block_list__distinct=BlockList.Distinct.COUNTRY, agency__country=country
    )
    return Q(Exists(_this_round().filter(Q(agency=user.agency_id) | same_country)))


def _counts_doubtfully(user: User, at: datetime) -> Q:
    """Leaves out what is plain: one's own authority alone has verified it, and waits for others."""
    said = _this_round()
    no_yes = said.exclude(**dict.fromkeys(CRITERIA, YES))
    old = said.filter(seen_online_at__lt=at - SEEN_WITHIN)
    return Q(Exists(no_yes)) | Q(Exists(old)) | Q(Exists(said.exclude(agency=user.agency_id)))


Rounds = Mapping[int, Sequence[Assessment]]


def rounds_of(entries: Sequence[Entry]) -> Rounds:
    """The assessments of each entry's round, oldest first, of at most 5000 entries."""
    found = Assessment.objects.filter(entry__in=entries, round=F("entry__round"))
    rounds: dict[int, list[Assessment]] = {}
    for row in found.select_related("agency", "by").order_by("pk"):
        rounds.setdefault(row.entry_id, []).append(row)
    return rounds


def asks(entries: Iterable[Entry], rounds: Rounds, user: User, *, at: datetime) -> dict[int, Ask]:
    """What each of the entries asks of this person's authority; those that ask nothing are left
    out."""
    judged = [entry for entry in entries if entry.state in _JUDGED]
    if user.agency is None or not judged or not user_may(user, "worstof.assess"):
        return {}
    mine, others = (user.agency.pk, user.agency.country), _authorities()
    found = {e.pk: _ask(e.block_list, rounds.get(e.pk, ()), mine, others, at) for e in judged}
    return {pk: ask for pk, ask in found.items() if ask}


def _ask(
    block_list: BlockList,
    rows: Sequence[Assessment],
    mine: Authority,
    others: Sequence[Authority],
    at: datetime,
) -> Ask | None:
    rule = rule_of(block_list)
    result = verdict(as_said(rows), rule, at=at)

    def is_needed(one: Authority) -> bool:
        return would_help(result, *one, rule)

    def can_verify(one: Authority) -> bool:
        reads = has_company(one[0], rows) and is_open_to(one[0], block_list, rows)
        return is_needed(one) and not reads

    if can_verify(mine):
        return Ask.JUDGE
    if not has_spoken(mine[0], rows) or any(map(can_verify, others)):
        return None
    spoken = {(row.agency_id, row.agency.country) for row in rows}
    return Ask.DISCUSS if any(map(is_needed, spoken)) else None


def _authorities() -> list[Authority]:
    """The authorities whose people judge on this desk."""
    people = User.objects.filter(is_active=True).exclude(agency=None).order_by()
    columns = ("role", "agency__kind", "agency_id", "agency__country")
    return sorted(
        {
            (number, country)
            for role, kind, number, country in people.values_list(*columns).distinct()
            if people_rules.may(
                role, kind, "worstof.assess", is_guest=country != settings.DESK_COUNTRY
            )
        }
    )
