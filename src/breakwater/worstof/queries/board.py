"""Reads for the board: entries by state, with what waits for the reader first."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import (
    Case,
    Count,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)

from breakwater.people.models import User
from breakwater.worstof.models import Assessment, BlockList, Entry, RuleChange, Step
from breakwater.worstof.queries import appealed, waiting
from breakwater.worstof.queries.appealed import is_appealed
from breakwater.worstof.queries.judged import VERIFIED
from breakwater.worstof.queries.standing import Standing, standings
from breakwater.worstof.rules.clocks import Facts, Risk, risk, weights
from breakwater.worstof.rules.folding import with_parents

State = Entry.State
PAGE_SIZE = 50
MOST_BY_RISK = 5000
VIEWS: dict[str, tuple[str, ...]] = {
    "mine": (),
    "nominated": (State.NOMINATED,),
    "discussion": (State.DISCUSSION,),
    "guarded": (State.GUARDED,),
    "due": (State.DUE,),
    "listed": (State.LISTED, State.DUE),
    "over": (State.LAPSED, State.REMOVED, State.REFUSED),
    "all": tuple(State),
}
_UNDER_WAY = (State.NOMINATED, State.DISCUSSION, State.GUARDED)
_LEVELS = ("low", "medium", "high")


@dataclass(frozen=True, slots=True)
class Wanted:
    view: str = "mine"
    block_list: int | None = None
    guarded: bool = False
    appealed: bool = False
    page: int = 1

    @property
    def is_filtered(self) -> bool:
        return self.guarded or self.appealed or self.block_list is not None


@dataclass(frozen=True, slots=True)
class Row:
    """An entry with what the board says of it; `risk` of those to be verified again."""

    entry: Entry
    judged: int  # authorities that judged in this round
    is_judged_by_mine: bool
    ask: waiting.Ask | None  # what it asks of the reader's authority
    appeals: int
    risk: Risk | None
    standing: Standing | None  # of those that are listed


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Row]
    number: int
    has_next: bool


def visible(user: User) -> QuerySet[Entry]:
    """What this person may see: all lists, without another country's own additions."""
    return Entry.objects.select_related("block_list").filter(block_list__country__in=lands(user))


def lands(user: User) -> tuple[str, ...]:
    """Of which countries' lists this person sees the names; "" stands for the common ones."""
    return ("", user.agency.country) if user.agency else ("",)


def lists(user: User) -> list[BlockList]:
    return list(BlockList.objects.filter(country__in=lands(user)).order_by("country", "pk"))


def changes_by_list(user: User) -> dict[int, RuleChange]:
    """By list, the change of its rule that waits for a second person."""
    found = RuleChange.objects.filter(state=RuleChange.State.WAITING)
    rows = found.filter(block_list__country__in=lands(user))
    return {x.block_list_id: x for x in rows.select_related("block_list", "by", "agency")}


def counts_by_list(user: User) -> dict[int, dict[str, int]]:
    """How many domains each list has blocked and under way."""
    found = {x.pk: {"blocked": 0, "under_way": 0} for x in lists(user)}
    by_state = visible(user).values_list("block_list_id", "state").annotate(n=Count("pk"))
    for key, state, n in by_state.order_by():
        if state in Entry.PUBLISHED:
            found[key]["blocked"] += n
        elif state in _UNDER_WAY:
            found[key]["under_way"] += n
    return found


def waiting_for(user: User, *, at: datetime) -> QuerySet[Entry]:
    """What waits for this person: a judgement, a signature, or a word in a discussion."""
    return waiting.waiting_for(user, visible(user), at=at)


def counts(user: User, *, at: datetime) -> dict[str, int]:
    """How many entries each view has for this person."""
    by_state = dict(visible(user).values_list("state").annotate(n=Count("pk")).order_by())
    found = {view: sum(by_state.get(s, 0) for s in states) for view, states in VIEWS.items()}
    return found | {"mine": waiting_for(user, at=at).count()}


def page(wanted: Wanted, user: User, *, at: datetime) -> Page:
    """One page of a view. Those to be verified again come by risk, others by their clock or age."""
    found = _filtered(wanted, user, at)
    start = (wanted.page - 1) * PAGE_SIZE
    if wanted.view in ("mine", "due"):
        keys = _by_risk(found, at)[start : start + PAGE_SIZE + 1]
        entries = _in_order(found, keys)
    else:
        entries = list(found.order_by(*_ORDER.get(wanted.view, ("-pk",)))[start:][: PAGE_SIZE + 1])
    return Page(rows(entries[:PAGE_SIZE], user, at=at), wanted.page, len(entries) > PAGE_SIZE)


