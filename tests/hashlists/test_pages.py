"""What people see of the hash lists, from an empty desk to a contradiction."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from breakwater.custody.models import AuditEntry
from breakwater.formats.hash_entry import KINDS, Advice, Problem
from breakwater.formats.hash_table import TARGETS
from breakwater.hashlists import import_views, index, jobs, texts
from breakwater.hashlists.actions import matched
from breakwater.hashlists.actions.lists import retire_list
from breakwater.hashlists.models import Direction, Entry, HashList, ListChange
from breakwater.hashlists.queries import listed as queries
from breakwater.hashlists.rules.asking import MOST_LINES, TooMany, read_lines
from breakwater.hashlists.rules.grades import MAPPED, schemes
from breakwater.hashlists.uploads import is_text, is_vics
from breakwater.people.models import User

pytestmark = pytest.mark.django_db(transaction=True)

ClientFor = Callable[[User], Client]
Fill = Callable[[HashList, str], ListChange]
AMBIGUOUS = f"which,Category\n{'ab' * 32},A1\n{'cd' * 32},B2\n".encode()


def md5(n: int) -> str:
    return f"{n:032x}"


def page(client: Client, name: str, *args: object) -> str:
    return client.get(reverse(name, args=args)).content.decode()


def ask(client: Client, text: str, name: str = "hash-lookup", **more: str) -> str:
    answer = client.post(reverse(name), {"hashes": text, **more})
    content = b"".join(answer) if answer.streaming else answer.content  # type: ignore[arg-type]
    return content.decode("utf-8-sig")


@pytest.fixture
def boss(supervisor: User, client_for: ClientFor, data_dir: Path) -> Client:
    return client_for(supervisor)


@pytest.fixture
def asker(officer: User, client_for: ClientFor, data_dir: Path) -> Client:
    return client_for(officer)


def send(client: Client, hash_list: HashList, content: bytes, name: str = "unit.csv") -> str:
    """Hand a file in; give the address that the page leads to."""
    file = SimpleUploadedFile(name, content)
    answer = client.post(reverse("hash-list-import", args=[hash_list.pk]), {"file": file})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer.url)  # type: ignore[attr-defined]


def test_an_empty_desk_says_what_to_do(boss: Client, asker: Client) -> None:
    assert reverse("hash-list-new") in page(boss, "hash-lists")
    told = page(asker, "hash-lists")
    assert "A supervisor makes a list" in told
    assert reverse("hash-list-new") not in told


def test_a_list_is_made_only_with_a_source_and_a_legal_basis(boss: Client) -> None:
    terms = {"name": "Unit X", "source": "", "legal_basis": " ", "scheme": "own"}
    terms |= {"direction": "raise", "handling": "desk"}
    assert boss.post(reverse("hash-list-new"), terms).status_code == 200
    assert not HashList.objects.exists()
    whole = terms | {"source": "Unit X", "legal_basis": "Act s. 1"}
    made = boss.post(reverse("hash-list-new"), whole)
    assert made.status_code == 302
    assert HashList.objects.get().legal_basis == "Act s. 1"
    assert (
        "Another list has this name" in boss.post(reverse("hash-list-new"), whole).content.decode()
    )


def test_an_end_before_the_beginning_is_refused(boss: Client) -> None:
    terms = {"name": "X", "source": "X", "legal_basis": "X", "scheme": "own", "direction": "raise"}
    terms |= {"handling": "desk", "valid_from": "2026-02-01", "valid_until": "2026-01-01"}
    assert "before the beginning" in boss.post(reverse("hash-list-new"), terms).content.decode()


def test_a_file_waits_for_its_columns_and_is_then_imported(
    boss: Client, raising: HashList, data_dir: Path
) -> None:
    url = send(boss, raising, AMBIGUOUS)
    shown = boss.get(url).content.decode()
    assert "64 digits are SHA-256 or PDQ" in shown
    assert "is-marked" in shown
    for _, job in jobs.JOBS:
        job(timezone.now())
    assert ListChange.objects.get().state == "draft"
    assert (
        "Say which column has the hashes" in boss.post(url, {"column-1": "grade"}).content.decode()
    )
    assert boss.post(url, {"column-0": "pdq", "column-1": "grade"}).status_code == 302
    for _, job in jobs.JOBS:
        job(timezone.now())
    change = ListChange.objects.get()
    assert (change.state, change.added) == ("done", 2)
    raising.refresh_from_db()
    assert raising.grades == [["A1", "a1", 1], ["B2", "b2", 1]]
    assert boss.post(url, {"column-0": "pdq"}).status_code == 302  # too late: nothing happens
    assert not list(data_dir.glob("*.part"))


def test_a_waiting_file_that_somebody_removed_is_said_to_be_gone_and_can_be_thrown_away(
    boss: Client, raising: HashList, data_dir: Path
) -> None:
    url = send(boss, raising, AMBIGUOUS)
    change = ListChange.objects.get()
    (data_dir / change.file).unlink()
    discard = reverse("hash-list-discard", args=[change.pk])
    for answer in (boss.get(url), boss.post(url, {"column-0": "pdq"})):
        assert answer.status_code == 200
        assert "no longer in the data folder" in answer.content.decode()
        assert f'action="{discard}"' in answer.content.decode()
    boss.post(discard)
    assert not ListChange.objects.exists()


def test_two_columns_are_never_the_same(boss: Client, raising: HashList) -> None:
    url = send(boss, raising, AMBIGUOUS)
    told = boss.post(url, {"column-0": "pdq", "column-1": "pdq"}).content.decode()
    assert "Two columns cannot be the same: PDQ" in told


def test_a_waiting_file_can_be_thrown_away(boss: Client, raising: HashList, data_dir: Path) -> None:
    send(boss, raising, AMBIGUOUS)
    change = ListChange.objects.get()
    boss.post(reverse("hash-list-discard", args=[change.pk]))
    assert not ListChange.objects.exists()
    assert not list(data_dir.glob("*.part"))


def test_vics_needs_no_columns(boss: Client, raising: HashList) -> None:
    context = "http://github.com/ICMEC/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"
    text = f'{{"@odata.context": "{context}", "value": [{{"MD5": "{md5(1)}", "Category": 1}}]}}'
    assert send(boss, raising, text.encode(), "set.json") == reverse("hash-list", args=[raising.pk])
    for _, job in jobs.JOBS:
        job(timezone.now())
    assert Entry.objects.count() == 1


@pytest.mark.parametrize(
    "content",
    [b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1" * 50, b"PK\3\4\x14\0\0\0\x08\0" * 50],
)
def test_a_picture_or_an_archive_is_turned_away_and_nothing_is_kept(
    boss: Client, raising: HashList, data_dir: Path, content: bytes
) -> None:
    file = SimpleUploadedFile("list.csv", content)
    answer = boss.post(reverse("hash-list-import", args=[raising.pk]), {"file": file})
    assert answer.status_code == 400
    assert "nothing of it was kept" in answer.content.decode()
    assert not ListChange.objects.exists()
    assert not list(data_dir.glob("*.part"))


def test_a_table_of_too_many_columns_is_turned_away_with_their_number(
    boss: Client, raising: HashList, data_dir: Path
) -> None:
    file = SimpleUploadedFile("list.csv", ",".join(f"c{n}" for n in range(20_000)).encode())
    answer = boss.post(reverse("hash-list-import", args=[raising.pk]), {"file": file})
    assert answer.status_code == 400
    assert "and at most 500 are read" in answer.content.decode()
    assert not ListChange.objects.exists()


def test_text_and_vics_are_told_by_their_beginning() -> None:
    assert is_text("md5,grade\r\n".encode("utf-16"))
    assert is_text("série,grade\n".encode("latin-1"))
    assert not is_text(bytes(range(256)))
    assert is_vics(b'\xef\xbb\xbf{"value": [{}]}')
    assert not is_vics(b'{"md5": "aa"}\n{"md5": "bb"}\n')


def test_the_page_of_a_list_says_what_it_is_and_what_became_of_its_files(
    asker: Client, raising: HashList, fill: Fill
) -> None:
    fill(raising, f"md5,grade\n{md5(1)},A1\nnot a hash,A1\n")
    shown = page(asker, "hash-list", raising.pk)
    assert "1 entry from Unit X of Testland; a match raises the priority" in shown
    assert "A1: before puberty" in shown
    change = ListChange.objects.get()
    faults = page(asker, "hash-list-change", change.pk)
    assert "There are other characters than 0–9 and a–f" in faults
    answer = asker.get(reverse("hash-list-faults", args=[change.pk]))
    rows = list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))  # type: ignore[arg-type]
    assert rows[1][:2] == ["3", "md5"]


def test_progress_is_told_until_the_worker_is_done(boss: Client, raising: HashList) -> None:
    url = reverse("hash-list-progress", args=[raising.pk])
    boss.post(send(boss, raising, f"md5\n{md5(1)}\n".encode()), {"column-0": "md5"})
    told = boss.get(url).json()
    assert (told["done"], told["text"]) == (False, "unit.csv waits for its turn.")
    for _, job in jobs.JOBS:
        job(timezone.now())
    assert boss.get(url).json() == {"done": True}


def test_a_list_page_tells_how_far_the_archive_has_met_what_changed(
    boss: Client, raising: HashList, fill: Fill
) -> None:
    change = fill(raising, f"md5\n{md5(1)}\n{md5(2)}\n{md5(3)}\n")
    url = reverse("hash-list-progress", args=[raising.pk])
    assert boss.get(url).json() == {"done": True}, "nothing has begun"
    matched.begin(change)
    matched.advance(change, matched.entries_of(change, 2))
    text = "All earlier reports are compared with list.csv: 2 of 3 hashes."
    assert boss.get(url).json() == {"done": False, "value": 2, "max": 3, "text": text}
    assert text in page(boss, "hash-list", raising.pk)
    matched.finish(change, timezone.now())
    assert boss.get(url).json() == {"done": True}


def test_retiring_can_be_undone_at_once(boss: Client, raising: HashList) -> None:
    url = reverse("hash-list-retired", args=[raising.pk])
    told = boss.post(url, {"retired": "yes"}, follow=True).content.decode()
    assert "Undo" in told
    assert "so it says nothing" in told
    told = boss.post(url, {"retired": "no"}, follow=True).content.decode()
    assert "The list speaks again" in told
    assert "Undo" not in told


def test_a_lookup_shows_every_voice_and_that_lists_disagree(
    asker: Client, raising: HashList, lowering: HashList, fill: Fill
) -> None:
    fill(raising, f"md5,grade,member\n{md5(1)},A1,Lab\n{md5(2)},B2,Lab\n")
    fill(lowering, f"md5,grade\n{md5(1)},meme\n")
    told = ask(asker, f"{md5(3)}\nMD5: {md5(2).upper()}\n{md5(1)}\n{md5(3)}\nfoo\n")
    assert told.index("Lists disagree") < told.index("Known; raises the priority")
    assert "2 of 3 hashes are known; lists disagree on 1" in told
    assert told.count("Lists disagree") >= 1
    assert "Known; raises the priority" in told
    assert "▲ Raises" in told
    assert "▽ Lowers" in told
    assert "Nothing known of 1 hash" in told
    assert "1 line stood there twice" in told
    assert "Line 5" in told


def test_a_lookup_is_logged_by_its_number_and_not_by_its_hashes(
    asker: Client, raising: HashList, fill: Fill
) -> None:
    fill(raising, f"md5\n{md5(1)}\n")
    ask(asker, f"{md5(1)}\n{md5(2)}\n")
    entry = AuditEntry.objects.get(verb="hashlists.hash.looked_up")
    assert entry.actor.startswith("officer")
    assert '"asked":2' in entry.detail
    assert '"known":1' in entry.detail
    assert md5(1) not in entry.detail + entry.target


def test_64_digits_are_asked_as_both_unless_somebody_knows(
    asker: Client, raising: HashList, fill: Fill
) -> None:
    fill(raising, f"pdq\n{'ab' * 32}\n")
    assert "Known" in ask(asker, "ab" * 32)
    assert "Nothing is known" in ask(asker, "ab" * 32, sixty_four="sha256")
    assert "distance 1" in ask(asker, "ab" * 31 + "aa", sixty_four="pdq")


def test_a_lookup_can_be_saved(asker: Client, raising: HashList, fill: Fill) -> None:
    fill(raising, f"md5,grade,member\n{md5(1)},=A1,Lab\n")
    rows = list(
        csv.DictReader(io.StringIO(ask(asker, f"{md5(1)}\n{md5(2)}\nx\n", "hash-lookup-csv")))
    )
    assert [(r["line"], r["answer"], r["list"]) for r in rows[:2]] == [
        ("1", "Known; raises the priority", "Unit X"),
        ("2", "Nothing known", ""),
    ]
    assert rows[0]["grade"] == "'=A1"
    assert rows[2]["hash"] == "x"


def test_too_many_lines_are_refused_with_their_number(asker: Client) -> None:
    answer = asker.post(reverse("hash-lookup"), {"hashes": "x\n" * (MOST_LINES + 1)})
    assert answer.status_code == 400
    assert "10,001 lines are more than 10,000 at once" in answer.content.decode()
    assert not AuditEntry.objects.filter(verb="hashlists.hash.looked_up").exists()


def test_the_page_of_an_entry_has_all_that_was_said(
    asker: Client, raising: HashList, lowering: HashList, fill: Fill
) -> None:
    fill(raising, f"md5,grade,note,series,odd\n{md5(1)},A1,seen twice,Boat,kept\n")
    fill(lowering, f"md5\n{md5(1)}\n")
    entry = Entry.objects.get(hash_list=raising)
    shown = page(asker, "hash-entry", entry.pk)
    for word in ("Lists disagree", "seen twice", "Boat", "kept", "Viral", md5(1)):
        assert word in shown
    assert AuditEntry.objects.filter(target=f"hash entry {entry.pk}").exists()
    retire_list(raising, by="test", at=timezone.now())
    assert "Lists disagree" not in page(asker, "hash-entry", entry.pk)


def test_pages_ask_the_database_the_same_few_times_whatever_their_length(
    raising: HashList,
    lowering: HashList,
    fill: Fill,
    django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(raising, "md5,grade\n" + "".join(f"{md5(n)},A1\n" for n in range(1, 60)))
    fill(lowering, f"md5\n{md5(1)}\n")
    with django_assert_num_queries(1):
        found = list(queries.lists())
    assert [(x.name, x.is_busy) for x in found] == [("Unit X", False), ("Viral", False)]  # type: ignore[attr-defined]
    with django_assert_num_queries(3):  # the changes, entries of the newest, their hashes
        assert len(queries.sample(raising)) == queries.RECENT
    first = Entry.objects.earliest("id").pk
    with django_assert_num_queries(2):
        said = queries.entry(first)
    assert said is not None
    monkeypatch.setattr(index, "FRESH_FOR", 600.0)
    index.current().refresh(at_once=True)
    with django_assert_num_queries(2):  # the lists, the entries
        assert len(queries.voices_on(said.hashes, on=timezone.localdate()).voices) == 2


def test_every_code_has_its_words() -> None:
    assert set(texts.PROBLEMS) == set(Problem)
    assert set(texts.ADVICE) == set(Advice)
    assert set(texts.GRADES) == {*MAPPED, ""}
    assert set(texts.TARGETS) == set(TARGETS)
    assert set(texts.KINDS) == set(KINDS)
    assert set(texts.SCHEMES) == set(schemes())
    assert set(texts.DIRECTIONS) == set(Direction.values)


def test_what_is_pasted_is_read_as_people_write_it() -> None:
    asking = read_lines(f' "{md5(1)}",\nSHA-1: {"AB" * 20}\n\n{"e" * 288}\nzz\nmd5:abc\n{md5(1)}')
    assert [(q.line, q.kinds) for q in asking.questions] == [
        (1, ("md5",)),
        (2, ("sha1",)),
        (4, ("photodna",)),
    ]
    assert [(r.line, str(r.problem)) for r in asking.refused] == [
        (5, "not_hexadecimal"),
        (6, "wrong_length"),
    ]
    assert asking.repeated == 1
    with pytest.raises(TooMany):
        read_lines("x\n" * (MOST_LINES + 1))


def test_a_spreadsheet_runs_nothing_of_a_list() -> None:
    assert import_views.safe_cell("=1+1") == "'=1+1"
