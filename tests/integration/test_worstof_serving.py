"""`serve` with a real BIND: keys end when they should, and nothing takes everybody's list away."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.query
import pytest

from benchmarks.resolvers import Desk, program, wait_for
from breakwater.worstof import tsig
from breakwater.worstof.primary import zone_file
from breakwater.worstof.primary.configuration import Place, zone_path
from breakwater.worstof.primary.copy import Copy
from breakwater.worstof.primary.following import NotTaken, Source, take
from breakwater.worstof.primary.server import Bind
from tests.integration.desk_pages import overseer

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        program("named") is None and not os.environ.get("CI"), reason="named is not installed"
    ),
]
ZONE = "wol.invalid"
PROBLEM = "SELECT problem FROM worstof_publication ORDER BY serial DESC LIMIT 1"
STAYS = "SELECT stays_because FROM worstof_recipient WHERE key_name = ?"
STOPPED = "SELECT problem FROM worstof_publisherstate"
SENT = "SELECT sent_at IS NOT NULL FROM worstof_publication ORDER BY serial DESC LIMIT 1"
OLD_FILES = ("rndc.key", "desk-stage.key", "desk.isp.key")


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = Desk(tmp_path_factory.mktemp("migrated"))
    desk.run("migrate")
    return desk.folder


@pytest.fixture
def desk(tmp_path: Path, migrated: Path) -> Iterator[Desk]:
    shutil.copytree(migrated, tmp_path / "desk")
    desk = Desk(tmp_path / "desk")
    desk.add_recipient("isp", [])
    desk.add_recipient("other", [])
    desk.decide("one.example")
    desk.start()
    try:
        wait_for(lambda: gets(desk, "isp") == {"one.example"}, 90)
        wait_for(lambda: gets(desk, "other") == {"one.example"}, 90)
        yield desk
    finally:
        desk.stop()
        assert not bind_of(desk).running()


def bind_of(desk: Desk) -> Bind:
    return Bind(Place(desk.folder / "worstof" / "primary", "127.0.0.1", desk.port, 0, ZONE))


def secret_of(desk: Desk, key_name: str) -> str:
    return desk.key_file(key_name).read_text().strip()


def gets(desk: Desk, key_name: str, secret: str = "") -> set[str] | str:
    """The names that this key opens, or why it opens none."""
    key = tsig.key(key_name, secret or secret_of(desk, key_name))
    try:
        return set(take(Source("127.0.0.1", desk.port, ZONE, key), Copy()).every())
    except NotTaken as problem:
        return str(problem)


def test_renewed_secrets_end_the_old_key_while_the_primary_runs(desk: Desk) -> None:
    old = secret_of(desk, "isp")
    desk.run("worstof", "recipient", "secret", "isp")
    new = secret_of(desk, "isp")
    wait_for(lambda: gets(desk, "isp", new) == {"one.example"}, 20)
    assert "refuses the key" in gets(desk, "isp", old)
    assert gets(desk, "other") == {"one.example"}


@pytest.mark.parametrize("key_name", ["rndc", "desk-stage", "n" * 63])
def test_a_bad_key_name_of_an_earlier_version_hurts_nobody_else(desk: Desk, key_name: str) -> None:
    desk.add_recipient(key_name, [])
    wait_for(lambda: "BadKeyName" in str(desk.do(STAYS, key_name)), 20)
    desk.decide("two.example")
    wait_for(lambda: gets(desk, "other") == {"one.example", "two.example"}, 20)
    desk.run("worstof", "recipient", "close", "isp")
    wait_for(lambda: "does not know the key" in gets(desk, "isp"), 20)
    assert desk.do(STAYS, "other") == desk.do(PROBLEM) == [("",)]
    desk.run("worstof", "recipient", "close", key_name)
    desk.decide("three.example")
    wait_for(lambda: "three.example" in gets(desk, "other"), 20)
    with overseer(desk) as somebody:
        assert f"{key_name} cannot get" not in somebody.reads()


def test_own_keys_of_an_earlier_version_are_made_anew_at_the_next_start(desk: Desk) -> None:
    desk.stop()
    keys = desk.folder / "worstof" / "keys"
    for name in OLD_FILES:
        (keys / name).write_text("b2xkIG9sZCBvbGQgb2xkIG9sZCBvbGQgb2xkIG9sZCE=\n")
    before = secret_of(desk, "isp")
    desk.start()
    wait_for(lambda: gets(desk, "isp", before) == {"one.example"}, 90)
    assert not [name for name in OLD_FILES if (keys / name).exists()]
    desk.decide("two.example")
    wait_for(lambda: gets(desk, "isp") == {"one.example", "two.example"}, 20)


def test_a_configuration_that_bind_refuses_changes_nothing_and_is_told(desk: Desk) -> None:
    secret = secret_of(desk, "isp")
    desk.key_file("isp").write_text('no "secret" at all\n')
    wait_for(lambda: "BadConfiguration" in str(desk.do(PROBLEM)), 20)
    desk.decide("two.example")
    for key_name, known in (("isp", secret), ("other", "")):
        both = {"one.example", "two.example"}
        wait_for(lambda n=key_name, k=known, b=both: gets(desk, n, k) == b, 20)  # type: ignore[misc]
    desk.key_file("isp").write_text(secret + "\n")
    wait_for(lambda: desk.do(PROBLEM) == [("",)], 20)


def test_a_view_that_takes_no_changes_keeps_nobody_else_waiting_and_the_page_names_it(
    desk: Desk,
) -> None:
    desk.decide("two.example")
    both = {"one.example", "two.example"}
    wait_for(lambda: gets(desk, "isp") == gets(desk, "other") == both, 20)
    # Nothing can be written where BIND keeps the changes of the first of the two views.
    journal = desk.folder / "worstof" / "primary" / "isp.zone.jnl"
    journal.unlink()
    journal.mkdir()
    desk.decide("three.example")
    wait_for(lambda: gets(desk, "other") == both | {"three.example"}, 20)
    assert gets(desk, "isp") == both
    wait_for(lambda: "PrimaryFailed" in str(desk.do(STAYS, "isp")), 20)
    assert desk.do(STAYS, "other") == desk.do(PROBLEM) == [("",)]
    with overseer(desk) as somebody:
        said = "isp cannot get what was published last. The primary, which providers take the list"
        assert said in somebody.reads()
        assert "other cannot get" not in somebody.reads()
        journal.rmdir()
        wait_for(lambda: gets(desk, "isp") == both | {"three.example"}, 60)
        wait_for(lambda: desk.do(STAYS, "isp") == [("",)], 20)
        assert said not in somebody.reads()


def test_a_large_change_that_comes_while_bind_reads_the_one_before_is_not_lost(desk: Desk) -> None:
    """BIND says that it takes a file of a zone that it still reads, and does not."""
    waiting = "SELECT count(*) FROM worstof_zonechange WHERE published_at IS NULL"
    last = "SELECT max(serial) FROM worstof_publication"
    for letter, many in (("a", 30_000), ("b", 600), ("c", 600)):
        desk.decide(*(f"{letter}-{n}.example" for n in range(many)), released=True)
        wait_for(lambda: desk.do(waiting) == [(0,)], 120)
    for provider in ("isp", "other"):
        wait_for(lambda p=provider: serial_of(desk, p) == desk.do(last)[0][0], 60, 0.1)
    wait_for(lambda: desk.do(SENT) == [(1,)], 20)
    assert len(gets(desk, "isp")) == 31_201


def serial_of(desk: Desk, key_name: str) -> int:
    """What the primary has for a provider."""
    query = dns.message.make_query(ZONE, "SOA")
    query.use_tsig(tsig.key(key_name, secret_of(desk, key_name)))
    answer = dns.query.tcp(query, "127.0.0.1", 20, desk.port).answer
    return int(answer[0][0].serial) if answer else 0


def test_a_view_that_is_written_whole_and_one_that_is_changed_block_the_same_between_two_names(
    desk: Desk,
) -> None:
    names = {"one.example", "host.example", "bad.pages.host.example"}
    desk.decide("bad.pages.host.example")
    desk.decide("host.example")
    wait_for(lambda: gets(desk, "isp") == names, 90)
    desk.add_recipient("late", [])
    wait_for(lambda: gets(desk, "late") == names, 90)
    key = bytes.fromhex(desk.public_key())
    for key_name in ("isp", "late"):
        signed = tsig.key(key_name, secret_of(desk, key_name))
        copy = take(Source("127.0.0.1", desk.port, ZONE, signed, key), Copy())
        assert (set(copy.every()), copy.between) == (names, {"pages.host.example"})


def test_a_view_of_an_earlier_version_gets_a_new_serial_and_what_it_lacks(desk: Desk) -> None:
    def copy() -> Copy:
        key = tsig.key("isp", secret_of(desk, "isp"))
        return take(Source("127.0.0.1", desk.port, ZONE, key), Copy())

    desk.decide("host.example", "bad.pages.host.example")
    wait_for(lambda: "host.example" in gets(desk, "isp"), 90)
    before = copy()
    desk.stop()
    path = zone_path(bind_of(desk).place, "isp")
    Path(f"{path}.jnl").unlink(missing_ok=True)
    record = [text.replace("v=2", "v=1") for text in before.record]
    path.write_text("".join(zone_file.lines(ZONE, before.serial, record, before.every())))
    desk.start()
    wait_for(lambda: gets(desk, "isp") == set(before.every()) and copy().between, 90)
    assert copy().serial > before.serial
    assert copy().record[0].startswith("v=2")


def test_two_decisions_reach_others_at_once_beside_a_view_that_takes_none(desk: Desk) -> None:
    journal = desk.folder / "worstof" / "primary" / "isp.zone.jnl"
    desk.decide("two.example")
    wait_for(lambda: "two.example" in gets(desk, "isp"), 20)
    journal.unlink()
    journal.mkdir()
    for name in ("three.example", "four.example", "five.example"):
        desk.decide(name)
        wait_for(lambda name=name: name in gets(desk, "other"), 20)
    wait_for(lambda: str(desk.do(STAYS, "isp")[0][0]).startswith("PrimaryFailed: "), 20)
    journal.rmdir()
    wait_for(lambda: gets(desk, "isp") == gets(desk, "other"), 60)


def test_names_that_were_not_signed_stop_nobody_from_having_the_last_good_zone(desk: Desk) -> None:
    number, every = desk.do("SELECT number, every FROM worstof_zonedigests")[0]
    assert isinstance(every, bytes)
    wrong = bytes([every[0] ^ 1]) + every[1:]
    desk.do("UPDATE worstof_zonedigests SET every = ? WHERE number = ?", wrong, number)
    canaries = """UPDATE worstof_recipient SET canaries = '["c.mossgate.example"]' """
    desk.do(canaries + "WHERE key_name = 'other'")
    wait_for(lambda: "digests of the names" in str(desk.do(STOPPED)), 20)
    assert gets(desk, "isp") == {"one.example"}
    desk.stop()
    desk.start()
    wait_for(lambda: gets(desk, "isp") == {"one.example"}, 90)
    assert desk.serving
    assert desk.serving.poll() is None
    desk.accept_copy("looked at")
    wait_for(lambda: gets(desk, "other") == {"one.example", "c.mossgate.example"}, 20)


def test_the_server_reads_the_machines_own_clock_with_each_publication(desk: Desk) -> None:
    last = "SELECT lived IS NOT NULL FROM worstof_publication ORDER BY serial DESC LIMIT 1"
    assert desk.do(last) == [(1,)]


def test_a_name_that_was_put_in_by_hand_reaches_no_recipient_that_is_made_afterwards(
    desk: Desk,
) -> None:
    """A new recipient's zone is written from the names kept, so they are looked at first."""
    desk.do(
        "INSERT INTO worstof_zonename (name, is_national, serial, bucket) "
        "VALUES ('bank.example', 0, 1, 1)"
    )
    desk.add_recipient("new", [])
    wait_for(lambda: "names kept are not those" in str(desk.do(STAYS, "new")), 20)
    assert gets(desk, "new") == set()


