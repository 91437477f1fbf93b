"""The list at four real resolvers, with the snippets that the docs give a provider's engineer.

One desk with its hidden primary, one upstream and the resolvers run for the whole module.
"""

import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import dns.exception
import dns.query
import dns.rcode
import dns.tsig
import dns.zone
import pytest

from benchmarks.resolvers import (
    NEEDED,
    STOP,
    STOP_HOST,
    UPSTREAM,
    Desk,
    Resolvers,
    ask,
    free_port,
    program,
    start_all,
    wait_for,
)
from breakwater.storage.whole_file import write_whole
from breakwater.worstof import tsig
from breakwater.worstof.primary import zone_file

MISSING = [name for name in NEEDED if program(name) is None]
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        bool(MISSING) and not os.environ.get("CI"), reason=f"not installed: {MISSING}"
    ),
]
FOUR = ("bind", "unbound", "pdns", "knot")


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty desk's database, made once."""
    desk = Desk(tmp_path_factory.mktemp("migrated"))
    desk.run("migrate")
    return desk.folder / "desk.sqlite3"


@pytest.fixture(scope="module")
def servers(
    tmp_path_factory: pytest.TempPathFactory, migrated: Path
) -> Iterator[tuple[Desk, Resolvers]]:
    assert not MISSING, f"install {MISSING}"
    folder = tmp_path_factory.mktemp("resolvers")
    desk, resolvers = Desk(folder / "desk"), Resolvers(folder)
    shutil.copy(migrated, desk.folder)
    desk.decide("first.example")
    try:
        start_all(folder, desk, resolvers)
        for name in FOUR:
            wait_for(lambda name=name: resolvers.blocks(name, "first.example"), 60)
        yield desk, resolvers
    finally:
        resolvers.stop()
        desk.stop()


def everywhere(resolvers: Resolvers, name: str, *, blocked: bool, seconds: float = 90) -> None:
    # A resolver may have asked a primary that was just killed, and waits out its own time.
    for resolver in FOUR:
        look = resolvers.blocks if blocked else resolvers.resolves
        try:
            wait_for(lambda look=look, resolver=resolver: look(resolver, name), seconds)
        except TimeoutError:
            pytest.fail(f"{resolver} answers {ask(resolvers.ports[resolver], name)!r} to {name}")


def last_serial(desk: Desk) -> int:
    return int(str(desk.do("SELECT max(serial) FROM worstof_publication")[0][0]))


def test_a_cached_name_is_blocked_after_the_decision_and_open_after_its_removal(
    servers: tuple[Desk, Resolvers],
) -> None:
    desk, resolvers = servers
    everywhere(resolvers, "www.bad.example", blocked=False)
    desk.decide("bad.example")
    everywhere(resolvers, "www.bad.example", blocked=True)
    everywhere(resolvers, "bad.example", blocked=True)
    desk.decide("bad.example", adds=False)
    everywhere(resolvers, "www.bad.example", blocked=False)


def test_between_two_listed_names_everything_is_blocked_until_the_upper_one_leaves(
    servers: tuple[Desk, Resolvers],
) -> None:
    desk, resolvers = servers
    amid = ("pages.host.example", "good.pages.host.example", "x.good.pages.host.example")
    desk.decide("bad.pages.host.example")
    everywhere(resolvers, "www.bad.pages.host.example", blocked=True)
    for name in amid:
        everywhere(resolvers, name, blocked=False)
    desk.decide("host.example")
    for name in amid:
        everywhere(resolvers, name, blocked=True)
    desk.decide("host.example", adds=False)
    for name in amid:
        everywhere(resolvers, name, blocked=False)
    everywhere(resolvers, "bad.pages.host.example", blocked=True)
    desk.decide("pages.host.example")
    everywhere(resolvers, "good.pages.host.example", blocked=True)
    desk.decide("bad.pages.host.example", "pages.host.example", adds=False)
    for name in (*amid, "bad.pages.host.example"):
        everywhere(resolvers, name, blocked=False)


def test_the_desk_keeps_which_publication_each_provider_took_last(
    servers: tuple[Desk, Resolvers],
) -> None:
    desk, resolvers = servers
    before = last_serial(desk)
    desk.decide("taken.example")
    wait_for(lambda: last_serial(desk) > before)
    query = "SELECT DISTINCT seen_serial, transferred_at IS NULL FROM worstof_recipient"
    wait_for(lambda: desk.do(query) == [(last_serial(desk), 0)], 30, 0.2)
    desk.decide("taken.example", adds=False)
    everywhere(resolvers, "taken.example", blocked=False)


def test_at_knot_a_name_leaves_without_the_whole_list_being_read_again(
    servers: tuple[Desk, Resolvers],
) -> None:
    """And a name listed below it stays blocked."""
    desk, resolvers = servers
    large = resolvers.place("knot") / "wol.invalid.rpz"
    for name in ("parent.example", "below.parent.example"):
        desk.decide(name)
    everywhere(resolvers, "www.parent.example", blocked=True)
    everywhere(resolvers, "below.parent.example", blocked=True)
    before = large.stat().st_mtime_ns
    for name in ("first.example", "parent.example"):
        desk.decide(name, adds=False)
        everywhere(resolvers, f"www.{name}", blocked=False)
    everywhere(resolvers, "www.below.parent.example", blocked=True)
    assert large.stat().st_mtime_ns == before
    desk.decide("below.parent.example", adds=False)
    desk.decide("first.example")
    everywhere(resolvers, "www.first.example", blocked=True)
    everywhere(resolvers, "www.below.parent.example", blocked=False)


