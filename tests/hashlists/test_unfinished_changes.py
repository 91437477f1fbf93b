"""Nothing half imported: until a change is finished its list speaks, is pulled and exported as before."""

import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from breakwater.hashlists import index
from breakwater.hashlists.actions import amending, importing, sharing
from breakwater.hashlists.actions.exporting import export
from breakwater.hashlists.actions.receiving import Received, receive
from breakwater.hashlists.actions.recipients import create_recipient, grant
from breakwater.hashlists.actions.sharing import Ask
from breakwater.hashlists.models import Amendment, Entry, HashList, ListChange, Recipient, Source
from breakwater.hashlists.queries import listed
from breakwater.hashlists.queries.lookup import Asked, find
from breakwater.hashlists.rules.sharing import BEGINNING, Range, read_place
from tests.dying import Killed
from tests.hashlists.conftest import Fill, Take
from tests.hashlists.test_pulling import AT, HOUR, Foreign, document, image, pull
from tests.hashlists.test_pulling import foreign as foreign
from tests.hashlists.test_pulling import source as source

pytestmark = pytest.mark.django_db(transaction=True)
Kill = Callable[[pytest.MonkeyPatch], None]


def md5(n: int) -> str:
    return f"{n:032x}"


BEFORE = "md5,grade,entry_id\n" + "".join(f"{md5(n)},A1,e{n}\n" for n in range(1, 31))
# Another grade, another hash, a tombstone, and new ones: a set holds some of each.
AFTER = "md5,grade,entry_id,deleted\n" + "".join(
    f"{md5(n)},B2,e{n},\n{md5(n + 510)},A1,e{n + 10},\n{md5(n + 20)},,e{n + 20},true\n"
    f"{md5(n + 900)},A2,e{n + 900},\n"
    for n in range(1, 11)
)
SAID_BEFORE = {md5(n): "A1" for n in range(1, 31)}
SAID_AFTER = (
    {md5(n): "B2" for n in range(1, 11)}
    | {md5(n): "A1" for n in range(511, 521)}
    | {md5(n): "A2" for n in range(901, 911)}
)


def killed(*_: object, **__: object) -> None:
    raise Killed


@pytest.fixture
def desk_b(raising: HashList, at: datetime) -> Recipient:
    account, _ = create_recipient("Desk B", "desk-b", "authority", by="t", at=at)
    grant(account, raising, by="t", at=at)
    return account


def heard() -> dict[str, str]:
    """Hash -> grade, of all that any of the tests names."""
    values = [md5(n) for n in (*range(1, 31), *range(511, 521), *range(901, 911))]
    found = find([Asked("md5", v) for v in values], on=timezone.localdate())
    return {v: voices[0].grade for v, voices in zip(values, found, strict=True) if voices}


def told(recipient: Recipient, since: datetime = BEGINNING) -> dict[str, str | None]:
    """Hash -> grade as the recipient pulls it in pages of 7, and «gone» for each tombstone."""
    now = timezone.now() + timedelta(seconds=30)
    ask, found = Ask(Range(since, now), size=7), {}
    while True:
        result = sharing.pull(recipient, ask, at=now)
        for one in result.entries:
            number = one.entry.source_id.entry if one.entry.source_id else ""
            hashes = [f.value for f in one.entry.fingerprints] or [f"gone {number}"]
            found |= dict.fromkeys(hashes, one.entry.grade)
        if not result.next_path:
            return found
        place = result.next_path.rpartition("after=")[2]
        ask = Ask(ask.changed, after=read_place(place), size=7)


def exported(of: HashList) -> dict[str, str]:
    out = io.BytesIO()
    export(of, "csv", out, by="t", at=timezone.now())
    first, *lines = out.getvalue().decode().splitlines()
    names = first.split(",")
    rows = [dict(zip(names, line.split(","), strict=True)) for line in lines]
    return {row["md5"]: row["grade"] for row in rows}


def between_two_sets(patch: pytest.MonkeyPatch) -> None:
    write, written = importing._write_set, []

    def one_set(*given: object) -> None:
        if written:
            raise Killed
        written.append(write(*given))  # type: ignore[arg-type]

    patch.setattr(importing, "_write_set", one_set)


