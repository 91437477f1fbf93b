"""Clients of the Hash Sharing API pull from our server: the open one as it is, and our own."""

import io
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer
from threatexchange.exchanges.clients.ncmec.hash_api import (
    FeedbackType,
    FingerprintType,
    NCMECEntryUpdate,
    NCMECHashAPI,
)
from threatexchange.exchanges.impl.ncmec_api import NCMECCollabConfig, NCMECSignalExchangeAPI
from threatexchange.signal_type.md5 import VideoMD5Signal
from threatexchange.signal_type.pdq.signal import PdqSignal

from breakwater.hashlists import index
from breakwater.hashlists.actions import importing, receiving, recipients
from breakwater.hashlists.actions.lists import Terms, create_list, retire_list
from breakwater.hashlists.actions.pulling import Server, Step, add_source, pull_page
from breakwater.hashlists.actions.receiving import Received, receive
from breakwater.hashlists.models import Entry, Fingerprint, HashList, Opinion, Source
from breakwater.people.models import User

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]
ENTRIES = 2345
AGO = timedelta(hours=3)


@pytest.fixture(autouse=True)
def clock_in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The client writes its machine's local time and calls it UTC."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def unit_x(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, officer: User) -> HashList:
    monkeypatch.setattr(index, "folder", lambda: tmp_path)
    monkeypatch.setattr(receiving, "folder", lambda: tmp_path)
    terms = Terms("Unit X", "Unit X", "Act s. 1", scheme="industry", handling="authorities")
    made = create_list(terms, by=officer, at=timezone.now() - 2 * AGO)
    # Three parts of one minute each, so that the client's pages and ranges do not coincide.
    for part in range(3):
        text = rows(*range(part + 1, ENTRIES + 1, 3))
        take_in(made, text, timezone.now() - AGO + timedelta(minutes=part))
    return made


@pytest.fixture
def base(live_server: LiveServer, unit_x: HashList) -> str:
    return f"{live_server.url}/hashsharing"


@pytest.fixture
def account(unit_x: HashList) -> tuple[str, str]:
    made, secret = recipients.create_recipient(
        "Desk B", "desk-b", "authority", by="t", at=timezone.now()
    )
    recipients.grant(made, unit_x, by="t", at=timezone.now())
    return made.username, secret


@pytest.fixture
def client(base: str, account: tuple[str, str]) -> NCMECHashAPI:
    return NCMECHashAPI(*account, SimpleNamespace(value=base))


def take_in(hash_list: HashList, text: str, at: datetime) -> None:
    receive(hash_list, io.BytesIO(text.encode()), Received("a", "table"), by="officer", at=at)
    assert importing.work(at)


def rows(*numbers: int, grade: str = "A1") -> str:
    """A third of these are videos."""
    lines = ["md5,pdq,grade,entry_id,media,member_name"]
    for n in numbers:
        media = "video" if n % 3 == 0 else "image"
        lines.append(f"{n:032x},{n << 200:064x},{grade},e{n},{media},NGO {n % 2}")
    return "\n".join(lines) + "\n"


def tombstones(*numbers: int) -> str:
    return "md5,entry_id,deleted\n" + "".join(f"{n:032x},e{n},true\n" for n in numbers)


def all_of(client: NCMECHashAPI, since: int = 0) -> tuple[list[NCMECEntryUpdate], list[int]]:
    """Everything of a range, and how long its pages were."""
    pages = list(client.get_entries_iter(start_timestamp=since, end_timestamp=int(time.time())))
    return [update for page in pages for update in page.updates], [len(p.updates) for p in pages]


def test_the_open_client_pulls_a_list_page_by_page_and_then_what_changed(
    client: NCMECHashAPI, unit_x: HashList
) -> None:
    assert client.status().esp_name == "Desk B"
    assert [(m.esp_id, m.esp_name) for m in client.members()] == [(unit_x.pk, "Unit X")]
    updates, pages = all_of(client)
    assert pages == [1000, 1000, 345]
    numbers = {int(u.fingerprints["md5"], 16) for u in updates}
    assert (len(updates), numbers) == (ENTRIES, set(range(1, ENTRIES + 1)))
    assert {u.entry_type.value for u in updates} == {"image", "video"}
    assert {(u.member_id, u.classification) for u in updates} == {(unit_x.pk, "A1")}

    done = int(time.time()) - 60
    now = timezone.now() - timedelta(seconds=30)
    take_in(unit_x, tombstones(1, 3), now)
    take_in(unit_x, rows(2, 9000, grade="B2"), now)
    later = {u.id: u for u in all_of(client, done)[0]}
    first = {int(u.fingerprints["md5"], 16): u.id for u in updates}
    assert {pk for pk, u in later.items() if u.deleted} == {first[1], first[3]}
    assert not any(u.fingerprints for u in later.values() if u.deleted)
    said = {
        int(u.fingerprints["md5"], 16): u.classification for u in later.values() if u.fingerprints
    }
    assert said == {2: "B2", 9000: "B2"}


