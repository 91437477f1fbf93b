"""Probes against a resolver of a few lines: what counts as blocked, and when one gives up."""

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import datetime

import dns.message
import dns.rcode
import pytest

from breakwater.custody.models import AuditEntry
from breakwater.worstof.actions import probing
from breakwater.worstof.models import Recipient, ZoneName
from breakwater.worstof.rules.zone_digest import bucket_of

pytestmark = pytest.mark.django_db
LISTED = [f"listed-{number}.example" for number in range(6)]
CANARIES = ["canary-a.example", "canary-b.example"]


class Resolver:
    """Answers NXDOMAIN for what it blocks, nothing at all if it is off."""

    def __init__(self) -> None:
        self.blocked: set[str] = set()
        self.is_off = False
        self.asked = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.place = f"127.0.0.1:{self.socket.getsockname()[1]}"

    def run(self) -> None:
        while True:
            try:
                wire, sender = self.socket.recvfrom(4096)
            except OSError:
                return
            if not wire:
                return
            self.asked += 1
            if not self.is_off:
                query = dns.message.from_wire(wire)
                answer = dns.message.make_response(query)
                if str(query.question[0].name).rstrip(".") in self.blocked:
                    answer.set_rcode(dns.rcode.NXDOMAIN)
                self.socket.sendto(answer.to_wire(), sender)


@pytest.fixture
def resolver() -> Iterator[Resolver]:
    found = Resolver()
    thread = threading.Thread(target=found.run, daemon=True)
    thread.start()
    yield found
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as goodbye:
        goodbye.sendto(b"", found.socket.getsockname())
    thread.join(5)
    found.socket.close()


@pytest.fixture
def recipient_at(db: None, at: datetime) -> Callable[[str], Recipient]:
    ZoneName.objects.bulk_create(
        ZoneName(name=name, is_national=False, serial=1, bucket=bucket_of(name)) for name in LISTED
    )
    return lambda place: Recipient.objects.create(
        name="Example Net", key_name="example-net", forms=["dns"], created_at=at,
        resolvers=[place], canaries=CANARIES,
    )  # fmt: skip


def test_a_resolver_is_counted_by_what_it_blocks(resolver, recipient_at, at):
    resolver.blocked = {*LISTED[:4], *CANARIES}
    row = probing.probe(recipient_at(resolver.place), at=at)[0]
    assert (row.asked, row.blocked) == (6, 4)
    assert (row.canaries_asked, row.canaries_blocked) == (2, 2)
    assert row.problem == ""


def test_no_name_that_was_asked_is_kept_or_logged(resolver, recipient_at, at):
    probing.probe(recipient_at(resolver.place), at=at)
    kept = str(list(AuditEntry.objects.values())) + str(list(probing.Probe.objects.values()))
    assert not [name for name in (*LISTED, *CANARIES) if name in kept]


def test_a_resolver_that_is_off_is_not_asked_for_every_name(
    resolver, recipient_at, at, monkeypatch
):
    monkeypatch.setattr(probing, "_SECONDS", 0.05)
    resolver.is_off = True
    row = probing.probe(recipient_at(resolver.place), at=at)[0]
    assert (row.asked, row.blocked, row.problem) == (6, 0, "no-answer")
    assert resolver.asked <= 5


@pytest.mark.parametrize("place", ["192.0.2.9:53", "198.51.100.1:53", "[2001:db8::1]:53"])
def test_addresses_that_are_examples_are_never_asked(recipient_at, at, place):
    assert not probing.addresses(recipient_at(place))
    assert not probing.work(at)


def test_one_that_was_asked_lately_is_not_asked_again(resolver, recipient_at, at):
    recipient_at(resolver.place)
    assert probing.work(at)
    assert not probing.work(at + probing.EVERY / 2)
    assert probing.work(at + probing.EVERY)
