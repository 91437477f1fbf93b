"""Tables of guards that change after a domain was listed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from breakwater.custody.models import AuditEntry
from breakwater.people.models import User
from breakwater.worstof.actions import publishing
from breakwater.worstof.actions.life import guarding, look_at_new_tables, sign
from breakwater.worstof.models import Entry, Recipient, ZoneName
from breakwater.worstof.queries import board
from breakwater.worstof.queries.board import Wanted
from breakwater.worstof.rules.guards import Guard, came_since

pytestmark = pytest.mark.django_db
Listed = Callable[..., Entry]
LATER = timedelta(days=1)
BELOW = "pages.popular.example"  # below a top site: needs signatures
TOP = "popular.example"  # a top site: always refused
SITES = f"1,{TOP}\n2,other.example\n"


@pytest.fixture(autouse=True)
def files(marks: Path) -> Path:
    return marks


@pytest.fixture
def listed(
    nominated: Listed, judged: Listed, officer: User, assessor: User, at: datetime
) -> Listed:
    """A domain that two countries have verified and that was compared with the tables."""

    def put(name: str) -> Entry:
        entry = judged(judged(nominated(name), officer), assessor)
        look_at_new_tables(at)
        return entry

    return put


def blocked() -> set[str]:
    return set(ZoneName.objects.values_list("name", flat=True))


def test_a_domain_below_a_new_top_site_is_verified_again_at_once_and_stays_blocked_meanwhile(
    listed: Listed, files: Path, at: datetime
) -> None:
    entry, other = listed(BELOW), listed("bad.example")
    publishing.publish_waiting(at)
    assert not look_at_new_tables(at)
    (files / "top-sites.txt").write_text(SITES)
    assert look_at_new_tables(at + LATER)
    entry.refresh_from_db()
    assert (entry.state, entry.round) == (Entry.State.DUE, 2)
    assert entry.new_guards == [["below_top_site", TOP, False]]
    assert entry.guards == []
    assert entry.due_at == at + LATER + timedelta(days=entry.block_list.grace_days)
    (told,) = AuditEntry.objects.filter(verb="worstof.entry.guard_came")
    assert told.target == f"W-{entry.pk}"
    assert "below_top_site" in told.detail
    publishing.publish_waiting(at + LATER)
    assert blocked() == {BELOW, "bad.example"}
    other.refresh_from_db()
    assert other.state == Entry.State.LISTED


def test_what_fell_due_for_a_guard_is_told_once_also_by_a_worker_that_starts_anew(
    listed: Listed, files: Path, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = listed(BELOW)
    (files / "top-sites.txt").write_text(SITES)
    assert look_at_new_tables(at + LATER)
    assert not look_at_new_tables(at + LATER)
    monkeypatch.setattr(guarding, "_compared", ())
    assert not look_at_new_tables(at + LATER)
    assert entry.steps.filter(verb="worstof.entry.guard_came").count() == 1


def test_verified_again_it_needs_the_two_signatures_that_nobody_gave(
    listed: Listed, judged: Listed, files: Path, officer: User, assessor: User,
    supervisor: User, administrator: User, at: datetime,
) -> None:  # fmt: skip
    entry = listed(BELOW)
    (files / "top-sites.txt").write_text(SITES)
    look_at_new_tables(at + LATER)
    for by in (officer, assessor):
        judged(entry, by, LATER)
    entry.refresh_from_db()
    assert entry.state == Entry.State.GUARDED
    assert entry.guards == [["below_top_site", TOP]]
    assert entry.new_guards == []
    for by in (supervisor, administrator):
        sign(entry, by=by, reason="Its own owner", at=at + LATER)
    entry.refresh_from_db()
    assert entry.state == Entry.State.LISTED
    # Signed for: the same tables ask for nothing any more.
    guarding._compared = ()
    assert not look_at_new_tables(at + LATER)


def test_it_comes_before_all_others_and_board_and_page_name_the_guard(
    listed: Listed, files: Path, assessor: User, at: datetime, client_for: Callable[[User], Client]
) -> None:
    for n in range(3):
        listed(f"old-{n}.example")
    entry = listed(BELOW)
    Entry.objects.exclude(pk=entry.pk).update(state=Entry.State.DUE, round=2, reports=99)
    (files / "top-sites.txt").write_text(SITES)
    look_at_new_tables(at + LATER)
    for view in ("due", "mine"):
        rows = board.page(Wanted(view), assessor, at=at + LATER).rows
        assert rows[0].entry.name == BELOW
    client = client_for(assessor)
    first = client.get("/worst-of/?view=due").content.decode()
    said = f"It lies below one of the most visited sites: {TOP}"
    assert f"A guard names it since it was verified ({said}) +1000" in first
    assert said in client.get(f"/worst-of/entries/{entry.pk}/").content.decode()


def test_a_domain_that_became_a_top_site_leaves_the_list_as_refused(
    listed: Listed, files: Path, at: datetime
) -> None:
    entry, _ = listed(TOP), listed("bad.example")
    publishing.publish_waiting(at)
    (files / "top-sites.txt").write_text(SITES)
    look_at_new_tables(at + LATER)
    entry.refresh_from_db()
    assert (entry.state, entry.guards) == (Entry.State.REFUSED, [["top_site", TOP]])
    (told,) = AuditEntry.objects.filter(verb="worstof.entry.refused")
    assert (told.actor, told.target) == ("clock", f"W-{entry.pk}")
    publishing.publish_waiting(at + LATER)
    assert blocked() == {"bad.example"}


def test_a_name_that_was_signed_for_and_is_refused_now_leaves(
    listed: Listed, nominated: Listed, files: Path, at: datetime
) -> None:
    """It rose from rank 10,001 to 1."""
    entry = listed(TOP)
    Entry.objects.filter(pk=entry.pk).update(guards=[["top_site", TOP]])
    (files / "top-sites.txt").write_text(SITES)
    look_at_new_tables(at + LATER)
    entry.refresh_from_db()
    assert entry.state == Entry.State.REFUSED


def test_a_snapshot_that_names_half_the_list_takes_nothing_off_it(
    listed: Listed, files: Path, at: datetime, officer: User,
    client_for: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Somebody copied the wrong file: the list itself, for one."""
    names = {f"bad-{n}.example" for n in range(6)}
    for name in names:
        listed(name)
        publishing.publish_waiting(at)
    before = blocked()
    assert before
    (files / "top-sites.txt").write_text("\n".join(sorted(names)))
    look_at_new_tables(at + LATER)
    assert set(Entry.objects.values_list("state", flat=True)) == {Entry.State.DUE}
    assert all(e.new_guards == [["top_site", e.name, True]] for e in Entry.objects.all())
    publishing.publish_waiting(at + LATER)
    assert blocked() == before
    page = client_for(officer).get(f"/worst-of/entries/{Entry.objects.latest('pk').pk}/")
    assert "have the table of guards put right" in page.content.decode()
    # Nor does a worker that starts when fewer are left.
    Entry.objects.filter(name="bad-0.example").update(state=Entry.State.REMOVED)
    monkeypatch.setattr(guarding, "_compared", ())
    assert not look_at_new_tables(at + LATER)


