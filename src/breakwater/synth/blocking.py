"""Recipients of the demo's Worst Of list, what probes found at them, appeals, and stops.

Recipients, appeals and downloads are made by the real actions. Probes are written as they would
have been: their resolvers have addresses reserved for examples (RFC 5737), which nobody answers.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

from breakwater.people.models import User
from breakwater.worstof.actions import appeals, downloading, recipients
from breakwater.worstof.models import Appeal, Probe, Recipient, StopCount, TransferSource
from breakwater.worstof.queries import zone

Deed = tuple[datetime, Callable[[datetime], object]]
SENDER = "breakwater demo"
DAYS, EVERY = 30, timedelta(hours=6)
NAMES = 20


@dataclass(frozen=True, slots=True)
class Provider:
    """`blocks` is the part of the names blocked on a day that many days ago."""

    name: str
    key: str
    forms: tuple[str, ...]
    address: str = ""
    scope: str = "national"
    delay_ms: int = 800
    behind: int = 0
    blocks: Callable[[int], float] = lambda days: 1.0


PROVIDERS = (
    Provider("Shoal Net (example)", "shoal-net", ("dns",), "192.0.2.53:53"),
    Provider(
        "Reef Mobile (example)", "reef-mobile", ("dns", "csv"), "198.51.100.53:53",
        delay_ms=1400, blocks=lambda days: 0.45 if 11 <= days <= 13 else 1.0,
    ),
    Provider(
        "Lagoon Cable (example)", "lagoon-cable", ("dns", "hosts"), "203.0.113.53:53",
        scope="international", delay_ms=9800, behind=6, blocks=lambda days: 0.7 if days < 6 else 0.95,
    ),
    Provider("Response team (example)", "response-team", ("stix", "misp", "taxii")),
)  # fmt: skip
CLOSED = Provider("Old Pier Telecom (example)", "old-pier", ("rpz",))
APPEALS = (  # days ago, number of the domain, what became of it
    (70, 12, "rejected"), (44, 30, "upheld"), (34, 26, "open"), (2, 31, "open"),
)  # fmt: skip


def deeds(supervisor: User, at: datetime) -> Iterator[Deed]:
    """What is done at the desk, and when."""
    begun = at - timedelta(days=110)
    for provider in (*PROVIDERS, CLOSED):
        yield begun, partial(_create, provider, supervisor)
    yield at - timedelta(days=15), partial(_close, supervisor)
    for days, number, end in APPEALS:
        yield at - timedelta(days=days), partial(_appeal, number)
        if end != "open":
            decided = at - timedelta(days=days - 11)
            yield decided, partial(_decide, end, supervisor)


def _create(provider: Provider, by: User, at: datetime) -> None:
    made, _secrets = recipients.create_recipient(
        provider.name, provider.key, by=by, at=at, forms=provider.forms, scope=provider.scope
    )
    places = [provider.address] if provider.address else []
    stop = f"stop.{provider.key}.example"
    recipients.set_addresses(made, notify=places, resolvers=places, stop_page=stop, by=by, at=at)


def _close(by: User, at: datetime) -> None:
    recipients.close(Recipient.objects.get(key_name=CLOSED.key), by=by, at=at)


def _appeal(number: int, at: datetime) -> None:
    endings = ("example", "test", "invalid")
    name = f"invented-{number:02d}.{endings[number % 3]}"
    appeals.receive(name, "Synthetic: this is my shop, and sells boats.", language="en", at=at)


def _decide(end: str, by: User, at: datetime) -> None:
    found = Appeal.objects.filter(state=Appeal.State.OPEN).order_by("received_at").first()
    if found:
        decide = appeals.uphold if end == "upheld" else appeals.reject
        decide(found, by=by, answer="Synthetic: examined again by another officer.", at=at)


def load_blocking(*, at: datetime) -> None:
    """Add what resolvers, downloads and the stop page left behind until now."""
    rng = Random(7)  # noqa: S311 – repeatable, not secret
    last = zone.last()
    for provider in PROVIDERS:
        row = Recipient.objects.get(key_name=provider.key)
        if provider.address and last:
            Probe.objects.bulk_create(_probes(provider, row, rng, at))
            late = timedelta(days=provider.behind)
            seen = {"seen_serial": last.serial - provider.behind, "transferred_at": at - late}
            Recipient.objects.filter(pk=row.pk).update(**seen)
            begun = {"first_at": row.created_at, "whole_at": row.created_at, "is_whole": False}
            TransferSource.objects.create(
                recipient=row, address=provider.address.partition(":")[0], last_at=at - late,
                serial=last.serial - provider.behind, **begun,
            )  # fmt: skip
        for form in ("csv", "stix"):
            if form in row.forms:
                copy = downloading.copy_for(row, form)
                when = at - timedelta(hours=7)
                downloading.record_download(row, copy, address=provider.address, at=when)
    today = at.astimezone(UTC).date()
    StopCount.objects.bulk_create(
        StopCount(day=today - timedelta(days=days), shown=rng.randint(20, 90))
        for days in range(DAYS)
    )


def _probes(provider: Provider, row: Recipient, rng: Random, at: datetime) -> Iterator[Probe]:
    canaries = len(row.canaries)
    for number in range(DAYS * 4):
        when = at - number * EVERY - timedelta(minutes=9)
        part = provider.blocks((at - when).days)
        is_timed = number % 9 == 4 or number == 1
        yield Probe(
            recipient=row, resolver=provider.address, at=when, asked=NAMES,
            blocked=round(NAMES * part), canaries_asked=canaries,
            canaries_blocked=round(canaries * part),
            delay_ms=round(provider.delay_ms * rng.uniform(0.7, 1.4)) if is_timed else None,
        )  # fmt: skip
