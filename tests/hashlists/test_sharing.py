"""Recipients pull what they were granted and may be told, page by page, and give feedback."""

import base64
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.test import Client

from breakwater.custody.models import AuditEntry
from breakwater.formats.hash_sharing import (
    SharedEntry,
    Submission,
    read_members,
    read_query_result,
    read_reasons,
    read_status,
    write_submission,
)
from breakwater.hashlists import basic, index
from breakwater.hashlists.actions import importing, receiving, recipients, sharing
from breakwater.hashlists.actions.lists import Terms, create_list, reinstate_list, retire_list
from breakwater.hashlists.actions.receiving import Received, receive
from breakwater.hashlists.models import Entry, HashList, ListChange, Opinion, Recipient
from breakwater.people.models import User

# All before the clock of any machine that runs this, so that no range ends in the future.
AT = datetime(2026, 10, 2, 12, tzinfo=UTC)
LATER = AT + timedelta(days=1)
END = AT + timedelta(days=20)
TERMS = Terms("Unit X", "Unit X of Testland", "Act s. 1", scheme="industry", handling="authorities")

pytestmark = pytest.mark.django_db(transaction=True)


class Caller:
    """A recipient with its secret, and what the server answers it."""

    def __init__(self, account: Recipient, secret: str) -> None:
        self.account = account
        token = base64.b64encode(f"{account.username}:{secret}".encode()).decode()
        self.client = Client(headers={"authorization": f"Basic {token}"})

    def get(self, path: str):
        return self.client.get(f"/hashsharing{path}")

    def page(self, since: datetime, until: datetime, base: str = "", **more: object):
        times = f"from={since:%Y-%m-%dT%H:%M:%SZ}&to={until:%Y-%m-%dT%H:%M:%SZ}"
        more_ = "".join(f"&{k}={v}" for k, v in more.items())
        return self.read(f"{base}/v2/entries?{times}{more_}")

    def read(self, path: str):
        answer = self.get(path)
        assert answer.status_code == 200, answer.content
        return read_query_result(answer.content)

    def all(self, since: datetime, until: datetime, base: str = "", **more: object):
        result = self.page(since, until, base, **more)
        found = [*result.entries]
        while result.next_path:
            result = self.read(base + result.next_path)
            found += result.entries
        return found

    def say(self, list_id: int, entry_id: int, kind: str, said: Submission) -> int:
        path = f"/hashsharing/v2/entries/{list_id}/{entry_id}/{kind}/feedback"
        body = write_submission(said)
        return self.client.put(path, body, content_type="application/xml").status_code


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(index, "folder", lambda: tmp_path)
    monkeypatch.setattr(receiving, "folder", lambda: tmp_path)
    return tmp_path


@pytest.fixture
def unit_x(data_dir: Path, officer: User) -> HashList:
    return create_list(TERMS, by=officer, at=AT)


@pytest.fixture
def recipient(data_dir: Path) -> Callable[..., Caller]:
    def make(*lists: HashList, name: str = "Desk B", sort: str = "authority") -> Caller:
        username = name.lower().replace(" ", "-")
        account, secret = recipients.create_recipient(name, username, sort, by="t", at=AT)
        for one in lists:
            recipients.grant(account, one, by="t", at=AT)
        return Caller(account, secret)

    return make


def take_in(hash_list: HashList, text: str, at: datetime = AT) -> None:
    receive(hash_list, io.BytesIO(text.encode()), Received("a", "table"), by="officer", at=at)
    assert importing.work(at)


def md5(n: int) -> str:
    return f"{n:032x}"


def rows(*numbers: int) -> str:
    return "md5,grade,entry_id,media\n" + "".join(
        f"{md5(n)},A1,e{n},{'video' if n % 3 == 0 else 'image'}\n" for n in numbers
    )


def hashes(found: list[SharedEntry]) -> list[str]:
    return sorted(f.value for shared in found for f in shared.entry.fingerprints)


def test_a_recipient_pulls_a_granted_list_with_grades_and_members(unit_x, recipient) -> None:
    take_in(unit_x, f"md5,pdq,grade,member_name,media\n{md5(1)},{5:064x},A1,NGO Y,image\n")
    (told,) = recipient(unit_x).page(AT - timedelta(days=1), LATER).entries
    entry = Entry.objects.get()
    assert str(told.entry.source_id) == f"{unit_x.pk}/{entry.pk}"
    assert (told.entry.member_name, told.entry.grade) == ("NGO Y", "A1")
    assert told.entry.changed_at == AT
    assert {f.kind for f in told.entry.fingerprints} == {"md5", "pdq"}


