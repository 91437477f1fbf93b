"""A file of hashes becomes entries of a list that lookups find, once, whatever happens meanwhile."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from breakwater.formats.hash_table import write_table
from breakwater.hashlists import index, jobs
from breakwater.hashlists.actions import importing, reading, receiving
from breakwater.hashlists.actions.entries import restore
from breakwater.hashlists.actions.lists import NotALegalBasis, Terms, create_list, retire_list
from breakwater.hashlists.actions.receiving import Received, receive
from breakwater.hashlists.models import Amendment, Entry, Fingerprint, HashList, ListChange
from breakwater.hashlists.queries.lookup import Asked, find
from breakwater.people.models import User
from tests.dying import Killed

AT = datetime(2026, 11, 2, 12, tzinfo=UTC)
TODAY = date(2026, 11, 2)
TERMS = Terms("Unit X", "Unit X of Testland", "Synthetic Act s. 1", scheme="industry")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(index, "folder", lambda: tmp_path)
    monkeypatch.setattr(index, "FRESH_FOR", 0.0)
    monkeypatch.setattr(receiving, "folder", lambda: tmp_path)
    return tmp_path


@pytest.fixture
def unit_x(data_dir: Path, officer: User) -> HashList:
    return create_list(TERMS, by=officer, at=AT)


def take_in(hash_list: HashList, text: str, form: str = "table") -> ListChange:
    received = Received("list.csv", form)
    change = receive(hash_list, io.BytesIO(text.encode()), received, by="officer", at=AT)
    for _, job in jobs.JOBS:
        job(AT)
    change.refresh_from_db()
    return change


def md5(n: int) -> str:
    return f"{n:032x}"


def voices(kind: str, value: str, **options: object) -> list[tuple[str, str, int]]:
    found = find([Asked(kind, value)], on=TODAY, **options)[0]  # type: ignore[arg-type]
    return [(v.list_name, v.grade, v.distance) for v in found]


def test_hashes_of_an_imported_file_are_found_with_their_grade(unit_x: HashList) -> None:
    change = take_in(unit_x, f"md5,grade\n{md5(1)},A1\n{md5(2)},b2\n")
    assert (change.state, change.added, change.faulty) == ("done", 2, 0)
    assert voices("md5", md5(1)) == [("Unit X", "A1", 0)]
    assert [e.mapped_grade for e in Entry.objects.order_by("id")] == ["a1", "b2"]
    assert voices("md5", md5(3)) == []
    unit_x.refresh_from_db()
    assert unit_x.entry_count == 2


def test_pdq_hashes_are_found_within_their_distance(unit_x: HashList) -> None:
    known = int("5a" * 32, 16)
    take_in(unit_x, f"pdq,grade\n{known:064x},A1\n")
    assert voices("pdq", f"{known ^ 0b111:064x}") == [("Unit X", "A1", 3)]
    assert voices("pdq", f"{known ^ (2**32 - 1):064x}") == []
    assert voices("pdq", f"{known ^ 0b111:064x}", radius=2) == []


def test_the_same_file_twice_changes_nothing(unit_x: HashList) -> None:
    text = "md5,grade,entry_id\n" + "".join(f"{md5(n)},A1,{n}\n" for n in range(1, 30))
    take_in(unit_x, text)
    again = take_in(unit_x, text)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 29)
    assert Fingerprint.objects.count() == 29


def test_a_changed_entry_speaks_with_its_new_hash_and_grade_only(unit_x: HashList) -> None:
    take_in(unit_x, f"md5,grade,entry_id\n{md5(1)},A1,e1\n")
    change = take_in(unit_x, f"md5,grade,entry_id\n{md5(7)},B2,e1\n")
    assert (change.added, change.changed) == (0, 1)
    assert voices("md5", md5(1)) == []
    assert voices("md5", md5(7)) == [("Unit X", "B2", 0)]


def test_a_tombstone_silences_an_entry_and_keeps_what_it_said(unit_x: HashList) -> None:
    take_in(unit_x, f"md5,grade,entry_id\n{md5(1)},A1,e1\n")
    change = take_in(unit_x, f"md5,entry_id,deleted\n{md5(1)},e1,true\n")
    assert change.removed == 1
    assert voices("md5", md5(1)) == []
    kept = Entry.objects.get()
    assert (kept.grade, kept.deleted_at) == ("A1", AT)
    back = take_in(unit_x, f"md5,grade,entry_id\n{md5(1)},A2,e1\n")
    assert back.changed == 1
    assert voices("md5", md5(1)) == [("Unit X", "A2", 0)]


def test_every_list_keeps_its_voice_and_contradiction_is_seen(
    unit_x: HashList, officer: User
) -> None:
    other = create_list(
        Terms("Viral", "Clearing house", "Agreement", direction="lower"), by=officer, at=AT
    )
    take_in(unit_x, f"md5,grade\n{md5(1)},A1\n")
    take_in(other, f"md5,grade\n{md5(1)},meme\n")
    assert sorted(voices("md5", md5(1))) == [("Unit X", "A1", 0), ("Viral", "meme", 0)]


def test_a_list_that_is_retired_or_not_valid_does_not_speak(
    unit_x: HashList, officer: User
) -> None:
    take_in(unit_x, f"md5\n{md5(1)}\n")
    assert find([Asked("md5", md5(1))], on=TODAY)[0]
    HashList.objects.update(valid_until=TODAY - timedelta(days=1))
    assert voices("md5", md5(1)) == []
    HashList.objects.update(valid_until=TODAY)
    assert voices("md5", md5(1))
    retire_list(unit_x, by=officer, at=AT)
    assert voices("md5", md5(1)) == []


def test_bad_lines_are_set_aside_with_their_numbers(unit_x: HashList) -> None:
    change = take_in(unit_x, f"md5,grade\n{md5(1)},A1\nnot a hash,A1\n{md5(2)},A1\nabc,A2\n")
    assert (change.added, change.faulty) == (2, 2)
    said = change.faults.filter(advice="value_left_out").order_by("id")
    assert list(said.values_list("place", "problem")) == [
        ("3", "not_hexadecimal"),
        ("5", "wrong_length"),
    ]


def test_flat_pictures_are_kept_and_said_once_with_their_number(unit_x: HashList) -> None:
    change = take_in(unit_x, f"pdq\n{'5a' * 32}\n{0:064x}\n{7:064x}\n")
    fault = change.faults.get()
    assert (fault.place, fault.problem, fault.count) == ("3", "flat_picture", 2)
    assert (change.added, change.faulty) == (3, 0)


def test_every_bad_line_is_kept_with_its_number_however_many_there_are(
    unit_x: HashList, client: Client, officer: User
) -> None:
    lines = [md5(n) if n % 5 == 0 else f"rubbish {n}" for n in range(15_000)]
    change = take_in(unit_x, "md5\n" + "\n".join(lines) + "\n")
    bad = {str(number) for number, line in enumerate(lines, 2) if line.startswith("rubbish")}
    assert len(bad) == 12_000
    assert (change.added, change.faulty) == (3_000, 12_000)
    left_out = change.faults.filter(advice="entry_left_out").values_list("place", flat=True)
    assert sorted(left_out) == sorted(bad), "each once"
    client.force_login(officer)
    answer = client.get(reverse("hash-list-faults", args=[change.pk]))
    saved = csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    assert {row["place"] for row in saved if row["field"] == ""} == bad
    page = client.get(reverse("hash-list-change", args=[change.pk]), {"page": 9999})
    assert "rubbish 14999" in page.content.decode()


def test_a_file_that_is_hardly_a_list_is_refused_and_changes_nothing(
    unit_x: HashList, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOSTLY_FAULTY", 100)
    change = take_in(unit_x, f"md5\n{md5(1)}\n" + "x\n" * 200)
    assert change.state == "failed"
    assert "fewer than one line in ten" in change.last_error
    assert not Entry.objects.exists()
    fine = take_in(unit_x, "md5\n" + f"{md5(1)}\n" * 20 + "x\n" * 150)
    assert (fine.state, fine.faulty) == ("done", 150)


def test_a_list_with_a_line_for_each_place_of_a_file_is_no_rubbish(
    unit_x: HashList, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOSTLY_FAULTY", 100)
    lines = "".join(f"{md5(n % 10)},place-{n}.jpg\n" for n in range(130))
    change = take_in(unit_x, f"md5,filename\n{lines}")
    assert (change.state, change.faulty, change.added) == ("done", 120, 10)


def test_an_import_that_failed_for_good_leaves_nothing_of_what_it_wrote(
    unit_x: HashList, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(unit_x, f"md5,grade,entry_id\n{md5(1)},A1,e1\n")
    monkeypatch.setattr(importing, "MOST_TRIES", 1)
    with monkeypatch.context() as patch:
        patch.setattr(importing, "finish", lambda *_: 1 / 0)
        failed = take_in(unit_x, f"md5,grade,entry_id\n{md5(1)},B1,e1\n{md5(2)},A2,e2\n")
    assert failed.state == "failed"
    assert [entry.source_key for entry in Entry.objects.all()] == ["e1"]
    assert not Amendment.objects.exists()


def test_a_kill_while_reading_keeps_no_bad_line_twice(
    unit_x: HashList, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "FAULTS_AT_ONCE", 4)
    text = "md5\n" + "".join(f"{md5(n)}\nabc\n" for n in range(1, 36))
    change = receive(unit_x, io.BytesIO(text.encode()), Received("a", "table"), by="o", at=AT)

    keep, kept = importing.keep_faults, []

    def kill(*given: Any) -> None:
        keep(*given)
        kept.append(given)
        if len(kept) == 3:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(importing, "keep_faults", kill)
        with pytest.raises(Killed):
            importing.apply_change(change, at=AT)
    assert change.faults.count() == 12
    importing.apply_change(change, at=AT)
    left_out = change.faults.filter(advice="entry_left_out").order_by("pk")
    assert [int(f.place) for f in left_out] == list(range(3, 72, 2))


def test_a_line_that_is_set_aside_is_counted_once(unit_x: HashList) -> None:
    lines = [md5(1), "not a hash", md5(2), "abc", md5(1), md5(3)]
    change = take_in(unit_x, "md5\n" + "\n".join(lines) + "\n")
    assert (change.added, change.unchanged, change.faulty) == (3, 1, 2)
    assert (change.done, change.bytes_read) == (len(lines), change.size)


def test_nothing_is_written_of_a_file_before_all_of_it_is_read(
    unit_x: HashList, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "SET", 10)
    text = "md5\n" + "".join(f"{md5(n)}\n" for n in range(1, 36)) + "abc\n"
    change = receive(unit_x, io.BytesIO(text.encode()), Received("a", "table"), by="o", at=AT)

    def kill(done: int, size: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        importing.apply_change(change, at=AT, progress=kill)
    assert not Entry.objects.exists()
    assert not change.faults.exists()
    assert importing.work(AT)
    change.refresh_from_db()
    assert (change.added, change.faulty, change.done) == (35, 1, 36)
    assert not list(receiving.folder().glob("*.runs"))


def test_sorted_runs_that_were_damaged_are_made_anew_from_the_file(
    unit_x: HashList, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "SET", 10)
    text = "md5\n" + "".join(f"{md5(n)}\n" for n in range(1, 36)) + "abc\n"
    change = receive(unit_x, io.BytesIO(text.encode()), Received("a", "table"), by="o", at=AT)

    def kill(done: int, size: int) -> None:
        if Entry.objects.count() == 20:
            raise Killed

    with pytest.raises(Killed):
        importing.apply_change(change, at=AT, progress=kill)
    (run,) = receiving.folder().glob("*.runs/0*")
    run.write_bytes(run.read_bytes()[:-3])
    assert importing.work(AT)
    change.refresh_from_db()
    assert "BrokenRuns" in change.last_error
    assert importing.work(AT + timedelta(hours=1))
    change.refresh_from_db()
    assert (change.state, change.added, change.faulty) == ("done", 35, 1)
    assert (change.done, Entry.objects.count()) == (36, 35)
    assert change.faults.count() == 2  # the value, and its line


def test_a_worker_that_was_killed_goes_on_behind_what_it_wrote(
    unit_x: HashList, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "SET", 10)
    text = "md5\n" + "".join(f"{md5(n)}\n" for n in range(1, 36))
    change = receive(unit_x, io.BytesIO(text.encode()), Received("a", "table"), by="o", at=AT)

    def kill(done: int, size: int) -> None:
        if Entry.objects.count() == 20:
            raise Killed

    with pytest.raises(Killed):
        importing.apply_change(change, at=AT, progress=kill)
    assert voices("md5", md5(1)) == []
    assert importing.work(AT)
    index.update()
    change.refresh_from_db()
    assert (change.state, change.added, Entry.objects.count()) == ("done", 35, 35)
    assert voices("md5", md5(35)) == [("Unit X", "", 0)]


def test_a_file_that_cannot_be_read_fails_with_its_reason_and_is_kept(unit_x: HashList) -> None:
    change = take_in(unit_x, '{"no": "vics"}', "vics")
    assert change.state == "failed"
    assert "NotVics" in change.last_error
    assert (receiving.folder() / change.file).exists()


def test_an_export_gives_back_what_came_in(unit_x: HashList) -> None:
    source = {
        "md5": md5(9), "sha1": "ab" * 20, "grade": "A2", "entry_id": "77", "media": "video",
        "size": 12, "mime_type": "video/mp4", "tags": ["one", "two"], "note": "n",
        "netclean": "kept as it came", "odd column": "kept too",
    }  # fmt: skip
    take_in(unit_x, json.dumps([source]))
    entry = Entry.objects.get()
    hashes = [(f.kind, f.value) for f in entry.fingerprints.order_by("kind")]
    said = b"".join(write_table([restore(entry, hashes)])).decode()
    for value in (md5(9), "ab" * 20, "A2", "77", "video/mp4", "kept as it came", "kept too"):
        assert value in said


def test_a_damaged_index_is_made_anew_from_the_database(unit_x: HashList) -> None:
    take_in(unit_x, f"md5,pdq\n{md5(1)},{'f0' * 32}\n{md5(2)},{'5a' * 32}\n")
    for path in (index.file_path(index.Kind.MD5), next(index.pdq_folder().glob("segment*"))):
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
    index.update(verify=True)
    assert voices("md5", md5(2)) == [("Unit X", "", 0)]
    assert voices("pdq", "5a" * 31 + "5b") == [("Unit X", "", 1)]


def test_only_the_lists_asked_about_answer(unit_x: HashList, officer: User) -> None:
    shared = create_list(
        Terms("Shared", "NGO", "Agreement", handling="providers"), by=officer, at=AT
    )
    for one in (unit_x, shared):
        take_in(one, f"md5\n{md5(1)}\n")
    assert voices("md5", md5(1), only={shared.pk}) == [("Shared", "", 0)]


def test_a_list_needs_a_source_and_a_legal_basis(data_dir: Path, officer: User) -> None:
    with pytest.raises(NotALegalBasis):
        create_list(Terms("x", "somebody", " "), by=officer, at=AT)


def test_empty_files_are_refused_and_leave_nothing(unit_x: HashList, data_dir: Path) -> None:
    with pytest.raises(receiving.Empty):
        receive(unit_x, io.BytesIO(b""), Received("a", "table"), by="o", at=AT)
    assert not list(data_dir.glob("*.part"))
    assert not ListChange.objects.exists()


def test_a_kill_between_reading_and_keeping_the_bad_lines_loses_none_of_them(
    unit_x: HashList, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"md5\n{md5(1)}\nrubbish\n{md5(2)}\n"
    change = receive(
        unit_x, io.BytesIO(text.encode()), Received("list.csv", "table"), by="officer", at=AT
    )

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(importing, "keep_faults", killed)
        with pytest.raises(KeyboardInterrupt):
            importing.apply_change(change, at=AT)
    change.refresh_from_db()
    importing.apply_change(change, at=AT)
    change.refresh_from_db()
    assert (change.state, change.added, change.faulty) == ("done", 2, 1)
    assert change.faults.exists()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite plans without counting")
def test_a_large_import_tells_the_database_how_large_its_tables_have_become(
    unit_x: HashList, monkeypatch: pytest.MonkeyPatch
) -> None:
    def known(table: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [table])
            return int(cursor.fetchone()[0])

    monkeypatch.setattr(importing, "MANY", 3)
    take_in(unit_x, f"md5\n{md5(1)}\n{md5(2)}\n{md5(3)}\n")
    assert (known("hashlists_entry"), known("hashlists_fingerprint")) == (3, 3)


def lines_in_sets(hash_list: HashList, monkeypatch: pytest.MonkeyPatch) -> ListChange:
    monkeypatch.setattr(importing, "SET", 10)
    text = "md5\n" + "".join(f"{md5(n)}\n" for n in range(1, 36))
    return receive(hash_list, io.BytesIO(text.encode()), Received("a", "table"), by="o", at=AT)


def test_a_file_that_one_worker_has_in_work_is_left_alone_by_the_next(
    unit_x: HashList, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = lines_in_sets(unit_x, monkeypatch)
    others: list[bool] = []

    def another_worker(done: int, size: int) -> None:
        others.append(importing.work(AT + timedelta(hours=1)))

    importing.apply_change(change, at=AT, progress=another_worker)
    assert len(others) > 3, "while it is read and while it is written"
    assert not any(others), "it rests"
    change.refresh_from_db()
    assert (change.state, change.added, change.tries) == ("done", 35, 0)
    assert Entry.objects.count() == 35
    assert not list(receiving.folder().glob("*"))


def test_a_worker_goes_on_with_the_next_file_when_another_has_the_first(
    unit_x: HashList, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = lines_in_sets(unit_x, monkeypatch)
    second = receive(
        unit_x, io.BytesIO(b"md5\n" + b"f" * 32), Received("b", "table"), by="o", at=AT
    )
    with importing._held(first):
        assert importing.work(AT)
        assert not importing.work(AT)
    second.refresh_from_db()
    assert second.state == "done"
    assert importing.work(AT)
    first.refresh_from_db()
    assert first.state == "done"


def test_a_worker_that_comes_too_late_takes_nothing_back_of_a_finished_list(
    unit_x: HashList, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = lines_in_sets(unit_x, monkeypatch)
    late = ListChange.objects.get()  # looked up before the other ended
    importing.apply_change(change, at=AT)
    with pytest.raises(importing.InWork):
        importing.apply_change(late, at=AT)
    assert ListChange.objects.get().state == "done"
    assert Entry.objects.count() == 35
    assert not list(receiving.folder().glob("*"))


def test_what_fails_behind_the_end_of_an_import_takes_nothing_back(
    unit_x: HashList, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_such_file() -> None:
        raise FileNotFoundError("gone")

    change = lines_in_sets(unit_x, monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(importing.amending, "sweep", no_such_file)
        assert importing.work(AT)
    change.refresh_from_db()
    assert (change.state, change.written) == ("done", 35)
    assert Entry.objects.count() == 35
