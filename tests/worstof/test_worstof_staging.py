"""Whatever is published, taken off or fails meanwhile: the check and every view see what they should.

The zones behind the check are those of a model of BIND's, since thousands of turns are tried; the
integration tests ask a real one.
"""

import itertools
import random
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import pytest

from breakwater.formats.block_list.nesting import between, parents
from breakwater.worstof.actions.publishing import Unsure
from breakwater.worstof.models import Publication, Recipient, ZoneChange, ZoneName
from breakwater.worstof.primary import bringing, staging
from breakwater.worstof.primary.configuration import STAGE, TRIED, Place
from breakwater.worstof.primary.staging import Staging
from breakwater.worstof.primary.zone_file import BETWEEN
from breakwater.worstof.queries import zone
from breakwater.worstof.rules.zone_manifest import ZoneManifest
from tests.policy_zone import matches, two_each

pytestmark = pytest.mark.django_db
ZONE = "wol.invalid"
NAMES = [
    ".".join([*labels, "example"])
    for count in range(1, 5)
    for labels in itertools.product("ab", repeat=count)
]
SCOPES = (Recipient.Scope.NATIONAL, Recipient.Scope.INTERNATIONAL)


class ModelOfBind:
    """Two policy zones of one view, of which any message may fail."""

    def __init__(self, chance: random.Random) -> None:
        self.chance, self.fails, self.precious = chance, 0.0, ""
        self.zones: dict[str, set[str]] = {ZONE: set(), TRIED: set()}

    def _may_fail(self) -> None:
        if self.chance.random() < self.fails:
            raise Unsure("no answer")

    def give(self, into: str, names: Sequence[str]) -> None:
        for name in names:
            self._may_fail()
            self.zones[into] |= two_each([name])

    def take_out(self, of: str, names: Sequence[str]) -> None:
        for name in names:
            self._may_fail()
            self.zones[of] -= two_each([name])

    def wait_for_mark(self, _zone: str) -> None:
        self._may_fail()

    def wait_for(self, _mark: str) -> None:
        self._may_fail()

    def replace_zone(self, key_name: str, lines: Iterable[str]) -> None:
        assert key_name == STAGE
        records = (line for text in lines for line in text.splitlines() if " CNAME " in line)
        self.zones[ZONE] = {record.partition(" ")[0] for record in records}

    def blocks(self, name: str) -> bool:
        return any(matches(owners, name) for owners in self.zones.values())

    def look(self) -> str:
        self._may_fail()
        return "does not resolve" if self.precious and self.blocks(self.precious) else ""


class Desk:
    """Publishes, and keeps in memory what is listed."""

    def __init__(self, at: datetime) -> None:
        self.at, self.serial, self.names = at, 0, dict[str, bool]()

    def publish(self, adds: dict[str, bool], removes: Iterable[str]) -> Publication:
        self.serial += 1
        changed = {*adds, *removes}
        for name in removes:
            self.names.pop(name, None)
        self.names |= adds
        ZoneName.objects.filter(name__in=changed).delete()
        ZoneName.objects.bulk_create(
            ZoneName(name=name, is_national=self.names[name], serial=self.serial)
            for name in changed & self.names.keys()
        )
        ZoneChange.objects.bulk_create(
            ZoneChange(name=n, adds=n in adds, decided_at=self.at, serial=self.serial)
            for n in changed
        )
        return Publication.objects.create(
            serial=self.serial, at=self.at, names=len(self.names), added=0, removed=0,
            sha256="", size=0, manifest="{}", signature="",
        )  # fmt: skip

    def lists(self, scope: str) -> set[str]:
        is_international = scope == Recipient.Scope.INTERNATIONAL
        return {
            n for n, is_national in self.names.items() if not (is_national and is_international)
        }


def blocks(names: Iterable[str], asked: str) -> bool:
    return not {asked, *parents(asked)}.isdisjoint(names)


def staged(model: ModelOfBind, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Staging:
    monkeypatch.setattr(staging, "MOST_TRIED", 3)
    place = Place(folder, "127.0.0.1", 1, 2, ZONE, "127.0.0.1:53")
    made = Staging(place, model)  # type: ignore[arg-type]
    made.stage = model  # type: ignore[assignment]
    return made


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_check_is_neither_blind_nor_too_strict_after_any_turns(
    seed: int, at: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)  # noqa: S311 – a test
    model, desk = ModelOfBind(chance), Desk(at)
    check, answers = staged(model, tmp_path, monkeypatch), list[str]()
    for _ in range(250):
        model.fails = chance.choice([0.0, 0.03])
        model.precious = chance.choice(["", f"{chance.choice(NAMES)}", f"x.{chance.choice(NAMES)}"])
        adds = chance.sample(NAMES, chance.randrange(1, 4 if len(desk.names) < 6 else 2))
        try:
            answers.append(check.check(adds))
        except Unsure:
            continue
        wanted = {*desk.names, *adds}
        assert bool(answers[-1]) == bool(model.precious and blocks(wanted, model.precious))
        if not answers[-1]:
            assert all(model.blocks(name) for name in NAMES if blocks(wanted, name))
        passed = [] if answers[-1] or chance.random() < 0.1 else adds
        leaves = set(chance.sample(sorted(desk.names), min(len(desk.names), 2))) - set(passed)
        if chance.random() < 0.5 and (passed or leaves):
            made = desk.publish({n: chance.random() < 0.3 for n in passed}, leaves)
            if chance.random() < 0.9:  # else somebody else published
                check.follow(made)
        check.settle()
    assert {"", "does not resolve"} == set(answers)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_view_that_is_brought_now_and_then_holds_what_a_new_one_would(
    scope: str, at: datetime
) -> None:
    chance = random.Random(5)  # noqa: S311 – a test
    desk, owners, has = Desk(at), set[str](), 0
    manifest = ZoneManifest(ZONE, 1, "", 0, "")
    for _ in range(150):
        adds = {name: chance.random() < 0.3 for name in chance.sample(NAMES, chance.randrange(3))}
        leaves = set(chance.sample(sorted(desk.names), min(len(desk.names), 2))) - adds.keys()
        desk.publish(adds, leaves)
        if chance.random() < 0.5:
            continue
        since = bringing.Since(has)
        change = since.change(Recipient(scope=scope, key_name="isp"), manifest)
        for name in change.names:
            owners -= {*two_each([name]), f"{BETWEEN}.{name}"}
            owners |= two_each({name} & {*change.listed, *change.between})
            owners |= {f"{BETWEEN}.{name}"} if name in change.between else set()
        has = zone.last().serial  # type: ignore[union-attr]
        names = desk.lists(scope)
        amid = between(names)
        assert owners == two_each(names | amid) | {f"{BETWEEN}.{name}" for name in amid}
