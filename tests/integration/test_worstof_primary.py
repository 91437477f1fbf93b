"""The hidden primary with a real BIND: who loses the list, and who keeps the last good one."""

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from benchmarks.resolvers import Desk, free_port, program, wait_for
from breakwater.storage.whole_file import write_whole
from breakwater.worstof import signing, tsig
from breakwater.worstof.primary import configuration, following, zone_file
from breakwater.worstof.primary.configuration import Place, View
from breakwater.worstof.primary.copy import Copy
from breakwater.worstof.primary.following import Following, NotTaken, Source, take
from breakwater.worstof.primary.server import Bind, NoBind
from breakwater.worstof.rules.zone_digest import bucket_of, digests_of, root_of
from breakwater.worstof.rules.zone_manifest import ZoneManifest
from tests.integration.desk_pages import overseer

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        program("named") is None and not os.environ.get("CI"), reason="named is not installed"
    ),
]
ZONE = "wol.invalid"
MANY = 6_000
WRONG = "d3Jvbmcga2V5IHdyb25nIGtleSB3cm9uZyBrZXkgIQ=="


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "desk")
    desk.run("migrate")
    desk.add_recipient("isp", [])
    desk.decide("one.example")
    desk.start()
    try:
        wait_for(lambda: names_of(desk) == {"one.example"}, 90)
        yield desk
    finally:
        desk.stop()


def source_of(desk: Desk, key_name: str = "isp") -> Source:
    secret = desk.key_file(key_name).read_text().strip()
    return Source("127.0.0.1", desk.port, ZONE, tsig.key(key_name, secret))


def names_of(desk: Desk, key_name: str = "isp") -> set[str]:
    try:
        return set(take(source_of(desk, key_name), Copy()).every())
    except NotTaken:
        return set()


def test_a_recipient_closed_while_the_primary_runs_loses_its_zone(desk: Desk) -> None:
    source = source_of(desk)
    desk.do("UPDATE worstof_recipient SET closed_at = '2026-11-25' WHERE key_name = 'isp'")
    wait_for(lambda: not list(desk.folder.glob("worstof/primary/isp.zone*")), 90)
    with pytest.raises(NotTaken):
        take(source, Copy())


def test_a_canary_that_must_never_be_blocked_leaves_the_zone(desk: Desk) -> None:
    lost, kept = "drufon.mossgate.example", "plovax.quietfield.example"
    desk.add_recipient("other", [], f'["{lost}", "{kept}"]')
    wait_for(lambda: names_of(desk, "other") == {"one.example", lost, kept}, 90)
    (desk.folder / "worstof" / "never-block.txt").write_text(f"{lost}\n")
    wait_for(lambda: names_of(desk, "other") == {"one.example", kept}, 90)


def test_a_name_slipped_into_the_database_reaches_nobody_and_stops_the_publisher(
    desk: Desk,
) -> None:
    desk.stop()
    desk.do(
        "INSERT INTO worstof_zonename (name, is_national, serial, bucket) VALUES (?, 0, 1, ?)",
        "co.uk", bucket_of("co.uk"),
    )  # fmt: skip
    desk.start()
    desk.add_recipient("new", [])
    desk.decide("two.example")
    problem = "SELECT problem FROM worstof_publisherstate"
    wait_for(lambda: "names kept are not those" in str(desk.do(problem)), 90)
    late = "SELECT stays_because FROM worstof_recipient WHERE key_name = 'new'"
    wait_for(lambda: "names kept are not those" in str(desk.do(late)), 90)
    assert names_of(desk) == {"one.example"}
    assert "co.uk" not in names_of(desk, "new")
    desk.accept_copy("looked through")
    wait_for(lambda: names_of(desk, "new") == {"one.example", "two.example"}, 90)
    assert names_of(desk) == {"one.example", "two.example"}


def test_a_name_that_somebody_accepts_with_the_copy_reaches_those_who_have_the_zone_already(
    desk: Desk,
) -> None:
    desk.stop()
    desk.do(
        "INSERT INTO worstof_zonename (name, is_national, serial, bucket) VALUES (?, 0, 1, ?)",
        "repaired.example", bucket_of("repaired.example"),
    )  # fmt: skip
    desk.start()
    problem = "SELECT problem FROM worstof_publisherstate"
    wait_for(lambda: "names kept are not those" in str(desk.do(problem)), 90)
    wait_for(lambda: names_of(desk) == {"one.example"}, 90)
    desk.accept_copy("put right by hand")
    both = {"one.example", "repaired.example"}
    wait_for(lambda: names_of(desk) == both, 90)
    secret = (desk.folder / "worstof" / "signing.key").read_text().strip()
    public = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret)).public_key()
    signed = replace(source_of(desk), public_key=public.public_bytes_raw())
    assert set(take(signed, Copy()).every()) == both, "what is given is what was signed"


