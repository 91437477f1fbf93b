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
from django.db.models import Q, QuerySet
from django.utils import timezone

from breakwater.custody.actions import record
from breakwater.worstof.models import Probe, Publication, Recipient, ZoneChange
from breakwater.worstof.primary.configuration import BadAddress, split
from breakwater.worstof.queries import zone
from breakwater.worstof.queries.canaries import given_to

SAMPLE = 20  # listed names asked of each resolver
EVERY = timedelta(minutes=15)
# A name is watched so long after its decision; if it is not blocked then, that is what is told.
FRESH = timedelta(seconds=60)
_AFTER = timedelta(seconds=15)  # so long the worker may be late to see that the minute is over
_PUBLICATIONS = 100  # of the last ones, looked through for a name that fresh
_SECONDS = 2.0
_GIVES_UP = 3  # questions in a row without answer
_ANSWERS = (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)  # all others tell nothing of a name
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

    `unclear` are names of which the answer tells nothing: they look blocked, as would any other
    name beside them, or the resolver refused or failed. `problem` is the code that it gave then.
    """

    blocked: int
    answered: int
    unclear: int = 0
    problem: str = ""


def work(at: datetime) -> bool:
    """Probe a recipient that is due, or whose watched name is decided; false if there is none.

    The worker asks every second, so that what is told of a new name is how long its block took,
    and not how long the next probe.
    """
    for recipient in Recipient.objects.filter(closed_at=None).order_by("pk"):
        if addresses(recipient) and (_is_due(recipient, at) or _is_watched_out(recipient, at)):
            probe(recipient, at=at)
            return True
    return False


def _is_due(recipient: Recipient, at: datetime) -> bool:
    last = recipient.probes.order_by("-at").first()
    return last is None or abs(at - last.at) >= EVERY


def _is_watched_out(recipient: Recipient, at: datetime) -> bool:
    """Whether all its resolvers block the watched name, or one still does not after a minute."""
    last = recipient.probes.order_by("-at").first()
    if last is None or _tells_nothing(recipient.probes.filter(at=last.at)):
        return False  # to wait every second for one that is off would keep the worker
    watched = _watched(recipient, at)
    if watched is None:
        return False
    found = [_blocks(recipient, where, watched.name) for where in addresses(recipient)]
    return False in found if _is_over(watched, at) else all(found)


def _is_over(watched: ZoneChange, at: datetime) -> bool:
    return at - watched.decided_at >= FRESH


def _tells_nothing(rows: QuerySet[Probe]) -> bool:
    """Whether a resolver was silent, or refused every question."""
    nothing = Q(asked=0, canaries_asked=0) & ~Q(problem="")
    return rows.filter(Q(problem__in=Probe.SILENT) | nothing).exists()


def addresses(recipient: Recipient) -> list[str]:
    """Where to ask. Addresses reserved for examples, as the demo has them, are nobody's.

    Who is told of changes is not asked: Unbound's sidecar refuses, and `follow` is no resolver.
    """
    return [place for place in recipient.resolvers if not _is_example(place)]


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
    found = [Probe(recipient=recipient, resolver=w[:64], at=at) for w in addresses(recipient)]
    # First of all: what else is asked takes time, which is none of the block's.
    if watched := _watched(recipient, at):
        for row in found:
            _time(row, watched, at)
    for row in found:
        _look(row, sample)
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


def _watched(recipient: Recipient, at: datetime) -> ZoneChange | None:
    """The first name decided since what was told last, one a minute: it is waited for until then."""
    told = recipient.probes.filter(Q(delay_ms__isnull=False) | Q(is_late=True))
    last = told.order_by("-at").first()
    since = at - FRESH - _AFTER
    since = max(since, last.at + FRESH) if last else since
    lately = Publication.objects.order_by("-serial")[:_PUBLICATIONS]
    serials = [publication.serial for publication in lately if publication.at > since]
    fresh = ZoneChange.objects.filter(serial__in=serials, effect=1, decided_at__gt=since)
    rows = list(fresh.order_by("decided_at", "id")[:_PUBLICATIONS])
    names = zone.names_for(recipient).filter(name__in=[row.name for row in rows])
    there = set(names.values_list("name", flat=True))
    return next((row for row in rows if row.name in there), None)


def _blocks(recipient: Recipient, where: str, name: str) -> bool | None:
    """Whether a resolver blocks a name; None where that cannot be told."""
    try:
        asked = _Resolver.at(where, recipient).ask_all([name])
    except BadAddress:
        return None  # told in the probe's row
    return bool(asked.blocked) if asked.answered > asked.unclear else None


def _time(row: Probe, watched: ZoneChange, at: datetime) -> None:
    """Milliseconds from decision to the answer, if that shows the block: it took no longer."""
    found = _blocks(row.recipient, row.resolver, watched.name)
    if _is_over(watched, at):
        row.is_late = found is False
    elif found:
        spent = (timezone.now() - watched.decided_at) / timedelta(milliseconds=1)
        row.delay_ms = max(0, round(spent))


def _look(row: Probe, sample: list[str]) -> None:
    given = given_to(row.recipient)
    row.asked, row.blocked, row.canaries_asked = len(sample), 0, len(given)
    try:
        resolver = _Resolver.at(row.resolver, row.recipient)
        listed, canaries = resolver.ask_all(sample), resolver.ask_all(given)
    except BadAddress:
        row.problem = "bad-address"
        return
    row.problem = listed.problem or canaries.problem
    if listed.answered + canaries.answered < row.asked + row.canaries_asked:
        row.problem = "no-answer"
    row.blocked, row.canaries_blocked = listed.blocked, canaries.blocked
    row.asked -= listed.unclear
    row.canaries_asked -= canaries.unclear
    row.unclear = listed.unclear + canaries.unclear


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
    block either, and whoever is refused is told nothing.
    """

    def __init__(self, place: tuple[str, int], stop_page: str) -> None:
        self.place, self.host = place, f"{stop_page.rstrip('.')}."
        self.stops = stop_addresses(place, stop_page)
        self._beside: dict[str, bool | None] = {}

    @classmethod
    def at(cls, where: str, recipient: Recipient) -> "_Resolver":
        """The resolver at this address, with the recipient's stop page.

        Raises:
            BadAddress: it has no port.
        """
        return cls(split(where), recipient.stop_page)

    def ask_all(self, names: Sequence[str]) -> Asked:
        blocked = answered = unclear = silent = 0
        problem = ""
        for name in names:
            answer = _ask(self.place, name)
            silent = silent + 1 if answer is None else 0
            if silent == _GIVES_UP:
                break  # it is off: the worker has other things to do than to wait for the rest
            if answer is None:
                continue
            answered += 1
            if answer.rcode() not in _ANSWERS:
                problem = problem or dns.rcode.to_text(answer.rcode()).lower()
                unclear += 1
            elif self._looks_blocked(answer):
                if self._is_sure(answer, name):
                    blocked += 1
                else:
                    unclear += 1
        return Asked(blocked, answered, unclear, problem)

    def _looks_blocked(self, answer: dns.message.Message) -> bool:
        """The stop page, or NXDOMAIN where the recipient has none."""
        if self.stops:
            return bool(_told(answer) & self.stops)
        return bool(answer.rcode() == dns.rcode.NXDOMAIN)

    def _is_sure(self, answer: dns.message.Message, name: str) -> bool:
        """Whether it is the name's own block: not everybody's answer, and not the site's own.

        A site may have the stop page's address. The block goes by the stop page's name, or it
        covers what is below the site as well, which the site itself rarely does.
        """
        if self._looks_blocked_beside(name) is not False:
            return False
        is_bare = bool(self.stops) and not _told(answer) & {self.host}
        return not is_bare or self._random_looks_blocked(name) is True

    def _looks_blocked_beside(self, name: str) -> bool | None:
        """The same of a random name below the same domain, asked once."""
        domain = name.rstrip(".").partition(".")[2]
        if domain not in self._beside:
            self._beside[domain] = self._random_looks_blocked(domain)
        return self._beside[domain]

    def _random_looks_blocked(self, domain: str) -> bool | None:
        """None without an answer that tells."""
        answer = _ask(self.place, f"{secrets.token_hex(8)}.{domain}")
        if answer is None or answer.rcode() not in _ANSWERS:
            return None
        return self._looks_blocked(answer)


def _told(answer: dns.message.Message) -> set[str]:
    return {rdata.to_text() for rrset in answer.answer for rdata in rrset}


def _ask(place: tuple[str, int], name: str) -> dns.message.Message | None:
    try:
        query = dns.message.make_query(f"{name.rstrip('.')}.", "A")
        return dns.query.udp(query, place[0], _SECONDS, place[1])
    except (OSError, dns.exception.DNSException):
        return None
