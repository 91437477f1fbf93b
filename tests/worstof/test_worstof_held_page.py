"""The page of held changes: two people sign for one with reasons, or one throws it away."""

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from breakwater.people.models import User
from breakwater.worstof.actions import brake
from breakwater.worstof.models import BlockList, Entry, HeldChange, ZoneChange
from breakwater.worstof.rules.brake import DAY, HOUR, Change, Window

pytestmark = pytest.mark.django_db
ClientFor = Callable[[User], Client]


@pytest.fixture
def held(db: None, at: datetime) -> HeldChange:
    rows = [
        ZoneChange.objects.create(name=f"n{number}.example", adds=True, decided_at=at)
        for number in range(60)
    ]
    return brake.hold(rows, HOUR.key, Change(60, 0, 200), at=at)[0]


def sign(client: Client, held: HeldChange, **said: str) -> str:
    given = {"verb": "release", "reason": "Checked by telephone", "seen": "60", **said}
    return client.post(f"/worst-of/held/{held.pk}/", given, follow=True).content.decode()


def test_two_people_release_a_change_and_the_first_alone_does_not(
    held: HeldChange, officer: User, supervisor: User, client_for: ClientFor
) -> None:
    first, second = client_for(officer), client_for(supervisor)
    page = first.get("/worst-of/held/").content.decode()
    assert "60 to add, 0 to remove; 200 on the list" in page
    assert "n59.example" in page
    assert "A second person has to sign" in sign(first, held)
    assert "another person has to sign" in sign(first, held)
    held.refresh_from_db()
    assert held.state == HeldChange.State.WAITING
    assert "released" in sign(second, held)
    held.refresh_from_db()
    assert held.state == HeldChange.State.RELEASED
    assert "meanwhile" in sign(second, held)


def test_two_accounts_of_one_name_do_not_release_a_change(
    held: HeldChange, officer: User, supervisor: User, client_for: ClientFor
) -> None:
    for person, name in ((officer, "Zoë Twice"), (supervisor, " Zoe\u0308 TWICE")):
        person.first_name = name
        person.save()
    third = User.objects.create(username="third", role="officer", agency=officer.agency)
    sign(client_for(officer), held)
    again = client_for(supervisor)
    assert "somebody of your name signed already" in again.get("/worst-of/held/").content.decode()
    assert "another person has to sign" in sign(again, held)
    assert held.signatures.count() == 1
    assert "released" in sign(client_for(third), held)


@pytest.mark.parametrize(
    ("window", "said"),
    [(HOUR, "in an hour: more than 50, or more than 5 per cent of the list and more than 5."),
     (DAY, "in 24 hours: more than 50, or more than 5 per cent of the list and more than 20.")],
)  # fmt: skip
def test_the_page_says_in_which_time_it_was_too_much(
    window: Window, said: str, officer: User, client_for: ClientFor, at: datetime
) -> None:
    row = ZoneChange.objects.create(name="bad.example", adds=True, decided_at=at)
    brake.hold([row], window.key, Change(60, 0, 200, window), at=at)
    assert f"Too many names {said}" in client_for(officer).get("/worst-of/held/").content.decode()


def test_a_reason_is_needed_and_what_grew_is_not_signed(
    held: HeldChange, officer: User, client_for: ClientFor
) -> None:
    client = client_for(officer)
    assert "Say why." in sign(client, held, reason="  ")
    assert "Look again" in sign(client, held, seen="59")
    assert "Look again" in sign(client, held, seen="²")
    assert not held.signatures.exists()


def test_names_of_another_countrys_own_list_are_neither_seen_nor_signed(
    world_list: BlockList, officer: User, client_for: ClientFor, at: datetime
) -> None:
    rows = []
    for country, name in (("", "common.example"), ("JM", "ours.example"), ("SX", "theirs.example")):
        on = world_list
        if country:
            on = BlockList.objects.create(
                name=f"National {country}", country=country, legal_basis="Act", distinct="agency"
            )
        entry = Entry.objects.create(block_list=on, name=name, shown=name, created_at=at)
        rows.append(ZoneChange.objects.create(name=name, adds=True, entry=entry, decided_at=at))
    brake.hold(rows, HOUR.key, Change(3, 0, 9), at=at)
    page = client_for(officer).get("/worst-of/held/").content.decode()
    assert [x.name for x in rows if x.name in page] == ["common.example", "ours.example"]
    theirs = HeldChange.objects.get(country="SX")
    answer = client_for(officer).post(f"/worst-of/held/{theirs.pk}/", {"verb": "discard"})
    assert answer.status_code == 404
    with pytest.raises(brake.MayNotSign):
        brake.release(theirs, by=officer, reason="Not mine", at=at)
    with pytest.raises(brake.MayNotSign):
        brake.discard(theirs, by=officer, reason="Not mine", at=at)


def test_one_person_throws_a_change_away(
    held: HeldChange, officer: User, client_for: ClientFor
) -> None:
    assert "thrown away" in sign(client_for(officer), held, verb="discard")
    held.refresh_from_db()
    assert held.state == HeldChange.State.DISCARDED
    assert "No change is held" in client_for(officer).get("/worst-of/held/").content.decode()


@pytest.mark.parametrize("verb", ["", "sign", "Discard", "release "])
def test_a_request_that_does_not_say_what_to_do_is_no_signature(
    verb: str, held: HeldChange, officer: User, client_for: ClientFor
) -> None:
    said = {"verb": verb, "reason": "Checked by telephone", "seen": "60"}
    answer = client_for(officer).post(f"/worst-of/held/{held.pk}/", said)
    assert answer.status_code == 400
    assert "it was not said what to do" in answer.content.decode()
    assert not held.signatures.exists()
    held.refresh_from_db()
    assert held.state == HeldChange.State.WAITING


def test_enter_in_a_line_for_a_reason_never_presses_the_button_of_another_decision(
    held: HeldChange, officer: User, client_for: ClientFor
) -> None:
    page = client_for(officer).get("/worst-of/held/").content.decode()
    forms = re.findall(r"<form.*?</form>", page, re.DOTALL)
    verbs = [re.findall(r'name="verb" value="(\w+)"', form) for form in forms]
    assert [found for found in verbs if found] == [["release"], ["discard"]]
    assert all('name="reason"' in form for form, found in zip(forms, verbs, strict=True) if found)


def test_removals_cannot_be_thrown_away_on_the_page(
    officer: User, client_for: ClientFor, at: datetime
) -> None:
    rows = [
        ZoneChange.objects.create(name=f"n{number}.example", adds=False, decided_at=at)
        for number in range(60)
    ]
    (held,) = brake.hold(rows, HOUR.key, Change(0, 60, 200), at=at)
    client = client_for(officer)
    assert 'value="discard"' not in client.get("/worst-of/held/").content.decode()
    assert "stay blocked" in sign(client, held, verb="discard")
    held.refresh_from_db()
    assert held.state == HeldChange.State.WAITING
    assert not ZoneChange.objects.exclude(refused="").exists()