_ORDER = {
    "nominated": ("created_at", "pk"),
    "listed": ("due_at", "pk"),
    "over": ("-ended_at", "-pk"),
}
_STATE_ORDER = Case(
    When(Q(state=State.DUE) & ~Q(new_guards=[]), then=0),
    When(state=State.DUE, then=1),
    When(state=State.GUARDED, then=2),
    When(state=State.NOMINATED, then=3),
    default=4,
    output_field=IntegerField(),
)


def _filtered(wanted: Wanted, user: User, at: datetime) -> QuerySet[Entry]:
    if wanted.view == "mine":
        found = waiting_for(user, at=at)
    else:
        found = visible(user).filter(state__in=VIEWS[wanted.view])
    if wanted.block_list is not None:
        found = found.filter(block_list=wanted.block_list)
    if wanted.guarded:
        found = found.exclude(guards=[], new_guards=[])
    if wanted.appealed:
        found = found.filter(is_appealed())
    return found


def _by_risk(found: QuerySet[Entry], at: datetime) -> list[int]:
    ordered = list(found.order_by(_STATE_ORDER, "created_at", "pk")[:MOST_BY_RISK])
    risks = risks_of([e for e in ordered if e.state == State.DUE], at=at)
    place = {e.pk: n for n, e in enumerate(ordered)}
    key = {pk: (0, -r.points, place[pk]) for pk, r in risks.items()}
    return sorted(place, key=lambda pk: key.get(pk, (1, 0, place[pk])))


def _in_order(found: QuerySet[Entry], keys: Sequence[int]) -> list[Entry]:
    entries = {e.pk: e for e in found.filter(pk__in=keys)}
    return [entries[pk] for pk in keys if pk in entries]


def rows(entries: Sequence[Entry], user: User, *, at: datetime) -> list[Row]:
    """What the board says of each, in seven queries for all."""
    rounds = waiting.rounds_of(entries)
    judged = {pk: {row.agency_id for row in said} for pk, said in rounds.items()}
    asks = waiting.asks(entries, rounds, user, at=at)
    risks = risks_of([e for e in entries if e.state == State.DUE], at=at)
    appeals = appealed.counts(entries)
    stand = standings(entries)
    return [
        Row(
            e,
            len(judged.get(e.pk, ())),
            user.agency_id in judged.get(e.pk, ()),
            asks.get(e.pk),
            appeals.get(e.pk, appealed.NONE).total,
            risks.get(e.pk),
            stand.get(e.pk),
        )
        for e in entries
    ]


def risks_of(entries: Sequence[Entry], *, at: datetime) -> dict[int, Risk]:
    """How much each matters, from the round that listed it; see `rules.clocks.risk`."""
    keys = [e.pk for e in entries]
    if not keys:
        return {}
    sure: dict[int, str] = {}
    seen: dict[int, datetime] = {}
    for entry, confidence, sight in _verifying(keys):
        sure[entry] = min(sure.get(entry, "high"), confidence, key=_LEVELS.index)
        seen[entry] = max(seen.get(entry, sight), sight)
    appeals = appealed.counts(entries)
    return {
        e.pk: risk(
            Facts(
                sure.get(e.pk, "low"),
                seen.get(e.pk),
                appeals.get(e.pk, appealed.NONE).total,
                e.reports,
                len(e.guards),
                len(e.new_guards),
            ),
            weights(),
            at=at,
        )
        for e in entries
    }


def _verifying(keys: Sequence[int]) -> Iterator[tuple[int, str, datetime]]:
    """Confidence and sight of the judgements that listed each entry; later rounds listed nothing."""
    steps = Step.objects.filter(entry=OuterRef("entry"), verb__in=VERIFIED).order_by("-pk")
    listing = Assessment.objects.filter(entry__in=keys, at__lte=Subquery(steps.values("at")[:1]))
    columns = ("entry_id", "round", "confidence", "seen_online_at")
    rows = list(listing.order_by("round").values_list(*columns))
    last = {entry: number for entry, number, *_ in rows}
    for entry, number, confidence, sight in rows:
        if number == last[entry]:
            yield entry, confidence, sight


def find(text: str, names: Collection[str], user: User) -> list[Entry]:
    """Entries whose name contains the text, the very names first, then those above them, whose block
    covers them; at most one page."""
    above = with_parents(names)
    wanted = Q(name__contains=text) | Q(shown__contains=text) | Q(name__in=above)
    place = [When(name__in=names, then=0), When(name__in=above, then=1)]
    exact = Case(*place, default=2, output_field=IntegerField())
    return list(visible(user).filter(wanted).order_by(exact, "name")[:PAGE_SIZE])


def export(user: User) -> QuerySet[Entry]:
    return visible(user).order_by("pk")
