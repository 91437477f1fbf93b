"""What was decided is published, in order and signed; whatever is in doubt is not."""

import errno
import json
import multiprocessing
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.db.models import F, QuerySet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import listed
from breakwater.custody.models import AuditEntry
from breakwater.people.models import User
from breakwater.worstof import signing
from breakwater.worstof.actions import brake, sealing
from breakwater.worstof.actions.publishing import accept_copy, publish_waiting
from breakwater.worstof.jobs import publish
from breakwater.worstof.models import (
    BlockList,
    Entry,
    HeldChange,
    Publication,
    PublisherState,
    ZoneChange,
    ZoneDigests,
    ZoneName,
)
from breakwater.worstof.publisher_texts import plain
from breakwater.worstof.queries import known_names, zone
from breakwater.worstof.rules import signatures
from breakwater.worstof.rules.brake import DAY as IN_A_DAY
from breakwater.worstof.rules.brake import HOUR, Change
from breakwater.worstof.rules.folding import Said, folded, with_parents
from breakwater.worstof.rules.zone_digest import bucket_of, digests_of, root_of, row_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
FORK = multiprocessing.get_context("fork")
Decide = Callable[..., Entry]


@pytest.fixture(autouse=True)
def own_folder(marks: Path) -> Path:
    return marks


@pytest.fixture
def lists(db: None) -> dict[str, BlockList]:
    """The international list, and national additions to it."""
    both = {"": "International", "JM": "Additions"}
    return {
        country: BlockList.objects.create(name=name, country=country, legal_basis="Act s. 1")
        for country, name in both.items()
    }


@pytest.fixture
def decide(lists: dict[str, BlockList], at: datetime) -> Decide:
    """Decide that a name enters or leaves a list, as the life of an entry does it."""

    def decided(name: str, *, adds: bool = True, country: str = "", when: datetime = at) -> Entry:
        (change,) = listed.decide(lists[country], [name], at=when, adds=adds)
        assert change.entry
        return change.entry

    return decided


def published() -> dict[str, bool]:
    return dict(ZoneName.objects.values_list("name", "is_national"))


def fill(count: int, at: datetime) -> None:
    """Publish many names at once, as if they had come long ago."""
    names = [f"old-{n}.example" for n in range(count)]
    ZoneName.objects.bulk_create(
        ZoneName(name=n, is_national=False, serial=1, bucket=bucket_of(n)) for n in names
    )
    accept_copy(by="test", reason="filled", at=at - DAY)


def test_a_decision_is_published_signed_and_in_the_log(decide: Decide, at: datetime) -> None:
    decide("bad.example")
    made = publish_waiting(at)
    assert made is not None
    assert published() == {"bad.example": False}
    assert (made.serial, made.names, made.added, made.removed) == (1, 1, 1, 0)
    told = json.loads(made.manifest)
    assert told["root"] == made.sha256 == root_of(digests_of(["bad.example"]))
    assert told["size"] == made.size == len("bad.example\n")
    signature = bytes.fromhex(made.signature)
    assert signatures.verify(made.manifest.encode(), signature, signing.public_key())
    change = ZoneChange.objects.get()
    assert (change.serial, change.published_at, change.effect) == (1, at, 1)
    entry = AuditEntry.objects.get(verb="worstof.zone.published")
    assert "bad.example" not in entry.detail
    assert publish_waiting(at) is None


def test_a_name_on_two_lists_stays_while_one_of_them_lists_it(decide: Decide, at: datetime) -> None:
    decide("bad.example", country="JM")
    publish_waiting(at)
    assert published() == {"bad.example": True}
    decide("bad.example")
    publish_waiting(at)
    assert published() == {"bad.example": False}
    decide("bad.example", adds=False)
    publish_waiting(at)
    assert published() == {"bad.example": True}
    decide("bad.example", adds=False, country="JM")
    made = publish_waiting(at)
    assert published() == {}
    assert made is not None
    assert made.sha256 == root_of({})


def test_an_international_root_leaves_national_names_out(decide: Decide, at: datetime) -> None:
    decide("one.example")
    decide("two.example", country="JM")
    made = publish_waiting(at)
    assert made is not None
    told = json.loads(made.manifest)
    assert told["international_root"] == root_of(digests_of(["one.example"]))


def test_serials_go_up_whatever_the_clock_says(decide: Decide, at: datetime) -> None:
    for days in (0, -400, 3, -1):
        decide(f"d{days + 1000}.example")
        publish_waiting(at + days * DAY)
    assert list(Publication.objects.order_by("pk").values_list("serial", flat=True)) == [1, 2, 3, 4]


