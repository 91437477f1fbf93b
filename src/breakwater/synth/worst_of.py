"""Domains for the demo: two foreign agencies, a national overlay, entries in every state.

Every name is invented and ends in a domain that nobody can register (RFC 2606).
"""

from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password

from breakwater.people.models import Agency, User
from breakwater.worstof.actions import life
from breakwater.worstof.actions.life import Judgement, Sighting
from breakwater.worstof.actions.lists import Terms, create_list, international
from breakwater.worstof.models import BlockList, Entry

ABROAD = (
    ("assessor", "Ines", "Muestra", "Northland Example Police"),
    ("assessor2", "Sander", "Proef", "Southland Example Police"),
)
COUNTRIES = ("CW", "JM", "SX")
ENDINGS = ("example", "test", "invalid")
# How many entries end in which state, oldest first: those who lapsed were listed long ago.
ENDS = (
    ("lapsed", 4, 115), ("due", 8, 95), ("removed", 6, 60), ("listed", 20, 50),
    ("refused", 3, 20), ("discussion", 4, 12), ("guarded", 4, 9), ("judged", 5, 6),
    ("nominated", 6, 3),
)  # fmt: skip


def load_worst_of(country: str, *, password: str, at: datetime) -> None:
    """Fill the Worst Of room once; a second run finds its agencies and adds nothing."""
    if User.objects.filter(username=ABROAD[0][0]).exists():
        return
    officer = User.objects.get(username="officer")
    foreign = _foreign_officer(country, password)
    lists = [international(), _overlay(country, at)]
    number = 0
    for end, count, days in ENDS:
        for n in range(count):
            number += 1
            on = lists[1] if end == "nominated" and n % 2 else lists[0]
            when = at - timedelta(days=days) + timedelta(hours=n)
            _live(f"invented-{number:02d}", end, on, officer, foreign, when)
    for _ in ("due", "lapsed"):
        life.move_clocks(at)


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


def _live(name: str, end: str, on: BlockList, officer: User, foreign: User, when: datetime) -> None:
    """Lead one entry to the state it shall show."""
    looks = "www" if end == "guarded" else ""
    ending = ENDINGS[len(name + end) % len(ENDINGS)]
    seen_at = when - timedelta(days=2)
    sighting = Sighting(f"SYN-{name[-2:]}", "Synthetic: nothing was seen", seen_at)
    entry = life.nominate(on, f"{looks}{name}.{ending}", sighting, by=officer, at=when)
    if end == "nominated":
        return
    _judge(entry, officer, when)
    if end == "judged":
        return
    severe = "no" if end in ("discussion", "refused") else "yes"
    _judge(entry, foreign, when, severe=severe)
    if end == "removed":
        life.remove(entry, by=officer, reason="Synthetic: the content is gone", at=when)
    elif end == "refused":
        reason = "Synthetic: the criteria are not met"
        life.settle(entry, by=officer, reason=reason, at=when, refuse=True)


def _judge(entry: Entry, by: User, when: datetime, *, severe: str = "yes") -> None:
    seen = when - timedelta(days=1)
    said = Judgement("yes", "yes", severe, "yes", seen, "medium", "Synthetic")
    life.assess(entry, said, by=by, at=when)