def test_many_names_at_once_are_shown_and_not_accepted_on_one_persons_word(desk: Desk) -> None:
    names = [f"n{number}.example" for number in range(6)]
    for name in names:
        desk.do("INSERT INTO worstof_zonename VALUES (?, 0, 1, ?)", name, bucket_of(name))
    with pytest.raises(subprocess.CalledProcessError) as refused:
        desk.accept_copy("looked through")
    assert refused.value.returncode == 3
    assert "Names that providers have: 1; that enter: 6; that leave: 0." in refused.value.stdout
    assert [f"+ {name}" for name in names] == refused.value.stdout.splitlines()[1:7]
    assert desk.do("SELECT reason, added FROM worstof_heldchange") == [("accepted-copy", 6)]
    assert names_of(desk) == {"one.example"}


def test_a_primary_ahead_of_the_database_keeps_its_zone_and_the_page_says_why(
    desk: Desk, tmp_path: Path
) -> None:
    """Database and mark come back from a copy of yesterday; only the primary knows better."""
    desk.stop()
    shutil.copytree(desk.folder, tmp_path / "copy", ignore=shutil.ignore_patterns("primary"))
    desk.start()
    desk.decide("two.example")
    wait_for(lambda: names_of(desk) == {"one.example", "two.example"}, 90)
    desk.stop()
    shutil.copytree(tmp_path / "copy", desk.folder, dirs_exist_ok=True)
    for left in desk.folder.glob("desk.sqlite3-*"):
        left.unlink()
    desk.start()
    stays = "SELECT stays_because FROM worstof_recipient"
    wait_for(lambda: "restored from an older copy" in str(desk.do(stays)), 90)
    assert names_of(desk) == {"one.example", "two.example"}
    with overseer(desk) as somebody:
        said = (
            "isp cannot get what was published last. The database was restored from an older copy."
        )
        assert said in somebody.reads()


@pytest.fixture
def big(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Bind, Source]]:
    """A primary with 1.5 MB of long names, more than two small buffers hold."""
    monkeypatch.setattr(settings, "CONFIG", SimpleNamespace(data_dir=tmp_path))
    monkeypatch.setattr(signing, "key_path", lambda: tmp_path / "signing.key")
    place = Place(tmp_path / "primary", "127.0.0.1", free_port(), free_port(), ZONE)
    bind = Bind(place)
    bind.configure([View("isp")])
    # The system would take more of the zone than is read: BIND has at most this under way.
    path = tmp_path / "primary" / "named.conf"
    text, buffered = path.read_text(), "transfers-out 100;\n    tcp-send-buffer 16384;"
    assert "transfers-out 100;" in text
    path.write_text(text.replace("transfers-out 100;", buffered))
    names = [f"x{n}{'a' * 55}.y{n}{'b' * 55}.z{n}{'c' * 55}.example" for n in range(MANY)]
    manifest = ZoneManifest(ZONE, 7, "2026-11-25T00:00:00+00:00", MANY, root_of(digests_of(names)))
    strings = manifest.strings(signing.sign(manifest.signed))
    path = configuration.zone_path(place, "isp")
    write_whole(path, zone_file.lines(ZONE, 7, strings, names))
    bind.start()
    try:
        key = tsig.key("isp", tsig.secret_of("isp"))
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


@pytest.mark.parametrize(
    ("key_name", "said"), [("isp", "the secret is wrong"), ("nobody", "does not know the key")]
)
def test_a_wrong_key_is_named(big: tuple[Bind, Source], key_name: str, said: str) -> None:
    _, source = big
    with pytest.raises(NotTaken, match=said):
        take(Source("127.0.0.1", source.port, ZONE, tsig.key(key_name, WRONG)), Copy())


def refusal_of(desk: Desk) -> tuple[object, ...]:
    return desk.do("SELECT refusal, refused_at IS NULL FROM worstof_recipient")[0]


def test_who_asks_with_a_wrong_secret_is_named_on_its_page_until_it_takes_the_list(
    desk: Desk,
) -> None:
    right = source_of(desk)
    wrong = Source("127.0.0.1", desk.port, ZONE, tsig.key("isp", WRONG))
    with pytest.raises(NotTaken):
        take(wrong, Copy())
    wait_for(lambda: refusal_of(desk) == ("secret", 0), 90)
    assert set(take(right, Copy()).every()) == {"one.example"}
    wait_for(lambda: refusal_of(desk) == ("", 1), 90)


SHIM = """import select, time
# libfaketime 0.9.10 makes clock_nanosleep fail, with which Python 3.11 sleeps.
time.sleep = lambda seconds: select.select([], [], [], seconds)
"""
LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    """The clock of a desk and of its BIND as a file: "+0", "-1d", "+1h"."""
    assert LIBRARIES, "install faketime"
    path = tmp_path / "clock"
    path.write_text("+0\n")
    (tmp_path / "shim").mkdir()
    (tmp_path / "shim" / "sitecustomize.py").write_text(SHIM)
    return path