def test_knot_is_fed_by_the_very_command_that_the_desk_prints(
    servers: tuple[Desk, Resolvers],
) -> None:
    """But for the port, on which the machine of the test may hear something else."""
    desk, resolvers = servers
    printed = desk.run(
        "worstof", "snippet", "isp-knot", "--resolver", "knot", "--stop-host", STOP_HOST,
        "--stop-v4", STOP, "--primary", f"127.0.0.1:{desk.port}", "--folder", str(resolvers.place("knot")),
    )  # fmt: skip
    command = printed.splitlines()[0].removeprefix("-- Run beside it: breakwater ")
    ran = shlex.join(resolvers.commands["follower"][3:])
    assert command.replace(":5311 ", f":{resolvers.heard} ") == ran
    assert "--public-key " in ran


def test_no_other_type_of_record_slips_past_the_block(servers: tuple[Desk, Resolvers]) -> None:
    _, resolvers = servers
    for resolver in FOUR:
        for kind in ("AAAA", "HTTPS", "TXT", "MX"):
            assert UPSTREAM not in ask(resolvers.ports[resolver], "first.example", kind)


def test_each_recipient_has_its_own_canary_and_no_other(servers: tuple[Desk, Resolvers]) -> None:
    _, resolvers = servers
    for resolver in FOUR:
        assert resolvers.blocks(resolver, f"canary.{resolver}-isp.example", 20)
        other = "canary.bind-isp.example" if resolver != "bind" else "canary.knot-isp.example"
        assert resolvers.resolves(resolver, other, 20)


def test_without_a_key_or_with_a_wrong_one_nobody_gets_the_zone(
    servers: tuple[Desk, Resolvers],
) -> None:
    desk, _ = servers
    wrong = tsig.key("isp-bind", "d3Jvbmcga2V5IHdyb25nIGtleSB3cm9uZyBrZXkgIQ==")
    right = tsig.key("isp-bind", desk.key_file("isp-bind").read_text().strip())
    for key in (None, wrong):
        with pytest.raises((dns.exception.DNSException, EOFError)):
            _transfer(desk, key)
    names = {str(name) for name in _transfer(desk, right).nodes}
    assert {"first.example", "*.first.example"} <= names


def _transfer(desk: Desk, key: dns.tsig.Key | None) -> dns.zone.Zone:
    query, _ = dns.xfr.make_query(found := dns.zone.Zone("wol.invalid"))
    if key:
        query.use_tsig(key)
    dns.query.inbound_xfr("127.0.0.1", found, query, port=desk.port, timeout=5)
    return found


def test_the_log_of_the_primary_names_no_listed_domain(servers: tuple[Desk, Resolvers]) -> None:
    desk, _ = servers
    logs = [*desk.folder.glob("worstof/primary/*.log"), desk.folder / "serve.log"]
    assert logs
    assert not any("first.example" in log.read_text(errors="replace") for log in logs)


def test_the_probe_counts_what_each_resolver_blocks(servers: tuple[Desk, Resolvers]) -> None:
    desk, resolvers = servers
    for name in FOUR:
        desk.do(
            "UPDATE worstof_recipient SET resolvers = ?, stop_page = ? WHERE key_name = ?",
            f'["127.0.0.1:{resolvers.ports[name]}"]', STOP_HOST, f"isp-{name}",
        )  # fmt: skip
    told = desk.run("worstof", "probe")
    assert told.count("1 of 1 names, 1 of 1 canaries blocked") == 4
    assert "first.example" not in told
    assert desk.do("SELECT asked, blocked, problem FROM worstof_probe") == [(1, 1, "")] * 4


