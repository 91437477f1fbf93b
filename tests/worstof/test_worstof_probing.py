"""Probes against a resolver of a few lines: what counts as blocked, and when one gives up."""

import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from math import inf
from pathlib import Path
from shutil import which

import dns.message
import dns.rcode
import dns.rrset
import pytest
from django.utils import timezone

from benchmarks import listed
from benchmarks.resolvers import free_port, wait_for
from breakwater.custody.models import AuditEntry
from breakwater.worstof import recipient_texts
from breakwater.worstof.actions import probing, publishing
from breakwater.worstof.actions.lists import international
from breakwater.worstof.models import Recipient, ZoneName
from breakwater.worstof.queries import proofs
from breakwater.worstof.rules.zone_digest import bucket_of

pytestmark = pytest.mark.django_db
LISTED = [f"listed-{number}.example" for number in range(6)]
CANARIES = ["canary-a.mossgate.example", "canary-b.mossgate.example"]


class Resolver:
    """Answers NXDOMAIN for what it blocks, nothing at all if it is off."""

    def __init__(self) -> None:
        self.blocked: set[str] = set()
        self.exists: tuple[str, ...] = ("example",)  # below which every name has an answer
        self.code = dns.rcode.NOERROR  # of every answer, if another
        self.leads: dict[str, str] = {}  # names and the address that they have
        self.is_off = False
        self.asked = 0
        self.names: list[str] = []
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
            query = dns.message.from_wire(wire)
            name = str(query.question[0].name).rstrip(".")
            self.names.append(name)
            if not self.is_off:
                answer = dns.message.make_response(query)
                if name in self.leads:
                    found = (query.question[0].name, 60, "IN", "A", self.leads[name])
                    answer.answer.append(dns.rrset.from_text(*found))
                elif name in self.blocked or not name.endswith(self.exists):
                    answer.set_rcode(dns.rcode.NXDOMAIN)
                if self.code:
                    answer.set_rcode(self.code)
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


def test_a_resolver_that_blocks_nothing_has_no_canary_counted(resolver, recipient_at, at):
    """The negative control: what does not exist gives NXDOMAIN at every resolver."""
    resolver.exists = tuple(LISTED[:2])
    row = probing.probe(recipient_at(resolver.place), at=at)[0]
    assert (row.asked, row.blocked) == (2, 0)
    assert (row.canaries_asked, row.canaries_blocked) == (0, 0)
    assert (row.unclear, row.problem) == (6, "")


def test_an_answer_that_cannot_tell_counts_for_nothing_and_is_shown(resolver, recipient_at, at):
    resolver.exists = ()
    recipient = recipient_at(resolver.place)
    probing.probe(recipient, at=at)
    found = proofs.lately(at=at)[recipient.pk]
    assert (found.asked, found.unclear, found.coverage) == (0, 8, None)
    assert "no answer of the last 24 hours tells" in recipient_texts.answer(recipient, found)


@pytest.mark.parametrize("code", ["REFUSED", "SERVFAIL", "NOTIMP"])
def test_whoever_is_refused_is_told_nothing_of_what_is_blocked(resolver, recipient_at, at, code):
    """A provider's resolvers usually refuse strangers: it may block everything all the same."""
    resolver.code, recipient = dns.rcode.from_text(code), recipient_at(resolver.place)
    row = probing.probe(recipient, at=at)[0]
    assert (row.asked, row.canaries_asked, row.unclear) == (0, 0, 8)
    assert row.problem == code.lower()
    found = proofs.lately(at=at)[recipient.pk]
    assert (found.coverage, found.refused, found.silent) == (None, 1, 0)
    assert "refuse the desk's questions" in recipient_texts.answer(recipient, found)


def test_who_is_told_of_changes_is_no_resolver_to_ask(resolver, recipient_at, at):
    recipient = recipient_at(resolver.place)
    recipient.notify, recipient.resolvers = [resolver.place], []
    recipient.save()
    assert not probing.work(at)
    assert not resolver.asked
    assert "none of its resolvers was entered" in recipient_texts.answer(recipient, None)


