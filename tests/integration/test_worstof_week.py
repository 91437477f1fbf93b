"""A provider that was off for a week catches up, also when the primary's journal is cut."""

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings

from benchmarks.resolvers import STOP, Resolvers, ask, free_port, program, wait_for
from breakwater.storage.whole_file import write_whole
from breakwater.worstof import signing, tsig
from breakwater.worstof.primary import configuration, snippets, views, zone_file
from breakwater.worstof.primary.configuration import Place, View
from breakwater.worstof.primary.copy import Copy
from breakwater.worstof.primary.following import Source, take
from breakwater.worstof.primary.server import Bind
from breakwater.worstof.rules.zone_digest import digests_of, root_of
from breakwater.worstof.rules.zone_manifest import ZoneManifest

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        program("named") is None and not os.environ.get("CI"), reason="named is not installed"
    ),
]
ZONE = "wol.invalid"
WEEK = 7 * 24 * 2  # decisions, one every half hour
JOURNAL = "max-journal-size 64m;"


def manifest_of(serial: int, names: set[str]) -> ZoneManifest:
    at = "2026-11-25T00:00:00+00:00"
    return ZoneManifest(ZONE, serial, at, len(names), root_of(digests_of(names)))


class Primary:
    """A primary without a desk, which takes decision after decision."""

    def __init__(self, folder: Path) -> None:
        self.place = Place(folder, "127.0.0.1", free_port(), free_port(), ZONE)
        self.bind, self.told = Bind(self.place), free_port()
        self.serial, self.names = 1, {"first.example"}
        self.bind.configure([View("isp", (f"127.0.0.1:{self.told}",))])
        write_whole(configuration.zone_path(self.place, "isp"), self.lines())

    def lines(self) -> Iterator[str]:
        manifest = manifest_of(self.serial, self.names)
        strings = manifest.strings(signing.sign(manifest.signed))
        yield from zone_file.lines(ZONE, self.serial, strings, self.names)

    def write_whole(self, name: str) -> None:
        self.serial += 1
        self.names.add(name)
        self.bind.replace_zone("isp", self.lines())

    def decide(self, name: str, *, adds: bool = True) -> None:
        self.serial += 1
        (self.names.add if adds else self.names.discard)(name)
        manifest = manifest_of(self.serial, self.names)
        change = views.Change(self.serial - 1, {name}, {name} if adds else (), (), manifest)
        views.update(self.place, "isp", change)

    def sent(self) -> str:
        return (self.place.folder / "transfers.log").read_text()


@pytest.fixture(params=["whole", "cut"])
def journal(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def primary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, journal: str) -> Iterator[Primary]:
    monkeypatch.setattr(settings, "CONFIG", SimpleNamespace(data_dir=tmp_path))
    monkeypatch.setattr(signing, "key_path", lambda: tmp_path / "signing.key")
    primary = Primary(tmp_path / "primary")
    if journal == "cut":
        path = tmp_path / "primary" / "named.conf"
        assert JOURNAL in path.read_text()
        path.write_text(path.read_text().replace(JOURNAL, "max-journal-size 64k;"))
    primary.bind.start()
    try:
        yield primary
    finally:
        primary.bind.stop()


@pytest.fixture
def resolvers(tmp_path: Path, primary: Primary) -> Iterator[Resolvers]:
    """A provider's BIND with the snippet as it is handed out."""
    resolvers = Resolvers(tmp_path)
    resolvers.ports["bind"] = primary.told
    desk = SimpleNamespace(
        wish=lambda key_name, folder: snippets.Wish(
            ZONE, ("127.0.0.1", primary.place.port), "isp", tsig.secret_of("isp"),
            "stop.isp.example", folder=str(folder),
        )
    )  # fmt: skip
    resolvers.start_upstream()
    resolvers.start_bind(desk)  # type: ignore[arg-type]
    try:
        yield resolvers
    finally:
        resolvers.stop()


def test_a_provider_that_was_off_for_a_week_catches_up(
    primary: Primary, resolvers: Resolvers, journal: str
) -> None:
    public = signing.public_key()
    source = Source(
        "127.0.0.1", primary.place.port, ZONE, tsig.key("isp", tsig.secret_of("isp")), public
    )
    wait_for(lambda: resolvers.blocks("bind", "first.example"), 60)
    held = take(source, Copy())
    assert set(held.every()) == {"first.example"}
    resolvers.kill("bind")
    for number in range(WEEK):
        primary.decide(
            f"name-{number // 2 if number % 2 else number}.example", adds=number % 2 == 0
        )
    primary.decide("first.example", adds=False)
    # The journal is cut when the zone is written to its file, which BIND does by itself later.
    assert primary.bind.rndc("sync", ZONE, "IN", "isp")
    if journal == "cut":
        wait_for(lambda: journal_of(primary).stat().st_size < 100_000, 30)
    before = len(primary.sent())
    resolvers.again("bind")
    last = sorted(primary.names)[-1]
    wait_for(lambda: ask(resolvers.ports["bind"], last) == STOP, 60)
    wait_for(lambda: resolvers.resolves("bind", "first.example"), 60)
    assert all(resolvers.blocks("bind", name, 20) for name in sorted(primary.names)[::50])
    assert ("AXFR-style IXFR" in primary.sent()[before:]) == (journal == "cut")
    found = take(source, held)  # what `follow` holds for Knot: checked against what was signed
    assert (found.serial, set(found.every())) == (primary.serial, primary.names)


@pytest.mark.parametrize("journal", ["whole"], indirect=True)
def test_a_zone_that_is_written_whole_replaces_one_with_changes_that_bind_has_not_kept(
    primary: Primary,
) -> None:
    primary.names |= {f"n{n}.example" for n in range(20_000)}
    for turn in range(5):
        if turn:
            primary.decide(f"change-{turn}.example")
        primary.write_whole(f"whole-{turn}.example")
        wait_for(lambda: views.held(primary.place, "isp").serial == primary.serial, 20)
        assert (
            views.held(primary.place, "isp").root == manifest_of(primary.serial, primary.names).root
        )


@pytest.mark.parametrize("journal", ["whole"], indirect=True)
def test_a_change_is_taken_only_by_a_view_of_the_serial_that_it_is_built_on(
    primary: Primary,
) -> None:
    primary.decide("two.example")
    before = views.held(primary.place, "isp")
    primary.serial += 1
    with pytest.raises(views.OtherSerial):
        primary.decide("four.example")
    assert views.held(primary.place, "isp") == before


def journal_of(primary: Primary) -> Path:
    return Path(f"{configuration.zone_path(primary.place, 'isp')}.jnl")