def test_pages_hold_every_entry_once(unit_x, recipient) -> None:
    take_in(unit_x, rows(*range(1, 26)))
    caller = recipient(unit_x)
    first = caller.page(AT - timedelta(days=1), LATER, size=10)
    assert first.next_path.startswith("/v2/entries?from=2026-10-01T12:00:00Z&to=")
    assert "&start=11&size=10&max=25&after=" in first.next_path
    told = caller.all(AT - timedelta(days=1), LATER, size=10)
    assert hashes(told) == sorted(md5(n) for n in range(1, 26))


def test_what_changes_between_two_pages_is_neither_skipped_nor_doubled(unit_x, recipient) -> None:
    take_in(unit_x, rows(*range(1, 21)))
    caller = recipient(unit_x)
    since, until = AT - timedelta(days=1), AT + timedelta(hours=1)
    first = caller.page(since, until, size=10)
    changed = rows(1, 20, 30).replace("A1", "B2")
    take_in(unit_x, changed, at=until + timedelta(minutes=5))
    second = caller.read(first.next_path)
    assert not second.next_path
    ids = [s.entry.source_id for s in (*first.entries, *second.entries)]
    assert len(ids) == len(set(ids)) == 19
    later = caller.all(until, LATER)
    assert hashes(later) == sorted([md5(1), md5(20), md5(30)])
    assert {s.entry.grade for s in later} == {"B2"}


def test_a_deleted_entry_is_a_tombstone_without_its_hashes(unit_x, recipient) -> None:
    take_in(unit_x, rows(1, 3))
    take_in(unit_x, f"md5,entry_id,deleted\n{md5(3)},e3,true\n", at=LATER)
    caller = recipient(unit_x)
    told = caller.page(LATER, END)
    assert [(s.entry.deleted, s.entry.media, s.entry.fingerprints) for s in told.entries] == [
        (True, "video", ())
    ]
    assert b"deletedVideo" in caller.get("/v2/entries").content


def test_only_granted_lists_whose_conditions_allow_it_are_told(unit_x, recipient, officer) -> None:
    take_in(unit_x, rows(1))
    with pytest.raises(recipients.NotToBeTold):
        recipient(unit_x, name="Chat", sort="provider")
    assert recipient(name="Nobody").all(AT - timedelta(days=1), LATER) == []
    caller = recipient(unit_x)
    assert len(caller.all(AT - timedelta(days=1), LATER)) == 1
    HashList.objects.update(handling="desk")
    assert caller.all(AT - timedelta(days=1), LATER) == []
    assert caller.get(f"/lists/{unit_x.pk}/v2/entries").status_code == 404
    HashList.objects.update(handling="authorities")
    recipients.withdraw(caller.account, unit_x, by="t", at=AT)
    assert caller.all(AT - timedelta(days=1), LATER) == []


@pytest.mark.parametrize("direction", ["lower", "known"])
def test_a_list_that_does_not_raise_is_only_told_under_its_own_address(
    direction: str, data_dir, recipient, officer
):
    terms = Terms("Viral", "NGO", "Act", direction=direction, handling="providers")
    viral = create_list(terms, by=officer, at=AT)
    take_in(viral, rows(1))
    caller = recipient(viral)
    assert caller.all(AT - timedelta(days=1), LATER) == []
    assert len(caller.all(AT - timedelta(days=1), LATER, f"/lists/{viral.pk}")) == 1


def test_a_list_that_ends_becomes_tombstones_and_one_that_returns_is_told_anew(
    unit_x, recipient, officer
) -> None:
    take_in(unit_x, rows(1, 2))
    caller = recipient(unit_x)
    retire_list(unit_x, by=officer, at=LATER)
    assert caller.all(AT - timedelta(days=1), AT + timedelta(hours=1)) == []
    gone = caller.all(LATER - timedelta(hours=1), END)
    assert [(s.entry.deleted, s.entry.changed_at) for s in gone] == [(True, LATER)] * 2
    assert hashes(gone) == []
    back = LATER + timedelta(days=1)
    reinstate_list(unit_x, by=officer, at=back)
    assert hashes(caller.all(back - timedelta(hours=1), END)) == [md5(1), md5(2)]


