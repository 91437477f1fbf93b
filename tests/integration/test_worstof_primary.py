"""The hidden primary with a real BIND: who loses the list, and who keeps the last good one."""

import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings

from benchmarks.resolvers import Desk, program, wait_for
from breakwater.worstof import signing, tsig
from breakwater.worstof.primary import configuration, following, zone_file
from breakwater.worstof.primary.configuration import Place, View
from breakwater.worstof.primary.copy import Copy
from breakwater.worstof.primary.following import Following, NotTaken, Source, take
from breakwater.worstof.primary.server import Bind, free_port
from breakwater.worstof.rules.zone_digest import digests_of, root_of
from breakwater.worstof.rules.zone_manifest import ZoneManifest

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        program("named") is None and not os.environ.get("CI"), reason="named is not installed"
    ),
]
ZONE = "wol.invalid"
MANY = 6_000


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "desk")
    desk.run("migrate")
    desk.add_recipient("isp", [])
    desk.decide("one.example")
    desk.start()
    try:
        wait_for(lambda: names_of(desk) == {"one.example"}, 30)
        yield desk
    finally:
        desk.stop()


def source_of(desk: Desk) -> Source:
    secret = desk.key_file("isp").read_text().strip()
    return Source("127.0.0.1", desk.port, ZONE, tsig.key("isp", secret))


def names_of(desk: Desk) -> set[str]:
    try:
        return set(take(source_of(desk), Copy()).every())
    except NotTaken:
        return set()


def test_a_recipient_closed_while_the_primary_runs_loses_its_zone(desk: Desk) -> None:
    source = source_of(desk)
    desk.do("UPDATE worstof_recipient SET closed_at = '2026-11-25' WHERE key_name = 'isp'")
    wait_for(lambda: not list(desk.folder.glob("worstof/primary/isp.zone*")), 20)
    with pytest.raises(NotTaken):
        take(source, Copy())


def test_a_primary_ahead_of_the_database_keeps_its_zone_and_the_page_says_why(
    desk: Desk, tmp_path: Path
) -> None:
    """Database and mark come back from a copy of yesterday; only the primary knows better."""
    desk.stop()
    shutil.copytree(desk.folder, tmp_path / "copy", ignore=shutil.ignore_patterns("primary"))
    desk.start()
    desk.decide("two.example")
    wait_for(lambda: names_of(desk) == {"one.example", "two.example"}, 20)
    desk.stop()
    shutil.copytree(tmp_path / "copy", desk.folder, dirs_exist_ok=True)
    for left in desk.folder.glob("desk.sqlite3-*"):
        left.unlink()
    desk.start()
    problem = "SELECT problem FROM worstof_publication ORDER BY serial DESC LIMIT 1"
    wait_for(lambda: "restored from an older copy" in str(desk.do(problem)), 30)
    assert names_of(desk) == {"one.example", "two.example"}


@pytest.fixture
def big(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Bind, Source]]:
    """A primary with 1.5 MB of long names, more than two small buffers hold."""
    monkeypatch.setattr(settings, "CONFIG", SimpleNamespace(data_dir=tmp_path))
    monkeypatch.setattr(signing, "key_path", lambda: tmp_path / "signing.key")
    place = Place(tmp_path / "primary", "127.0.0.1", free_port(), free_port(), ZONE)
    bind = Bind(place)
    bind.configure([View("isp")])
    names = [f"x{n}{'a' * 55}.y{n}{'b' * 55}.z{n}{'c' * 55}.example" for n in range(MANY)]
    manifest = ZoneManifest(ZONE, 7, "2026-11-25T00:00:00+00:00", MANY, root_of(digests_of(names)))
    strings = manifest.strings(signing.sign(manifest.signed))
    path = configuration.zone_path(place, "isp")
    zone_file.write_whole(path, zone_file.lines(ZONE, 7, strings, names))
    bind.start()
    try:
        key = tsig.own_key("isp")
        yield bind, Source("127.0.0.1", place.port, ZONE, key, signing.public_key())
    finally:
        bind.stop()


def test_a_primary_killed_in_the_middle_of_a_transfer_changes_nothing(
    big: tuple[Bind, Source], tmp_path: Path
) -> None:
    bind, source = big
    path = tmp_path / "copy.rpz"
    path.write_text("the last good zone")
    passed: list[int] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        middle = threading.Thread(target=pass_some, args=(door, bind, passed))
        middle.start()
        cut = Source("127.0.0.1", door.getsockname()[1], ZONE, source.key, source.public_key)
        assert not Following(cut, path, listen=None, poll=1, run="").turn()
        middle.join()
    assert 0 < sum(passed) < 500_000  # of 1,500,000
    assert path.read_text() == "the last good zone"
    bind.start()
    assert Following(source, path, listen=None, poll=1, run="").turn()
    assert path.read_text().count(" CNAME .\n") == 2 * MANY


def pass_some(door: socket.socket, bind: Bind, passed: list[int]) -> None:
    """Stand between both, kill the primary once its first octets came, and pass what still comes."""
    client, _ = door.accept()
    with client, socket.socket() as primary:
        primary.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        primary.connect(("127.0.0.1", bind.place.port))
        primary.sendall(client.recv(65536))
        while piece := receive(primary):
            if not passed:
                assert bind.process
                os.kill(bind.process.pid, signal.SIGKILL)
                bind.process.wait()
            passed.append(len(piece))
            client.sendall(piece)


def receive(primary: socket.socket) -> bytes:
    try:
        return primary.recv(65536)
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_wrong_is_named_and_the_last_zone_stays(
    big: tuple[Bind, Source], monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    _, source = big
    now = time.time
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: now() + 3600 * hours)
        with pytest.raises(NotTaken, match="clocks of the two"):
            following.take(source, Copy())


@pytest.mark.parametrize("key_name", ["isp", "nobody"])
def test_a_wrong_key_is_named(big: tuple[Bind, Source], key_name: str) -> None:
    _, source = big
    wrong = tsig.key(key_name, "d3Jvbmcga2V5IHdyb25nIGtleSB3cm9uZyBrZXkgIQ==")
    with pytest.raises(NotTaken, match="the secret is wrong"):
        take(Source("127.0.0.1", source.port, ZONE, wrong), Copy())
