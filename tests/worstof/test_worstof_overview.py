"""The regulator's overview: what it counts, what it says when something fails, and no name."""

import csv
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from breakwater.people.models import User
from breakwater.worstof import signing, tsig
from breakwater.worstof.actions import appeals, life
from breakwater.worstof.models import (
    Entry,
    HeldChange,
    Probe,
    Publication,
    PublisherState,
    Recipient,
    StopCount,
    ZoneChange,
)
from breakwater.worstof.primary.bringing import OTHER_NAMES
from breakwater.worstof.primary.rewriting import said as told
from breakwater.worstof.primary.server import ZoneRefused
from breakwater.worstof.primary.views import OtherSerial, PrimaryFailed
from breakwater.worstof.publisher_texts import plain
from breakwater.worstof.queries import known_names, room
from breakwater.worstof.queries.overview import count

pytestmark = pytest.mark.django_db
ClientFor = Callable[[User], Client]
PAGE = "/blocking/"


@pytest.fixture(autouse=True)
def counted_anew():
    cache.clear()


@pytest.fixture
def client(analyst: User, client_for: ClientFor) -> Client:
    return client_for(analyst)


@pytest.fixture
def provider(db: None) -> Recipient:
    return Recipient.objects.create(
        name="Example Net", key_name="example-net", forms=["dns"],
        created_at=timezone.now() - timedelta(days=30),
    )  # fmt: skip


def published(at: datetime, serial: int = 1, **more: object) -> Publication:
    said = {"names": 40, "added": 3, "removed": 1, "size": 0, "manifest": "{}", **more}
    return Publication.objects.create(serial=serial, at=at, **said)


def text(answer) -> str:
    return answer.content.decode()


@pytest.mark.parametrize(("left", "is_told"), [(room.ENOUGH - 1, True), (room.ENOUGH, False)])
def test_a_disk_without_room_is_told_and_one_with_room_is_not(
    left: int, is_told: bool, client: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=left))
    assert ("15 MB are left" in text(client.get(PAGE))) is is_told


def test_an_empty_desk_has_an_overview_that_says_so(client):
    page = text(client.get(PAGE))
    assert "0 domains are blocked; no provider was probed in the last 24 hours" in page
    assert "Nothing that somebody has to look after." in page
    assert "No provider gets the list yet." in page


def test_no_name_of_the_list_is_on_the_page_or_in_its_files(
    client, nominated, judged, officer, neighbour
):
    entry = nominated("secret-harbour.example")
    judged(entry, officer)
    judged(entry, neighbour)
    change = HeldChange.objects.create(
        reason="too-many", added=60, removed=0, listed=1, at=timezone.now()
    )
    ZoneChange.objects.update(held=change)
    PublisherState.objects.create(pk=1, problem="odd: secret-harbour.example", since=timezone.now())
    pages = [text(client.get(PAGE))]
    for figure in ("states", "months", "listing"):
        found = client.get(f"{PAGE}?export={figure}&as=csv")
        pages.append(found.content.decode("utf-8-sig"))
    assert not [page for page in pages if "secret-harbour" in page]
    assert "1 entry" not in pages[0]
    assert "It failed for a reason that the server" in pages[0]
    assert "A change of 60 to add and 0 to remove waits for two signatures." in pages[0]


def test_providers_are_told_apart_by_what_they_block(client, provider):
    now = timezone.now()
    published(now - timedelta(hours=3), 7)
    for blocked in (20, 4):
        Probe.objects.create(
            recipient=provider, resolver="192.0.2.1:53", at=now - timedelta(hours=1), asked=20,
            blocked=blocked, delay_ms=2000,
        )  # fmt: skip
    page = text(client.get(PAGE))
    assert "40 domains are blocked; 1 provider blocked 60 % of the names asked in 24 hours" in page
    assert "Example Net blocks only 60 %." in page
    assert "Example Net has not taken what was published last." in page
    assert "The primary does not run" in page
    table = client.get(f"{PAGE}?export=delays&as=csv").content.decode("utf-8-sig")
    assert table.splitlines()[1].startswith("Example Net,2,2,2,0,100,")
    Probe.objects.create(
        recipient=provider, resolver="192.0.2.1:53", at=now, asked=20, blocked=20, is_late=True
    )
    table = client.get(f"{PAGE}?export=delays&as=csv").content.decode("utf-8-sig")
    assert table.splitlines()[0].startswith("Provider,Median,95 of 100 within,Longest,")
    assert table.splitlines()[1].startswith("Example Net,2,> 60,> 60,1,66.7,")


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        ("secret", "The primary refuses Example Net: the secret of its key is wrong."),
        ("clock", "differ by more than five minutes."),
    ],
)
def test_a_provider_that_the_primary_refuses_is_named_with_the_reason(
    client, provider, refusal, said
):
    assert "refuses" not in text(client.get(PAGE))
    Recipient.objects.update(refusal=refusal, refused_at=timezone.now())
    assert said in text(client.get(PAGE))


