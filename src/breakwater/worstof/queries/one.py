"""Reads for the page of one entry; another authority's judgement is hidden until one's own."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from django.db.models import Q

from breakwater.people.models import User
from breakwater.worstof.models import Appeal, Assessment, Entry, Signature, Step, ZoneChange
from breakwater.worstof.queries.appealed import of_entry
from breakwater.worstof.queries.appeals import visible as visible_appeals
from breakwater.worstof.queries.board import visible
from breakwater.worstof.queries.independence import has_company, has_spoken, is_open_to
from breakwater.worstof.rules.folding import with_parents

State = Entry.State
RELATIVES = 50
STILL_JUDGED = (State.NOMINATED, State.DUE)


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said in the entry's round, as far as the reader may see it.

    `hidden` counts the authorities whose assessments wait until the reader's has judged, see
    `queries.independence`. `is_too_late` if a yes of the reader's authority no longer counts.
    """

    shown: list[Assessment]
    hidden: int
    earlier: list[Assessment]
    is_open: bool
    is_too_late: bool


def entry(pk: int, user: User) -> Entry | None:
    return visible(user).filter(pk=pk).first()


def heard(of: Entry, user: User) -> Heard:
    found = Assessment.objects.filter(entry=of).select_related("agency", "by")
    found = found.order_by("round", "pk")
    rounds = {number: list(rows) for number, rows in groupby(found, key=lambda a: a.round)}
    now, mine = rounds.pop(of.round, []), user.agency_id
    is_open = is_open_to(mine, of.block_list, now)
    shown = _standing([a for a in now if is_open or a.agency_id == mine])
    # What was said before would lead the judgement that is asked for now.
    is_asked = of.state in STILL_JUDGED and not is_open
    earlier = (
        []
        if is_asked
        else [a for rows in rounds.values() if is_open_to(mine, of.block_list, rows) for a in rows]
    )
    hidden = len({a.agency_id for a in now}) - len(shown) if not is_open else 0
    return Heard(shown, hidden, earlier, is_open, is_open and has_company(mine, now))


def _standing(found: list[Assessment]) -> list[Assessment]:
    """The latest of each authority, in the order in which the authorities first spoke."""
    return list({a.agency_id: a for a in found}.values())


def relatives(of: Entry, user: User) -> list[Entry]:
    """Entries of its name on other lists, above it, and below it, in this order; at most fifty."""
    found, others = [], visible(user).exclude(pk=of.pk)
    for near in (Q(name__in=with_parents([of.name])), Q(name__endswith=f".{of.name}")):
        found += sorted(others.filter(near).order_by("pk")[:RELATIVES], key=_near(of))
    return found[:RELATIVES]


def _near(of: Entry) -> Callable[[Entry], tuple[int, str]]:
    return lambda entry: (abs(len(entry.name) - len(of.name)), entry.name)


def steps(of: Entry) -> list[Step]:
    return list(Step.objects.filter(entry=of).order_by("-pk"))


def signatures(of: Entry) -> list[Signature]:
    found = Signature.objects.filter(entry=of, round=of.round).select_related("by__agency")
    return list(found.order_by("pk"))


def appeals(of: Entry, user: User) -> list[Appeal]:
    """The appeals that are about the entry, newest first, as far as the reader may see them."""
    return list(of_entry(visible_appeals(user), of))


def last_change(of: Entry) -> ZoneChange | None:
    """What the publisher was last told of this entry, and whether it did it."""
    mine = Q(entry=of) | Q(entry=None, name=of.name)
    return ZoneChange.objects.filter(mine).order_by("-pk").first()


def withdrawable(of: Entry, user: User) -> Assessment | None:
    """The reader's own last assessment, unless it has opened what others said."""
    rows = list(Assessment.objects.filter(entry=of, round=of.round))
    if has_spoken(user.agency_id, rows) and has_company(user.agency_id, rows):
        return None
    return latest_own(of, user)


def latest_own(of: Entry, user: User) -> Assessment | None:
    """The reader's own last assessment of this round."""
    return Assessment.objects.filter(entry=of, round=of.round, by=user).order_by("-pk").first()
