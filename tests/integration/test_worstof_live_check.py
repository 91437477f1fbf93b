"""The live check at a real BIND: additions that break other names reach nobody."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.resolvers import Desk, Resolvers, program, wait_for
from breakwater.worstof.primary.staging import MOST_TRIED
from breakwater.worstof.rules.zone_digest import bucket_of
from tests.integration.test_worstof_serving import bind_of, gets

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        program("named") is None and not os.environ.get("CI"), reason="named is not installed"
    ),
]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[tuple[Desk, Resolvers]]:
    desk, resolvers = Desk(tmp_path / "desk"), Resolvers(tmp_path)
    desk.run("migrate")
    resolvers.start_upstream()
    (desk.folder / "worstof").mkdir(mode=0o700, exist_ok=True)
    (desk.folder / "worstof" / "never-block.txt").write_text("good.example\nshop.example\n")
    desk.start("--check-resolver", f"127.0.0.1:{resolvers.upstream_port}")
    try:
        yield desk, resolvers
    finally:
        desk.stop()
        resolvers.stop()


def state(desk: Desk) -> list[tuple[object, ...]]:
    return desk.do("SELECT probe FROM worstof_publisherstate")


COUNT = "SELECT count(*) FROM worstof_zonename"
TOLD = "SELECT stays_because FROM worstof_recipient"
PROBLEM = "SELECT problem FROM worstof_publisherstate WHERE problem <> ''"


def test_what_breaks_another_name_is_held_and_what_does_not_is_published(
    desk: tuple[Desk, Resolvers],
) -> None:
    served, _ = desk
    served.decide("bad.example")
    wait_for(lambda: served.do(COUNT) == [(1,)], 90)
    assert state(served) == [("good",)]
    # shop.example is an alias of a name below this one, which no rule of names could know.
    served.decide("network.example")
    held = "SELECT reason, added, state FROM worstof_heldchange"
    wait_for(lambda: served.do(held) == [("probe", 1, "waiting")], 90)
    assert served.do(COUNT) == [(1,)]
    assert state(served) == [("bad",)]
    served.decide("worse.example")
    wait_for(lambda: served.do(COUNT) == [(2,)], 90)


def test_nothing_is_added_while_the_check_gets_no_answers(desk: tuple[Desk, Resolvers]) -> None:
    served, resolvers = desk
    served.add_recipient("isp", [])
    served.decide("bad.example")
    wait_for(lambda: gets(served, "isp") == {"bad.example"}, 90)
    resolvers.kill("upstream")
    (served.folder / "worstof" / "never-block.txt").write_text("never-asked-yet.example\n")
    served.decide("worse.example")
    wait_for(lambda: bool(served.do(PROBLEM)), 90)
    assert served.do(COUNT) == [(1,)]
    served.decide("bad.example", adds=False)
    wait_for(lambda: served.do(COUNT) == [(0,)], 90)
    wait_for(lambda: gets(served, "isp") == set(), 90)
    resolvers.again("upstream")
    wait_for(lambda: gets(served, "isp") == {"worse.example"}, 90)
    wait_for(lambda: not served.do(PROBLEM), 90)


@pytest.mark.parametrize("is_removed", ["while it serves", "while it is down"])
def test_after_a_new_start_without_the_resolver_a_removal_goes_out_and_an_addition_does_not(
    desk: tuple[Desk, Resolvers], is_removed: str
) -> None:
    served, resolvers = desk
    served.add_recipient("isp", [])
    served.decide("bad.example", "wrong.example")
    wait_for(lambda: gets(served, "isp") == {"bad.example", "wrong.example"}, 90)
    served.stop()
    resolvers.kill("upstream")
    if is_removed == "while it is down":
        served.decide("wrong.example", adds=False)
        command = [sys.executable, "-m", "breakwater.cli", "worker"]
        with subprocess.Popen(command, env=served.environment) as worker:
            wait_for(lambda: served.do(COUNT) == [(1,)], 90)
            worker.terminate()
    served.start("--check-resolver", f"127.0.0.1:{resolvers.upstream_port}")
    served.decide("worse.example")
    if is_removed == "while it serves":
        served.decide("wrong.example", adds=False)
    wait_for(lambda: gets(served, "isp") == {"bad.example"}, 90)
    slip_in(served, "network.example")
    served.accept_copy("looked at")
    wait_for(lambda: "does not resolve" in str(served.do(TOLD)), 90)
    assert gets(served, "isp") == {"bad.example"}


def slip_in(desk: Desk, name: str) -> None:
    """What a repair by hand, or somebody who can write to the database, leaves behind."""
    desk.do("INSERT INTO worstof_zonename VALUES (?, 0, 1, ?)", name, bucket_of(name))


def test_a_copy_that_somebody_accepted_is_tried_before_any_provider_gets_it(
    desk: tuple[Desk, Resolvers],
) -> None:
    served, _ = desk
    served.add_recipient("isp", [])
    served.decide("bad.example")
    wait_for(lambda: gets(served, "isp") == {"bad.example"}, 90)
    slip_in(served, "network.example")
    served.accept_copy("looked at")
    wait_for(lambda: "do not resolve" in str(served.do(TOLD)), 90)
    assert state(served) == [("bad",)]
    assert gets(served, "isp") == {"bad.example"}
    # It can be put right, and what is harmless goes out again, without a new start.
    served.decide("network.example", adds=False)
    wait_for(lambda: state(served) == [("good",)], 90)
    wait_for(lambda: served.do(TOLD) == [("",)], 90)
    served.decide("worse.example")
    wait_for(lambda: gets(served, "isp") == {"bad.example", "worse.example"}, 90)


@pytest.mark.parametrize("others", [0, MOST_TRIED], ids=["few names", "many names at once"])
def test_a_listed_name_stands_before_the_check_until_it_leaves_the_list(
    desk: tuple[Desk, Resolvers], others: int
) -> None:
    served, _ = desk
    never = served.folder / "worstof" / "never-block.txt"
    never.write_text("good.example\n")
    served.decide("network.example", *(f"n{n}.example" for n in range(others)), released=True)
    wait_for(lambda: served.do(COUNT) == [(1 + others,)], 90)
    never.write_text("good.example\nshop.example\n")
    served.decide("worse.example")
    held = "SELECT reason, added FROM worstof_heldchange WHERE state = 'waiting'"
    wait_for(lambda: served.do(held) == [("probe", 1)], 90)
    served.decide("network.example", adds=False)
    wait_for(lambda: served.do(COUNT) == [(others,)], 90)
    served.decide("bad.example")
    wait_for(lambda: served.do(COUNT) == [(others + 1,)], 90)


@pytest.mark.parametrize("is_removed", [True, False], ids=["left the list", "listed"])
def test_a_name_below_hides_nothing_that_the_name_above_would_block(
    desk: tuple[Desk, Resolvers], is_removed: bool
) -> None:
    served, _ = desk
    # Beside it in one zone, the wildcard of network.example leaves edge.network.example open, of
    # which shop.example is an alias.
    served.decide("x.edge.network.example")
    wait_for(lambda: served.do(COUNT) == [(1,)], 90)
    if is_removed:
        served.decide("x.edge.network.example", adds=False)
        wait_for(lambda: served.do(COUNT) == [(0,)], 90)
    served.decide("network.example")
    held = "SELECT reason, added FROM worstof_heldchange"
    wait_for(lambda: served.do(held) == [("probe", 1)], 90)
    served.decide("bad.example")
    wait_for(lambda: served.do(COUNT) == [(1 if is_removed else 2,)], 90)


def test_a_published_name_that_is_added_once_more_beside_a_bad_one_stays_before_the_check(
    desk: tuple[Desk, Resolvers],
) -> None:
    served, _ = desk
    never = served.folder / "worstof" / "never-block.txt"
    never.write_text("good.example\n")
    served.decide("network.example")
    wait_for(lambda: served.do(COUNT) == [(1,)], 90)
    never.write_text("good.example\nshop.example\n")
    held = "SELECT sum(added) FROM worstof_heldchange WHERE reason = 'probe'"
    served.decide("network.example", "worse.example")
    wait_for(lambda: served.do(held) == [(2,)], 90)
    served.decide("bad.example")
    wait_for(lambda: served.do(held) == [(3,)], 90)
    assert served.do(COUNT) == [(1,)]


def test_additions_go_on_after_a_primary_was_killed(desk: tuple[Desk, Resolvers]) -> None:
    served, _ = desk
    served.add_recipient("isp", [])
    served.decide("bad.example")
    wait_for(lambda: gets(served, "isp") == {"bad.example"}, 90)
    # A new recipient while the check's copy has changes in its journal.
    served.add_recipient("other", [])
    wait_for(lambda: gets(served, "other") == {"bad.example"}, 90)
    (pid,) = bind_of(served).running()
    os.kill(pid, signal.SIGKILL)
    ended = "SELECT count(*) FROM worstof_publisherstate WHERE ended_at IS NOT NULL"
    wait_for(lambda: served.do(ended) == [(1,)], 90)
    served.decide("worse.example")
    wait_for(lambda: gets(served, "isp") == {"bad.example", "worse.example"}, 90)
    served.decide("network.example")
    held = "SELECT reason, added FROM worstof_heldchange"
    wait_for(lambda: served.do(held) == [("probe", 1)], 90)
