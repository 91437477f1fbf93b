"""Real resolvers killed within a transfer: never half a zone, and everybody catches up.

A relay stands before each resolver's primary and stands still in the middle of the transfer, so
that the kill comes there on any machine.
"""

import copy
import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from benchmarks.resolvers import FOUR, NEEDED, Desk, Resolvers, free_port, program, wait_for

MISSING = [name for name in NEEDED if program(name) is None]
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        bool(MISSING) and not os.environ.get("CI"), reason=f"not installed: {MISSING}"
    ),
]
MANY = 20_000  # names: a transfer of more than a megabyte
MIDDLE = 100_000  # octets of it, at which the relay stands still
# Who takes the zone; Knot Resolver itself only reads files.
TAKERS = {"bind": "bind", "unbound": "unbound", "pdns": "pdns", "knot": "follower"}


class Relay:
    """Passes DNS on to a port, and stands still in the middle of a transfer while told to."""

    def __init__(self, target: int) -> None:
        self.target, self.port = target, free_port()
        self.stands = 0  # transfers that stand still, or stood
        self.longest = 0  # octets of the longest transfer that went through to its end
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.tcp = socket.create_server(("127.0.0.1", self.port))
        self.udp = socket.socket(type=socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        for work in (self._accept, self._pass_datagrams):
            threading.Thread(target=work, daemon=True).start()

    def close(self) -> None:
        self.goes_on.set()
        self.tcp.close()
        self.udp.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.tcp.accept()
                threading.Thread(target=self._pass_stream, args=(client,), daemon=True).start()

    def _pass_stream(self, client: socket.socket) -> None:
        with client, socket.socket() as primary, suppress(OSError):
            primary.connect(("127.0.0.1", self.target))
            threading.Thread(target=pass_all, args=(client, primary), daemon=True).start()
            passed = 0
            while piece := primary.recv(65536):
                if passed + len(piece) > MIDDLE and not self.goes_on.is_set():
                    client.sendall(piece[: MIDDLE - passed])
                    piece, passed = piece[MIDDLE - passed :], MIDDLE
                    assert piece  # the primary had more to say
                    self.stands += 1
                    self.goes_on.wait()
                client.sendall(piece)
                passed += len(piece)
            self.longest = max(self.longest, passed)

    def _pass_datagrams(self) -> None:
        with suppress(OSError):
            while True:
                asked, client = self.udp.recvfrom(65536)
                with socket.socket(type=socket.SOCK_DGRAM) as out:
                    out.settimeout(2)
                    out.sendto(asked, ("127.0.0.1", self.target))
                    with suppress(TimeoutError, ConnectionError):
                        self.udp.sendto(out.recv(65536), client)


def pass_all(client: socket.socket, primary: socket.socket) -> None:
    with suppress(OSError):
        while piece := client.recv(65536):
            primary.sendall(piece)
        primary.shutdown(socket.SHUT_WR)


class Scene:
    """A desk, four resolvers, and a relay between each and what it takes the zone from."""

    def __init__(self, folder: Path) -> None:
        self.desk, self.resolvers = Desk(folder / "desk"), Resolvers(folder)
        self.relays = {name: Relay(self.desk.port) for name in ("bind", "pdns", "knot")}
        self.relays["unbound"] = Relay(self.resolvers.sidecar)
        self.desk.run("migrate")

    def start_desk(self) -> None:
        heard = {"unbound": self.resolvers.sidecar, "knot": self.resolvers.heard}
        for name in FOUR:
            told = heard.get(name, self.resolvers.ports[name])
            self.desk.add_recipient(f"isp-{name}", [told])
        self.resolvers.start_upstream()
        self.desk.start()
        for name in FOUR:
            wait_for(lambda name=name: self.desk.serves(f"isp-{name}"), 90, 0.1)

    def start(self, name: str) -> None:
        """Start a resolver that reaches the desk through its relay."""
        behind = copy.copy(self.desk)
        behind.port = self.relays[name].port
        if name == "unbound":  # which cannot speak TSIG: its relay stands before the sidecar
            self.resolvers.start_unbound(self.desk, door=behind.port)
        elif name == "knot":
            self.resolvers.start_follower(behind)
            self.resolvers.start_knot(behind)
        else:
            {"bind": self.resolvers.start_bind, "pdns": self.resolvers.start_pdns}[name](behind)

    def stand_still(self) -> None:
        for relay in self.relays.values():
            relay.goes_on.clear()

    def go_on(self) -> None:
        for relay in self.relays.values():
            relay.goes_on.set()

    def kill_and_start_again(self, which: tuple[str, ...]) -> None:
        """Kill each in the middle of its transfer, and have the next one stand still there too."""
        stood = {}
        for name in which:
            wait_for(lambda name=name: self.relays[name].stands > 0, 60)
        for name in which:
            self.resolvers.kill(TAKERS[name])
            assert self.relays[name].longest < MIDDLE
            stood[name] = self.relays[name].stands
        for name in which:
            self.resolvers.again(TAKERS[name])
        for name in which:
            wait_for(lambda name=name: self.relays[name].stands > stood[name], 60)

    def everywhere(self, which: tuple[str, ...], name: str, *, blocked: bool) -> None:
        look = self.resolvers.blocks if blocked else self.resolvers.resolves
        for resolver in which:
            wait_for(lambda resolver=resolver: look(resolver, name), 60)

    def stop(self) -> None:
        for relay in self.relays.values():
            relay.close()
        self.resolvers.stop()
        self.desk.stop()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    assert not MISSING, f"install {MISSING}"
    made = Scene(tmp_path)
    try:
        yield made
    finally:
        made.stop()


def grow(desk: Desk) -> None:
    """Decide many names that two people released."""
    desk.decide(*(f"grown-{n:05}.example" for n in range(MANY)), released=True)


SAMPLE = [f"grown-{n:05}.example" for n in (*range(100), *range(100, MANY, 997), MANY - 1)]


def test_resolvers_killed_while_the_list_grows_keep_the_last_whole_zone_and_catch_up(
    scene: Scene,
) -> None:
    for name in ("first.example", "leaves.example"):
        scene.desk.decide(name)
    scene.start_desk()
    with ThreadPoolExecutor(len(FOUR)) as several:
        list(several.map(scene.start, FOUR))
    scene.everywhere(FOUR, "first.example", blocked=True)
    scene.everywhere(FOUR, "leaves.example", blocked=True)
    scene.stand_still()
    grow(scene.desk)
    scene.kill_and_start_again(FOUR)
    scene.desk.decide("during.example")
    scene.desk.decide("leaves.example", adds=False)
    scene.everywhere(FOUR, "first.example", blocked=True)
    for resolver in FOUR:
        assert [x for x in SAMPLE if not scene.resolvers.resolves(resolver, x, 20)] == []
    scene.go_on()
    scene.everywhere(FOUR, "during.example", blocked=True)
    scene.everywhere(FOUR, "leaves.example", blocked=False)
    scene.everywhere(FOUR, "first.example", blocked=True)
    for resolver in FOUR:
        assert [x for x in SAMPLE if not scene.resolvers.blocks(resolver, x, 20)] == []
        assert scene.relays[resolver].longest > 5 * MIDDLE


def test_resolvers_killed_in_their_first_transfer_block_nothing_until_they_have_it_all(
    scene: Scene,
) -> None:
    three = ("bind", "unbound", "pdns")  # Knot does not start before its files are there
    grow(scene.desk)
    scene.start_desk()
    scene.stand_still()
    for name in three:
        scene.start(name)
    scene.kill_and_start_again(three)
    for resolver in three:
        assert [x for x in SAMPLE if scene.resolvers.blocks(resolver, x)] == []
    scene.go_on()
    for resolver in three:
        scene.everywhere((resolver,), SAMPLE[-1], blocked=True)
        assert [x for x in SAMPLE if not scene.resolvers.blocks(resolver, x, 20)] == []
        assert scene.resolvers.resolves(resolver, "never-listed.example", 20)
        assert scene.relays[resolver].longest > 5 * MIDDLE