def test_a_provider_offline_for_a_week_is_named_until_it_caught_up(client, provider):
    now = timezone.now()
    published(now - timedelta(days=3), 7)
    Recipient.objects.update(seen_serial=5, transferred_at=now - timedelta(days=7))
    assert "Example Net has not taken what was published last." in text(client.get(PAGE))
    Recipient.objects.update(seen_serial=7, transferred_at=now)
    assert "has not taken" not in text(client.get(PAGE))


def test_a_provider_offline_for_a_week_is_named_while_the_list_goes_on_changing(client, provider):
    """The last publication is never an hour old on a busy list; the first it missed is."""
    now = timezone.now()
    for serial, ago in ((5, 8 * 24 * 60), (6, 7 * 24 * 60), (7, 30), (8, 1)):
        published(now - timedelta(minutes=ago), serial)
    Recipient.objects.update(seen_serial=5, transferred_at=now - timedelta(days=8))
    assert "Example Net has not taken what was published last." in text(client.get(PAGE))
    Recipient.objects.update(seen_serial=6)
    assert "has not taken" not in text(client.get(PAGE))


def test_a_provider_made_a_moment_ago_is_not_late(client, provider):
    published(timezone.now() - timedelta(days=3), 7)
    assert "has not taken" in text(client.get(PAGE))
    Recipient.objects.update(created_at=timezone.now())
    assert "has not taken" not in text(client.get(PAGE))


def test_a_provider_whose_resolvers_are_silent_is_named(client, provider):
    Probe.objects.create(
        recipient=provider, resolver="192.0.2.1:53", at=timezone.now(), asked=20, blocked=0,
        problem="no-answer",
    )  # fmt: skip
    assert "The resolvers of Example Net did not answer." in text(client.get(PAGE))


def test_a_provider_that_refuses_the_desk_is_not_said_to_block_nothing(client, provider):
    assert "none of its resolvers was entered" in text(client.get(PAGE))
    Probe.objects.create(
        recipient=provider, resolver="192.0.2.1:53", at=timezone.now(), asked=0, blocked=0,
        unclear=20, problem="refused",
    )  # fmt: skip
    page = text(client.get(PAGE))
    assert "The resolvers of Example Net refuse or fail to answer" in page
    assert "Example Net blocks only" not in page
    assert "did not answer" not in page
    assert "none of its resolvers was entered" not in page
    table = client.get(f"{PAGE}?export=providers&as=csv").content.decode("utf-8-sig")
    assert "Refused or failed" in table.splitlines()[0]


def test_how_long_a_provider_s_zone_is_behind_is_told_in_hours(client, provider):
    now = timezone.now()
    for serial, hours in ((5, 30), (6, 12), (7, 1)):
        published(now - timedelta(hours=hours), serial)

    def hours() -> str:
        table = client.get(f"{PAGE}?export=providers&as=csv").content.decode("utf-8-sig")
        header, row, *_ = csv.reader(table.splitlines())
        return dict(zip(header, row, strict=True))["Hours its list is behind"]

    assert hours() == ""
    for serial, behind in ((5, "12"), (6, "1"), (7, "0")):
        Recipient.objects.update(seen_serial=serial)
        assert hours() == behind


def test_a_check_that_asks_for_nothing_is_not_said_to_be_good(client):
    PublisherState.objects.create(pk=1, probe=PublisherState.Probe.NOTHING)
    page = text(client.get(PAGE))
    assert "The check that no wrong name gets blocked asks only for well-known names" in page
    assert "your file of names never to block has none" in page
    assert "Names that must never be blocked resolve" not in page


def test_a_configuration_that_the_primary_does_not_take_is_no_failed_publication(client):
    published(timezone.now(), problem="BadConfiguration: named-checkconf: key 'x' twice")
    page = text(client.get(PAGE))
    assert "The primary does not take its new configuration" in page
    assert "did not reach the primary" not in page


def test_time_to_listing_is_counted_from_the_nomination_by_month(
    nominated, judged, officer, neighbour, at
):
    for name, days in (
        ("first-one.example", 2),
        ("second-one.example", 4),
        ("third-one.example", 9),
    ):
        entry = nominated(name)
        judged(entry, officer)
        judged(entry, neighbour, later=timedelta(days=days))
    found = count(at + timedelta(days=20))
    assert found.days_to_list == 4
    assert sum(month.listed for month in found.months.values()) == 3
    assert found.by_state == {"listed": (3, 0)}