def test_an_open_site_on_the_stop_page_s_own_address_is_not_counted_as_blocked(
    resolver, recipient_at, at
):
    """A block covers what is below the name too; the site's own address does not."""
    stop = "192.0.2.10"
    resolver.leads = {"stop.isp.example": stop, LISTED[0]: stop}
    recipient = recipient_at(resolver.place)
    recipient.stop_page = "stop.isp.example"
    row = probing.probe(recipient, at=at)[0]
    assert (row.blocked, row.unclear) == (0, 1)


NEWEST = "new.quay.example"


def decided(name: str, at: datetime) -> None:
    """Have a name decided then, and published."""
    listed.decide(international(), [name], at=at)
    assert publishing.publish_waiting(at)


@pytest.fixture
def provider(db: None, at: datetime) -> Callable[..., Recipient]:
    """With one listed name and one canary, so that all that is asked for is known."""
    return lambda *places: Recipient.objects.create(
        name="Example Net", key_name="example-net", forms=["dns"], created_at=at,
        resolvers=places, canaries=["canary.quay.example"],
    )  # fmt: skip


def test_the_newest_name_is_asked_for_before_all_others(resolver, provider):
    now = timezone.now()
    decided("old.quay.example", now - timedelta(minutes=5))
    decided(NEWEST, now)
    row = provider("127.0.0.1", resolver.place)
    probing.probe(row, at=now)
    assert resolver.names[0] == NEWEST
    assert {"old.quay.example", "canary.quay.example"} <= set(resolver.names[1:])


def test_a_new_name_is_asked_for_at_every_turn_until_it_is_blocked(resolver, provider):
    now = timezone.now()
    row = provider(resolver.place)
    probing.probe(row, at=now)
    decided(NEWEST, now)
    assert not probing.work(now + timedelta(seconds=1))
    assert not probing.work(now + timedelta(seconds=2))
    assert resolver.names[-2:] == [NEWEST, NEWEST]
    resolver.blocked = {NEWEST}
    assert probing.work(now + timedelta(seconds=3))
    assert row.probes.latest("at").delay_ms is not None
    asked = resolver.asked
    assert not probing.work(now + timedelta(seconds=4))
    assert resolver.asked == asked


def test_a_name_that_is_not_blocked_within_a_minute_counts_as_that(resolver, provider):
    """Left out, it would make a provider that blocks half of the names late look quick."""
    now = timezone.now()
    row = provider(resolver.place)
    probing.probe(row, at=now)
    decided(NEWEST, now)
    assert not probing.work(now + probing.FRESH / 2)
    assert probing.work(now + probing.FRESH)
    late = row.probes.latest("at")
    assert (late.delay_ms, late.is_late) == (None, True)
    assert not probing.work(now + probing.FRESH + timedelta(seconds=1))
    found = proofs.lately(at=now + probing.FRESH)[row.pk]
    assert (found.late, found.delay_of(0.95)) == (1, inf)
    assert "not within a minute" in recipient_texts.answer(row, found)


def test_a_name_that_nobody_looked_for_in_its_minute_is_neither_timed_nor_late(resolver, provider):
    now = timezone.now()
    row = provider(resolver.place)
    probing.probe(row, at=now)
    decided(NEWEST, now)
    resolver.blocked = {NEWEST}
    assert not probing.work(now + probing.FRESH)
    assert probing.work(now + probing.EVERY)
    assert not row.probes.filter(is_late=True).exists()
    assert not row.probes.exclude(delay_ms=None).exists()


def test_a_name_is_timed_from_the_start_or_not_at_all(resolver, provider):
    """One a minute is watched; one decided meanwhile would be told to have waited for its turn."""
    now = timezone.now()
    row = provider(resolver.place)
    resolver.blocked = {NEWEST, "second.quay.example", "third.quay.example"}
    decided(NEWEST, now - timedelta(seconds=70))
    probing.probe(row, at=now - timedelta(seconds=69))
    decided("second.quay.example", now - timedelta(seconds=40))
    assert not probing.work(now)
    decided("third.quay.example", now)
    assert probing.work(now)
    assert row.probes.exclude(delay_ms=None).count() == 2


