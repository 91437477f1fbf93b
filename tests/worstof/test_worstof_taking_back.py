"""A removal by a slip is taken back for ten minutes, and never stands in for a verification."""

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from breakwater.custody.models import AuditEntry
from breakwater.people.models import User
from breakwater.worstof.actions import appeals, brake, life
from breakwater.worstof.actions.life import moves, restoring
from breakwater.worstof.actions.publishing import publish_waiting
from breakwater.worstof.actions.recipients import create_recipient
from breakwater.worstof.models import BlockList, Entry, LogLeaf, ZoneChange, ZoneName
from breakwater.worstof.rules.brake import HOUR, Change

pytestmark = pytest.mark.django_db
ClientFor = Callable[[User], Client]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def listed(nominated, judged, officer: User, assessor: User, at: datetime) -> Entry:
    """Listed by two countries, and published."""
    entry = nominated()
    judged(entry, officer)
    judged(entry, assessor)
    ZoneChange.objects.update(published_at=at, serial=1)
    return Entry.objects.get()


def remove(entry: Entry, by: User, at: datetime) -> Entry:
    return life.remove(entry, by=by, reason="The wrong line", at=at)


def test_what_was_removed_by_a_slip_is_listed_as_before(
    listed: Entry, officer: User, at: datetime
) -> None:
    removed = remove(listed, officer, at + MINUTE)
    assert removed.state == "removed"
    again = life.restore(removed, by=officer, reason="A slip", at=at + 9 * MINUTE)
    kept = ("state", "round", "listed_at", "fresh_until", "due_at", "ended_at")
    assert [getattr(again, name) for name in kept] == [getattr(listed, name) for name in kept]
    assert [(c.name, c.adds) for c in ZoneChange.objects.order_by("pk")][1:] == [
        ("bad.example", False),
        ("bad.example", True),
    ]
    assert [leaf.verb for leaf in LogLeaf.objects.order_by("index")] == [
        "listed", "removed", "listed",
    ]  # fmt: skip
    last = AuditEntry.objects.order_by("-seq").first()
    assert last is not None
    assert (last.verb, last.actor, last.target) == (
        "worstof.entry.restored", "officer", f"W-{listed.pk}",
    )  # fmt: skip


@pytest.fixture
def signed(nominated, judged, officer: User, assessor: User, supervisor: User, at: datetime, marks):
    """Guarded, listed with two signatures, published, due, and verified again without signatures."""
    colleague = User.objects.create_user("colleague", role="officer", agency=officer.agency)
    entry = nominated("wwwbad.example")
    judged(entry, officer)
    judged(entry, assessor)
    for by in (supervisor, colleague):
        life.sign(entry, by=by, reason="Wholly dedicated to it", at=at)
    publish_waiting(at)
    day = timedelta(days=90)
    life.move_clocks(at + day)
    judged(entry, officer, day)
    return judged(entry, assessor, day)


def test_a_signed_name_that_was_verified_again_is_blocked_again_when_its_removal_is_taken_back(
    signed: Entry, officer: User, at: datetime
) -> None:
    later = at + timedelta(days=90)
    assert (signed.state, signed.round) == ("listed", 2)
    remove(signed, officer, later + MINUTE)
    publish_waiting(later + MINUTE)
    assert not ZoneName.objects.exists()
    life.restore(signed, by=officer, reason="A slip", at=later + 2 * MINUTE)
    publish_waiting(later + 2 * MINUTE)
    assert ZoneName.objects.get().name == "wwwbad.example"


def test_signatures_for_one_guard_let_no_name_in_that_another_came_to_name(
    signed: Entry, officer: User, at: datetime
) -> None:
    """The addition was held until the tables had changed."""
    later = at + timedelta(days=90)
    remove(signed, officer, later)
    publish_waiting(later)
    life.restore(signed, by=officer, reason="A slip", at=later + MINUTE)
    Entry.objects.update(guards=[["below_cdn", "example"]])
    publish_waiting(later + MINUTE)
    assert ZoneChange.objects.latest("pk").refused == "guard:www_without_dot"


def test_after_ten_minutes_or_twice_nothing_is_taken_back(
    listed: Entry, officer: User, at: datetime
) -> None:
    removed = remove(listed, officer, at)
    with pytest.raises(life.TooLate):
        life.restore(removed, by=officer, reason="A slip", at=at + 11 * MINUTE)
    life.restore(removed, by=officer, reason="A slip", at=at + 10 * MINUTE)
    with pytest.raises(life.WrongState):
        life.restore(removed, by=officer, reason="A slip", at=at + 10 * MINUTE)


def test_nobody_takes_back_what_another_removed_even_under_the_same_name(
    listed: Entry, officer: User, supervisor: User, at: datetime
) -> None:
    for person in (officer, supervisor):
        person.first_name, person.last_name = "Ana", "Doe"
        person.save()
    removed = remove(listed, officer, at)
    with pytest.raises(life.TooLate):
        life.restore(removed, by=supervisor, reason="A slip", at=at + MINUTE)


def test_a_domain_that_one_country_verified_is_not_listed_by_taking_a_removal_back(
    nominated, judged, officer: User, at: datetime
) -> None:
    removed = remove(judged(nominated(), officer), officer, at)
    with pytest.raises(life.TooLate):
        life.restore(removed, by=officer, reason="A slip", at=at + MINUTE)


def test_a_domain_that_is_due_again_waits_for_its_verifications(
    listed: Entry, officer: User, at: datetime
) -> None:
    day = at + timedelta(days=91)
    life.move_clocks(day)
    removed = remove(Entry.objects.get(), officer, day)
    with pytest.raises(life.TooLate):
        life.restore(removed, by=officer, reason="A slip", at=day + MINUTE)