def test_a_serial_never_goes_below_what_left_the_desk(decide: Decide, at: datetime) -> None:
    sealing.write_mark(41)
    decide("bad.example")
    made = publish_waiting(at)
    assert made is not None
    assert made.serial == 42


def test_an_older_copy_of_the_database_publishes_nothing_until_somebody_accepts_it(
    decide: Decide, at: datetime
) -> None:
    for name in ("one.example", "two.example"):
        decide(name)
        publish_waiting(at)
    sealing.write_mark(9)  # seven publications that this copy knows nothing of
    decide("three.example")
    assert publish_waiting(at) is None
    assert "older copy" in zone.state().problem
    assert "three.example" not in published()
    accept_copy(by="administrator", reason="checked by hand", at=at)
    made = publish_waiting(at)
    assert made is not None
    assert made.serial == 11
    assert zone.state().problem == ""


def test_names_that_were_not_signed_stop_publishing(decide: Decide, at: datetime) -> None:
    decide("one.example")
    publish_waiting(at)
    ZoneName.objects.update(name="other.example")
    assert not zone.is_whole()
    # Another name of the same bucket, so that the publisher looks beside it.
    number = bucket_of("one.example")
    near = next(n for i in range(10**6) if bucket_of(n := f"n{i}.example") == number)
    decide(near)
    assert publish_waiting(at) is None
    assert "not those of the last publication" in zone.state().problem
    assert Publication.objects.count() == 1


@pytest.mark.parametrize("is_national", [True, False])
def test_a_national_mark_that_was_not_signed_stops_publishing(
    decide: Decide, at: datetime, is_national: bool
) -> None:
    """Who gets the common list would have the name at the next whole writing, or miss it."""
    decide("one.example", country="" if is_national else "JM")
    publish_waiting(at)
    assert zone.is_whole()
    ZoneName.objects.update(is_national=is_national)
    assert not zone.is_whole()
    number = bucket_of("one.example")
    decide(next(n for i in range(10**6) if bucket_of(n := f"n{i}.example") == number))
    assert publish_waiting(at) is None
    assert "not those of the last publication" in zone.state().problem
    accept_copy(by="administrator", reason="checked", at=at)
    assert zone.is_whole()
    assert publish_waiting(at) is not None


@pytest.mark.parametrize(
    "tamper",
    [
        lambda rows: rows.update(every=b"\0" * 512),
        lambda rows: rows.update(every=b"\0" * 511),
        lambda rows: rows.update(international=b""),
        lambda rows: rows.delete(),
        lambda rows: rows.update(number=F("number") + 1),
    ],
)
def test_digests_that_were_not_signed_stop_publishing_until_the_copy_is_accepted(
    decide: Decide, at: datetime, tamper: Callable[[QuerySet[ZoneDigests]], object]
) -> None:
    decide("one.example")
    publish_waiting(at)
    tamper(ZoneDigests.objects.filter(number=row_of(bucket_of("one.example"))))
    decide("two.example")
    assert publish_waiting(at) is None
    assert "digests of the names are not those" in zone.state().problem
    accept_copy(by="administrator", reason="checked", at=at)
    assert publish_waiting(at) is not None
    assert zone.is_whole()
    assert publish_waiting(at) is None
    assert not zone.state().problem


def test_a_name_never_to_block_is_refused_with_all_above_it(
    marks: Path, decide: Decide, at: datetime
) -> None:
    (marks / "never-block.txt").write_text("www.bank.example  # asked by the regulator\n")
    for name in ("bank.example", "www.bank.example", "bad.example"):
        decide(name)
    publish_waiting(at)
    assert published() == {"bad.example": False}
    refused = ZoneChange.objects.filter(refused="never-block")
    assert {change.name for change in refused} == {"bank.example", "www.bank.example"}
    assert publish_waiting(at) is None


def test_what_a_guard_refuses_is_refused_again_when_it_is_to_be_published(
    decide: Decide, at: datetime
) -> None:
    """Rows that came past the pages: a public suffix, one of its private part, a slip."""
    names = {
        "co.uk": "guard:public_suffix",
        "github.io": "guard:public_suffix",
        "wwwbad.example": "guard:www_without_dot",
        "www.bad.example": "",
    }
    for name in names:
        decide(name)
    publish_waiting(at)
    assert published() == {"www.bad.example": False}
    assert dict(ZoneChange.objects.values_list("name", "refused")) == names
    assert AuditEntry.objects.filter(verb="worstof.change.refused").count() == 3


