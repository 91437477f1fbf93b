"""What is listed is blocked, and what is blocked is listed; where not, pages say so and put it right."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client

from benchmarks import listed
from breakwater.custody.models import AuditEntry
from breakwater.people.models import User
from breakwater.worstof.actions import apart, appeals, brake, life
from breakwater.worstof.actions.lists import Terms, create_list
from breakwater.worstof.actions.publishing import accept_copy, publish_waiting
from breakwater.worstof.models import Appeal, BlockList, Entry, HeldChange, LogLeaf, ZoneName
from breakwater.worstof.queries import apart as found
from breakwater.worstof.queries.standing import Standing, standings
from breakwater.worstof.rules.zone_digest import bucket_of

pytestmark = pytest.mark.django_db
ClientFor = Callable[[User], Client]
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def own_folder(marks: Path) -> Path:
    cache.clear()
    return marks


@pytest.fixture
def put(world_list: BlockList, at: datetime) -> Callable[..., None]:
    """List names and publish them, as far as the brake lets them."""

    def listing(*names: str, on: BlockList = world_list) -> None:
        listed.decide(on, names, at=at)
        publish_waiting(at)

    return listing


@pytest.fixture
def national(supervisor: User, at: datetime) -> BlockList:
    terms = Terms("Additions", "Act s. 1", "JM", distinct="agency")
    return create_list(terms, by=supervisor, at=at)


def blocked() -> dict[str, bool]:
    return dict(ZoneName.objects.values_list("name", "is_national"))


def accept(at: datetime, *names: str, is_national: bool = False) -> None:
    """Have names in the zone that came with a database that somebody accepted."""
    ZoneName.objects.bulk_create(
        ZoneName(name=n, is_national=is_national, serial=1, bucket=bucket_of(n)) for n in names
    )
    accept_copy(by="test", reason="restored", at=at)


def never_block_for_an_hour(folder: Path, line: str, at: datetime) -> None:
    path = folder / "never-block.txt"
    path.write_text(f"{line}\n")
    publish_waiting(at)
    path.write_text("another.example\n")
    publish_waiting(at + HOUR)


def unblocked() -> list[str]:
    return list(found.unblocked().values_list("name", flat=True))


def unlisted() -> list[str]:
    return list(found.unlisted().values_list("name", flat=True))


def test_what_was_decided_anew_and_published_stays_when_its_older_addition_is_thrown_away(
    put: Callable[..., None], officer: User, at: datetime
) -> None:
    names = [f"n{n}.example" for n in range(6)]
    put(*names)
    put(names[0])
    assert blocked() == {names[0]: False}
    brake.discard(HeldChange.objects.get(), by=officer, reason="A wrong file", at=at)
    publish_waiting(at)
    assert blocked() == {names[0]: False}
    by_name = dict(Entry.objects.values_list("name", "state"))
    assert by_name.pop(names[0]) == Entry.State.LISTED
    assert set(by_name.values()) == {Entry.State.REMOVED}


def test_a_name_that_only_another_countrys_list_has_is_neither_shown_nor_taken_off_here(
    put: Callable[..., None], officer: User, at: datetime
) -> None:
    theirs = BlockList.objects.create(
        name="Theirs", country="SX", legal_basis="Act", distinct="agency"
    )
    put("abroad.example", on=theirs)
    ZoneName.objects.all().delete()
    accept(at, "abroad.example")
    assert unlisted() == ["abroad.example"]
    assert not found.unlisted_for(officer).exists()
    assert apart.take_off(["abroad.example"], by=officer, reason="?", at=at) == []
    assert blocked() == {"abroad.example": False}


def test_what_is_thrown_away_leaves_the_list_with_the_reason(
    put: Callable[..., None], officer: User, at: datetime
) -> None:
    names = [f"n{n}.example" for n in range(6)]
    put(*names)
    entries = list(Entry.objects.select_related("block_list"))
    assert set(standings(entries).values()) == {Standing.HELD}
    brake.discard(HeldChange.objects.get(), by=officer, reason="A wrong file", at=at)
    publish_waiting(at)
    assert blocked() == {}
    assert set(Entry.objects.values_list("state", flat=True)) == {Entry.State.REMOVED}
    for entry in entries:
        step = entry.steps.latest("pk")
        assert (step.verb, step.reason) == ("worstof.entry.removed", "A wrong file")
    assert AuditEntry.objects.filter(verb="worstof.entry.removed", actor="officer").count() == 6
    assert LogLeaf.objects.filter(verb="removed").count() == 6
    assert not HeldChange.objects.filter(state="waiting").exists()
    assert (unblocked(), unlisted()) == ([], [])
    with pytest.raises(life.TooLate):
        life.restore(entries[0], by=officer, reason="A slip", at=at)


def test_what_moved_on_while_it_was_held_stays_as_it_is_when_its_addition_is_thrown_away(
    put: Callable[..., None], officer: User, at: datetime
) -> None:
    put(*[f"n{n}.example" for n in range(6)])
    talked = life.discuss(Entry.objects.get(name="n0.example"), by=officer, reason="?", at=at)
    brake.discard(HeldChange.objects.get(), by=officer, reason="A wrong file", at=at)
    talked.refresh_from_db()
    assert talked.state == Entry.State.DISCUSSION


def test_pages_say_that_a_listed_domain_is_not_blocked_yet(
    put: Callable[..., None], world_list: BlockList, officer: User, client_for: ClientFor,
    at: datetime,
) -> None:  # fmt: skip
    put("old.example")
    listed.decide(world_list, ["new.example"], at=at)
    put(*[f"n{n}.example" for n in range(8)])
    listed.decide(world_list, ["next.example"], at=at)
    client = client_for(officer)
    board = client.get("/worst-of/?view=listed").content.decode()
    for name, line in {
        "old.example": "Blocked until its freshness ends",
        "n0.example": "Not blocked yet: it is held and waits for the second person",
        "next.example": "Not blocked yet: it waits to be published",
    }.items():
        page = client.get(f"/worst-of/entries/{Entry.objects.get(name=name).pk}/")
        assert line in page.content.decode()
        assert line in board
        assert f"{Entry.objects.get(name=name).pk}/queue/" not in page.content.decode()


def test_a_line_never_to_block_that_is_put_right_again_leaves_domains_that_can_be_queued_again(
    put: Callable[..., None], own_folder: Path, officer: User, client_for: ClientFor, at: datetime
) -> None:
    put("bad.example", "worse.example")
    never_block_for_an_hour(own_folder, "bad.example", at)
    assert (blocked(), unblocked()) == ({"worse.example": False}, ["bad.example"])
    client = client_for(officer)
    assert "1 listed domain is not blocked." in client.get("/blocking/").content.decode()
    entry = Entry.objects.get(name="bad.example")
    page = client.get(f"/worst-of/entries/{entry.pk}/").content.decode()
    assert "Not blocked, though it is listed" in page
    assert f"/worst-of/entries/{entry.pk}/queue/" in page
    address = f"/worst-of/entries/{entry.pk}/queue/"
    assert "Say why." in client.post(address, {"reason": " "}, follow=True).content.decode()
    told = client.post(address, {"reason": "The line was wrong"}, follow=True).content.decode()
    assert "queued again" in told
    publish_waiting(at + 2 * HOUR)
    assert blocked() == {"worse.example": False, "bad.example": False}
    assert entry.steps.latest("pk").reason == "The line was wrong"
    assert AuditEntry.objects.get(verb="worstof.entry.queued_again").actor == "officer"
    assert "domain is not blocked" not in client.get("/blocking/").content.decode()
    assert "moved on" in client.post(address, {"reason": "Twice"}, follow=True).content.decode()


def test_what_a_guard_still_forbids_is_not_queued(
    put: Callable[..., None], own_folder: Path, officer: User, at: datetime
) -> None:
    put("bad.example")
    (own_folder / "never-block.txt").write_text("bad.example\n")
    publish_waiting(at)
    with pytest.raises(life.Guarded):
        apart.queue_again(Entry.objects.get(), by=officer, reason="Block it", at=at)


@pytest.mark.parametrize("way", ["published", "accepted"])
def test_a_domain_that_a_new_line_never_to_block_has_opened_says_so_on_its_page(
    way: str, put: Callable[..., None], own_folder: Path, officer: User, client_for: ClientFor,
    at: datetime,
) -> None:  # fmt: skip
    put("bad.example", "worse.example")
    (own_folder / "never-block.txt").write_text("bad.example\n")
    if way == "published":
        publish_waiting(at + HOUR)
    else:
        accept_copy(by="test", reason="restored", at=at + HOUR)
    assert blocked() == {"worse.example": False}
    entry = Entry.objects.get(name="bad.example")
    step = entry.steps.latest("pk")
    assert (step.verb, step.reason) == ("worstof.entry.dropped", "never-block")
    assert AuditEntry.objects.get(verb=step.verb).target == f"W-{entry.pk}"
    page = client_for(officer).get(f"/worst-of/entries/{entry.pk}/").content.decode()
    for words in (
        "Not blocked, though it is listed",
        "Opened a listed domain: a guard forbids it now · the publisher",
        '<span class="d-block">This desk&#x27;s list of names that are never blocked</span>',
        "forbids it now</span>",
        "left with serial 2",
    ):
        assert words in page
    assert f"/worst-of/entries/{entry.pk}/queue/" not in page


def test_many_that_are_queued_again_meet_the_brake(
    put: Callable[..., None], own_folder: Path, officer: User, supervisor: User,
    client_for: ClientFor, at: datetime,
) -> None:  # fmt: skip
    names = [f"n{n}.bad.example" for n in range(12)]
    put(*names)
    for by in (officer, supervisor):
        brake.release(HeldChange.objects.get(), by=by, reason="Looked at", at=at)
    publish_waiting(at)
    later = at + timedelta(days=2)
    never_block_for_an_hour(own_folder, "bad.example", later)
    assert unblocked() == names
    client = client_for(officer)
    page = client.get("/worst-of/held/").content.decode()
    assert "Listed, but not blocked" in page
    numbers = [entry.pk for entry in Entry.objects.all()]
    said = {"entry": numbers, "reason": "The line was wrong"}
    told = client.post("/worst-of/held/queue/", said, follow=True).content.decode()
    assert "12 domains are queued again" in told
    assert publish_waiting(later + 2 * HOUR) is None
    assert HeldChange.objects.get(state="waiting").added == 12
    assert unblocked() == []


def test_a_name_that_no_list_has_is_told_and_taken_off_by_a_person_with_a_reason(
    put: Callable[..., None], officer: User, client_for: ClientFor, at: datetime
) -> None:
    accept(at, "stray.example", "bad.example")
    put("bad.example")
    assert unlisted() == ["stray.example"]
    client = client_for(officer)
    assert "1 name is blocked that no list has" in client.get("/blocking/").content.decode()
    assert "stray.example" not in client.get("/blocking/").content.decode()
    assert "stray.example" in client.get("/worst-of/held/").content.decode()
    said = {"name": ["stray.example", "bad.example"], "reason": "Nobody judged it"}
    without = client.post("/worst-of/held/take-off/", said | {"reason": ""}, follow=True)
    assert "Say why." in without.content.decode()
    told = client.post("/worst-of/held/take-off/", said, follow=True).content.decode()
    assert "1 name leaves the zone" in told
    publish_waiting(at)
    assert blocked() == {"bad.example": False}
    deed = AuditEntry.objects.get(verb="worstof.names.taken_off")
    assert deed.actor == "officer"
    assert "Nobody judged it" in deed.detail
    assert "stray.example" not in deed.detail
    assert unlisted() == []


def test_an_entry_that_is_over_does_not_keep_its_name_blocked_when_that_is_taken_off(
    put: Callable[..., None], officer: User, at: datetime
) -> None:
    """Its removal was lost with the copy."""
    put("bad.example")
    Entry.objects.update(state=Entry.State.REMOVED)
    assert apart.take_off(["bad.example"], by=officer, reason="It is over", at=at)
    publish_waiting(at)
    assert blocked() == {}


def test_a_name_of_a_national_list_that_everybody_blocks_stays_blocked_at_home_alone(
    put: Callable[..., None], national: BlockList, officer: User, at: datetime
) -> None:
    put("home.example", on=national)
    ZoneName.objects.all().delete()
    accept(at, "home.example")
    assert unlisted() == ["home.example"]
    apart.take_off(["home.example"], by=officer, reason="For this country", at=at)
    publish_waiting(at)
    assert blocked() == {"home.example": True}
    assert unlisted() == []


def test_national_names_that_no_list_has_are_not_shown_abroad(
    assessor: User, officer: User, at: datetime, settings: object
) -> None:
    accept(at, "home.example", is_national=True)
    assert list(found.unlisted_for(assessor)) == []
    assert [row.name for row in found.unlisted_for(officer)] == ["home.example"]


def test_a_domain_of_the_common_list_that_is_blocked_at_home_alone_counts_as_not_blocked(
    put: Callable[..., None], at: datetime
) -> None:
    put("bad.example")
    ZoneName.objects.all().delete()
    accept(at, "bad.example", is_national=True)
    assert unblocked() == ["bad.example"]


def test_an_appeal_against_a_name_that_is_blocked_and_on_no_list_can_only_be_upheld(
    officer: User, client_for: ClientFor, at: datetime
) -> None:
    accept(at, "stray.example")
    appeal, _ = appeals.receive("stray.example", "It is mine", language="en", at=at)
    for refuse in (appeals.reject, appeals.answer_unlisted):
        with pytest.raises(appeals.Unlisted):
            refuse(appeal, by=officer, answer="No", at=at)
    client = client_for(officer)
    page = client.get(f"/worst-of/appeals/{appeal.pk}/").content.decode()
    assert "and yet resolvers block it" in page
    assert 'value="reject"' not in page
    said = {"verb": "uphold", "answer": "You are right"}
    client.post(f"/worst-of/appeals/{appeal.pk}/decide/", said)
    appeal.refresh_from_db()
    assert appeal.state == Appeal.State.UPHELD
    publish_waiting(at)
    assert blocked() == {}


def test_nothing_differs_while_a_decision_waits_or_is_held(
    put: Callable[..., None], world_list: BlockList, at: datetime
) -> None:
    put("bad.example")
    listed.decide(world_list, [f"n{n}.example" for n in range(6)], at=at)
    listed.decide(world_list, ["bad.example"], at=at, adds=False)
    assert (unblocked(), unlisted()) == ([], [])
    publish_waiting(at)
    assert HeldChange.objects.get().added == 6
    assert (unblocked(), unlisted()) == ([], [])


@pytest.fixture
def held_removals(put: Callable[..., None], officer: User, at: datetime) -> list[Entry]:
    """Seven of eight listed domains, removed at once: more than leave without two signatures."""
    for day in range(2):
        listed_at = at + timedelta(days=2 * day)
        listed.decide(BlockList.objects.get(), [f"n{day}{n}.example" for n in range(4)], at=at)
        publish_waiting(listed_at)
    entries = list(Entry.objects.select_related("block_list").order_by("pk")[:7])
    for entry in entries:
        life.remove(entry, by=officer, reason="Gone", at=at + timedelta(days=6))
    assert set(standings(list(Entry.objects.filter(state="removed"))).values()) == {
        Standing.LEAVING
    }
    publish_waiting(at + timedelta(days=6))
    assert len(blocked()) == 8
    return entries


def test_a_removed_domain_whose_removal_is_held_is_said_to_be_still_blocked(
    held_removals: list[Entry], officer: User, client_for: ClientFor
) -> None:
    client = client_for(officer)
    still = "Taken away. Still blocked: its removal waits for two signatures"
    page = client.get(f"/worst-of/entries/{held_removals[0].pk}/").content.decode()
    assert still in page
    assert 'href="/worst-of/held/">Held changes</a></dd>' in page
    assert client.get("/worst-of/?view=over").content.decode().count(still) == 7


def test_an_appeal_against_what_is_still_blocked_is_upheld_and_says_what_it_waits_for(
    held_removals: list[Entry], officer: User, supervisor: User, client_for: ClientFor, at: datetime
) -> None:
    later = at + timedelta(days=6)
    appeal, _ = appeals.receive(held_removals[0].name, "It is mine", language="en", at=later)
    for refuse in (appeals.reject, appeals.answer_unlisted):
        with pytest.raises(appeals.Unlisted):
            refuse(appeal, by=officer, answer="No", at=later)
    client = client_for(officer)
    page = client.get(f"/worst-of/appeals/{appeal.pk}/").content.decode()
    assert "resolvers still block it" in page
    assert "nothing can be taken off" not in page
    said = {"verb": "uphold", "answer": "You are right"}
    told = client.post(f"/worst-of/appeals/{appeal.pk}/decide/", said, follow=True)
    assert "is upheld. The domain is still blocked" in told.content.decode()
    assert "Removed. Still blocked: its removal waits for two" in told.content.decode()
    for by in (officer, supervisor):
        brake.release(HeldChange.objects.get(state="waiting"), by=by, reason="Gone", at=later)
    publish_waiting(later)
    assert len(blocked()) == 1
    page = client.get(f"/worst-of/appeals/{appeal.pk}/").content.decode()
    assert "Still blocked" not in page