def test_a_list_speaks_from_its_first_day_to_its_last(unit_x, recipient) -> None:
    take_in(unit_x, rows(1))
    caller = recipient(unit_x)
    HashList.objects.update(valid_from=date(2999, 1, 1))
    assert caller.all(AT - timedelta(days=1), END) == []
    HashList.objects.update(valid_from=date(2026, 10, 5))
    assert caller.all(AT - timedelta(days=1), LATER) == []
    (told,) = caller.all(LATER, END)
    assert told.entry.changed_at == datetime(2026, 10, 5, 5, tzinfo=UTC)  # midnight in Jamaica
    HashList.objects.update(valid_until=date(2026, 10, 10))
    (gone,) = caller.all(datetime(2026, 10, 10, 12, tzinfo=UTC), END)
    assert gone.entry.deleted


def test_what_became_visible_after_its_time_is_told_in_the_next_range(unit_x, recipient) -> None:
    take_in(unit_x, rows(1))
    told = recipient(unit_x).all(AT + timedelta(seconds=30), LATER)
    assert hashes(told) == [md5(1)]


def test_a_long_import_is_told_at_the_time_of_its_end(
    unit_x, recipient, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = iter(range(0, 10_000, 100))
    slow = SimpleNamespace(monotonic=lambda: next(passed))
    monkeypatch.setattr("breakwater.hashlists.clock.time", slow)
    monkeypatch.setattr(importing, "SET", 10)
    take_in(unit_x, rows(*range(1, 21)))
    ended = ListChange.objects.get().finished_at
    assert ended is not None
    assert ended >= AT + timedelta(seconds=300)
    caller = recipient(unit_x)
    assert caller.all(AT - timedelta(days=1), AT + timedelta(seconds=290)) == []
    told = caller.all(AT + timedelta(seconds=290), LATER)
    assert {s.entry.changed_at for s in told} == {ended}
    assert len(told) == 20


def test_a_range_in_the_future_is_refused_with_the_reason(unit_x, recipient) -> None:
    caller = recipient(unit_x)
    future = caller.get("/v2/entries?from=2026-01-01T00:00:00Z&to=2999-01-01T00:00:00Z")
    assert (future.status_code, b"TZ=UTC" in future.content) == (400, True)
    for bad in ("from=yesterday", "from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z",
                "after=1-x-3", "after=1-20260101T000000.000000-0", "after=a", "after=--"):  # fmt: skip
        assert caller.get(f"/v2/entries?{bad}").status_code == 400, bad
    assert caller.get("/v2/entries?start=x&size=-1&max=%00").status_code == 200


def test_every_pull_is_one_entry_of_the_log(unit_x, recipient) -> None:
    take_in(unit_x, rows(1, 2))
    recipient(unit_x).page(AT - timedelta(days=1), LATER)
    logged = AuditEntry.objects.get(verb="hashlists.list.pulled")
    assert (logged.actor, logged.target) == ("Desk B (desk-b)", "Unit X")
    assert f'"lists":[{unit_x.pk}]' in logged.detail
    assert '"count":2' in logged.detail


def test_status_and_members_name_the_recipient_and_its_lists(unit_x, recipient) -> None:
    caller = recipient(unit_x)
    status = read_status(caller.get("/v2/status").content)
    assert (status.member.name, status.username) == ("Desk B", "desk-b")
    members = read_members(caller.get(f"/lists/{unit_x.pk}/v2/members").content)
    assert [(m.member_id, m.name) for m in members] == [(str(unit_x.pk), "Unit X")]
    assert status.member.member_id != members[0].member_id


def test_wrong_secrets_closed_accounts_and_wrong_methods_are_refused(unit_x, recipient) -> None:
    caller = recipient(unit_x)
    assert Client().get("/hashsharing/v2/status").status_code == 401
    wrong = Caller(caller.account, "wrong")
    for _ in range(basic.FAILURES.limit):
        answer = wrong.get("/v2/status")
        assert (answer.status_code, answer.content) == (401, b"")
    assert caller.get("/v2/status").status_code == 200
    assert caller.client.post("/hashsharing/v2/entries").status_code == 405
    recipients.set_active(caller.account, False, by="t", at=AT)
    assert caller.get("/v2/status").status_code == 401


def test_feedback_is_kept_once_and_told_to_authorities(unit_x, recipient) -> None:
    take_in(unit_x, rows(1))
    caller, other = recipient(unit_x), recipient(unit_x, name="Desk C")
    entry = Entry.objects.get()
    reasons = read_reasons(caller.get("/v2/feedback/MD5/reasons").content)
    assert "Hash of an empty or broken file" in {r.name for r in reasons}
    against = Submission(False, (reasons[0].guid,))
    for _ in range(2):
        assert caller.say(unit_x.pk, entry.pk, "MD5", against) == 200
    opinion = Opinion.objects.get()
    assert (opinion.author, opinion.agrees, opinion.reasons) == ("Desk B", False, ["not_csam"])
    assert AuditEntry.objects.filter(verb="hashlists.opinion.given").count() == 1
    (told,) = other.all(AT, LATER)
    (said,) = told.feedback.opinions
    assert (said.agrees, said.members[0].name) == (False, "Desk B")
    assert said.reason is not None
    assert caller.say(unit_x.pk, entry.pk, "MD5", Submission(True)) == 200
    opinion.refresh_from_db()
    assert (opinion.agrees, opinion.reasons) == (True, [])


def test_a_provider_is_told_only_its_own_feedback(unit_x, recipient) -> None:
    HashList.objects.update(handling="providers")
    unit_x.refresh_from_db()
    take_in(unit_x, rows(1))
    one = recipient(unit_x, name="Chat", sort="provider")
    other = recipient(unit_x, name="Mail", sort="provider")
    assert one.say(unit_x.pk, Entry.objects.get().pk, "MD5", Submission(True)) == 200
    assert len(one.all(AT, LATER)[0].feedback.opinions) == 1
    assert other.all(AT, LATER)[0].feedback.opinions == ()


def test_feedback_on_what_is_not_there_or_not_theirs_is_refused(unit_x, recipient) -> None:
    take_in(unit_x, rows(1))
    entry = Entry.objects.get().pk
    caller, stranger = recipient(unit_x), recipient(name="Stranger")
    yes = Submission(True)
    assert stranger.say(unit_x.pk, entry, "MD5", yes) == 404
    assert caller.say(unit_x.pk, entry + 1, "MD5", yes) == 404
    assert caller.say(unit_x.pk, entry, "PDQ", yes) == 404
    assert caller.say(unit_x.pk, entry, "TMK_PDQF", yes) == 404
    assert caller.say(unit_x.pk, entry, "SMELL", yes) == 404
    assert caller.say(unit_x.pk, entry, "MD5", Submission(False, ("made up",))) == 400
    path = f"/hashsharing/v2/entries/{unit_x.pk}/{entry}/MD5/feedback"
    assert caller.client.put(path, b"<x", content_type="application/xml").status_code == 400
    assert not Opinion.objects.exists()


def test_a_page_costs_the_same_number_of_queries_whatever_its_length(
    unit_x, recipient, django_assert_num_queries
) -> None:
    take_in(unit_x, rows(*range(1, 40)))
    account = recipient(unit_x).account
    changed = sharing.Range(AT - timedelta(days=1), LATER)
    with django_assert_num_queries(12, exact=False):
        sharing.pull(account, sharing.Ask(changed), at=LATER)


def test_a_client_that_asks_from_the_first_year_is_told_everything(unit_x, recipient) -> None:
    take_in(unit_x, rows(1))
    caller = recipient(unit_x)
    for since in ("0001-01-01T00:00:00Z", "0001-01-01T00:00:30Z"):
        answer = caller.get(f"/v2/entries?from={since}&to=2026-11-20T00:00:00Z")
        assert answer.status_code == 200
        assert hashes(read_query_result(answer.content).entries) == [md5(1)]


def test_a_user_name_that_no_database_can_hold_opens_nothing(unit_x, recipient) -> None:
    caller = recipient(unit_x)
    token = base64.b64encode(b"desk\0b:secret").decode()
    caller.client = Client(headers={"authorization": f"Basic {token}"})
    assert caller.get("/v2/status").status_code == 401