def test_a_guard_that_can_be_signed_passes_with_two_signatures_and_not_with_one(
    decide: Decide, at: datetime, officer: User, supervisor: User
) -> None:
    for name, signers in (("wwwone.example", [officer]), ("wwwtwo.example", [officer, supervisor])):
        entry = decide(name)
        for signer in signers:
            entry.signatures.create(by=signer, reason="A site of its own", at=at, round=1)
    publish_waiting(at)
    assert published() == {"wwwtwo.example": False}


def test_two_accounts_of_one_name_are_one_signature_under_a_guarded_name(
    decide: Decide, at: datetime, officer: User, supervisor: User
) -> None:
    entry = decide("wwwone.example")
    for signer in (officer, supervisor):
        signer.first_name = "Zoë Twice"
        signer.save()
        entry.signatures.create(by=signer, reason="A site of its own", at=at, round=1)
    publish_waiting(at)
    assert published() == {}


def test_signatures_of_an_earlier_round_do_not_list_a_name_again(
    decide: Decide, at: datetime, officer: User, supervisor: User
) -> None:
    entry = decide("wwwone.example")
    for signer in (officer, supervisor):
        entry.signatures.create(by=signer, reason="A site of its own", at=at, round=entry.round)
    publish_waiting(at)
    decide("wwwone.example", adds=False)
    decide("wwwone.example", when=at + DAY)
    publish_waiting(at + DAY)
    assert published() == {}


@pytest.mark.parametrize("content", ["", "{", '{"serial": "seven"}', "[]"])
def test_a_damaged_mark_of_how_far_publishing_came_stops_it(
    content: str, decide: Decide, at: datetime, marks: Path
) -> None:
    """A mark that counted as none let a copy of yesterday through."""
    decide("one.example")
    publish_waiting(at)
    (marks / "published.json").write_text(content)
    decide("two.example")
    assert publish_waiting(at) is None
    assert "cannot be read" in zone.state().problem
    with pytest.raises(sealing.NoMark):
        accept_copy(by="administrator", reason="checked", at=at)
    (marks / "published.json").unlink()
    accept_copy(by="administrator", reason="checked", at=at)
    publish_waiting(at)
    assert set(published()) == {"one.example", "two.example"}


