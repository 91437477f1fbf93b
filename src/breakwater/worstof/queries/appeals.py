"""Reads for the desk's page of appeals: the open ones by their clock, and what one is about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from breakwater.people.models import User
from breakwater.worstof.models import Appeal, Entry
from breakwater.worstof.queries import board

PAGE_SIZE = 50
VIEWS: dict[str, tuple[str, ...]] = {
    "open": (Appeal.State.OPEN,),
    "decided": (Appeal.State.UPHELD, Appeal.State.REJECTED, Appeal.State.UNLISTED),
}
_ORDER = {"open": ("due_at", "pk"), "decided": ("-decided_at", "-pk")}


@dataclass(frozen=True, slots=True)
class Page:
    rows: Sequence[Appeal]
    number: int
    has_next: bool


def visible(user: User) -> QuerySet[Appeal]:
    """Appeals against what this person sees of the lists, and those against nothing on them.

    A part of an appeal is one country's; of the others only the name says whose they are.
    """
    named = Entry.objects.filter(name=OuterRef("name"))
    seen = Exists(named.filter(block_list__country__in=board.lands(user)))
    mine = Q(part_of=None) & (Q(name="") | seen | ~Exists(named))
    mine |= Q(entry__block_list__country__in=board.lands(user), part_of__isnull=False)
    return Appeal.objects.filter(mine).select_related("decided_by")


def abouts(appeals: Iterable[Appeal], user: User) -> dict[str, Entry]:
    """By name, the entry that a reader is told of: one that is blocked before one that is not."""
    names = {appeal.name for appeal in appeals if appeal.name}
    found = board.visible(user).filter(name__in=names)
    entries = sorted(found, key=lambda e: (e.state in Entry.PUBLISHED, -e.pk))
    return {entry.name: entry for entry in entries}


def counts(user: User) -> dict[str, int]:
    by_state = dict(visible(user).order_by().values_list("state").annotate(n=Count("pk")))
    return {view: sum(by_state.get(s, 0) for s in states) for view, states in VIEWS.items()}


def page(view: str, number: int, user: User) -> Page:
    """One page of a view: what has to be answered first, or what was answered last."""
    found = visible(user).filter(state__in=VIEWS[view]).order_by(*_ORDER[view])
    start = (number - 1) * PAGE_SIZE
    rows = list(found[start : start + PAGE_SIZE + 1])
    return Page(rows[:PAGE_SIZE], number, len(rows) > PAGE_SIZE)


def one(pk: int, user: User) -> Appeal | None:
    return visible(user).filter(pk=pk).first()


def entries(of: Appeal, user: User) -> list[Entry]:
    """Every entry of the appeal's name that the reader sees: a name can be on several lists."""
    return list(board.visible(user).filter(name=of.name).order_by("pk")) if of.name else []


def earlier(of: Appeal, user: User) -> list[Appeal]:
    """Other appeals against the same domain, newest first; at most fifty."""
    same = Q(name=of.name) if of.name else Q(name="", given=of.given)
    return list(visible(user).filter(same).exclude(pk=of.pk).order_by("-pk")[:PAGE_SIZE])
