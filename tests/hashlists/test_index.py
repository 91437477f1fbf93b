"""The index of the lists: never silently wrong, whoever damages, writes or asks at the same time."""

import io
import json
import random
import threading
from base64 import b64encode
from datetime import datetime
from pathlib import Path

import pytest
from django.core.management.color import no_style
from django.db import connection, connections, models
from django.test import Client
from django.utils import timezone

from breakwater.hashlists import index, jobs
from breakwater.hashlists.actions import importing
from breakwater.hashlists.actions.lists import retire_list
from breakwater.hashlists.actions.receiving import Received, receive
from breakwater.hashlists.actions.recipients import digest
from breakwater.hashlists.models import (
    Entry,
    Fingerprint,
    HashList,
    IndexMark,
    Kind,
    ListChange,
    Recipient,
)
from breakwater.hashlists.queries.lookup import Asked, find, is_anything_listed
from breakwater.hashlists.rules.voices import verdict
from breakwater.people.models import User
from tests.dying import Killed
from tests.hashlists.conftest import Fill, Take, lose

pytestmark = pytest.mark.django_db(transaction=True)
NEAR = int("5a" * 32, 16)


def md5(n: int) -> str:
    return f"{n:032x}"


def names(kind: str, value: str) -> list[str]:
    [voices] = find([Asked(kind, value)], on=timezone.localdate())
    return [voice.list_name for voice in voices]


def halve(path: Path) -> None:
    # A new file, as a copy put back is: shortening one that is mapped would end its readers.
    content = path.read_bytes()[: path.stat().st_size // 2]
    path.unlink()
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["md5.bwx", "pdq/index.bwx"])
def test_a_damaged_file_is_never_answered_from_and_the_worker_makes_it_anew(
    name: str, raising: HashList, fill: Fill, data_dir: Path, at: datetime
) -> None:
    fill(raising, f"md5,pdq\n{md5(1)},{NEAR:064x}\n")
    halve(data_dir / name)
    for _ in range(2):
        with pytest.raises(index.Unreadable):
            names("md5", md5(1))
    assert jobs.update_index(at)
    assert names("md5", md5(1)) == names("pdq", f"{NEAR:064x}") == ["Unit X"]


GONE = [("md5.bwx", "md5.bwx"), ("pdq/index.bwx", "pdq"), ("pdq/segment-*", "pdq"), ("*", "pdq")]


@pytest.mark.parametrize(("pattern", "named"), GONE)
def test_a_file_that_is_gone_is_never_answered_from_and_the_worker_makes_it_anew(
    pattern: str, named: str, raising: HashList, fill: Fill, data_dir: Path, at: datetime
) -> None:
    fill(raising, f"md5,pdq\n{md5(1)},{NEAR:064x}\n")
    lose(data_dir, pattern)
    for _ in range(2):
        with pytest.raises(index.Unreadable):
            names("md5", md5(1)) + names("pdq", f"{NEAR:064x}")
        with pytest.raises(index.Unreadable):
            is_anything_listed()
    assert named in index.damaged()
    assert jobs.update_index(at)
    assert index.damaged() == []
    assert names("md5", md5(1)) == names("pdq", f"{NEAR:064x}") == ["Unit X"]


def test_a_desk_without_lists_needs_no_files(db: None, data_dir: Path) -> None:
    assert not is_anything_listed()
    assert names("md5", md5(1)) == []
    assert index.damaged() == []


def test_what_a_killed_writer_left_unfinished_is_removed_by_the_next_update(
    raising: HashList, fill: Fill, data_dir: Path
) -> None:
    fill(raising, f"md5,pdq\n{md5(1)},{NEAR:064x}\n")
    rests = [data_dir / ".md5.bwx.k2j3.part", data_dir / "pdq" / ".index.bwx.q8.part"]
    for path in rests:
        path.write_bytes(b"half")
    assert not index.update()
    assert not any(path.exists() for path in rests)
    assert names("md5", md5(1)) == names("pdq", f"{NEAR:064x}") == ["Unit X"]


def test_a_damaged_file_is_made_anew_though_no_list_is_left(
    raising: HashList, fill: Fill, data_dir: Path, at: datetime
) -> None:
    fill(raising, f"md5\n{md5(1)}\n")
    Fingerprint.objects.all().delete()
    halve(data_dir / "md5.bwx")
    assert jobs.update_index(at)
    assert names("md5", md5(1)) == []