def test_what_was_verified_again_in_time_is_a_part_of_what_ran_out(
    nominated, judged, officer, neighbour, at
):
    for name in ("kept.example", "lost.example"):
        entry = nominated(name)
        judged(entry, officer)
        judged(entry, neighbour)
    life.move_clocks(at + timedelta(days=90))
    kept = type(entry).objects.get(name="kept.example")
    for person in (officer, neighbour):
        judged(kept, person, later=timedelta(days=92))
    life.move_clocks(at + timedelta(days=104))
    found = count(at + timedelta(days=111))
    assert (found.verified_again, found.lapsed, found.in_time) == (1, 1, 0.5)


def test_appeals_are_counted_by_what_became_of_them(supervisor, at):
    for days in (0, 5, 40):
        appeals.receive("x.example", "Mine", language="en", at=at + timedelta(days=days))
    first = appeals.Appeal.objects.order_by("pk").first()
    appeals.reject(first, by=supervisor, answer="No", at=at + timedelta(days=10))
    found = count(at + timedelta(days=41)).appeals
    assert (found.upheld, found.rejected) == (0, 0)
    assert (found.open, found.overdue, found.unlisted, found.days_to_answer) == (2, 1, 1, 10)


def test_months_add_up_publications_and_have_no_gaps(at):
    published(at - timedelta(days=62), 1, added=5, removed=0)
    published(at, 2, added=2, removed=1)
    StopCount.objects.create(day=at.astimezone(UTC).date(), shown=12)
    found = count(at)
    months = [(month.added, month.removed) for month in found.months.values()]
    assert len(months) == 12
    assert months[-1] == (2, 1)
    assert sum(added for added, _removed in months) == 7
    assert found.stopped == 12


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk failed or is full."),
        ("PrimaryFailed: the primary does not answer: Timeout", "does not answer"),
        ("The database ends at publication 4, but 9 was published: …", "older copy"),
        ("The names kept are not those of the last publication.", "not those that were signed"),
        ("BadConfiguration: named-checkconf: key 'x' twice", "does not take its new"),
        ("shop.example does not resolve", "the server's log"),
    ],
)
def test_a_publishers_problem_is_said_in_plain_words(problem, said):
    assert said in plain(problem)


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (told(PrimaryFailed("the primary answered SERVFAIL")), "does not take the change."),
        (told(PrimaryFailed("the primary does not answer: Timeout")), "does not answer."),
        (told(ZoneRefused("BIND does not answer")), "does not answer."),
        (told(ZoneRefused("BIND did not read the list")), "does not take the change."),
        (told(OtherSerial("the primary does not have serial 7 any more")), "is written anew."),
        (told(OSError(28, "No space left on device")), "The disk failed or is full."),
        (told(signing.BadKey("signing.key")), "The key that signs the list cannot be used."),
        (told(tsig.BadKeyName("rndc")), "The key name is the desk&#x27;s own or too long"),
        (OTHER_NAMES, "not those that were signed."),
        ("The live check does not answer. Nothing is published.", "does not answer. Nothing"),
        ("The live check did not take the names in time.", "does not answer. Nothing"),
    ],
)
def test_a_provider_that_cannot_be_brought_the_list_is_named_with_the_reason(
    client, provider, why, said
):
    published(timezone.now())
    Recipient.objects.update(stays_because=why)
    page = text(client.get(PAGE))
    assert "Example Net cannot get what was published last." in page
    assert said in page
    assert "server&#x27;s log" not in page
    assert "did not reach the primary" not in page
    Recipient.objects.update(closed_at=timezone.now())
    assert "cannot get" not in text(client.get(PAGE))


def test_many_providers_that_cannot_be_brought_the_list_are_one_sentence_for_each_reason(client):
    for n in range(5):
        Recipient.objects.create(
            name=f"Net {n}", key_name=f"net-{n}", forms=["dns"], created_at=timezone.now(),
            stays_because="OSError: full" if n else "BadAddress: no port",
        )  # fmt: skip
    page = text(client.get(PAGE))
    assert "Net 0 cannot get what was published last. One of its addresses has no port." in page
    assert "Net 1, Net 2, Net 3 and 1 more cannot get" in page


