"""Files of reports meet the hash lists: on arrival, and when a list changes."""

import io
import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from breakwater.custody.models import AuditEntry
from breakwater.hashlists import index, jobs
from breakwater.hashlists.actions import matched, receiving
from breakwater.hashlists.actions.lists import Terms, create_list, reinstate_list, retire_list
from breakwater.hashlists.actions.receiving import Received, receive
from breakwater.hashlists.models import HashList
from breakwater.matching.pdq import MATCH_DISTANCE
from breakwater.people.models import User
from breakwater.reports import picture_index
from breakwater.reports.actions import rematching
from breakwater.reports.actions.rebuild import rebuild
from breakwater.reports.actions.rematching import rematch
from breakwater.reports.actions.unpack import unpack_waiting
from breakwater.reports.models import Bundle, FileMatch, Original, Report, Seen
from breakwater.reports.texts import reason_lines, stored_reasons
from tests.hashlists.conftest import lose

FileReport = Callable[..., Report]
pytestmark = pytest.mark.django_db(transaction=True)
NEAR = int("5a" * 32, 16)


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(index, "folder", lambda: tmp_path)
    monkeypatch.setattr(index, "FRESH_FOR", 0.0)
    monkeypatch.setattr(receiving, "folder", lambda: tmp_path)
    return tmp_path


def md5(n: int) -> str:
    return f"{n:032x}"


def a_list(name: str, direction: str, text: str, at: datetime) -> HashList:
    made = create_list(Terms(name, name, "Synthetic Act", direction=direction), by="t", at=at)
    receive(made, io.BytesIO(text.encode()), Received("f", "table"), by="t", at=at)
    for _, job in jobs.JOBS:
        job(at)
    made.refresh_from_db()
    return made


@pytest.fixture
def file_report(police_file: FileReport) -> FileReport:
    """Takes in a police file of one account with files of these hashes."""

    def take(number: int, hashes: list[str], pdq: str = "") -> Report:
        files: list[dict[str, Any]] = [
            {"filename": f"{n}.jpg", "verificationHash": h} for n, h in enumerate(hashes)
        ]
        if pdq:
            files[0]["originalFileHashes"] = [{"hashType": "PDQ", "value": pdq}]
        return police_file(number, files)

    return take


def points(report: Report) -> dict[str, int]:
    report.refresh_from_db()
    return {key: n for key, n, _ in stored_reasons(report.reasons)}


def test_a_listed_file_raises_a_report_and_says_who_vouches(
    at: datetime, file_report: FileReport
) -> None:
    a_list("Unit X", "raise", f"md5,grade\n{md5(1)},A1\n", at)
    listed, other = file_report(1, [md5(1), md5(5)]), file_report(2, [md5(6)])
    assert points(listed)["listed"] == 40
    assert '"listed_by":"Unit X (A1)"' in listed.reasons
    assert "listed" not in points(other)
    match = FileMatch.objects.get()
    assert (match.report_id, match.direction, match.distance) == (listed.pk, "raise", 0)


def test_a_list_lowers_only_when_it_names_every_file(at: datetime, file_report: FileReport) -> None:
    a_list("Viral", "lower", f"md5\n{md5(1)}\n{md5(2)}\n", at)
    all_of_them, one_of_two = file_report(1, [md5(1), md5(2)]), file_report(2, [md5(1), md5(7)])
    assert points(all_of_them)["listed_lower"] == -30
    assert not {"listed", "listed_lower"} & set(points(one_of_two))