def test_the_open_client_s_exchange_walks_all_of_time_and_keeps_what_it_was_told(
    base: str, account: tuple[str, str], unit_x: HashList
) -> None:
    class Exchange(NCMECSignalExchangeAPI):
        def get_client(self, environment: object) -> NCMECHashAPI:
            return NCMECHashAPI(*account, SimpleNamespace(value=base))

    config = NCMECCollabConfig(name="desk", environment=None)
    exchange, kept, checkpoint = Exchange(config, *account), {}, None

    def fetch() -> None:
        nonlocal checkpoint
        for delta in exchange.fetch_iter([], checkpoint):
            for key, update in delta.updates.items():
                kept[key] = Exchange.fetch_value_merge(kept.get(key), update)
            checkpoint = delta.checkpoint

    fetch()
    assert len(kept) == ENTRIES
    take_in(unit_x, tombstones(2), timezone.now() - timedelta(seconds=10))
    take_in(unit_x, rows(1, grade="B2"), timezone.now() - timedelta(seconds=10))
    fetch()
    alive = {key: update for key, update in kept.items() if update}
    assert len(alive) == ENTRIES - 1
    types = Exchange.naive_convert_to_signal_type([PdqSignal, VideoMD5Signal], config, alive)
    assert len(types[VideoMD5Signal]) == ENTRIES // 3
    grades = types[PdqSignal][f"{1 << 200:064x}"].get_as_opinions()
    assert [o.tags for o in grades] == [{"B2"}]


def test_the_open_client_gives_feedback(client: NCMECHashAPI, unit_x: HashList) -> None:
    entry = Entry.objects.get(source_key="e1")
    reasons = client.feedback_reasons(FingerprintType.pdq)
    guid = next(guid for guid, name in reasons.items() if "common picture" in name)
    client.submit_feedback(
        unit_x.pk, str(entry.pk), FingerprintType.pdq, FeedbackType.downvote, guid
    )
    client.submit_upvote(unit_x.pk, str(entry.pk), FingerprintType.md5)
    found = Opinion.objects.order_by("kind").values_list("agrees", "reasons")
    assert list(found) == [(True, []), (False, ["common"])]
    update = next(u for u in all_of(client)[0] if u.id == str(entry.pk))
    assert [f.feedback_type for f in update.feedback["md5"]] == [FeedbackType.upvote]
    (against,) = update.feedback["pdq"]
    assert (against.member.esp_name, against.feedback_type) == ("Desk B", FeedbackType.downvote)
    assert against.reason == reasons[guid]


def test_the_open_client_is_told_that_its_password_is_wrong(base: str, account: tuple[str, str]):
    client = NCMECHashAPI(account[0], "wrong", SimpleNamespace(value=base))
    with pytest.raises(Exception, match="401"):
        client.status()


# Desk A is our server, desk B our client; both lists are in one database.
Pull = Callable[[], Source]


@pytest.fixture
def desk_b(base: str, account, unit_x, officer, monkeypatch: pytest.MonkeyPatch) -> Pull:
    monkeypatch.setenv("DESK_A_PASSWORD", account[1])
    mirror = create_list(Terms("Of desk A", "Desk A", "Agreement"), by=officer, at=timezone.now())
    server = Server(f"{base}/lists/{unit_x.pk}", account[0], "DESK_A_PASSWORD", every_minutes=1)
    source = add_source(mirror, server, by=officer, at=timezone.now())
    times = iter(range(1, 10))

    def pull() -> Source:
        source.refresh_from_db()
        # Each range must end later than the one before, without waiting for it.
        ahead = timedelta(seconds=5 * next(times))
        monkeypatch.setattr("breakwater.hashlists.rules.pulling.MARGIN", -ahead)
        while pull_page(source, at=timezone.now()) is Step.MORE:
            source.refresh_from_db()
        source.refresh_from_db()
        return source

    return pull


def contents(name: str) -> dict[frozenset[tuple[int, str]], tuple[str, str, int]]:
    """What a list says: by its hashes, the grade, the member and the medium of each entry."""
    hashes: dict[int, set[tuple[int, str]]] = {}
    alive = Entry.objects.filter(hash_list__name=name, deleted_at=None)
    for pk, kind, value in Fingerprint.objects.filter(entry__in=alive).values_list(
        "entry_id", "kind", "value"
    ):
        hashes.setdefault(pk, set()).add((kind, bytes(value).hex()))
    return {frozenset(hashes[e.pk]): (e.grade, e.member, e.media) for e in alive}


def test_a_list_that_another_desk_pulled_says_the_same(desk_b: Pull, unit_x: HashList) -> None:
    assert desk_b().last_error == ""
    assert len(contents("Of desk A")) == ENTRIES
    assert contents("Of desk A") == contents("Unit X")
    now = timezone.now()
    take_in(unit_x, tombstones(1, 3, 5), now)
    take_in(unit_x, rows(2, 4, 9000, grade="B1"), now)
    moved = f"md5,entry_id,media,grade,member_name\n{77:032x},e7,image,A1,NGO 1\n"
    take_in(unit_x, moved, now)
    desk_b()
    assert len(contents("Of desk A")) == ENTRIES - 3 + 1
    assert contents("Of desk A") == contents("Unit X")


def test_a_list_that_was_retired_at_one_desk_falls_silent_at_the_other(
    desk_b: Pull, unit_x: HashList, officer: User
) -> None:
    desk_b()
    retire_list(unit_x, by=officer, at=timezone.now())
    desk_b()
    assert contents("Of desk A") == {}


def test_a_pull_with_a_wrong_secret_says_so(desk_b: Pull, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_A_PASSWORD", "wrong")
    source = desk_b()
    assert "password is wrong" in source.last_error
    assert contents("Of desk A") == {}
