"""From a decision to a provider, on the database that the suite runs on: SQLite, then PostgreSQL."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.officers import Officers
from benchmarks.resolvers import Desk, program, wait_for
from breakwater.worstof import tsig
from breakwater.worstof.primary.copy import Copy
from breakwater.worstof.primary.following import NotTaken, Source, take
from tests.integration.desk_pages import overseer
from tests.integration.own_database import own_database

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        program("named") is None and not os.environ.get("CI"), reason="named is not installed"
    ),
]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with own_database() as url:
        desk = Desk(tmp_path / "desk", url)
        desk.run("migrate")
        desk.add_recipient("isp", [])
        desk.add_recipient("other", [])
        desk.start()
        try:
            yield desk
        finally:
            desk.stop()


def gets(desk: Desk, key_name: str = "isp") -> set[str]:
    key = tsig.key(key_name, desk.key_file(key_name).read_text().strip())
    try:
        return set(take(Source("127.0.0.1", desk.port, "wol.invalid", key), Copy()).every())
    except NotTaken:
        return set()


def test_what_officers_verify_reaches_every_provider_and_what_they_remove_leaves(
    desk: Desk,
) -> None:
    officers = Officers(desk, ["one.example", "two.example", "three.example"])
    try:
        for name in ("one.example", "two.example"):
            officers.verify(name)
        for provider in ("isp", "other"):
            wait_for(lambda p=provider: gets(desk, p) == {"one.example", "two.example"}, 60)
        officers.remove("one.example")
        officers.verify("three.example")
        for provider in ("isp", "other"):
            wait_for(lambda p=provider: gets(desk, p) == {"two.example", "three.example"}, 60)
    finally:
        officers.stop()


def test_a_server_and_its_primary_that_were_killed_lose_no_decision(desk: Desk) -> None:
    desk.decide("one.example")
    wait_for(lambda: gets(desk) == {"one.example"}, 60)
    assert desk.serving
    primary = int((desk.folder / "worstof" / "primary" / "named.pid").read_text())
    desk.decide("two.example")
    desk.serving.kill()
    desk.serving.wait()
    os.kill(primary, signal.SIGKILL)
    desk.decide("three.example")
    desk.decide("one.example", adds=False)
    desk.start()
    wait_for(lambda: gets(desk) == {"two.example", "three.example"}, 90)
    serials = [serial for (serial,) in desk.do("SELECT serial FROM worstof_publication")]
    assert len(set(serials)) == len(serials)
    assert desk.do("SELECT count(*) FROM worstof_zonechange WHERE published_at IS NULL") == [(0,)]


def test_many_names_at_once_wait_for_two_people_and_the_page_says_so(desk: Desk) -> None:
    desk.decide("one.example")
    wait_for(lambda: gets(desk) == {"one.example"}, 60)
    many = [f"many-{n}.example" for n in range(60)]
    desk.decide(*many)
    wait_for(lambda: desk.do("SELECT added FROM worstof_heldchange") == [(60,)], 60)
    assert gets(desk) == {"one.example"}
    with overseer(desk) as somebody:
        assert "A change of 60 to add and 0 to remove waits for two signatures." in somebody.reads()