def test_a_list_that_only_knows_a_file_names_its_unit_and_weighs_nothing(
    at: datetime, file_report: FileReport, officer: User, client: Client
) -> None:
    without = file_report(1, [md5(5), md5(6)])
    terms = Terms("Seen in Testland", "Unit X of Testland", "Act s. 1", direction="known")
    made = create_list(terms, by="t", at=at)
    text = f"md5\n{md5(1)}\n{md5(3)}\n".encode()
    receive(made, io.BytesIO(text), Received("f", "table"), by="t", at=at)
    for _, job in jobs.JOBS:
        job(at)
    report = file_report(2, [md5(1), md5(2)])
    assert points(report)["listed_known"] == 0
    assert report.score == Report.objects.get(pk=without.pk).score
    sentences = [sentence for sentence, _ in reason_lines(report.reasons)]
    assert "A file is known to Unit X of Testland" in sentences
    assert FileMatch.objects.get().direction == "known"
    client.force_login(officer)
    page = client.get(f"/reports/{report.number}/").content.decode()
    assert "known to Unit X of Testland" in page
    a_list("Viral", "lower", f"md5\n{md5(1)}\n{md5(2)}\n", at)
    a_list("Unit Y", "raise", f"md5\n{md5(3)}\n", at)
    assert points(file_report(3, [md5(1), md5(2)]))["listed_lower"] == -30
    raised = points(file_report(4, [md5(3)]))
    assert raised["listed"] == 40, "no contradiction"
    assert "listed_known" not in raised


def test_a_contradiction_is_resolved_for_the_child(at: datetime, file_report: FileReport) -> None:
    a_list("Viral", "lower", f"md5\n{md5(1)}\n", at)
    a_list("Unit X", "raise", f"md5\n{md5(1)}\n", at)
    report = file_report(1, [md5(1)])
    assert points(report)["listed_contradicted"] == 40
    assert not {"listed", "listed_lower"} & set(points(report))
    assert "lists contradict each other: Unit X" in reason_lines(report.reasons)[0][0]
    assert FileMatch.objects.count() == 2


def test_near_pictures_match_with_their_distance(at: datetime, file_report: FileReport) -> None:
    a_list("Unit X", "raise", f"pdq\n{NEAR:064x}\n", at)
    report = file_report(1, [md5(1)], pdq=f"{NEAR ^ 0b10101:064x}")
    assert points(report)["listed"] == 40
    assert FileMatch.objects.get().distance == 3


FLAT, NEARLY = 0, 0b111
# Of 96 bits, the fewest that tell pictures apart, and of one less.
LEAST, TOO_FEW = int("ff" * 12, 16), int("ff" * 12, 16) >> 1


@pytest.mark.parametrize(("listed", "reported"), [(FLAT, NEARLY), (NEARLY, FLAT), (LEAST, TOO_FEW)])
@pytest.mark.parametrize("list_comes_first", [True, False])
def test_a_value_that_tells_no_pictures_apart_matches_only_itself(
    listed: int, reported: int, list_comes_first: bool, at: datetime, file_report: FileReport
) -> None:
    if list_comes_first:
        a_list("Unit X", "raise", f"pdq\n{listed:064x}\n", at)
    other = file_report(1, [md5(1)], pdq=f"{reported:064x}")
    same = file_report(2, [md5(2)], pdq=f"{listed:064x}")
    if not list_comes_first:
        a_list("Unit X", "raise", f"pdq\n{listed:064x}\n", at)
        assert rematch(at)
    assert "listed" not in points(other)
    assert points(same)["listed"] == 40
    assert FileMatch.objects.get().distance == 0


def test_a_new_list_meets_the_archive_and_puts_what_changed_before_its_owner(
    at: datetime, file_report: FileReport, officer: User
) -> None:
    exact, near = file_report(1, [md5(1)]), file_report(2, [md5(2)], pdq=f"{NEAR:064x}")
    file_report(3, [md5(3)])
    archived = Bundle.objects.get(memberships__report=exact)
    Bundle.objects.filter(pk=archived.pk).update(state=Bundle.State.ARCHIVED, assigned_to=officer)
    Seen.objects.create(user=officer, bundle=archived, at=at)
    before = archived.score
    a_list("Unit X", "raise", f"md5,pdq\n{md5(1)},\n,{NEAR ^ 7:064x}\n", at)
    assert rematch(at)
    assert not rematch(at)
    archived.refresh_from_db()
    assert (archived.score, archived.matched_at) == (before + 40, at)
    assert archived.state == Bundle.State.ARCHIVED
    assert not Seen.objects.exists()
    assert archived.changes.get().note == "Unit X"
    assert points(near)["listed"] == 40
    assert Bundle.objects.filter(matched_at=None).count() == 1