def before_the_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(importing, "finish", killed)


def when_all_is_applied_and_not_committed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(importing, "record", killed)


STEPS = [between_two_sets, before_the_end, when_all_is_applied_and_not_committed]


@pytest.mark.parametrize("step", STEPS)
def test_until_an_import_is_finished_its_list_says_what_it_said_before(
    step: Kill, raising: HashList, fill: Fill, desk_b: Recipient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "SET", 8)
    fill(raising, BEFORE)
    assert heard() == told(desk_b) == exported(raising) == SAID_BEFORE
    received, now = Received("a", "table"), timezone.now()
    change = receive(raising, io.BytesIO(AFTER.encode()), received, by="o", at=now)
    with monkeypatch.context() as patch:
        step(patch)
        with pytest.raises(Killed):
            importing.apply_change(change, at=now)
    assert Amendment.objects.exists(), "the kill came when something was written"
    index.update()
    assert heard() == told(desk_b) == exported(raising) == SAID_BEFORE
    assert {s.entry.grade for s in listed.sample(raising)} == {"A1"}
    assert importing.work(timezone.now())
    index.update()
    assert heard() == exported(raising) == SAID_AFTER
    pulled = told(desk_b)
    gone = {f"gone {e.pk}": None for e in Entry.objects.exclude(deleted_at=None)}
    assert pulled == SAID_AFTER | gone
    assert len(gone) == 10
    raising.refresh_from_db()
    assert raising.entry_count == 30
    assert sorted(raising.grades) == [["A1", "a1", 10], ["A2", "a2", 10], ["B2", "b2", 10]]
    change.refresh_from_db()
    assert (change.added, change.changed, change.removed) == (10, 20, 10)


