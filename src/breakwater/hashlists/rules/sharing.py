"""What a recipient is told of a list in a range of time, and where a page goes on.

A recipient asks «what changed from … to …» and takes the end for its next beginning. So an entry
must never appear in a range that somebody has finished, and a list that ends must say so: its
entries come as tombstones at the time of the end, or recipients would use them for ever.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

PAGE = 1000
# Clocks differ, and a change takes its time a few seconds before it can be seen. Each range
# begins this much earlier; what is told twice is the same entry under the same number.
OVERLAP = timedelta(seconds=60)
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = re.compile("-".join(["([1-9][0-9]{0,17})"] * 3))


class BadRange(ValueError):
    """The range or the place to go on from cannot be read; the message says what to send."""


@dataclass(frozen=True, slots=True)
class Range:
    """From its beginning up to and without its end."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Life:
    """When a list begins and ends to speak; None is «always»."""

    begins: datetime | None = None
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Telling:
    """Entries of one list changed in a range. Times before `floor` are told as `floor`."""

    list_id: int
    changed: Range
    floor: datetime = BEGINNING
    as_tombstones: bool = False


class Place(NamedTuple):
    """The last entry of a page, in the order of pages."""

    list_id: int
    change_id: int
    entry_id: int


def check_range(asked: Range, now: datetime) -> None:
    """Refuse a range that is no range or that ends later than now.

    A known client writes its local time and calls it UTC. East of Greenwich it asks for the
    future, would take it for finished, and lose what changes until then: it has to be told.
    """
    if asked.since > asked.until:
        raise BadRange("«from» is later than «to»")
    if asked.until > now + OVERLAP:
        raise BadRange("«to» is in the future; write both times in UTC (known clients: set TZ=UTC)")


def telling(list_id: int, life: Life, asked: Range, now: datetime) -> Telling | None:
    """What is to be told of a list; None for nothing."""
    # Known clients ask from the year 1, and nothing is earlier.
    since = max(asked.since, BEGINNING) - OVERLAP
    everything = Range(BEGINNING, asked.until)
    if life.begins is not None and (now < life.begins or asked.until <= life.begins):
        return None
    if life.ends is not None and life.ends <= now:
        if since <= life.ends < asked.until:
            return Telling(list_id, everything, life.ends, as_tombstones=True)
        return None
    if life.begins is not None and since <= life.begins:
        return Telling(list_id, everything, life.begins)
    return Telling(list_id, Range(since, asked.until))


def tellings(lives: Mapping[int, Life], asked: Range, now: datetime) -> list[Telling]:
    """What is to be told of several lists, in the order of pages."""
    found = (telling(list_id, lives[list_id], asked, now) for list_id in sorted(lives))
    return [one for one in found if one is not None]


def rest(told: Iterable[Telling], place: Place | None) -> list[Telling]:
    """What comes at or behind a place."""
    return [one for one in told if place is None or one.list_id >= place.list_id]


def write_place(place: Place) -> str:
    return "-".join(map(str, place))


def read_place(text: str) -> Place:
    """Read `write_place`.

    Raises:
        BadRange: it was made up or cut off.
    """
    found = _PLACE.fullmatch(text)
    if found is None:
        raise BadRange("«after» is not one of ours; begin the range anew")
    return Place(*map(int, found.groups()))