def test_a_report_right_behind_a_new_list_meets_it_although_the_index_was_looked_at_just_before(
    at: datetime, file_report: FileReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "FRESH_FOR", 600.0)
    a_list("Viral", "lower", f"md5\n{md5(8)}\n", at)
    file_report(1, [md5(8)])
    a_list("Unit X", "raise", f"md5\n{md5(1)}\n", at)
    assert points(file_report(2, [md5(1)]))["listed"] == 40


def test_the_archive_matches_exactly_what_comparing_everything_finds(
    at: datetime, file_report: FileReport
) -> None:
    chance = random.Random(5)  # noqa: S311 – invents hashes, guards nothing
    values = {n: chance.getrandbits(256) for n in range(1, 25)}
    for n, value in values.items():
        file_report(n, [md5(n), md5(100 + n // 2)], pdq=f"{value:064x}")
    listed = [flipped(value, chance.randint(0, 40), chance) for value in values.values()]
    listed += [chance.getrandbits(256) for _ in range(30)]
    digests = [md5(n) for n in (3, 7, 100, 101, 105, 900)]
    lines = [f"{digest}," for digest in digests] + [f",{value:064x}" for value in listed]
    chance.shuffle(lines)
    a_list("Unit X", "raise", "md5,pdq\n" + "\n".join(lines) + "\n", at)
    assert rematch(at)
    expected = [
        (f"C-{n}", 0) for n in values for digest in (md5(n), md5(100 + n // 2)) if digest in digests
    ]
    for n, value in values.items():
        distances = [(value ^ other).bit_count() for other in listed]
        expected += [(f"C-{n}", d) for d in distances if d <= MATCH_DISTANCE]
    found = FileMatch.objects.values_list("report__number", "distance")
    assert sorted(found) == sorted(expected)
    told = Bundle.objects.filter(matched_at=at).values_list(
        "memberships__report__number", flat=True
    )
    assert {number for number, _ in expected} <= set(told)


def flipped(value: int, bits: int, chance: random.Random) -> int:
    for bit in chance.sample(range(256), bits):
        value ^= 1 << bit
    return value


def test_a_worker_that_is_killed_or_whose_turn_ends_goes_on_behind_the_last_set(
    at: datetime, file_report: FileReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(1, 7):
        file_report(n, [md5(n)], pdq=f"{n}{15 - n:x}" * 32)
    lines = "".join(f"{md5(n)},{f'{n}{15 - n:x}' * 32}\n" for n in range(1, 7))
    made = a_list("Unit X", "raise", f"md5,pdq\n{lines}", at)
    monkeypatch.setattr(rematching, "SET", 5)
    monkeypatch.setattr(rematching, "TURN", -1.0)

    def progress() -> tuple[int, int | None, bool]:
        change = made.changes.get()
        return change.met, change.to_meet, change.matched_at is None

    assert progress() == (0, None, True)
    assert rematch(at)
    assert progress() == (5, 12, True)
    with monkeypatch.context() as killed:
        killed.setattr(matched, "advance", stop_here)
        with pytest.raises(KeyboardInterrupt):
            rematch(at)
    assert progress() == (5, 12, True)
    picture_index.forget()  # as in a new process
    while rematch(at):
        pass
    assert progress() == (12, 12, False)
    assert FileMatch.objects.count() == 12
    changes = Bundle.objects.values_list("changes__verb", flat=True)
    assert list(changes) == ["matched"] * 6, "nothing of the set that was lost is told twice"


def test_a_hash_of_many_reports_is_met_in_parts_and_nobody_is_told_twice(
    at: datetime, file_report: FileReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports = [file_report(n, [md5(1)]) for n in range(1, 6)]
    made = a_list("Unit X", "raise", f"md5\n{md5(1)}\n", at)
    monkeypatch.setattr(rematching, "REPORTS_AT_ONCE", 2)
    weigh, parts = rematching.reweigh, []

    def weigh_two_parts(ids: list[int], at: datetime) -> object:
        parts.append(ids)
        if len(parts) == 3:
            raise KeyboardInterrupt
        return weigh(ids, at)

    with monkeypatch.context() as killed:
        killed.setattr(rematching, "reweigh", weigh_two_parts)
        with pytest.raises(KeyboardInterrupt):
            rematch(at)
    assert FileMatch.objects.count() == 4, "what was weighed before the kill is kept"
    while rematch(at):
        pass
    assert [points(report)["listed"] for report in reports] == [40] * 5
    assert made.changes.get().met == 1
    told = AuditEntry.objects.filter(verb="reports.bundle.matched")
    bundles = [pk for entry in told for pk in json.loads(entry.detail)["bundles"]]
    assert sorted(bundles) == sorted(set(bundles))


def stop_here(*_: object) -> None:
    raise KeyboardInterrupt


def test_retiring_a_list_takes_its_weight_back_and_reinstating_restores_it(
    at: datetime, file_report: FileReport, officer: User
) -> None:
    unit_x = a_list("Unit X", "raise", f"md5\n{md5(1)}\n", at)
    rematch(at)
    report = file_report(1, [md5(1)])
    retire_list(unit_x, by=officer, at=at)
    index.update()
    assert rematch(at)
    assert "listed" not in points(report)
    assert not FileMatch.objects.exists()
    reinstate_list(unit_x, by=officer, at=at)
    index.update()
    assert rematch(at)
    assert points(report)["listed"] == 40


def test_a_list_speaks_from_the_day_its_validity_begins_to_the_day_it_ends(
    at: datetime, file_report: FileReport
) -> None:
    day = timezone.localtime(at).date()
    weeks = [timedelta(weeks=n) for n in range(4)]
    terms = Terms("Unit X", "X", "Act", valid_from=day + weeks[1], valid_until=day + weeks[2])
    made = create_list(terms, by="t", at=at)
    text = f"md5\n{md5(1)}\n".encode()
    receive(made, io.BytesIO(text), Received("f", "table"), by="t", at=at)
    report = file_report(1, [md5(1)])

    def points_at(when: datetime) -> dict[str, int]:
        for _, job in jobs.JOBS:
            job(when)
        while rematch(when):
            pass
        return points(report)

    assert "listed" not in points_at(at)
    assert points_at(at + weeks[1])["listed"] == 40
    assert not jobs.follow_days(at + weeks[2]), "the last day belongs to it"
    assert points_at(at + weeks[2])["listed"] == 40
    assert "listed" not in points_at(at + weeks[2] + timedelta(days=1))
    assert not FileMatch.objects.exists()
    said = AuditEntry.objects.filter(verb__in=["hashlists.list.began", "hashlists.list.lapsed"])
    assert list(said.order_by("pk").values_list("verb", "target")) == [
        ("hashlists.list.began", "Unit X"),
        ("hashlists.list.lapsed", "Unit X"),
    ]
    bundle = Bundle.objects.get()
    assert bundle.matched_at == at + weeks[2] + timedelta(days=1)


def test_an_entry_that_loses_its_hash_no_longer_matches_the_archive(
    at: datetime, file_report: FileReport
) -> None:
    unit_x = a_list("Unit X", "raise", f"md5,entry_id\n{md5(1)},e1\n", at)
    rematch(at)
    report = file_report(1, [md5(1)])
    changed = f"md5,entry_id\n{md5(9)},e1\n".encode()
    receive(unit_x, io.BytesIO(changed), Received("f", "table"), by="t", at=at)
    for _, job in jobs.JOBS:
        job(at)
    assert rematch(at)
    assert "listed" not in points(report)


def test_an_entry_that_keeps_no_hash_that_is_searched_no_longer_matches_the_archive(
    at: datetime, file_report: FileReport
) -> None:
    unit_x = a_list("Unit X", "raise", f"md5,entry_id\n{md5(1)},e1\n", at)
    rematch(at)
    report = file_report(1, [md5(1)])
    assert points(report)["listed"] == 40
    others = '[[""netclean"",""' + "0b" * 32 + '""]]'
    changed = f'more_hashes,entry_id\n"{others}",e1\n'.encode()
    receive(unit_x, io.BytesIO(changed), Received("f", "table"), by="t", at=at)
    for _, job in jobs.JOBS:
        job(at)
    change = unit_x.changes.get(matched_at=None)
    assert (change.state, change.changed, change.faulty) == ("done", 1, 0)
    assert rematch(at)
    assert "listed" not in points(report)
    assert not FileMatch.objects.exists()


def test_the_queue_says_that_archived_bundles_match_now(
    at: datetime, file_report: FileReport, officer: User, client: Client
) -> None:
    report = file_report(1, [md5(1)])
    Bundle.objects.update(state=Bundle.State.ARCHIVED)
    a_list("Unit X", "raise", f"md5\n{md5(1)}\n", at)
    rematch(at)
    client.force_login(officer)
    page = client.get("/queue/")
    assert b"1 archived bundle now matches a hash list" in page.content
    shown = client.get("/queue/?view=matched")
    bundle = Bundle.objects.get(memberships__report=report)
    assert f"B-{bundle.pk}".encode() in shown.content
    client.get(f"/bundles/{bundle.pk}/")
    assert b"now match" not in client.get("/queue/").content


def test_a_value_called_pdq_that_is_none_keeps_no_report_from_being_read(
    at: datetime, file_report: FileReport
) -> None:
    a_list("Unit X", "raise", f"pdq,md5\n{NEAR:064x},\n,{md5(1)}\n", at)
    report = file_report(1, [md5(1)], pdq="z" * 64)
    assert points(report)["listed"] == 40
    a_list("Unit Y", "raise", f"pdq\n{NEAR ^ 1:064x}\n", at)
    assert rematch(at)


def test_bundle_and_report_name_list_grade_distance_and_who_vouches_of_each_file(
    at: datetime, file_report: FileReport, officer: User, reader: User, client: Client
) -> None:
    a_list("Unit X", "raise", f"pdq,grade,member\n{NEAR:064x},A1,Lab of Elsewhere\n", at)
    a_list("Viral", "lower", f"md5\n{md5(1)}\n", at)
    report = file_report(1, [md5(1), md5(2)], pdq=f"{NEAR ^ 0b10101:064x}")
    bundle = Bundle.objects.get()
    client.force_login(officer)
    for address in (f"/bundles/{bundle.pk}/", f"/reports/{report.number}/"):
        page = " ".join(client.get(address).content.decode().split())
        assert "PDQ ±3" in page
        assert "Who vouches: Unit X, Lab of Elsewhere" in page
        assert page.index("▲ raises") < page.index("▽ lowers")
    bundle.shares.create(agency=reader.agency, by=officer, at=at)
    client.force_login(reader)
    page = client.get(f"/bundles/{bundle.pk}/").content.decode()
    assert "Who vouches" not in page, "what lists say of a file is for those who may look it up"


LOST = ["md5.bwx", "pdq/segment-*", "*"]


@pytest.mark.parametrize("pattern", LOST)
def test_reports_wait_unread_and_untried_while_the_files_of_the_index_are_gone(
    pattern: str, at: datetime, file_report: FileReport, data_dir: Path
) -> None:
    a_list("Unit X", "raise", f"md5,pdq\n{md5(1)},{NEAR:064x}\n", at)
    lose(data_dir, pattern)
    with pytest.raises(index.Unreadable):
        file_report(1, [md5(1)])
    assert not Report.objects.exists()
    original = Original.objects.get()
    assert (original.state, original.tries) == (Original.State.WAITING, 0)
    jobs.update_index(at)
    unpack_waiting(at=at)
    assert points(Report.objects.get())["listed"] == 40


@pytest.mark.parametrize("pattern", LOST)
def test_a_rebuild_makes_files_that_are_gone_anew_before_it_deletes_a_match(
    pattern: str, at: datetime, file_report: FileReport, data_dir: Path
) -> None:
    a_list("Unit X", "raise", f"md5,pdq\n{md5(1)},{NEAR:064x}\n", at)
    report = file_report(1, [md5(1)], pdq=f"{NEAR ^ 1:064x}")
    lose(data_dir, pattern)
    rebuild(by="t", at=at)
    assert FileMatch.objects.count() == 2
    assert points(report)["listed"] == 40