def test_what_was_staged_is_cleared_away_also_after_a_kill_right_behind_the_end(
    raising: HashList, lowering: HashList, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(raising, BEFORE)
    change = receive(
        raising, io.BytesIO(AFTER.encode()), Received("a", "table"), by="o", at=timezone.now()
    )
    with monkeypatch.context() as patch:
        patch.setattr(amending, "sweep", killed)
        with pytest.raises(Killed):
            importing.apply_change(change, at=timezone.now())
    index.update()
    assert heard() == SAID_AFTER
    fill(lowering, f"md5\n{md5(1)}\n")
    assert not Amendment.objects.exists()


def test_a_recipient_who_pulled_during_an_import_gets_all_of_it_in_the_next_range(
    raising: HashList, fill: Fill, desk_b: Recipient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "SET", 8)
    text = BEFORE.encode()
    change = receive(raising, io.BytesIO(text), Received("a", "table"), by="o", at=AT)
    with monkeypatch.context() as patch:
        before_the_end(patch)
        with pytest.raises(Killed):
            importing.apply_change(change, at=AT)
    assert told(desk_b) == {}
    pulled_until = timezone.now()
    importing.apply_change(change, at=pulled_until)
    assert told(desk_b, since=pulled_until) == SAID_BEFORE


def test_an_import_that_fails_for_good_is_never_told_and_the_next_one_brings_what_it_held(
    raising: HashList, fill: Fill, desk_b: Recipient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "SET", 8)
    monkeypatch.setattr(importing, "MOST_TRIES", 1)
    fill(raising, BEFORE)
    with monkeypatch.context() as patch:
        patch.setattr(importing, "finish", lambda *_: 1 / 0)
        failed = fill(raising, AFTER)
    assert failed.state == "failed"
    assert heard() == told(desk_b) == exported(raising) == SAID_BEFORE
    change = fill(raising, AFTER)
    assert (change.added, change.changed, change.removed) == (10, 20, 10)
    assert heard() == exported(raising) == SAID_AFTER


def vics(name: str, contact: str) -> str:
    media = [{"MediaID": 1, "Category": 1, "MD5": md5(1)}]
    context = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Cases"
    case = {"CaseID": name, "ContactName": contact, "Media": media}
    return json.dumps({"@odata.context": context, "value": [case]})


def contacts(of: HashList) -> list[str]:
    out = io.BytesIO()
    export(of, "vics", out, by="t", at=timezone.now())
    return [case["ContactName"] for case in json.loads(out.getvalue())["value"]]


@pytest.mark.parametrize("ends", [True, False])
def test_what_stands_around_records_of_a_vics_file_holds_from_the_end_of_its_import(
    ends: bool, raising: HashList, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "MOST_TRIES", 1)
    take(raising, vics("7", "before"), "vics")
    now = timezone.now()
    newer = io.BytesIO(vics("7", "after").encode())
    change = receive(raising, newer, Received("a", "vics"), by="o", at=now)
    with monkeypatch.context() as patch:
        before_the_end(patch)
        with pytest.raises(Killed):
            importing.apply_change(change, at=now)
    assert contacts(raising) == ["before"]
    if not ends:
        monkeypatch.setattr(importing, "finish", lambda *_: 1 / 0)
    assert importing.work(now)
    change.refresh_from_db()
    assert change.frames == ""
    assert contacts(raising) == (["after"] if ends else ["before"])


def image_with(number: int, hash_: int) -> str:
    return image(number).replace(f"{number:032x}", md5(hash_))


def test_until_all_pages_of_a_pull_are_there_the_list_says_what_it_said_before(
    source: Source, foreign: Foreign, desk_b: Recipient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "FRESH_FOR", 0.0)
    of = source.hash_list
    HashList.objects.filter(pk=of.pk).update(handling="authorities")
    of.refresh_from_db()
    grant(desk_b, of, by="t", at=AT)
    foreign.says(document(*(image(n) for n in range(1, 5))))
    pull(source)
    index.update()
    before = {md5(n): "A1" for n in range(1, 5)}
    assert heard() == told(desk_b) == exported(of) == before
    foreign.says(
        document(
            image(1, "B2"), image_with(2, 512), image(3, deleted=True), image(5),
            next_path="/v2/entries?page=1",
        ),
        document(image(1, "A2"), image(6)),
    )  # fmt: skip
    pull(source, AT + HOUR)
    assert heard() == told(desk_b) == exported(of) == before
    with monkeypatch.context() as patch:
        patch.setattr(importing, "record", killed)
        with pytest.raises(Killed):
            pull(source, AT + HOUR)
    index.update()
    assert heard() == told(desk_b) == exported(of) == before
    pull(source, AT + HOUR)
    index.update()
    after = {md5(1): "A2", md5(4): "A1", md5(5): "A1", md5(6): "A1", md5(512): "A1"}
    gone = {f"gone {Entry.objects.get(source_key='7/3').pk}": None}
    assert heard() == exported(of) == after
    assert told(desk_b) == after | gone


def test_two_open_changes_of_one_list_keep_apart_and_the_one_that_ends_last_counts(
    raising: HashList, fill: Fill, monkeypatch: pytest.MonkeyPatch, data_dir: Path
) -> None:
    def half(text: str) -> ListChange:
        received = Received("a", "table")
        change = receive(raising, io.BytesIO(text.encode()), received, by="o", at=AT)
        with monkeypatch.context() as patch:
            before_the_end(patch)
            with pytest.raises(Killed):
                importing.apply_change(change, at=AT)
        return change

    fill(raising, f"md5,grade,entry_id\n{md5(1)},A1,e1\n")
    one = half(f"md5,grade,entry_id\n{md5(1)},A2,e1\n{md5(2)},A2,e2\n")
    other = half(f"md5,grade,entry_id\n{md5(1)},B1,e1\n{md5(2)},B1,e2\n")
    assert heard() == {md5(1): "A1"}
    importing.apply_change(other, at=AT)
    index.update()
    assert heard() == {md5(1): "B1", md5(2): "B1"}
    importing.apply_change(one, at=AT)
    index.update()
    assert heard() == {md5(1): "A2", md5(2): "A2"}
    raising.refresh_from_db()
    assert raising.entry_count == 2