def test_a_provider_that_takes_files_is_named_after_a_day(client, provider):
    now = timezone.now()
    for serial, hours in ((5, 90), (6, 40), (7, 2)):
        published(now - timedelta(hours=hours), serial)
    Recipient.objects.update(forms=["rpz"], downloaded_serial=6, downloaded_at=now)
    assert "has not taken" not in text(client.get(PAGE))
    assert "none of its resolvers was entered" in text(client.get(PAGE))
    Recipient.objects.update(downloaded_serial=5)
    assert "Example Net has not taken what was published last." in text(client.get(PAGE))
    table = client.get(f"{PAGE}?export=providers&as=csv").content.decode("utf-8-sig")
    assert "Example Net,,40," in table
    Recipient.objects.update(forms=["csv"], downloaded_serial=7)
    page = text(client.get(PAGE))
    assert "has not taken" not in page
    assert "none of its resolvers" not in page, "people read a table; nobody blocks by it"
    table = client.get(f"{PAGE}?export=providers&as=csv").content.decode("utf-8-sig")
    assert "Example Net" not in table


def test_a_provider_that_took_a_file_before_serials_were_kept_is_not_called_late(client, provider):
    published(timezone.now() - timedelta(days=3), 5)
    Recipient.objects.update(forms=["rpz"], downloaded_at=timezone.now())
    assert "has not taken" not in text(client.get(PAGE))
    Recipient.objects.update(downloaded_at=None)
    assert "has not taken" in text(client.get(PAGE))


def test_a_check_that_is_off_and_a_primary_that_ended_are_told(client: Client) -> None:
    now = timezone.now()
    published(now)
    state = PublisherState.objects.create(pk=1, probe="off", ended_at=now - timedelta(hours=1))
    page = text(client.get(PAGE))
    assert "it was given no resolver." in page
    assert "The primary ended by itself and was started again." in page
    state.problem = "The live check does not run. No name is added until it does."
    state.probe, state.ended_at = PublisherState.Probe.GOOD, now - timedelta(days=2)
    state.save()
    page = text(client.get(PAGE))
    assert "it was given no resolver." not in page
    assert "The primary ended by itself" not in page
    assert "blocked does not run. No name is added until it does" in page
    assert "Nothing is published." not in page


@pytest.mark.parametrize(
    ("content", "days", "said"),
    [
        (None, 0, "sites is missing. Of large sites only a short list"),
        ("# nothing yet", 0, "sites names none. Of large sites only a short list"),
        ("\x00\n\x01\nbig.example\n", 0, "sites cannot be read. Of large sites only a short list"),
        ("1,big.example\n", 91, "sites is older than 90 days."),
        ("1,big.example\n", 1, ""),
    ],
)
def test_a_file_of_large_sites_that_guards_nothing_is_told(
    client: Client,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: str | None,
    days: int,
    said: str,
) -> None:
    monkeypatch.setattr(known_names, "folder", lambda: tmp_path)
    now = timezone.now()
    published(now)
    if content is not None:
        (tmp_path / "top-sites.txt").write_text(content)
        when = (now - timedelta(days=days)).timestamp()
        os.utime(tmp_path / "top-sites.txt", (when, when))
    page = text(client.get(PAGE))
    assert said in page
    assert ("world&#x27;s largest sites" in page) is bool(said)


def test_an_appeal_whose_time_is_over_is_something_to_look_after(client: Client) -> None:
    at = timezone.now()
    appeals.receive("bad.example", "x", language="en", at=at - timedelta(days=29))
    assert "Nothing that somebody has to look after." in text(client.get(PAGE))
    cache.clear()
    appeals.receive("bad.example", "x", language="en", at=at - timedelta(days=60))
    page = text(client.get(PAGE))
    assert "1 appeal is not answered, and its time is over." in page
    assert "Nothing that somebody has to look after." not in page


@pytest.mark.parametrize(
    ("domains", "days_ago", "is_told"), [(6, 2, True), (5, 2, False), (6, 9, False)]
)
def test_many_domains_that_the_clock_took_off_on_one_day_are_something_to_look_after(
    client: Client, world_list, domains: int, days_ago: int, is_told: bool
) -> None:
    then = timezone.now() - timedelta(days=days_ago)
    for n in range(domains):
        entry = Entry.objects.create(
            block_list=world_list, name=f"n{n}.example", shown=f"n{n}.example", state="due",
            created_at=then - timedelta(days=200), due_at=then,
        )  # fmt: skip
    assert life.move_clocks(then)
    assert entry.steps.get().verb == "worstof.entry.lapsed"
    said = "6 domains left the list on one day, because nobody verified them in time."
    assert (said in text(client.get(PAGE))) == is_told