def test_a_desk_that_was_killed_leaves_no_second_primary(desk: Desk) -> None:
    assert desk.serving
    (left,) = bind_of(desk).running()
    desk.serving.kill()
    desk.serving.wait()
    assert bind_of(desk).running() == [left]
    desk.decide("two.example")
    desk.start()
    wait_for(lambda: gets(desk, "isp") == {"one.example", "two.example"}, 90)
    (now,) = bind_of(desk).running()
    assert now != left


def test_a_second_desk_on_the_folder_ends_nothing_of_the_first(desk: Desk) -> None:
    first, running = desk.serving, bind_of(desk).running()
    desk.start()
    assert desk.serving
    assert desk.serving.wait(60) == 1
    desk.serving = first
    assert bind_of(desk).running() == running
    desk.decide("two.example")
    wait_for(lambda: gets(desk, "isp") == {"one.example", "two.example"}, 20)


def test_the_desk_ends_also_while_its_primary_hangs(desk: Desk) -> None:
    (pid,) = bind_of(desk).running()
    os.kill(pid, signal.SIGSTOP)
    desk.decide("two.example")
    wait_for(lambda: desk.do("SELECT count(*) FROM worstof_publication") == [(2,)], 20)
    desk.stop()
    assert not bind_of(desk).running()
