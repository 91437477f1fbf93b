"""Reads for the desk's page of appeals: the open ones by their clock, and what one is about."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from breakwater.people.models import User
from breakwater.worstof.models import Appeal, AppealedName, Entry
from breakwater.worstof.queries import board
from breakwater.worstof.rules.folding import appealed

PAGE_SIZE = 50
BELOW_SHOWN = 20
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

    A part of an appeal is one country's; of the others the entries say whose they are.
    """
    lands = board.lands(user)
    named = Entry.objects.filter(name=OuterRef("name"))
    waits = named.exclude(state__in=board.VIEWS["over"])
    names = AppealedName.objects.filter(appeal=OuterRef("pk"))
    seen = Exists(names.filter(Exists(named.filter(block_list__country__in=lands))))
    mine = Q(part_of=None) & (Q(name="") | seen | ~Exists(names.filter(Exists(waits))))
    mine |= Q(entry__block_list__country__in=lands, part_of__isnull=False)
    return Appeal.objects.filter(mine).select_related("decided_by", "entry")


def abouts(appeals: Iterable[Appeal], user: User) -> dict[str, Entry]:
    """By the appeal's name, the entry that a reader is told of: one that is blocked before one that
    is not, and one of the very name before one above it."""
    names = {appeal.name: appealed(appeal.name) for appeal in appeals if appeal.name}
    every = {name for covering in names.values() for name in covering}
    entries = list(board.visible(user).filter(name__in=every))
    found = {name: [e for e in entries if e.name in covering] for name, covering in names.items()}
    return {name: min(rows, key=_order(name)) for name, rows in found.items() if rows}


def _order(name: str) -> Callable[[Entry], tuple[bool, int, int]]:
    return lambda e: (e.state not in Entry.PUBLISHED, abs(len(e.name) - len(name)), e.pk)


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
    """Every entry that the appeal is about and the reader sees: its name can be on several lists,
    and so can one above it. A part is about one list's alone."""
    found = board.visible(user).filter(name__in=appealed(of.name))
    if of.part_of_id and of.entry:
        found = found.filter(block_list=of.entry.block_list_id)
    return sorted(found, key=lambda entry: (-len(entry.name), entry.pk))


def below(of: Appeal, user: User) -> list[Entry]:
    """Entries below the appeal's name, which an answer leaves as they are; at most twenty."""
    if not of.name:
        return []
    found = board.visible(user).filter(name__endswith=f".{of.name}")
    found = found.exclude(name__in=appealed(of.name)).exclude(state__in=board.VIEWS["over"])
    return list(found.order_by("name", "pk")[:BELOW_SHOWN])


def earlier(of: Appeal, user: User) -> list[Appeal]:
    """Other appeals against the domain or one above it, newest first; at most fifty."""
    same = Q(name__in=appealed(of.name)) if of.name else Q(name="", given=of.given)
    return list(visible(user).filter(same).exclude(pk=of.pk).order_by("-pk")[:PAGE_SIZE])
