"""Domains for the demo: two foreign agencies, a national overlay, entries in every state.

Every name is invented and ends in a domain that nobody can register (RFC 2606). What was decided is
published at its time, as the publisher would have done, up to a change that its brake holds.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.contrib.auth.hashers import make_password

from breakwater.people.models import Agency, User
from breakwater.synth import blocking
from breakwater.worstof.actions import life
from breakwater.worstof.actions.life import Judgement, Sighting
from breakwater.worstof.actions.lists import Terms, create_list, international
from breakwater.worstof.actions.publishing import publish_waiting
from breakwater.worstof.models import BlockList, Entry

ABROAD = (
    ("assessor", "Ines", "Muestra", "Northland Example Police"),
    ("assessor2", "Sander", "Proef", "Southland Example Police"),
)
LOOKED = timedelta(days=2)  # before the nomination
COUNTRIES = ("CW", "JM", "SX")
ENDINGS = ("example", "test", "invalid")
# How many entries end in which state, and how many days ago they were put forward, oldest first.
ENDS = (
    ("lapsed", 4, 115), ("again", 5, 104), ("due", 8, 95), ("removed", 6, 60), ("listed", 20, 50),
    ("refused", 3, 20), ("discussion", 4, 12), ("guarded", 4, 9), ("judged", 5, 6),
    ("nominated", 6, 3),
)  # fmt: skip
# Put forward and verified within one hour: more than the brake lets through at once.
BULK, BULK_AGO = 8, timedelta(hours=5)
CONSIDERED = timedelta(days=2)  # from the nomination to the second authority's judgement
GONE_AFTER = timedelta(days=9)
AGAIN_AFTER = timedelta(days=97)
CLOCK_DAYS = 40  # the clocks of the worker, once a day


@dataclass(frozen=True, slots=True)
class Cast:
    """The people who act, and the lists they act on."""

    officer: User
    supervisor: User
    foreign: User
    world: BlockList
    overlay: BlockList


Deed = tuple[datetime, Callable[[datetime], object]]


def load_worst_of(country: str, *, password: str, at: datetime) -> None:
    """Fill the Worst Of room once; a second run finds its agencies and adds nothing."""
    if User.objects.filter(username=ABROAD[0][0]).exists():
        return
    foreign = _foreign_officer(country, password)
    officer, supervisor = (User.objects.get(username=x) for x in ("officer", "supervisor"))
    cast = Cast(officer, supervisor, foreign, international(), _overlay(country, at))
    deeds = [*_lives(cast, at), *_clocks(at), *blocking.deeds(supervisor, at)]
    for when, deed in sorted(deeds, key=lambda found: found[0]):
        deed(when)
        if when != at - BULK_AGO:  # these are decided together, and so they are held together
            publish_waiting(when)
    blocking.load_blocking(at=at)


def _clocks(at: datetime) -> Iterator[Deed]:
    yield at - BULK_AGO + timedelta(minutes=1), life.move_clocks
    for days in range(CLOCK_DAYS, -1, -1):
        for _ in ("due", "lapsed"):
            yield at - timedelta(days=days), life.move_clocks


def _lives(cast: Cast, at: datetime) -> Iterator[Deed]:
    number = 0
    for end, count, days in ENDS:
        for n in range(count):
            number += 1
            on = cast.overlay if end == "nominated" and n % 2 else cast.world
            begun = at - timedelta(days=days) + timedelta(hours=n * 5)
            yield from _life(_domain(number, end), end, on, cast, begun)
    for _ in range(BULK):
        number += 1
        yield from _life(_domain(number, "listed"), "bulk", cast.world, cast, at - BULK_AGO)


def _domain(number: int, end: str) -> str:
    looks = "www" if end == "guarded" else ""
    return f"{looks}invented-{number:02d}.{ENDINGS[number % len(ENDINGS)]}"


def _foreign_officer(country: str, password: str) -> User:
    hashed = make_password(password)
    places = [code for code in COUNTRIES if code != country]
    people = []
    for (username, first, last, agency), place in zip(ABROAD, places, strict=False):
        of = Agency.objects.create(name=agency, kind="police", country=place, is_synthetic=True)
        people.append(
            User.objects.create(
                username=username, password=hashed, first_name=first, last_name=last,
                email=f"{username}@abroad.example", role="assessor", agency=of,
            )
        )  # fmt: skip
    return people[0]


def _overlay(country: str, at: datetime) -> BlockList:
    terms = Terms("National additions (synthetic)", "Example Act s. 1", country, distinct="agency")
    return create_list(terms, by=User.objects.get(username="supervisor"), at=at)


def _life(name: str, end: str, on: BlockList, cast: Cast, begun: datetime) -> Iterator[Deed]:
    """What is done to one entry, and when, until it is in the state it shall show."""

    def found() -> Entry:
        return Entry.objects.get(block_list=on, name=name)

    def nominate(when: datetime) -> None:
        sighting = Sighting(
            f"SYN-{name.split('-')[1][:2]}", "Synthetic: nothing was seen", when - LOOKED
        )
        life.nominate(on, name, sighting, by=cast.officer, at=when)

    yield begun, nominate
    if end == "nominated":
        return
    yield begun, lambda when: _judge(found(), cast.officer, when)
    if end == "judged":
        return
    severe = "no" if end in ("discussion", "refused") else "yes"
    judged = begun if end == "bulk" else begun + CONSIDERED
    yield judged, lambda when: _judge(found(), cast.foreign, when, severe=severe)
    if end == "again":
        for judge in (cast.officer, cast.foreign):
            yield begun + AGAIN_AFTER, partial(_judge_again, found, judge)
    elif end == "removed":
        gone = "Synthetic: the content is gone"
        yield (
            judged + GONE_AFTER,
            lambda when: life.remove(found(), by=cast.officer, reason=gone, at=when),
        )
    elif end == "refused":
        reason = "Synthetic: the criteria are not met"
        yield (
            judged + timedelta(hours=4),
            lambda when: life.settle(found(), by=cast.officer, reason=reason, at=when, refuse=True),
        )


def _judge_again(found: Callable[[], Entry], by: User, when: datetime) -> None:
    _judge(found(), by, when)


def _judge(entry: Entry, by: User, when: datetime, *, severe: str = "yes") -> None:
    seen = when - timedelta(days=1)
    said = Judgement("yes", "yes", severe, "yes", seen, "medium", "Synthetic")
    life.assess(entry, said, by=by, at=when)