def test_a_discussion_is_not_ended_by_taking_a_removal_back(
    listed: Entry, officer: User, at: datetime
) -> None:
    talked = life.discuss(listed, by=officer, reason="Doubt", at=at)
    removed = remove(talked, officer, at)
    with pytest.raises(life.TooLate):
        life.restore(removed, by=officer, reason="A slip", at=at + MINUTE)


def test_an_upheld_appeal_is_not_taken_back(listed: Entry, officer: User, at: datetime) -> None:
    appeal, _code = appeals.receive("bad.example", "It is mine", language="en", at=at)
    appeals.uphold(appeal, by=officer, answer="You are right", at=at)
    with pytest.raises(life.TooLate):
        life.restore(listed, by=officer, reason="A slip", at=at + MINUTE)


def test_what_the_brake_held_does_not_get_past_it_as_a_removal_taken_back(
    listed: Entry, officer: User, at: datetime
) -> None:
    ZoneChange.objects.update(published_at=None, serial=None)
    held = brake.hold(list(ZoneChange.objects.all()), HOUR.key, Change(60, 0, 200), at=at)[0]
    removed = remove(listed, officer, at)
    with pytest.raises(life.TooLate):
        life.restore(removed, by=officer, reason="A slip", at=at + MINUTE)
    brake.discard(held, by=officer, reason="A wrong file", at=at)
    with pytest.raises(life.TooLate):
        life.restore(removed, by=officer, reason="A slip", at=at + MINUTE)


def test_a_rule_that_asks_for_more_meanwhile_is_not_passed_by(
    listed: Entry, world_list: BlockList, officer: User, at: datetime
) -> None:
    removed = remove(listed, officer, at)
    BlockList.objects.filter(pk=world_list.pk).update(verifications=3)
    with pytest.raises(life.TooLate):
        life.restore(removed, by=officer, reason="A slip", at=at + MINUTE)


def test_a_name_that_a_guard_came_to_name_stays_off(
    listed: Entry, officer: User, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed = remove(listed, officer, at)
    monkeypatch.setattr(restoring, "guards_of", lambda name: ([["top_site", name]], False))
    with pytest.raises(life.TooLate):
        life.restore(removed, by=officer, reason="A slip", at=at + MINUTE)
    assert moves.guards_of("bad.example") == ([], False)


def test_the_page_offers_it_to_whoever_removed_the_domain_and_to_nobody_else(
    nominated, judged, officer: User, supervisor: User, assessor: User, client_for: ClientFor
) -> None:
    now = timezone.now()
    shift = now - timedelta(minutes=30) - datetime.fromisoformat("2026-11-02T12:00:00+00:00")
    entry = nominated()
    judged(entry, officer, later=shift)
    judged(entry, assessor, later=shift)
    ZoneChange.objects.update(published_at=now, serial=1)
    page, verb = (
        reverse("worst-of-entry", args=[entry.pk]),
        reverse("worst-of-restore", args=[entry.pk]),
    )
    mine, others = client_for(officer), client_for(supervisor)
    assert verb not in mine.get(page).content.decode()
    told = mine.get(page).content.decode()
    assert "You can take this back for ten minutes" in told
    mine.post(reverse("worst-of-remove", args=[entry.pk]), {"reason": "The wrong line"})
    assert verb in mine.get(page).content.decode()
    assert verb not in others.get(page).content.decode()
    refused = others.post(verb, {"reason": "A slip"}, follow=True).content.decode()
    assert "It can no longer be taken back" in refused
    assert "Say why." in mine.post(verb, follow=True).content.decode()
    told = mine.post(verb, {"reason": "The wrong line"}, follow=True).content.decode()
    assert "listed as before" in told
    assert entry.steps.get(verb="worstof.entry.restored").reason == "The wrong line"
    entry.refresh_from_db()
    assert entry.state == "listed"


def test_what_cannot_be_taken_back_says_what_follows_before_it_is_done(
    nominated, judged, officer: User, supervisor: User, client_for: ClientFor, at: datetime
) -> None:
    entry = nominated()
    told = client_for(officer).get(reverse("worst-of-entry", args=[entry.pk])).content.decode()
    assert "Nobody is asked any more." in told
    assert "what was said in this round counts no more" in told
    life.discuss(entry, by=officer, reason="Doubt", at=at)
    told = client_for(officer).get(reverse("worst-of-entry", args=[entry.pk])).content.decode()
    assert "Neither can be taken back." in told
    rows = [ZoneChange.objects.create(name="n.example", adds=True, decided_at=at)]
    brake.hold(rows, HOUR.key, Change(60, 0, 200), at=at)
    told = client_for(officer).get(reverse("worst-of-held")).content.decode()
    assert "A signature cannot be taken back." in told
    assert "their domains leave the list" in told


def test_new_secrets_are_not_made_by_one_click(
    supervisor: User, client_for: ClientFor, at: datetime, settings, tmp_path
) -> None:
    settings.CONFIG = dataclasses.replace(settings.CONFIG, data_dir=tmp_path)
    made, _ = create_recipient("Example Net", "example-net", by="test", at=at, forms=["csv"])
    page = client_for(supervisor).get(reverse("worst-of-recipient", args=[made.pk]))
    told = page.content.decode()
    fold = told[told.rindex("<details", 0, told.index("End the old secrets")) :]
    assert "This cannot be taken back." in fold[: fold.index("</details>")]
