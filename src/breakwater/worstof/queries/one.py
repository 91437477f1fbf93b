"""Reads for the page of one entry; another authority's judgement is hidden until one's own."""

from dataclasses import dataclass

from breakwater.people.models import User
from breakwater.worstof.models import Appeal, Assessment, Entry, Signature, Step, ZoneChange
from breakwater.worstof.queries.board import visible

State = Entry.State
STILL_JUDGED = (State.NOMINATED, State.DUE)


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said in the entry's round, as far as the reader may see it.

    `hidden` are other authorities' assessments that wait until the reader's has judged: each
    authority judges by itself, as INTERPOL's criteria ask for independent reviews.
    """

    shown: list[Assessment]
    hidden: int
    earlier: list[Assessment]


def entry(pk: int, user: User) -> Entry | None:
    return visible(user).filter(pk=pk).first()


def heard(of: Entry, user: User) -> Heard:
    found = Assessment.objects.filter(entry=of).select_related("agency", "by").order_by("pk")
    now = [a for a in found if a.round == of.round]
    earlier = [a for a in found if a.round != of.round]
    mine = [a for a in now if a.agency_id == user.agency_id]
    if mine or of.state not in STILL_JUDGED:
        return Heard(_standing(now), 0, earlier)
    return Heard([], len({a.agency_id for a in now}), earlier)


def _standing(found: list[Assessment]) -> list[Assessment]:
    """The latest of each authority, in the order in which the authorities first spoke."""
    return list({a.agency_id: a for a in found}.values())


def steps(of: Entry) -> list[Step]:
    return list(Step.objects.filter(entry=of).order_by("-pk"))


def signatures(of: Entry) -> list[Signature]:
    found = Signature.objects.filter(entry=of, round=of.round).select_related("by__agency")
    return list(found.order_by("pk"))


def appeals(of: Entry) -> tuple[int, int]:
    """How many appeals there were, and how many are open."""
    states = list(Appeal.objects.filter(entry=of).values_list("state", flat=True))
    return len(states), states.count(Appeal.State.OPEN)


def last_change(of: Entry) -> ZoneChange | None:
    """What the publisher was last told of this entry, and whether it did it."""
    return ZoneChange.objects.filter(entry=of).order_by("-pk").first()


def latest_own(of: Entry, user: User) -> Assessment | None:
    """The reader's own last assessment of this round."""
    return Assessment.objects.filter(entry=of, round=of.round, by=user).order_by("-pk").first()