def test_a_worker_reads_every_byte_when_it_starts_and_each_hour(
    raising: HashList, fill: Fill, data_dir: Path, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(raising, f"md5\n{md5(1)}\n{md5(2)}\n")
    monkeypatch.setattr(jobs, "_verifying", jobs._Upkeep())
    jobs.update_index(at)
    path = data_dir / "md5.bwx"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert not jobs.update_index(at + jobs.UPKEEP_EVERY / 2)
    assert index.damaged() == ["md5.bwx"]
    jobs.update_index(at + jobs.UPKEEP_EVERY)
    assert index.damaged() == []


@pytest.mark.parametrize("pattern", ["", "md5.bwx", "pdq/segment-*", "*"])
def test_page_and_interface_say_that_the_index_is_being_made_anew(
    pattern: str,
    raising: HashList,
    fill: Fill,
    data_dir: Path,
    officer: User,
    client: Client,
    at: datetime,
) -> None:
    fill(raising, f"md5,pdq\n{md5(1)},{NEAR:064x}\n")
    if pattern:
        lose(data_dir, pattern)
    else:
        halve(data_dir / "md5.bwx")
    client.force_login(officer)
    page = client.post("/hash-lists/look-up/", {"hashes": md5(1)})
    assert page.status_code == 503
    assert b"no hash was called unknown" in page.content
    Recipient.objects.create(
        name="Asker", sort="authority", username="asker", may_look_up=True, created_at=at,
        secret_sha256=digest("not the desk's"),
    )  # fmt: skip
    key = b64encode(b"asker:not the desk's").decode()
    body = json.dumps({"hashes": [{"kind": "md5", "value": md5(1)}]})
    answer = Client().post(
        "/hashsharing/lookup", body, content_type="application/json",
        headers={"authorization": f"Basic {key}"},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["error"]) == (503, "index_unreadable")
    assert answer["Retry-After"] == "60"


def test_who_updates_waits_for_who_is_updating(raising: HashList, fill: Fill) -> None:
    fill(raising, f"md5\n{md5(1)}\n")
    done = threading.Event()

    def update() -> None:
        index.update(verify=True)
        connections.close_all()
        done.set()

    other = threading.Thread(target=update)
    with index._alone():
        other.start()
        assert not done.wait(0.3)
    other.join()
    assert done.is_set()


def test_a_raising_voice_is_heard_among_any_number_of_nearer_lowering_ones(
    raising: HashList, lowering: HashList, fill: Fill
) -> None:
    fill(lowering, "pdq\n" + "".join(f"{NEAR ^ (n << 20):064x}\n" for n in range(900)))
    fill(raising, f"pdq,grade\n{NEAR ^ (2**29 - 1) << 40:064x},A1\n")
    [voices] = find([Asked("pdq", f"{NEAR:064x}")], on=timezone.localdate())
    said = verdict(voices)
    assert (said.raises, said.lowers, said.is_contradicted) == (True, False, True)
    assert said.voices[0].list_name == "Unit X"


def test_a_retired_list_hides_no_entry_of_another(
    raising: HashList, lowering: HashList, fill: Fill, officer: User, at: datetime
) -> None:
    fill(lowering, "md5,entry_id\n" + "".join(f"{md5(1)},e{n}\n" for n in range(1000)))
    fill(raising, f"md5\n{md5(1)}\n")
    retire_list(lowering, by=officer, at=at)
    assert names("md5", md5(1)) == ["Unit X"]


def test_what_an_unfinished_import_wrote_is_not_told_when_another_list_is_done(
    raising: HashList, lowering: HashList, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "SET", 10)
    fill(raising, f"md5,entry_id\n{md5(1)},e1\n")
    text = "md5,entry_id,grade\n" + "".join(f"{md5(n)},e{n},A1\n" for n in range(1, 31))
    now = timezone.now()
    change = receive(raising, io.BytesIO(text.encode()), Received("a", "table"), by="o", at=now)

    def kill(done: int, size: int) -> None:
        if ListChange.objects.get(pk=change.pk).written == 20:
            raise Killed

    with pytest.raises(Killed):
        importing.apply_change(change, at=now, progress=kill)
    other = f"md5\n{md5(99)}\n".encode()
    done = receive(lowering, io.BytesIO(other), Received("b", "table"), by="o", at=now)
    importing.apply_change(done, at=now)
    index.update()
    assert names("md5", md5(99)) == ["Viral"]
    assert names("md5", md5(1)) == ["Unit X"], "known before the import began"
    assert not any(names("md5", md5(n)) for n in range(2, 31))
    assert importing.work(timezone.now())
    index.update()
    assert all(names("md5", md5(n)) == ["Unit X"] for n in range(1, 31))


def test_an_index_of_mostly_deleted_hashes_is_made_anew(raising: HashList, fill: Fill) -> None:
    for n in range(20):
        fill(raising, f"pdq,md5,entry_id\n{NEAR + n:064x},{md5(n)},e1\n")
    kept = Fingerprint.objects.filter(kind=Kind.PDQ).count()
    pdq = index.current().pdq()
    assert pdq is not None
    assert kept == 1
    assert len(pdq) <= 3


@pytest.mark.parametrize("flat", [0, 0b111, 2**256 - 1])
def test_a_listed_flat_picture_is_found_as_itself_and_near_to_no_other(
    flat: int, raising: HashList, fill: Fill
) -> None:
    fill(raising, f"pdq\n{flat:064x}\n{NEAR:064x}\n")
    assert names("pdq", f"{flat:064x}") == ["Unit X"]
    assert names("pdq", f"{flat ^ 1:064x}") == []
    assert names("pdq", f"{NEAR ^ 1:064x}") == ["Unit X"]


IN_A_BACKUP: list[type[models.Model]] = [HashList, ListChange, Entry, Fingerprint, IndexMark]
Copy = dict[type[models.Model], list[models.Model]]


def back_up() -> Copy:
    return {model: list(model._default_manager.all()) for model in IN_A_BACKUP}


def put_back(copy: Copy) -> None:
    """Make the tables and the numbers that they give next what they were when copied."""
    for model in reversed(IN_A_BACKUP):
        model._default_manager.all().delete()
    for model, rows in copy.items():
        model._default_manager.bulk_create(rows)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for statement in connection.ops.sequence_reset_sql(no_style(), IN_A_BACKUP):
                cursor.execute(statement)
        for model, rows in copy.items():
            newest = max((row.pk for row in rows), default=0)
            if connection.vendor == "sqlite":
                table = model._meta.db_table
                cursor.execute(
                    "UPDATE sqlite_sequence SET seq = %s WHERE name = %s", [newest, table]
                )


def hashes(kind: str, first: int, count: int) -> list[str]:
    """Distinct hashes that are far from each other."""
    length = {"md5": 16, "pdq": 32, "photodna": 144}[kind]
    chance = random.Random(f"{kind} {first}")  # noqa: S311 – invents hashes, guards nothing
    return [chance.randbytes(length).hex() for _ in range(count)]


def lines(kind: str, values: list[str]) -> str:
    return f"{kind}\n" + "".join(f"{value}\n" for value in values)


@pytest.mark.parametrize("since", [1, 5, 9])
@pytest.mark.parametrize("kind", ["md5", "pdq", "photodna"])
def test_an_index_of_a_newer_database_is_not_answered_from_and_made_anew_for_the_one_put_back(
    kind: str, since: int, raising: HashList, fill: Fill, take: Take
) -> None:
    before, lost = hashes(kind, 0, 3), hashes(kind, 1, 5)
    fill(raising, lines(kind, before))
    copy = back_up()
    fill(raising, lines(kind, lost))
    put_back(copy)
    with pytest.raises(index.Unreadable):
        names(kind, before[0])
    assert index.damaged()
    raising.refresh_from_db()
    new = hashes(kind, 2, since)  # fewer than were lost, as many, and more
    take(raising, lines(kind, new))
    assert index.update()
    assert index.damaged() == []
    assert not index.update(), "once is enough"
    assert [names(kind, value) for value in before + new] == [["Unit X"]] * (3 + since)
    assert not any(names(kind, value) for value in lost)


def test_a_database_put_back_under_an_index_that_took_nothing_in_since_needs_no_new_one(
    raising: HashList, fill: Fill
) -> None:
    fill(raising, f"md5\n{md5(1)}\n")
    copy = back_up()
    fill(raising, f"md5\n{md5(1)}\n")
    put_back(copy)
    assert index.damaged() == []
    assert names("md5", md5(1)) == ["Unit X"]


@pytest.mark.parametrize("kind", ["md5", "pdq", "photodna"])
def test_numbers_that_belong_to_other_hashes_now_name_no_list_even_before_anybody_looked_again(
    kind: str, raising: HashList, fill: Fill, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    [lost], [new] = hashes(kind, 1, 1), hashes(kind, 2, 1)
    fill(raising, lines(kind, hashes(kind, 0, 1)))
    copy = back_up()
    fill(raising, lines(kind, [lost]))
    assert names(kind, lost) == ["Unit X"]
    monkeypatch.setattr(index, "FRESH_FOR", 600.0)
    put_back(copy)
    raising.refresh_from_db()
    take(raising, lines(kind, [new]))
    assert names(kind, lost) == []


def test_a_writer_killed_around_the_moment_a_file_takes_its_place_leaves_it_readable(
    raising: HashList, fill: Fill, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(raising, f"md5\n{md5(1)}\n")
    take(raising, f"md5\n{md5(2)}\n")
    write = index.DigestTable.write

    def before(table: index.DigestTable, path: Path, mark: str) -> None:
        raise Killed

    def behind(table: index.DigestTable, path: Path, mark: str) -> None:
        write(table, path, mark)
        raise Killed

    for moment, heard in ((before, []), (behind, ["Unit X"])):
        with monkeypatch.context() as killed:
            killed.setattr(index.DigestTable, "write", moment)
            with pytest.raises(Killed):
                index.update()
        assert index.damaged() == []
        assert (names("md5", md5(1)), names("md5", md5(2))) == (["Unit X"], heard)
    index.update()
    assert IndexMark.objects.count() == len(Kind)
