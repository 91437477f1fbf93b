"""The publisher asks who verified a name, whatever wrote the row that adds it."""

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from breakwater.people.models import User
from breakwater.worstof.actions import brake, life
from breakwater.worstof.actions.publishing import publish_waiting
from breakwater.worstof.models import BlockList, Entry, Recipient, ZoneChange, ZoneName
from breakwater.worstof.queries.judged import verified
from breakwater.worstof.rules.brake import HOUR, Change

pytestmark = pytest.mark.django_db
Put = Callable[..., Entry]


@pytest.fixture(autouse=True)
def own_folder(marks: Path) -> Path:
    return marks


@pytest.fixture
def listed(nominated: Put, judged: Put, officer: User, assessor: User) -> Put:
    """A domain that two countries have verified; its addition waits for the publisher."""
    return lambda name="bad.example": judged(judged(nominated(name), officer), assessor)


def blocked() -> set[str]:
    return set(ZoneName.objects.values_list("name", flat=True))


def refused() -> dict[str, str]:
    return dict(ZoneChange.objects.exclude(refused="").values_list("name", "refused"))


def add(name: str, entry: Entry | None, at: datetime) -> None:
    ZoneChange.objects.create(name=name, adds=True, entry=entry, decided_at=at)


def test_what_nobody_verified_is_never_published(
    listed: Put, nominated: Put, judged: Put, officer: User, at: datetime
) -> None:
    good, half = listed(), judged(nominated("half.example"), officer)
    add("nobody.example", None, at)
    add("half.example", half, at)
    add("said.example", judged(nominated("said.example"), officer), at)
    Entry.objects.filter(name="said.example").update(state=Entry.State.LISTED)
    add("other.example", good, at)
    publish_waiting(at)
    assert blocked() == {"bad.example"}
    names = ("nobody", "half", "said", "other")
    assert refused() == {f"{name}.example": "not-verified" for name in names}


def test_a_domain_that_left_the_list_before_it_was_published_is_not_published(
    listed: Put, officer: User, at: datetime
) -> None:
    life.remove(listed(), by=officer, reason="A slip", at=at)
    publish_waiting(at)
    assert blocked() == set()
    assert refused() == {"bad.example": "not-verified"}


def test_a_rule_that_asks_for_more_since_keeps_out_what_was_held_until_then(
    listed: Put, world_list: BlockList, at: datetime
) -> None:
    listed()
    BlockList.objects.filter(pk=world_list.pk).update(verifications=3)
    publish_waiting(at)
    assert refused() == {"bad.example": "not-verified"}


def test_a_domain_that_fell_due_while_it_was_held_is_blocked_by_the_round_that_listed_it(
    listed: Put, judged: Put, officer: User, supervisor: User, at: datetime
) -> None:
    entry = listed()
    (held,) = brake.hold(list(ZoneChange.objects.all()), HOUR.key, Change(6, 0, 9), at=at)
    day = at + timedelta(days=91)
    life.move_clocks(day)
    judged(entry, officer, timedelta(days=91))
    for by in (officer, supervisor):
        brake.release(held, by=by, reason="Looked at", at=day)
    publish_waiting(day)
    entry.refresh_from_db()
    assert (entry.state, entry.round) == (Entry.State.DUE, 2)
    assert blocked() == {"bad.example"}


def test_many_names_are_asked_about_in_as_many_statements_as_one(
    listed: Put, at: datetime, django_assert_num_queries: Callable[..., object]
) -> None:
    for number in range(4):
        listed(f"bad-{number}.example")
    entries = list(Entry.objects.select_related("block_list"))
    with django_assert_num_queries(2):
        assert verified(entries) == {entry.pk for entry in entries}


@pytest.mark.parametrize(
    "name",
    ["desk.police.example", "police.example", "all.example", "stop.isp.example", "isp.example"],
)
def test_the_desks_own_host_and_providers_stop_pages_are_never_listed(
    name: str, nominated: Put, settings: Any, at: datetime
) -> None:
    settings.CONFIG = dataclasses.replace(
        settings.CONFIG, hosts=["Desk.Police.Example", ".all.example"]
    )
    Recipient.objects.create(
        name="Net", key_name="net", stop_page="stop.isp.example", created_at=at
    )
    entry = nominated(name)
    assert entry.state == Entry.State.REFUSED
    assert entry.guards[0][0] == "own_host"
    assert nominated("other.isp.example").state == Entry.State.NOMINATED


def test_a_name_that_became_a_stop_page_while_it_was_held_is_not_published(
    listed: Put, at: datetime
) -> None:
    listed("stop.isp.example")
    Recipient.objects.create(
        name="Net", key_name="net", stop_page="stop.isp.example", created_at=at
    )
    publish_waiting(at)
    assert refused() == {"stop.isp.example": "guard:own_host"}
