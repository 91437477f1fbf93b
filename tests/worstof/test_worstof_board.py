"""The board: its filters, what comes first, and how many queries its pages take."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from breakwater.people.models import Agency, User
from breakwater.worstof.actions import appeals, brake, life, rule_changes, weighing
from breakwater.worstof.actions.lists import terms_of
from breakwater.worstof.models import BlockList, Entry, HeldChange
from breakwater.worstof.queries import board
from breakwater.worstof.queries.board import Wanted
from breakwater.worstof.rules.clocks import weights

pytestmark = pytest.mark.django_db


def shown(wanted, user, at):
    return [row.entry.name for row in board.page(wanted, user, at=at).rows]


@pytest.fixture
def overlay(db):
    return BlockList.objects.create(
        name="Additions", legal_basis="Act", country="JM", distinct="agency"
    )


@pytest.fixture
def listed(nominated, judged, officer, assessor):
    """A domain that two countries have verified."""

    def put(name, **said):
        return judged(judged(nominated(name), officer, **said), assessor, **said)

    return put


def test_filters_show_guarded_appealed_and_one_lists_domains(nominated, overlay, officer, at):
    plain, guarded = nominated("plain.example"), nominated("wwwguarded.example")
    own = nominated("own.example", on=overlay)
    appeals.receive("plain.example", "It is not so", language="en", at=at)
    every = {plain.name, guarded.name, own.name}
    assert set(shown(Wanted("all"), officer, at)) == every
    assert shown(Wanted("all", guarded=True), officer, at) == [guarded.name]
    assert shown(Wanted("all", appealed=True), officer, at) == [plain.name]
    assert shown(Wanted("all", block_list=overlay.pk), officer, at) == [own.name]
    assert shown(Wanted("all", guarded=True, appealed=True), officer, at) == []


def test_what_stands_above_an_address_is_found_and_said_to_stand_above(
    nominated, officer, client_for
):
    entry = nominated("bad.example")
    client = client_for(officer)
    found = client.post(
        reverse("worst-of-find"), {"name": "https://www2.bad.example/x"}, follow=True
    )
    assert found.redirect_chain[-1][0] == f"/worst-of/entries/{entry.pk}/"
    assert "www2.bad.example itself is on no list that you see" in found.content.decode()
    found = client.post(reverse("worst-of-find"), {"name": "bad.example"}, follow=True)
    assert "itself is on no list" not in found.content.decode()


def test_a_decided_appeal_no_longer_filters(nominated, officer, supervisor, at):
    nominated("plain.example")
    appeal, _code = appeals.receive("plain.example", "It is not so", language="en", at=at)
    appeals.reject(appeal, by=supervisor, answer="It is", at=at)
    assert shown(Wanted("all", appealed=True), officer, at) == []


def test_another_countrys_additions_stay_unseen(nominated, overlay, assessor, at):
    nominated("own.example", on=overlay)
    assert shown(Wanted("all"), assessor, at) == []


def test_those_to_be_verified_again_come_by_risk(listed, take_in, assessor, at):
    calm, doubted, appealed, reported = (
        listed("calm.example"),
        listed("doubted.example", confidence="low"),
        listed("appealed.example"),
        listed("reported.example"),
    )
    late = at + timedelta(days=91)
    life.move_clocks(late)
    take_in("R-1", "someone", profile="https://www.reported.example/gallery/7")
    assert weighing.count_reports(late)
    appeals.receive(appealed.name, "Not so", language="en", at=late)
    order = [appealed.name, doubted.name, reported.name, calm.name]
    assert shown(Wanted("due"), assessor, late) == order
    assert shown(Wanted("mine"), assessor, late) == order


def test_every_report_that_names_a_domain_that_is_due_counts_once(listed, take_in, at):
    named, other = listed("named.example"), listed("med.example")
    take_in("R-1", "a", profile="https://named.example/1")
    take_in("R-2", "b", profile="http://cdn.Named.example:8080/2?x=1")
    take_in("R-3", "c", profile="https://named.example/1")
    take_in("R-4", "d", profile="https://notnamed.example/named.example")
    take_in("R-5", "e", profile="https://named.example.invalid/")
    late = at + timedelta(days=91)
    life.move_clocks(late)
    assert weighing.count_reports(late)
    assert not weighing.count_reports(late + timedelta(minutes=9))
    points = board.risks_of(list(Entry.objects.order_by("pk")), at=late)
    said = {e.name: dict(points[e.pk].reasons).get("report", 0) for e in (named, other)}
    assert said == {"named.example": 3 * weights()["report"], "med.example": 0}
    take_in("R-6", "f", profile="https://named.example/6")
    assert weighing.count_reports(late + timedelta(minutes=10))
    named.refresh_from_db()
    assert named.reports == 4


def test_a_hundred_domains_are_counted_in_as_many_queries_as_one(listed, take_in, at):
    for n in range(20):
        take_in(f"R-{n}", "a", profile=f"https://n{n % 3}.example/{n}")
    block_list = listed("n0.example").block_list
    Entry.objects.update(state="due")
    asked = []
    for many in (0, 100):
        Entry.objects.bulk_create(
            Entry(
                block_list=block_list, name=f"n{n}.example", shown="n", created_at=at, state="due"
            )
            for n in range(1, many)
        )
        Entry.objects.update(reports_counted_at=None)
        with CaptureQueriesContext(connection) as queries:
            assert weighing.count_reports(at)
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 5
    assert dict(Entry.objects.exclude(reports=0).values_list("name", "reports")) == {
        "n0.example": 7, "n1.example": 7, "n2.example": 6,
    }  # fmt: skip


def test_the_order_goes_by_the_round_that_listed_a_domain_also_when_its_rule_changed_since(
    world_list, listed, judged, officer, supervisor, assessor, at
):
    """Two agencies of one country judged again, and the new rule has all judge once more."""
    entry = listed("bad.example", confidence="high")
    life.move_clocks(entry.due_at)
    again = Agency.objects.create(name="Coast guard", kind="police", country=officer.agency.country)
    for user in (officer, User.objects.create_user("other", role="officer", agency=again)):
        entry = judged(entry, user, later=timedelta(days=91), confidence="low")
    late = at + timedelta(days=92)
    terms = replace(terms_of(world_list), distinct="agency")
    change = rule_changes.propose(world_list, terms, by=supervisor, reason="x", at=late)
    rule_changes.confirm(change, by=assessor, at=late)
    entry.refresh_from_db()
    assert (entry.state, entry.round) == ("due", 3)
    assert dict(board.risks_of([entry], at=late)[entry.pk].reasons) == {
        "seen_month": 3 * weights()["seen_month"]
    }


def test_the_board_says_why_a_domain_comes_first(listed, assessor, client_for):
    doubted = listed("doubted.example", confidence="low")
    Entry.objects.filter(pk=doubted.pk).update(due_at=timezone.now())
    life.move_clocks(timezone.now())
    html = client_for(assessor).get(reverse("worst-of"), {"view": "due"}).content.decode()
    assert "An authority was not sure +30" in html


def test_pages_of_the_board_follow_each_other(nominated, officer, at, monkeypatch):
    monkeypatch.setattr(board, "PAGE_SIZE", 2)
    names = [nominated(f"n{n}.example").name for n in range(5)]
    seen = [shown(Wanted("nominated", page=n), officer, at) for n in (1, 2, 3)]
    assert [len(page) for page in seen] == [2, 2, 1]
    assert [name for page in seen for name in page] == names


@pytest.mark.parametrize(
    "query", ["?view=nothing", "?page=x", "?page=-1", "?list=abc", "?page=99999999", "?list=9"]
)
def test_an_address_that_somebody_typed_gives_a_board(nominated, officer, client_for, query):
    nominated()
    assert client_for(officer).get(reverse("worst-of") + query).status_code == 200


def test_an_empty_board_offers_to_put_a_domain_forward(world_list, officer, client_for):
    html = client_for(officer).get(reverse("worst-of")).content.decode()
    assert reverse("worst-of-nominate") in html


@pytest.mark.parametrize("view", ["mine", "due", "all"])
def test_ten_domains_take_the_board_no_more_queries_than_one(
    listed, assessor, client_for, django_assert_max_num_queries, view
):
    for n in range(10):
        listed(f"n{n}.example")
    Entry.objects.update(due_at=timezone.now())
    life.move_clocks(timezone.now())
    client = client_for(assessor)
    with django_assert_max_num_queries(22):
        assert "n9.example" in client.get(reverse("worst-of"), {"view": view}).content.decode()


def test_a_domain_with_many_words_takes_few_queries(
    nominated, listed, officer, client_for, django_assert_max_num_queries
):
    entry = listed("bad.example")
    for n in range(8):
        life.discuss(entry, by=officer, reason=f"word {n}", at=timezone.now())
    client = client_for(officer)
    with django_assert_max_num_queries(22):
        html = client.get(reverse("worst-of-entry", args=[entry.pk])).content.decode()
    assert "word 7" in html


def test_a_view_that_filters_emptied_offers_to_clear_them(nominated, officer, client_for):
    nominated()
    page = client_for(officer).get("/worst-of/?view=nominated&guarded=on").content.decode()
    assert "No domain fits these filters" in page
    assert 'href="?view=nominated"' in page
    assert "Nothing is here" not in page


def test_the_tabs_say_how_many_appeals_and_held_changes_wait_for_the_reader(
    officer, supervisor, assessor, client_for, at
):
    appeals.receive("bad.example", "It is not so", language="en", at=at)
    for country in ("", "JM", "SX"):
        HeldChange.objects.create(
            country=country, reason="too-many", added=6, removed=0, listed=0, at=at
        )
    brake.release(HeldChange.objects.get(country=""), by=officer, reason="Looked at", at=at)
    count = re.compile(r'<span class="quiet">(\d+)<span class="visually-hidden"> (open|to sign)')
    for user, wanted in (
        (officer, [("1", "open"), ("1", "to sign")]),
        (supervisor, [("1", "open"), ("2", "to sign")]),
        (assessor, []),
    ):
        page = client_for(user).get(reverse("worst-of")).content.decode()
        assert count.findall(page) == wanted