def test_names_never_to_block_leave_by_their_own_way(
    listed: Listed, files: Path, at: datetime
) -> None:
    for name in ("good.example", "m.good.example"):
        listed(name)
    (files / "never-block.txt").write_text("m.good.example\n")
    assert not look_at_new_tables(at + LATER)
    assert set(Entry.objects.values_list("state", flat=True)) == {Entry.State.LISTED}


GUARDS = st.builds(Guard, st.sampled_from("abc"), st.sampled_from(["x", "y"]), st.booleans())


@given(st.lists(GUARDS), st.lists(GUARDS), st.lists(GUARDS))
def test_only_what_nobody_signed_for_or_was_told_of_is_new(
    now: list[Guard], kept: list[Guard], told: list[Guard]
) -> None:
    found = came_since(now, [[g.key, g.match] for g in kept], [list(g) for g in told])
    signed = {(g.key, g.match) for g in kept}
    for guard in now:
        is_known = guard in told or (not guard.refuses and (guard.key, guard.match) in signed)
        assert (guard in found) is not is_known
    assert not came_since(now, [[g.key, g.match] for g in kept], [list(g) for g in (*told, *found)])


def test_a_listed_domain_that_is_a_stop_page_after_all_leaves_the_list(
    listed: Listed, files: Path, at: datetime
) -> None:
    """However the row came past `set_addresses`, such as a desk of an earlier version."""
    entry = listed("isp-hosting.example")
    publishing.publish_waiting(at)
    Recipient.objects.create(
        name="Net", key_name="net", stop_page="stop.isp-hosting.example", created_at=at
    )
    guarding._compared = ()  # a new start
    assert look_at_new_tables(at + LATER)
    entry.refresh_from_db()
    assert entry.state == Entry.State.REFUSED
    assert entry.guards == [["own_host", "stop.isp-hosting.example"]]
    publishing.publish_waiting(at + LATER)
    assert blocked() == set()