def test_delays_are_told_with_those_that_never_came():
    found = proofs.Found(delays_ms=tuple(range(100, 2000, 100)), late=1)
    assert (found.delay, found.delay_of(0.95), found.delay_of(1)) == (1.0, 1.9, inf)
    assert found.within(2) == 0.95
    assert proofs.Found(delays_ms=(500, 3000)).delay_of(1) == 3.0
    assert proofs.Found().delay_of(0.95) is None


def test_one_that_left_the_last_probe_unanswered_is_not_waited_for_every_second(
    resolver, provider, monkeypatch
):
    monkeypatch.setattr(probing, "_SECONDS", 0.05)
    now = timezone.now()
    resolver.is_off = True
    probing.probe(provider(resolver.place), at=now)
    # Decided after the probe, so that no late question of the probe can have it.
    decided(NEWEST, now)
    assert not probing.work(now + timedelta(seconds=1))
    assert NEWEST not in resolver.names


UNBOUND = next((x for x in (which("unbound"), "/usr/sbin/unbound") if x and Path(x).exists()), None)


@pytest.fixture
def unbound(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """A real resolver without the internet: a wildcard for canaries, NXDOMAIN for the rest."""
    running: list[subprocess.Popen[bytes]] = []

    def started(*blocked: str) -> str:
        port = free_port()
        lines = [
            "server:", f" interface: 127.0.0.1@{port}", " do-daemonize: no", ' username: ""',
            ' chroot: ""', f' directory: "{tmp_path}"', ' pidfile: ""', " use-syslog: no",
            ' local-zone: "." static', ' local-zone: "quay.example." redirect',
            ' local-data: "quay.example. A 192.0.2.1"',
            *(f' local-zone: "{name}." always_nxdomain' for name in blocked),
            "remote-control:", " control-enable: no",
        ]  # fmt: skip
        file = tmp_path / f"{port}.conf"
        file.write_text("\n".join(lines) + "\n")
        running.append(subprocess.Popen([str(UNBOUND), "-c", str(file)]))
        wait_for(lambda: bool(probing._ask(("127.0.0.1", port), "up.quay.example")), 60, 0.1)
        return f"127.0.0.1:{port}"

    yield started
    for process in running:
        process.kill()
        process.wait()


@pytest.mark.skipif(UNBOUND is None, reason="unbound is not installed")
def test_at_a_real_resolver_a_wildcard_tells_blocked_canaries_from_free_ones(
    unbound, recipient_at, at
):
    canaries = ["word-a.quay.example", "word-b.quay.example"]
    for blocked, counted in ((canaries, (2, 2)), ((), (2, 0))):
        Recipient.objects.filter(name="Example Net").delete()
        row = recipient_at(unbound(*LISTED, *blocked))
        row.canaries = canaries
        found = probing.probe(row, at=at)[0]
        assert (found.canaries_asked, found.canaries_blocked) == counted
        assert (found.asked, found.unclear) == (0, 6)  # NXDOMAIN with and without a block
        probing.Probe.objects.all().delete()


@pytest.mark.skipif(UNBOUND is None, reason="unbound is not installed")
def test_at_a_real_resolver_a_block_took_no_longer_than_what_is_told(unbound, provider):
    """The moment of the answer counts, whatever the worker did since it looked at the clock."""
    row = provider(unbound(NEWEST))
    began = timezone.now() - timedelta(seconds=7)
    decided_at = began - timedelta(seconds=20)
    decided(NEWEST, decided_at)
    before = timezone.now()
    told = timedelta(milliseconds=probing.probe(row, at=began)[0].delay_ms)
    assert before - decided_at <= told + timedelta(milliseconds=1)
    assert told <= timezone.now() - decided_at + timedelta(milliseconds=1)
