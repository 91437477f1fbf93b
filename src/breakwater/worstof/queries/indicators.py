"""What TAXII gives of the list: each name with when it came, and names that left as revoked."""

import hashlib
import hmac
import json
from bisect import bisect_left
from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from django.utils.crypto import salted_hmac

from breakwater.formats.block_list import Header
from breakwater.formats.block_list.stix import indicator, indicator_id, moment
from breakwater.worstof.models import Publication, Recipient, ZoneChange
from breakwater.worstof.queries import zone
from breakwater.worstof.queries.canaries import given_to

_STEP = timedelta(milliseconds=1)  # the finest that STIX tells apart


class NotSigned(Exception):
    """Nothing is published, or the names kept are not those that were signed."""


class Place(NamedTuple):
    """Where an indicator stands among the others. `digest` is keyed: it tells nothing of a name."""

    added: datetime
    digest: bytes


class Stay(NamedTuple):
    """The serials at which a name came and left; 0: nobody knows, None: it is still there."""

    came: int
    left: int | None


@dataclass(frozen=True, slots=True)
class Listed:
    """One indicator as it is now. `time` counts: a name that was listed again is a new object."""

    place: Place
    name: str
    time: int
    since: datetime
    is_revoked: bool

    @property
    def added(self) -> datetime:
        return self.place.added

    @property
    def id(self) -> str:
        return indicator_id(self.name, self.time)

    def stix(self) -> dict[str, Any]:
        header = Header(0, self.since, zone.ZONE, "")
        said = indicator(self.name, header, since=self.since, time=self.time)
        said["modified"] = moment(self.added)
        return said | {"revoked": True} if self.is_revoked else said


def all_listed(recipient: Recipient) -> tuple[Listed, ...]:
    """Every indicator of a recipient's scope with its canaries, the earliest first.

    Raises:
        NotSigned: in doubt nothing is given.
    """
    publication = zone.last()
    if publication is None:
        raise NotSigned
    terms = json.dumps([recipient.scope, sorted(given_to(recipient))])
    return _all_listed(recipient.pk, terms, publication.serial)


@lru_cache(maxsize=4)
def _all_listed(pk: int, terms: str, serial: int) -> tuple[Listed, ...]:
    recipient, publication = Recipient.objects.get(pk=pk), Publication.objects.get(serial=serial)
    if zone.names_signed(recipient, publication) is None:
        raise NotSigned
    at = _Times.read()
    stays = dict(_stays(is_international=recipient.scope == Recipient.Scope.INTERNATIONAL))
    found = [row for name in stays for row in _past(name, stays[name], at)]
    for name, number in zone.names_for(recipient).values_list("name", "serial"):
        known = stays.pop(name, [])
        is_open = bool(known) and known[-1].left is None
        came = at.of(known[-1].came) if is_open else at.by_hand(number)
        found.append(_listed(name, len(known) - is_open, came))
    # What the history has as listed and the zone has not was taken out by hand.
    for name, known in stays.items():
        if known[-1].left is None:
            then = known[-1].came
            found.append(_listed(name, len(known) - 1, at.of(then), left=at.by_hand(then)))
    given = json.loads(terms)[1]
    for name in recipient.canaries:
        canary = _canary(name, recipient, at)
        is_given = name in given
        found.append(canary if is_given else _listed(name, 0, canary.since, left=at.of(serial)))
    return tuple(sorted(found, key=attrgetter("place")))


class Past(NamedTuple):
    """Names that a recipient had and has no more, and how often each name of now had left."""

    gone: tuple[str, ...]
    again: dict[str, int]


def past(recipient: Recipient, names: Set[str]) -> Past:
    """What a copy of these names has to say of the past; no name that the recipient never got."""
    gone: list[str] = [name for name in recipient.canaries if name not in names]
    again: dict[str, int] = {}
    at = _Times.read()
    for name, known in _stays(is_international=recipient.scope == Recipient.Scope.INTERNATIONAL):
        last = known[-1]
        times = len(known) - (last.left is None)
        if name in names and times:
            again[name] = times
        elif name not in names:
            left = at.by_hand(last.came) if last.left is None else at.of(last.left)
            if left > recipient.created_at:
                gone.append(name)
    return Past(tuple(sorted(gone)), again)


@dataclass(frozen=True, slots=True)
class _Times:
    """When each publication was, in an order that a clock set back does not change.

    A client asks for what was added after the last that it has: nothing may come before that.
    """

    serials: tuple[int, ...]
    moments: tuple[datetime, ...]
    accepted: int  # serial of the last publication of names as they were kept; 0: none

    @classmethod
    def read(cls) -> "_Times":
        serials, moments, accepted = [], [], 0
        last = datetime.min.replace(tzinfo=UTC)
        rows = Publication.objects.order_by("serial").values_list("serial", "at", "is_accepted")
        for number, at, is_accepted in rows:
            last = max(at.astimezone(UTC), last + _STEP)
            serials.append(number)
            moments.append(last)
            accepted = number if is_accepted else accepted
        return cls(tuple(serials), tuple(moments), accepted)

    def of(self, serial: int) -> datetime:
        """Of the first publication from this serial on; the last one's, if its own is gone."""
        return self.moments[min(bisect_left(self.serials, serial), len(self.moments) - 1)]

    def by_hand(self, serial: int) -> datetime:
        """When a name moved that no change tells of: as it was accepted, whatever its row says."""
        return self.of(max(serial, self.accepted))


def _stays(*, is_international: bool) -> Iterator[tuple[str, list[Stay]]]:
    """When each name came to these recipients and left them, whoever had it leave.

    A name that they never had has no stay: to revoke it would tell them of it.
    """
    effect = "effect_international" if is_international else "effect"
    rows = ZoneChange.objects.exclude(serial=None).exclude(**{effect: 0})
    ordered = rows.order_by("name", "serial").values_list("name", "serial", effect)
    for name, moves in groupby(ordered.iterator(chunk_size=5000), itemgetter(0)):
        stays: list[Stay] = []
        for _name, serial, moved in moves:
            is_there = bool(stays) and stays[-1].left is None
            if moved > 0 and not is_there:
                stays.append(Stay(serial, None))
            elif moved < 0 and is_there:
                stays[-1] = Stay(stays[-1].came, serial)
            elif moved < 0 and not stays:
                stays.append(Stay(0, serial))
        if stays:
            yield name, stays


def _past(name: str, stays: list[Stay], at: _Times) -> Iterator[Listed]:
    for time, stay in enumerate(stays):
        if stay.left is not None:
            left = at.of(stay.left)
            yield _listed(name, time, at.of(stay.came) if stay.came else left, left=left)


def _listed(name: str, time: int, since: datetime, *, left: datetime | None = None) -> Listed:
    digest = hmac.digest(_key(), f"{name}#{time}".encode("ascii"), "sha256")[:16]
    return Listed(Place(left or since, digest), name, time, since, is_revoked=left is not None)


@lru_cache(maxsize=1)
def _key() -> bytes:
    return salted_hmac("worstof.indicators", "place", algorithm="sha256").digest()


def _canary(name: str, recipient: Recipient, at: _Times) -> Listed:
    """A canary came with some publication before the recipient was made: always the same one."""
    before = [when for when in at.moments if when <= recipient.created_at] or at.moments[:1]
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % len(before)
    return _listed(name, 0, before[number])