def test_two_processes_that_keep_marks_at_once_leave_a_whole_one_and_no_draft(
    marks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker and `worstof serve` share the data folder."""
    monkeypatch.setattr(zone, "identity", lambda: "one")

    def keep_many(start: int) -> None:
        for serial in range(start, start + 200):
            sealing.write_mark(serial)

    others = [FORK.Process(target=keep_many, args=(start,)) for start in (1, 1001)]
    for process in others:
        process.start()
    while any(process.is_alive() for process in others):
        assert sealing.read_mark().identity in ("", "one")  # raises if it is not whole
    assert [process.exitcode for process in others] == [0, 0]
    assert sealing.read_mark().serial in (200, 1200)
    assert [path.name for path in marks.iterdir()] == ["published.json"]


def test_a_disk_that_is_full_leaves_the_mark_of_before_and_no_draft(
    marks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealing.write_mark(7)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            sealing.write_mark(8)
    assert sealing.read_mark().serial == 7
    assert [path.name for path in marks.iterdir()] == ["published.json"]


def test_two_signatures_do_not_help_a_name_that_is_refused(
    decide: Decide, at: datetime, officer: User, supervisor: User
) -> None:
    entry = decide("github.io")
    for signer in (officer, supervisor):
        entry.signatures.create(by=signer, reason="No", at=at, round=1)
    publish_waiting(at)
    assert published() == {}


def test_a_name_put_among_those_never_to_block_leaves_at_once(
    marks: Path, decide: Decide, at: datetime
) -> None:
    decide("good.example")
    publish_waiting(at)
    (marks / "never-block.txt").write_text("good.example\n")
    made = publish_waiting(at)
    assert made is not None
    assert published() == {}


def test_many_names_put_among_those_never_to_block_leave_past_the_brake_and_once(
    marks: Path, decide: Decide, at: datetime
) -> None:
    """A wrong block does harm every minute, so its end waits for nobody."""
    fill(200, at)
    lines = [f"old-{n}.example\n" for n in range(60)]
    (marks / "never-block.txt").write_text("".join(lines))
    decide("old-199.example", adds=False)
    made = publish_waiting(at)
    assert made is not None
    assert (made.added, made.removed) == (0, 61)
    assert not HeldChange.objects.filter(state=HeldChange.State.WAITING).exists()
    told = HeldChange.objects.get()
    assert (told.reason, told.state, told.removed) == ("never-block", "released", 60)
    assert AuditEntry.objects.filter(verb="worstof.names.dropped").count() == 1
    rows = ZoneChange.objects.count()
    for _turn in range(3):
        assert publish_waiting(at) is None
    assert ZoneChange.objects.count() == rows
    # They are no moves of the hour: the next decision need not wait for their sake.
    for n in range(5):
        decide(f"bad-{n}.example")
    assert publish_waiting(at) is not None
    assert not HeldChange.objects.filter(state=HeldChange.State.WAITING).exists()


def test_removals_and_names_never_to_block_are_held_once_while_publishing_stands_still(
    marks: Path, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(60, at)
    sealing.write_mark(99)  # as if this were an older copy
    (marks / "never-block.txt").write_text("".join(f"old-{n}.example\n" for n in range(60)))
    for _turn in range(3):
        assert publish_waiting(at) is None
    assert not ZoneChange.objects.exists()
    assert not HeldChange.objects.exists()


def test_a_name_below_one_never_to_block_leaves_as_well(
    marks: Path, decide: Decide, at: datetime
) -> None:
    for name in ("files.good.example", "files.github.io", "files.gitlab.io"):
        decide(name)
    publish_waiting(at)
    # Below a public suffix everybody is their own owner; but the line says that somebody needs it.
    (marks / "never-block.txt").write_text("good.example\ngithub.io\n")
    publish_waiting(at)
    assert published() == {"files.gitlab.io": False}
    assert publish_waiting(at) is None


FORMS = {
    "single": "form:single_label",
    "192.0.2.7": "form:ip_address",
    "0x7f.1": "form:ip_address",
    "-bad.example": "form:hyphen",
    "bad..example": "form:empty_label",
    ".bad.example": "form:spelling",
    f"{'a' * 64}.example": "form:label_length",
    "bad.example.": "form:spelling",
    "BAD.example": "form:spelling",
    "*.bad.example": "form:spelling",
    "bad.example CNAME .\ngood.example": "form:characters",
    "bücher.example": "form:spelling",
    "xn--a.example": "form:punycode",
    "bad.onion": "form:not_in_dns",
    "bad.exa$ple": "form:characters",
    "http://bad.example/": "form:spelling",
    "": "form:empty",
}


def test_what_is_no_name_in_its_normal_form_is_refused_where_it_is_published(at: datetime) -> None:
    rows = [ZoneChange(name=name, adds=True, decided_at=at) for name in FORMS]
    # A removal of what never was published, beside them: nobody has to hear of it.
    rows.append(ZoneChange(name="bad..example", adds=False, decided_at=at))
    ZoneChange.objects.bulk_create(rows)
    assert publish_waiting(at) is None
    refused = ZoneChange.objects.filter(adds=True).values_list("name", "refused")
    assert dict(refused) == FORMS
    assert ZoneChange.objects.get(adds=False).refused == "form:empty_label"
    assert published() == {}


def test_a_line_never_to_block_that_nobody_can_read_lets_no_name_in_and_names_out(
    marks: Path, decide: Decide, at: datetime
) -> None:
    decide("old.example")
    publish_waiting(at)
    (marks / "never-block.txt").write_bytes(b"good.example\nb\xfccher.example\n192.0.2.1\n")
    decide("bad.example")
    decide("old.example", adds=False)
    publish_waiting(at)
    assert published() == {}
    assert "lines that are no names: 2, 3." in zone.state().problem
    assert not HeldChange.objects.exists()
    (marks / "never-block.txt").write_text("good.example\nbücher.example\n")
    publish_waiting(at)
    assert published() == {"bad.example": False}
    assert zone.state().problem == ""


def test_a_file_of_names_never_to_block_without_an_octet_lets_no_name_in(
    marks: Path, decide: Decide, at: datetime
) -> None:
    """A disk that was full when the file was saved leaves one of these."""
    (marks / "never-block.txt").write_bytes(b"")
    decide("bad.example")
    assert publish_waiting(at) is None
    assert published() == {}


def test_a_list_of_names_never_to_block_that_cannot_be_reached_publishes_nothing(
    marks: Path, decide: Decide, at: datetime
) -> None:
    decide("bad.example")
    (marks / "never-block.txt").symlink_to(marks / "not-mounted" / "never-block.txt")
    with pytest.raises(OSError, match="never-block"):
        publish_waiting(at)
    assert published() == {}


def test_accepting_a_copy_takes_out_what_can_never_be_listed(at: datetime, marks: Path) -> None:
    """Somebody who looks through ten thousand names misses one."""
    (marks / "never-block.txt").write_text("good.example\n")
    names = ["bad.example", "co.uk", "good.example", "no name", "files.good.example"]
    ZoneName.objects.bulk_create(
        ZoneName(name=n, is_national=False, serial=1, bucket=bucket_of(n)) for n in names
    )
    accept_copy(by="administrator", reason="restored", at=at)
    assert published() == {"bad.example": False}
    assert zone.is_whole()
    changes = ZoneChange.objects.values_list("serial", "effect")
    assert list(changes) == [(1, -1)] * 4
    assert publish_waiting(at) is None


def test_eight_thousand_names_at_once_wait_for_two_people(
    lists: dict[str, BlockList], at: datetime, officer: User, supervisor: User
) -> None:
    """Denmark, 1 March 2012: legitimate domains dropped into the feed."""
    listed.decide(lists[""], [f"good-{n}.example" for n in range(8000)], at=at)
    assert publish_waiting(at) is None
    assert published() == {}
    held = HeldChange.objects.get()
    assert (held.added, held.removed, held.state) == (8000, 0, "waiting")
    assert publish_waiting(at) is None
    assert not brake.release(held, by=officer, reason="looks right", at=at)
    with pytest.raises(brake.SignedAlready):
        brake.release(held, by=officer, reason="again", at=at)
    assert publish_waiting(at) is None
    assert brake.release(held, by=supervisor, reason="checked", at=at)
    made = publish_waiting(at)
    assert made is not None
    assert made.added == 8000


def test_a_held_change_that_is_thrown_away_is_never_published(
    decide: Decide, at: datetime, officer: User
) -> None:
    for n in range(6):
        decide(f"n{n}.example")
    publish_waiting(at)
    held = HeldChange.objects.get()
    brake.discard(held, by=officer, reason="a wrong file", at=at)
    assert publish_waiting(at) is None
    assert published() == {}
    with pytest.raises(brake.NotHeld):
        brake.release(held, by=officer, reason="late", at=at)


def test_throwing_names_to_add_away_leaves_the_removals_that_were_stopped_beside_them(
    lists: dict[str, BlockList], at: datetime, officer: User, supervisor: User
) -> None:
    fill(1000, at)
    for adds, word in ((True, "new"), (False, "old")):
        listed.decide(lists[""], [f"{word}-{n}.example" for n in range(51)], at=at, adds=adds)
    assert publish_waiting(at) is None
    adding, removing = HeldChange.objects.order_by("-added")
    assert [(h.added, h.removed) for h in (adding, removing)] == [(51, 0), (0, 51)]
    brake.discard(adding, by=officer, reason="a wrong file", at=at)
    with pytest.raises(brake.OnlyRemovals):
        brake.discard(removing, by=officer, reason="a wrong file", at=at)
    for by in (officer, supervisor):
        brake.release(removing, by=by, reason="checked", at=at)
    made = publish_waiting(at)
    assert made is not None
    assert (made.added, made.removed) == (0, 51)


def test_removals_in_a_change_that_is_thrown_away_meet_the_brake_anew(
    decide: Decide, at: datetime, officer: User
) -> None:
    """Rows from before names to add and names to remove were held apart."""
    decide("wrong.example")
    publish_waiting(at)
    decide("bad.example")
    decide("wrong.example", adds=False)
    held = HeldChange.objects.create(reason=HOUR.key, added=1, removed=1, listed=1, at=at)
    ZoneChange.objects.filter(published_at=None).update(held=held)
    brake.discard(held, by=officer, reason="a wrong file", at=at)
    publish_waiting(at)
    assert published() == {}


def test_only_who_may_sign_releases_and_only_what_they_saw(
    decide: Decide, at: datetime, officer: User, assessor: User
) -> None:
    for n in range(6):
        decide(f"n{n}.example")
    publish_waiting(at)
    held = HeldChange.objects.get()
    with pytest.raises(brake.MayNotSign):
        brake.release(held, by=assessor, reason="from abroad", at=at)
    with pytest.raises(brake.ReasonMissing):
        brake.release(held, by=officer, reason=" ", at=at)
    with pytest.raises(brake.HeldGrew):
        brake.release(held, by=officer, reason="all five", at=at, seen=5)


def test_names_that_come_after_a_signature_are_not_covered_by_it(
    decide: Decide, at: datetime, officer: User, supervisor: User
) -> None:
    for n in range(6):
        decide(f"n{n}.example")
    publish_waiting(at)
    held = HeldChange.objects.get()
    brake.release(held, by=officer, reason="seen", at=at)
    for n in range(6):
        decide(f"m{n}.example")
    publish_waiting(at)
    brake.release(held, by=supervisor, reason="seen", at=at)
    publish_waiting(at)
    assert set(published()) == {f"n{n}.example" for n in range(6)}
    assert HeldChange.objects.filter(state="waiting").count() == 1


def test_a_removal_passes_while_names_to_add_are_held(decide: Decide, at: datetime) -> None:
    decide("wrong.example")
    publish_waiting(at)
    for n in range(20):
        decide(f"n{n}.example")
    decide("wrong.example", adds=False)
    made = publish_waiting(at)
    assert made is not None
    assert (made.added, made.removed) == (0, 1)
    assert published() == {}


def test_a_name_removed_while_its_addition_is_held_stays_off_when_that_is_released(
    decide: Decide, at: datetime, officer: User, supervisor: User
) -> None:
    for n in range(6):
        decide(f"n{n}.example")
    publish_waiting(at)
    decide("n0.example", adds=False)
    publish_waiting(at)
    held = HeldChange.objects.get()
    brake.release(held, by=officer, reason="seen", at=at)
    brake.release(held, by=supervisor, reason="seen", at=at)
    publish_waiting(at)
    assert set(published()) == {f"n{n}.example" for n in range(1, 6)}


def test_small_steps_within_an_hour_add_up(decide: Decide, at: datetime) -> None:
    fill(1000, at)
    for n in range(50):
        decide(f"n{n}.example")
    assert publish_waiting(at) is not None
    decide("one-more.example")
    assert publish_waiting(at + timedelta(minutes=59)) is None
    assert HeldChange.objects.get().added == 1


def test_names_that_enter_and_leave_again_do_not_add_up(decide: Decide, at: datetime) -> None:
    for n in range(30):
        decide(f"n{n}.example")
        assert publish_waiting(at) is not None
        decide(f"n{n}.example", adds=False)
        assert publish_waiting(at) is not None
    assert not HeldChange.objects.exists()


def test_a_list_is_not_emptied_on_one_persons_word(decide: Decide, at: datetime) -> None:
    fill(1000, at)
    rows = (ZoneChange(name=f"old-{n}.example", adds=False, decided_at=at) for n in range(51))
    ZoneChange.objects.bulk_create(rows)
    assert publish_waiting(at) is None
    assert HeldChange.objects.get().removed == 51


def test_small_steps_of_every_hour_do_not_fill_an_empty_list_in_a_day(
    decide: Decide, at: datetime, officer: User, supervisor: User
) -> None:
    hour = timedelta(hours=1)
    for hours in range(24):
        for n in range(5):
            decide(f"n{hours}-{n}.example")
        publish_waiting(at + hours * hour)
    assert len(published()) == IN_A_DAY.least
    assert set(HeldChange.objects.values_list("reason", flat=True)) == {IN_A_DAY.key}
    held = HeldChange.objects.get()
    assert held.added == 24 * 5 - IN_A_DAY.least
    # Two people let them go, and the day after is free again.
    for by in (officer, supervisor):
        brake.release(held, by=by, reason="seen", at=at)
    publish_waiting(at + DAY)
    assert len(published()) == 24 * 5
    decide("next.example")
    assert publish_waiting(at + DAY + 4 * hour) is not None


def test_small_steps_of_every_hour_do_not_empty_a_list_in_a_day(
    decide: Decide, at: datetime
) -> None:
    fill(100, at)
    for hours in range(24):
        for n in range(5):
            decide(f"old-{hours * 5 + n}.example", adds=False)
        publish_waiting(at + timedelta(hours=hours))
    assert len(published()) == 100 - IN_A_DAY.least
    assert HeldChange.objects.get().reason == IN_A_DAY.key


def test_one_publication_of_a_clock_set_back_does_not_make_the_brake_forget(
    decide: Decide, at: datetime
) -> None:
    fill(1000, at - 9 * DAY)
    names = [f"n{n}.example" for n in range(50)]
    for name in names:
        decide(name)
    publish_waiting(at)
    decide("old-1.example", adds=False)
    assert publish_waiting(at - 3 * DAY)
    decide("one-more.example")
    publish_waiting(at + timedelta(minutes=2))
    assert HeldChange.objects.get().added == 1
    assert "one-more.example" not in published()
    assert set(names) < set(published())


def test_a_publication_of_a_clock_set_forward_does_not_stop_the_brake_from_forgetting(
    decide: Decide, at: datetime
) -> None:
    """Else it would count all that came since, for as long as that clock was ahead."""
    fill(1000, at - 9 * DAY)
    decide("early.example")
    publish_waiting(at + 400 * DAY)
    for days in range(3):
        for n in range(40):
            decide(f"n{days}-{n}.example")
        assert publish_waiting(at + 2 * days * DAY)
    assert not HeldChange.objects.exists()


STEPS = st.lists(
    st.tuples(st.integers(-3000, 3000) | st.integers(0, 90), st.integers(0, 7), st.integers(0, 4)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 600), STEPS)
def test_whatever_enters_or_leaves_unsigned_keeps_to_the_limits_of_the_hour_and_of_the_day(
    marks: Path,
    lists: dict[str, BlockList],
    at: datetime,
    size: int,
    steps: list[tuple[int, int, int]],
) -> None:
    """`steps` are minutes on the clock since the last one, names to add, and names to remove.

    A clock that is set back, and right again: from the first publication that lies in the window
    all count, whatever time the later ones have.
    """
    (marks / "published.json").unlink(missing_ok=True)
    with transaction.atomic():
        fill(size, at - 90 * DAY)
        zones = [(at - 91 * DAY, set(published()))]
        for number, (minutes, adds, removals) in enumerate(steps):
            at += timedelta(minutes=minutes)
            there = sorted(zones[-1][1])[:removals]
            new = [f"n{number}-{n}.example" for n in range(adds)]
            listed.decide(lists[""], there, at=at, adds=False)
            listed.decide(lists[""], new, at=at)
            made = publish_waiting(at)
            now = set(published())
            for window in (HOUR, IN_A_DAY):
                before = _before(zones, at - window.span, at)
                entered, left = len(now - before), len(before - now)
                limit = Change(0, 0, len(before), window).limit
                assert not (made and made.added) or entered + left <= limit
                assert not (made and made.removed) or left <= limit
            if made:
                zones.append((at, now))
        transaction.set_rollback(True)


def _before(zones: list[tuple[datetime, set[str]]], begun: datetime, now: datetime) -> set[str]:
    """The zone as it was before the first publication of the window; `zones` in their order."""
    inside = (n for n, (when, _) in enumerate(zones) if begun < when <= now)
    earlier = zones[: next(inside, None)]
    return next((names for when, names in reversed(earlier) if when <= begun), zones[0][1])


def test_national_names_that_become_everybodys_at_once_wait_for_two_people(
    lists: dict[str, BlockList], at: datetime
) -> None:
    """Nothing is new to those who get all names; those who get the common list would get 60 more."""
    fill(1000, at)
    names = [f"home-{n}.example" for n in range(60)]
    ZoneName.objects.bulk_create(
        ZoneName(name=n, is_national=True, serial=1, bucket=bucket_of(n)) for n in names
    )
    accept_copy(by="test", reason="filled", at=at - 2 * DAY)
    listed.decide(lists[""], names, at=at)
    assert publish_waiting(at) is None
    assert HeldChange.objects.get().added == 60
    assert {
        n: is_national for n, is_national in published().items() if n in names
    } == dict.fromkeys(names, True)


@pytest.mark.parametrize("adds", [True, False])
def test_everybodys_names_that_become_national_at_once_wait_for_two_people(
    lists: dict[str, BlockList], at: datetime, adds: bool
) -> None:
    """Whether the common list lets them go, or only a national one has them after all."""
    names = [f"old-{n}.example" for n in range(60)]
    if not adds:
        for on in lists.values():
            listed.decide(on, names, at=at - 3 * DAY)
        ZoneChange.objects.update(published_at=at - 3 * DAY, serial=0)
    fill(60, at)
    listed.decide(lists["JM" if adds else ""], names, at=at, adds=adds)
    assert publish_waiting(at) is None
    held = HeldChange.objects.get()
    assert (held.added, held.removed) == ((60, 0) if adds else (0, 60))
    assert not any(published().values())


SCOPES = st.lists(
    st.tuples(
        st.integers(0, 900),
        st.sampled_from(["", "JM"]),
        st.booleans(),
        st.integers(0, 20),
        st.integers(1, 9),
    ),
    min_size=1,
    max_size=10,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SCOPES)
def test_recipients_of_the_common_list_see_no_more_change_than_the_brake_lets_through(
    marks: Path,
    lists: dict[str, BlockList],
    at: datetime,
    steps: list[tuple[int, str, bool, int, int]],
) -> None:
    """`steps`: minutes since the last one, on which list, whether names enter, and which ones."""
    (marks / "published.json").unlink(missing_ok=True)
    with transaction.atomic():
        fill(30, at - 9 * DAY)
        zones = [(at - DAY, _common())]
        for minutes, country, adds, first, count in steps:
            at += timedelta(minutes=minutes)
            names = [f"old-{n}.example" for n in range(first, first + count)]
            listed.decide(lists[country], names, at=at, adds=adds)
            publish_waiting(at)
            now = _common()
            for window in (HOUR, IN_A_DAY):
                before = [names for when, names in zones if when <= at - window.span][-1]
                entered, left = len(now - before), len(before - now)
                limit = Change(0, 0, len(before), window).limit
                assert not now - zones[-1][1] or entered + left <= limit
                assert not zones[-1][1] - now or left <= limit
            zones.append((at, now))
        transaction.set_rollback(True)


def _common() -> set[str]:
    return {name for name, is_national in published().items() if not is_national}


@pytest.mark.parametrize(
    ("listed", "limit"), [(0, 5), (100, 5), (101, 5), (400, 20), (1000, 50), (1_000_000, 50)]
)
def test_the_limit_is_five_percent_but_never_below_five_or_above_fifty(
    listed: int, limit: int
) -> None:
    assert Change(0, 0, listed).limit == limit
    assert not Change(limit, 0, listed).holds_adds
    assert Change(limit + 1, 0, listed).holds_adds
    assert Change(1, limit, listed).holds_adds
    assert not Change(1, limit, listed).holds_removals
    assert Change(0, 0, listed, IN_A_DAY).limit == max(limit, IN_A_DAY.least)


def test_a_bad_check_holds_names_to_add_and_lets_removals_pass(
    decide: Decide, at: datetime
) -> None:
    decide("old.example")
    publish_waiting(at)
    decide("old.example", adds=False)
    decide("cdn.example")
    made = publish_waiting(at, check=lambda adds: f"{len(adds)} names break another")
    assert made is not None
    assert published() == {}
    assert HeldChange.objects.get().reason == brake.PROBE
    assert PublisherState.objects.get().probe == "bad"
    decide("bad.example")
    assert publish_waiting(at, check=lambda adds: "") is not None
    assert zone.state().probe == PublisherState.Probe.NOTHING  # it had no name to ask for
    (known_names.folder() / "never-block.txt").write_text("good.example\n")
    decide("another.example")
    assert publish_waiting(at, check=lambda adds: "") is not None
    assert zone.state().probe == PublisherState.Probe.GOOD
    assert set(published()) == {"bad.example", "another.example"}


def test_without_the_server_that_checks_names_to_add_wait_and_names_to_remove_do_not(
    decide: Decide, at: datetime
) -> None:
    """Files, TAXII and MISP would hand out at once what the worker publishes."""
    decide("old.example")
    publish(at)
    PublisherState.objects.filter(pk=1).update(
        needs_check=True, probe="good", served_at=at - timedelta(minutes=2)
    )
    decide("bad.example")
    decide("old.example", adds=False)
    assert publish(at)
    assert published() == {}
    assert zone.state().problem.startswith("The live check does not run.")
    assert "No name is added until it does" in plain(zone.state().problem)
    assert zone.state().probe == PublisherState.Probe.GOOD
    assert not publish(at)
    # The server is there again; or it was started without a resolver, on the operator's own word.
    assert publish_waiting(at, check=lambda adds: "")
    assert published() == {"bad.example": False}
    assert zone.state().problem == ""
    PublisherState.objects.filter(pk=1).update(needs_check=False)
    decide("another.example")
    assert publish(at)
    assert set(published()) == {"bad.example", "another.example"}


def test_a_failure_while_signing_publishes_nothing(
    decide: Decide, at: datetime, marks: Path
) -> None:
    decide("one.example")
    publish_waiting(at)
    (marks / "signing.key").chmod(0o644)
    decide("two.example")
    with pytest.raises(signing.BadKey):
        publish_waiting(at)
    assert set(published()) == {"one.example"}
    (marks / "signing.key").chmod(0o600)
    made = publish_waiting(at)
    assert made is not None
    assert made.serial == 2


NAMES = st.sampled_from(["a.example", "b.example", "c.example"])
ROWS = st.lists(st.builds(Said, NAMES, st.integers(1, 3), st.booleans(), st.booleans()))


@given(ROWS)
def test_a_name_is_listed_exactly_while_some_list_says_so(rows: list[Said]) -> None:
    last: dict[tuple[str, int | None], Said] = {}
    for said in rows:
        last[said.name, said.entry] = said
    wanted = {said.name for said in last.values() if said.adds}
    found = folded(rows)
    assert set(found) == wanted
    for name, is_national in found.items():
        says = [s.is_national for s in last.values() if s.name == name and s.adds]
        assert is_national == all(says)


@given(st.sets(st.from_regex(r"\A[a-z]{1,9}\.example\Z"), max_size=40))
def test_a_root_does_not_depend_on_the_order_of_names(names: set[str]) -> None:
    assert root_of(digests_of(sorted(names))) == root_of(digests_of(sorted(names, reverse=True)))


def test_all_above_a_name_are_its_parents() -> None:
    assert with_parents(["a.b.example"]) == {"a.b.example", "b.example", "example"}
