"""Asks a recipient's resolvers whether they block: the proof that a regulator sees, in counts."""

import ipaddress
import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import dns.exception
import dns.message
import dns.query
import dns.rcode
from django.db import transaction

from breakwater.custody.actions import record
from breakwater.worstof.models import Probe, Recipient, ZoneChange
from breakwater.worstof.primary.configuration import BadAddress, split
from breakwater.worstof.queries import zone
from breakwater.worstof.queries.canaries import given_to

SAMPLE = 20  # listed names asked of each resolver
EVERY = timedelta(minutes=15)
# A delay is only told of a name decided so shortly before: later it says when the probe came.
FRESH = timedelta(seconds=60)
_SECONDS = 2.0
_GIVES_UP = 3  # questions in a row without answer
# RFC 5737 and RFC 3849.
_EXAMPLES = tuple(
    map(
        ipaddress.ip_network,
        ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"),
    )
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What one resolver said; a name that got no answer counts as not blocked.

    `unclear` are names that look blocked, as would any other name beside them: of those the
    answer tells nothing.
    """

    blocked: int
    answered: int
    unclear: int = 0


def work(at: datetime) -> bool:
    """Probe the recipient whose last probe is longest ago and due; false if none is."""
    for recipient in Recipient.objects.filter(closed_at=None).order_by("pk"):
        last = recipient.probes.order_by("-at").first()
        if addresses(recipient) and (last is None or abs(at - last.at) >= EVERY):
            probe(recipient, at=at)
            return True
    return False


def addresses(recipient: Recipient) -> list[str]:
    """Where to ask. Addresses reserved for examples, as the demo has them, are nobody's."""
    places = recipient.resolvers or recipient.notify
    return [place for place in places if not _is_example(place)]


def _is_example(place: str) -> bool:
    try:
        address = ipaddress.ip_address(split(place)[0])
    except BadAddress:
        return False  # told in the probe's row
    return any(address.version == net.version and address in net for net in _EXAMPLES)


def probe(
    recipient: Recipient, *, at: datetime, chance: random.Random | None = None
) -> list[Probe]:
    """Ask each resolver for the recipient's canaries and a sample of names, and keep counts.

    Names go to the resolver and nowhere else: no log, no row.
    """
    chance = chance or random.Random()  # noqa: S311 – chooses a sample, guards nothing
    sample = _sample(recipient, chance)
    newest = _newest(recipient, at)
    found = [_look(recipient, where, sample, newest, at) for where in addresses(recipient)]
    with transaction.atomic():
        made = Probe.objects.bulk_create(found)
        detail = {"asked": sum(p.asked for p in made), "blocked": sum(p.blocked for p in made)}
        target = recipient.name
        record("worstof.recipient.probed", actor="worker", at=at, target=target, detail=detail)
    return made


def _sample(recipient: Recipient, chance: random.Random) -> list[str]:
    """Names of some buckets drawn at random: no need to read a million of them."""
    names: list[str] = []
    rows = zone.names_for(recipient)
    for _ in range(3):
        start = chance.randrange(4096)
        near = rows.filter(bucket__gte=start).order_by("bucket")[:SAMPLE]
        names += near.values_list("name", flat=True)
        if len(names) >= SAMPLE:
            break
    if len(names) < SAMPLE:
        names += rows.values_list("name", flat=True)[:SAMPLE]
    return sorted(set(names))[:SAMPLE]


def _newest(recipient: Recipient, at: datetime) -> ZoneChange | None:
    """The name that came last, if it came just now: its delay is at most the time since."""
    fresh = ZoneChange.objects.filter(effect=1, decided_at__gt=at - FRESH)
    newest = fresh.order_by("-serial", "-id").first()
    if newest and zone.names_for(recipient).filter(name=newest.name).exists():
        return newest
    return None


def _look(
    recipient: Recipient, where: str, sample: list[str], newest: ZoneChange | None, at: datetime
) -> Probe:
    row = Probe(recipient=recipient, resolver=where[:64], at=at, asked=len(sample), blocked=0)
    given = given_to(recipient)
    row.canaries_asked = len(given)
    try:
        place = split(where)
        resolver = _Resolver(place, stop_addresses(place, recipient.stop_page))
        listed, canaries = resolver.ask_all(sample), resolver.ask_all(given)
        if newest and resolver.ask_all([newest.name]).blocked:
            row.delay_ms = max(0, round((at - newest.decided_at) / timedelta(milliseconds=1)))
    except BadAddress:
        row.problem = "bad-address"
        return row
    if listed.answered + canaries.answered < row.asked + row.canaries_asked:
        row.problem = "no-answer"
    row.blocked, row.canaries_blocked = listed.blocked, canaries.blocked
    row.asked -= listed.unclear
    row.canaries_asked -= canaries.unclear
    row.unclear = listed.unclear + canaries.unclear
    return row


def stop_addresses(place: tuple[str, int], stop_page: str) -> set[str]:
    """What a blocked name leads to: the stop page's host, and the addresses it has there."""
    if not stop_page:
        return set()
    answer = _ask(place, stop_page)
    return {f"{stop_page.rstrip('.')}."} | (_told(answer) if answer else set())


class _Resolver:
    """One resolver in one probe: what it says of a name, and of a name beside it that nobody lists.

    A canary does not exist, and a listed domain may be gone: NXDOMAIN is a block only where the
    other name gets another answer. A resolver that leads every name to its stop page does not
    block either.
    """

    def __init__(self, place: tuple[str, int], stops: set[str]) -> None:
        self.place, self.stops = place, stops
        self._beside: dict[str, bool | None] = {}

    def ask_all(self, names: Sequence[str]) -> Asked:
        blocked = answered = unclear = silent = 0
        for name in names:
            answer = _ask(self.place, name)
            silent = silent + 1 if answer is None else 0
            if silent == _GIVES_UP:
                break  # it is off: the worker has other things to do than to wait for the rest
            if answer is None:
                continue
            answered += 1
            if self._looks_blocked(answer):
                if self._looks_blocked_beside(name) is False:
                    blocked += 1
                else:
                    unclear += 1
        return Asked(blocked, answered, unclear)

    def _looks_blocked(self, answer: dns.message.Message) -> bool:
        """The stop page, or NXDOMAIN where the recipient has none."""
        if self.stops:
            return bool(_told(answer) & self.stops)
        return bool(answer.rcode() == dns.rcode.NXDOMAIN)

    def _looks_blocked_beside(self, name: str) -> bool | None:
        """The same of a random name below the same domain, asked once; None without an answer."""
        domain = name.rstrip(".").partition(".")[2]
        if domain not in self._beside:
            answer = _ask(self.place, f"{secrets.token_hex(8)}.{domain}")
            self._beside[domain] = None if answer is None else self._looks_blocked(answer)
        return self._beside[domain]


def _told(answer: dns.message.Message) -> set[str]:
    return {rdata.to_text() for rrset in answer.answer for rdata in rrset}


def _ask(place: tuple[str, int], name: str) -> dns.message.Message | None:
    try:
        query = dns.message.make_query(f"{name.rstrip('.')}.", "A")
        return dns.query.udp(query, place[0], _SECONDS, place[1])
    except (OSError, dns.exception.DNSException):
        return None
