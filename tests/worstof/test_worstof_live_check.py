"""The live check asks a file that is longer than one check wholly, from check to check."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import dns.rcode
import pytest
from django.conf import settings

from breakwater.worstof.actions.publishing import Unsure
from breakwater.worstof.primary import live_check
from breakwater.worstof.primary.configuration import Place
from breakwater.worstof.queries.known_names import well_known

NAMES = [f"n{number}.example" for number in range(1_201)]


class Listening(live_check.Stage):
    """A stage behind which a resolver of the test answers."""

    def __init__(self, folder: Path) -> None:
        super().__init__(Place(folder, "127.0.0.1", 1, 2, "wol.invalid", "127.0.0.1:53"))
        self.asked: list[str] = []
        self.answers: dict[str, int | None] = {}
        self.without: dict[str, int] = {}  # what the resolver answers without the list

    def rcodes(self, names: Sequence[str]) -> list[int | None]:
        self.asked += names
        return [self.answers.get(name, int(dns.rcode.NOERROR)) for name in names]

    def open_rcode(self, name: str) -> int:
        return self.without.get(name, int(dns.rcode.NOERROR))


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Listening:
    monkeypatch.setattr(settings, "CONFIG", dataclasses.replace(settings.CONFIG, data_dir=tmp_path))
    (tmp_path / "worstof").mkdir()
    (tmp_path / "worstof" / "never-block.txt").write_text("\n".join(NAMES))
    return Listening(tmp_path)


def test_three_checks_ask_every_name_of_a_file_of_1201(stage: Listening) -> None:
    for number in (1, 2, 3):
        assert stage.look() == ""
        assert len(set(stage.asked) & set(NAMES)) <= number * 500
    assert set(stage.asked) >= set(NAMES)


def test_a_blocked_name_far_down_the_file_is_found_and_asked_until_it_resolves(
    stage: Listening,
) -> None:
    stage.answers["n1200.example"] = int(dns.rcode.NXDOMAIN)
    found = [stage.look() for _ in range(6)]
    first = next(number for number, problem in enumerate(found) if problem)
    assert first < 3
    assert all("must never be blocked do not resolve: 1 of" in problem for problem in found[first:])
    stage.answers.clear()
    assert stage.look() == ""


def test_names_that_everybody_needs_are_asked_each_time_also_without_a_file(
    stage: Listening,
) -> None:
    never = Path(settings.CONFIG.data_dir) / "worstof" / "never-block.txt"
    never.unlink()
    assert "ocsp.digicert.com" in well_known()
    assert stage.look() == ""
    assert set(stage.asked) == set(well_known())
    stage.answers["ocsp.digicert.com"] = int(dns.rcode.NXDOMAIN)
    count = f"1 of {len(well_known())}."
    assert stage.look() == f"Names that must never be blocked do not resolve: {count}"
    # A name of the tables that is gone for everybody says nothing of the list.
    stage.without["ocsp.digicert.com"] = int(dns.rcode.NXDOMAIN)
    assert stage.look() == ""


def test_a_name_without_an_answer_stops_publication_until_it_has_one(stage: Listening) -> None:
    stage.answers |= dict.fromkeys(NAMES, int(dns.rcode.SERVFAIL))
    with pytest.raises(Unsure):
        stage.look()
    stage.answers = {stage.asked[0]: int(dns.rcode.SERVFAIL)}
    with pytest.raises(Unsure):
        stage.look()
    stage.answers.clear()
    assert stage.look() == ""


def test_a_check_that_is_not_answered_stops_publication_also_without_a_file(
    stage: Listening,
) -> None:
    (Path(settings.CONFIG.data_dir) / "worstof" / "never-block.txt").unlink()
    stage.answers["ocsp.digicert.com"] = None
    with pytest.raises(Unsure):
        stage.look()
