"""What TAXII gives of the list: each name with when it came, and names that left as revoked."""

import hashlib
import json
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from breakwater.formats.block_list import Header
from breakwater.formats.block_list.header import identifier
from breakwater.formats.block_list.stix import indicator, moment
from breakwater.worstof.models import Publication, Recipient, ZoneChange
from breakwater.worstof.queries import zone


class NotSigned(Exception):
    """Nothing is published, or the names kept are not those that were signed."""


@dataclass(frozen=True, slots=True, order=True)
class Listed:
    """One indicator as it is now. `time` counts: a name that was listed again is a new object."""

    added: datetime
    name: str
    time: int
    since: datetime
    is_revoked: bool

    @property
    def id(self) -> str:
        text = self.name if not self.time else f"{self.name}#{self.time}"
        return f"indicator--{identifier('indicator', text)}"

    def stix(self) -> dict[str, Any]:
        header = Header(0, self.since, zone.ZONE, "")
        said = indicator(self.name, header, since=self.since) | {"id": self.id}
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
    terms = json.dumps([recipient.scope, sorted(recipient.canaries)])
    return _all_listed(recipient.pk, terms, publication.serial)


@lru_cache(maxsize=4)
def _all_listed(pk: int, terms: str, serial: int) -> tuple[Listed, ...]:
    recipient, publication = Recipient.objects.get(pk=pk), Publication.objects.get(serial=serial)
    if zone.names_signed(recipient, publication) is None:
        raise NotSigned
    times = dict(Publication.objects.order_by("serial").values_list("serial", "at"))
    at_of = {number: at.astimezone(UTC) for number, at in times.items()}
    rows = dict(zone.names_for(recipient).values_list("name", "serial"))
    gone = _removals(recipient)
    found = [_now(name, number, gone, at_of) for name, number in rows.items()]
    found += [_gone(name, gone[name], at_of) for name in gone.keys() - rows.keys()]
    found += [_canary(name, recipient, at_of) for name in recipient.canaries]
    return tuple(sorted(found))


def _removals(recipient: Recipient) -> dict[str, list[int]]:
    """The serials at which names left, that this recipient was once given."""
    rows = ZoneChange.objects.filter(refused="").exclude(serial=None).order_by("serial")
    if recipient.scope == Recipient.Scope.INTERNATIONAL:
        rows = rows.filter(entry__block_list__country="")
    given = set(rows.filter(adds=True).values_list("name", flat=True))
    found: dict[str, list[int]] = {}
    for name, serial in rows.filter(adds=False).values_list("name", "serial"):
        if name in given and serial is not None:
            found.setdefault(name, []).append(serial)
    return found


def _now(name: str, serial: int, gone: dict[str, list[int]], at: dict[int, datetime]) -> Listed:
    time = bisect_right(gone.get(name, []), serial)
    return Listed(at[serial], name, time, at[serial], is_revoked=False)


def _gone(name: str, serials: list[int], at: dict[int, datetime]) -> Listed:
    return Listed(at[serials[-1]], name, len(serials) - 1, at[serials[-1]], is_revoked=True)


def _canary(name: str, recipient: Recipient, at: dict[int, datetime]) -> Listed:
    """A canary came with some publication before the recipient was made: always the same one."""
    before = [when for when in at.values() if when <= recipient.created_at] or [*at.values()][:1]
    place = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % len(before)
    return Listed(before[place], name, 0, before[place], is_revoked=False)