def with_clock(desk: Desk, clock: Path) -> None:
    """Have all that this desk starts go by the clock in the file, monotonic clocks excepted."""
    paths = [str(clock.parent / "shim"), *filter(None, [os.environ.get("PYTHONPATH")])]
    desk.environment |= {
        # BIND's jemalloc asks for the time before libfaketime can tell it; the C library does not.
        "LD_PRELOAD": f"{LIBRARIES[0]} libc.so.6",
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "PYTHONPATH": os.pathsep.join(paths),
    }


def publications(desk: Desk) -> list[tuple[object, ...]]:
    return desk.do("SELECT serial, names, at FROM worstof_publication ORDER BY id")


@pytest.mark.skipif(
    not LIBRARIES and not os.environ.get("CI"), reason="libfaketime is not installed"
)
@pytest.mark.parametrize("steps", [("-1d",), ("+1h", "-1d")])
def test_with_the_systems_clock_set_wrong_and_back_serials_go_on_and_everyone_catches_up(
    tmp_path: Path, clock: Path, caplog: pytest.LogCaptureFixture, steps: tuple[str, ...]
) -> None:
    """The desk and its BIND run on the wrong clock; the provider's follower on the right one."""
    desk = Desk(tmp_path / "desk")
    desk.run("migrate")
    with_clock(desk, clock)
    desk.add_recipient("isp", [])
    desk.decide("name-0.example")
    path = tmp_path / "copy.rpz"
    desk.start()
    try:
        following = Following(source_of(desk), path, listen=None, poll=1, run="")
        wait_for(lambda: following.turn() and "name-0.example" in path.read_text(), 90, 0.1)
        last_good = path.read_text()
        for number, step in enumerate(steps, 1):
            clock.write_text(f"{step}\n")
            desk.decide(f"name-{number}.example")
            wait_for(lambda number=number: len(publications(desk)) == number + 1, 90)
            wait_for(lambda: refused_for_the_clock(desk, following), 90, 0.2)
            assert path.read_text() == last_good
            assert "clocks of the two sides differ" in caplog.text
        clock.write_text("+0\n")
        desk.decide("last.example")
        wait_for(lambda: following.turn() and "last.example" in path.read_text(), 90, 0.2)
        wait_for(lambda: refusal_of(desk) == ("", 1), 90)
    finally:
        desk.stop()
    serials, names, at = zip(*publications(desk), strict=True)
    assert serials == tuple(range(1, len(steps) + 3))
    assert names == serials  # one name came with each, and none was lost or came twice
    assert list(at) != sorted(map(str, at))  # the clock did go back
    assert set(following.held.every()) == {
        "last.example", *(f"name-{n}.example" for n in range(len(steps) + 1))
    }  # fmt: skip


def refused_for_the_clock(desk: Desk, following: Following) -> bool:
    assert not following.turn()
    return refusal_of(desk) == ("clock", 0)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    here = replace(settings.CONFIG, data_dir=tmp_path)
    monkeypatch.setattr(settings, "CONFIG", here)
    return Place(tmp_path / "primary", "127.0.0.1", free_port(), free_port(), ZONE)


def started(place: Place) -> str:
    """Why a primary at this place does not start; "" if it does, and the desk reaches it."""
    bind = Bind(place)
    bind.configure([View("isp")])
    try:
        bind.start()
        socket.create_connection((place.near, place.port), 5).close()
    except NoBind as problem:
        assert not bind.is_alive()
        return str(problem)
    finally:
        bind.stop()
    return ""


@pytest.mark.parametrize("address", ["0.0.0.0", "::"])  # noqa: S104
def test_all_addresses_of_the_machine_are_an_address_to_listen_on(own: Place, address: str) -> None:
    if address == "::" and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    assert started(replace(own, address=address)) == ""


def test_an_address_that_the_machine_has_not_is_told_and_nothing_pretends_to_listen(
    own: Place,
) -> None:
    assert "named does not listen on 192.0.2.77 port" in started(replace(own, address="192.0.2.77"))


def test_a_named_that_cannot_use_its_folder_has_apparmor_named(
    own: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AppArmor needs a kernel of its own: this one ends as named does under Debian's profile."""
    refused = tmp_path / "bin" / "named"
    refused.parent.mkdir()
    refused.write_text("#!/bin/sh\necho 'open: named.conf: permission denied'\nexit 1\n")
    refused.chmod(0o755)
    monkeypatch.setenv("PATH", f"{refused.parent}:{os.environ['PATH']}")
    assert "/etc/apparmor.d/local/usr.sbin.named" in started(own)
