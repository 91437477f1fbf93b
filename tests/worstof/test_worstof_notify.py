"""Whoever speaks to `follow` by UDP: only the desk makes it look, and nobody makes it deaf."""

import socket
import threading
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as some

from benchmarks.resolvers import free_port
from breakwater.worstof import tsig
from breakwater.worstof.primary import following
from breakwater.worstof.primary.following import Following, Source, heard

SECRET = "d3Jvbmcga2V5IHdyb25nIGtleSB3cm9uZyBrZXkgIQ=="
OTHER = "b3RoZXIga2V5IG90aGVyIGtleSBvdGhlciBrZXkgISE="
PRIMARY, STRANGER = "192.0.2.1", "198.51.100.66"
SOURCE = Source(PRIMARY, 53, "wol.invalid", tsig.key("isp", SECRET))


def notify(flags: int = 0, secret: str = "", opcode: int = dns.opcode.NOTIFY) -> bytes:
    message = dns.message.make_query("wol.invalid", "SOA")
    message.set_opcode(dns.opcode.Opcode.make(opcode))
    message.flags |= flags
    if secret:
        message.use_tsig(tsig.key("isp", secret))
    return message.to_wire()


def test_the_desk_is_heard_by_its_key_or_its_address() -> None:
    for wire, sender in ((notify(secret=SECRET), STRANGER), (notify(), PRIMARY)):
        answer = heard(SOURCE, wire, sender)
        assert answer
        read = dns.message.from_wire(answer, keyring=False)
        assert read.flags & dns.flags.QR
        assert read.flags & dns.flags.AA
        assert read.rcode() == dns.rcode.NOERROR


@pytest.mark.parametrize(
    ("wire", "sender"),
    [
        (notify(), STRANGER),
        (notify(secret=OTHER), STRANGER),
        (notify(secret=OTHER), PRIMARY),
        (notify(dns.flags.QR), PRIMARY),
        (notify(dns.flags.QR, SECRET), STRANGER),
        (notify(opcode=dns.opcode.QUERY), PRIMARY),
        (notify()[:-3], PRIMARY),
        (b"", PRIMARY),
    ],
    ids=[
        "unsigned by a stranger", "signed by a stranger", "signed with another key",
        "an answer", "a signed answer", "a query", "cut", "empty",
    ],
)  # fmt: skip
def test_nobody_else_is_heard_and_an_answer_is_no_notify(wire: bytes, sender: str) -> None:
    assert heard(SOURCE, wire, sender) is None


@given(some.binary(max_size=600), some.sampled_from([PRIMARY, STRANGER]))
def test_arbitrary_octets_are_borne(wire: bytes, sender: str) -> None:
    heard(SOURCE, wire, sender)


@given(
    some.lists(some.tuples(some.integers(0, 200), some.integers(0, 255)), max_size=12),
    some.integers(0, 200),
    some.sampled_from(["", SECRET]),
)
def test_a_damaged_notify_is_borne(changes: list[tuple[int, int]], cut: int, secret: str) -> None:
    wire = bytearray(notify(secret=secret))
    for place, octet in changes:
        wire[place % len(wire)] = octet
    heard(SOURCE, bytes(wire[: max(cut, 12)]), PRIMARY)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch, tmp_path) -> Iterator[tuple[int, threading.Semaphore]]:
    """The port of a running `follow` that looks only when it is told, and its looks."""
    looks, stop, port = threading.Semaphore(0), threading.Event(), free_port()

    def look(_: Source, held: object, least: int) -> object:
        looks.release()
        return held

    monkeypatch.setattr(following, "take", look)
    loop = Following(SOURCE, tmp_path / "zone.rpz", listen=("127.0.0.1", port), poll=600, run="")
    threading.Thread(target=loop.run, args=(stop,), daemon=True).start()
    assert looks.acquire(timeout=30)
    yield port, looks
    stop.set()
    send(port, notify(secret=SECRET))


def send(port: int, wire: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(wire, ("127.0.0.1", port))


def test_a_stranger_makes_nobody_look_and_the_desk_is_heard_afterwards(
    taken: tuple[int, threading.Semaphore],
) -> None:
    port, looks = taken
    # The socket keeps the order: when the last is heard, the others were heard before.
    for wire in (notify(dns.flags.QR), notify(), b"\0", notify(dns.flags.QR, SECRET)):
        send(port, wire)
    send(port, notify(secret=SECRET))
    assert looks.acquire(timeout=30)
    assert not looks.acquire(blocking=False)


def test_an_address_that_is_taken_is_told_at_once(tmp_path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        loop = Following(SOURCE, tmp_path / "zone.rpz", listen=other.getsockname(), poll=1, run="")
        with pytest.raises(OSError, match="in use"):
            loop.run(threading.Event())