def test_a_killed_primary_comes_back_and_everybody_catches_up(
    servers: tuple[Desk, Resolvers],
) -> None:
    desk, resolvers = servers
    desk.decide("during.example")
    pid = int((desk.folder / "worstof" / "primary" / "named.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    everywhere(resolvers, "during.example", blocked=True)
    everywhere(resolvers, "first.example", blocked=True)
    desk.decide("during.example", adds=False)
    everywhere(resolvers, "during.example", blocked=False)


def test_a_resolver_that_was_off_catches_up(servers: tuple[Desk, Resolvers]) -> None:
    """Stands in for a week: many publications while the resolvers are off."""
    desk, resolvers = servers
    before = last_serial(desk)
    for name in FOUR:
        resolvers.kill(name)
    for n in range(10):
        desk.decide(f"week-{n}.example")
        wait_for(lambda: not _is_waiting(desk), 60)
        if n:
            desk.decide(f"week-{n}.example", adds=False)
            wait_for(lambda: not _is_waiting(desk), 60)
    assert last_serial(desk) == before + 19
    for name in FOUR:
        resolvers.again(name)
    everywhere(resolvers, "week-0.example", blocked=True)
    everywhere(resolvers, "week-9.example", blocked=False)


def test_knot_misses_no_change_while_it_starts_and_none_after_a_file_it_could_not_read(
    servers: tuple[Desk, Resolvers], tmp_path: Path
) -> None:
    desk, _ = servers
    alone = Resolvers(tmp_path)
    large, recent = (alone.place("knot") / f"wol.invalid{x}.rpz" for x in ("", ".recent"))

    def write(path: Path, serial: int, names: Iterable[str]) -> None:
        write_whole(path, zone_file.lines("wol.invalid", serial, ["none"], names))

    write(recent, 1, ())
    write(large, 1, (f"n{n}.example" for n in range(100_000)))
    try:
        alone.start_upstream()
        alone.start_knot(desk)
        maps = Path(f"/proc/{alone.processes['knot'].pid}/maps")
        wait_for(lambda: str(large) in maps.read_text(), 30, 0.001)
        write(large, 2, ("late.example",))
        wait_for(lambda: alone.blocks("knot", "late.example"), 30)
        assert alone.resolves("knot", "n7.example", 5)
        # A file that it cannot read once leaves what it has, and is read when it is there again.
        large.unlink()
        large.symlink_to(tmp_path / "nowhere")
        time.sleep(1)
        assert alone.blocks("knot", "late.example")
        write(large, 3, ("later.example",))
        wait_for(lambda: alone.blocks("knot", "later.example"), 30)
        assert alone.resolves("knot", "late.example", 5)
    finally:
        alone.stop()


def _is_waiting(desk: Desk) -> bool:
    query = "SELECT count(*) FROM worstof_zonechange WHERE published_at IS NULL AND refused = ''"
    return desk.do(query)[0][0] != 0


def test_eight_thousand_dropped_names_reach_no_resolver(servers: tuple[Desk, Resolvers]) -> None:
    """Denmark, 1 March 2012."""
    desk, resolvers = servers
    before = last_serial(desk)
    desk.decide(*(f"good-{n}.example" for n in range(1, 8001)))
    wait_for(lambda: desk.do("SELECT added FROM worstof_heldchange") == [(8000,)], 60)
    assert last_serial(desk) == before
    everywhere(resolvers, "good-17.example", blocked=False)


def test_the_slow_defaults_are_shown_to_be_slow(servers: tuple[Desk, Resolvers]) -> None:
    """The negative control: without the settings of the snippets, a cached name stays open."""
    desk, resolvers = servers
    slow = resolvers.start_without_settings(desk)
    for name in slow:
        assert resolvers.resolves(name, "slow.example", 20)
    desk.decide("slow.example")
    everywhere(resolvers, "slow.example", blocked=True)
    time.sleep(2)
    for name in slow:
        assert resolvers.resolves(name, "slow.example", 20)


def test_unbound_without_its_setting_does_not_start_at_all(
    servers: tuple[Desk, Resolvers],
) -> None:
    """Why it has no negative control: it looks at the zone before its cache, or it is not there."""
    desk, resolvers = servers
    resolvers.ports["unbound-slow"] = free_port()
    resolvers.run_unbound(desk, name="unbound-slow", slow=True)
    assert resolvers.processes["unbound-slow"].wait(20) != 0
    said = (resolvers.place("unbound-slow") / "output.log").read_text()
    assert "RPZ requires the respip module" in said


def test_a_full_disk_publishes_nothing_wrong_and_goes_on_afterwards(
    tmp_path: Path, migrated: Path
) -> None:
    """The primary may write files of 1 MB and no more: the change does not go out; later it does."""
    desk = Desk(tmp_path / "desk")
    shutil.copy(migrated, desk.folder)
    desk.add_recipient("isp", [])
    desk.decide("one.example")
    desk.start()
    try:
        key = tsig.key("isp", desk.key_file("isp").read_text().strip())
        wait_for(lambda: _names(desk, key) == {"one.example"}, 90)
        pid = int((desk.folder / "worstof" / "primary" / "named.pid").read_text())
        assert desk.serving is not None
        for process in (pid, desk.serving.pid):
            subprocess.run(["prlimit", f"--pid={process}", "--fsize=1:unlimited"], check=True)
        desk.decide("two.example")
        time.sleep(1)  # twenty looks for a decision; its log has no room either
        assert _names(desk, key) == {"one.example"}
        for process in (pid, desk.serving.pid):
            subprocess.run(["prlimit", f"--pid={process}", "--fsize=unlimited"], check=True)
        wait_for(lambda: _names(desk, key) == {"one.example", "two.example"}, 30)
    finally:
        desk.stop()


def _names(desk: Desk, key: dns.tsig.Key) -> set[str]:
    try:
        found = {str(name) for name in _transfer(desk, key).nodes}
    except (dns.exception.DNSException, OSError, EOFError):
        return set()
    return {name for name in found if name.endswith(".example") and not name.startswith("*.")}
