"""The desk's page of appeals: by the clock, with what it is about, decided by who did not judge."""

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from breakwater.people.models import User
from breakwater.worstof.actions import appeals, life
from breakwater.worstof.models import Appeal, BlockList, Entry, LogLeaf
from breakwater.worstof.queries import appealed, one, yearly
from breakwater.worstof.rules import clocks

ClientFor = Callable[[User], Client]
BOARD = "/worst-of/appeals/"


@pytest.fixture
def listed(nominated, judged, officer: User, assessor: User) -> Entry:
    entry: Entry = judged(judged(nominated(), officer), assessor)
    return entry


def appeal_for(given: str, at: datetime, **more: str) -> Appeal:
    said = {"grounds": "It is a school's site.", "language": "nl", **more}
    return appeals.receive(given, said.pop("grounds"), at=at, **said)[0]  # type: ignore[arg-type]


def address(appeal: Appeal) -> str:
    return f"{BOARD}{appeal.pk}/"


def seen(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def decide(client: Client, appeal: Appeal, verb: str, answer: str = "Seen again.") -> str:
    said = {"verb": verb, "answer": answer}
    return client.post(f"{address(appeal)}decide/", said, follow=True).content.decode()


def test_the_board_puts_first_what_has_to_be_answered_first(listed, officer, client_for) -> None:
    now = timezone.now()
    late = appeal_for("bad.example", now - timedelta(days=31))
    new = appeal_for("new.example", now)
    soon = appeal_for("soon.example", now - timedelta(days=24))
    text = seen(client_for(officer), BOARD)
    assert "3 appeals wait for an answer" in text
    places = [text.index(f'href="{address(a)}"') for a in (late, soon, new)]
    assert places == sorted(places)
    assert (text.count("Overdue"), text.count("Due soon")) == (1, 1)


def test_without_appeals_the_board_says_where_they_come_from(officer, client_for) -> None:
    text = seen(client_for(officer), BOARD)
    assert "No appeal waits for an answer" in text
    assert 'href="/appeal/"' in text


def test_a_page_tells_grounds_contact_entry_and_earlier_appeals_without_a_way_to_the_domain(
    listed, officer, supervisor, client_for, at
) -> None:
    before = appeal_for("https://bad.example/", at)
    appeals.reject(before, by=supervisor, answer="Seen again.", at=at)
    appeal = appeal_for("Bad.Example", at, contact="owner@mail.example")
    text = seen(client_for(officer), address(appeal))
    for words in ("It is a school&#x27;s site.", "owner@mail.example", f"W-{listed.pk}", "Dutch"):
        assert words in text
    assert f'href="{address(before)}"' in text
    assert 'href="http' not in text
    assert "bad.example" not in address(appeal)


def test_an_officer_of_another_country_sees_the_appeal_but_neither_contact_nor_buttons(
    listed, assessor, client_for, at
) -> None:
    appeal = appeal_for("bad.example", at, contact="owner@mail.example")
    text = seen(client_for(assessor), address(appeal))
    assert "It is a school&#x27;s site." in text
    assert "owner@mail.example" not in text
    assert 'name="verb"' not in text


def test_appeals_against_another_countrys_additions_are_not_shown(
    nominated, officer, assessor, client_for, at
) -> None:
    overlay = BlockList.objects.create(
        name="National", country="JM", legal_basis="Act", distinct="agency"
    )
    nominated("here.example", on=overlay)
    appeal = appeal_for("here.example", at)
    assert client_for(officer).get(address(appeal)).status_code == 200
    assert client_for(assessor).get(address(appeal)).status_code == 404
    assert "here.example" not in seen(client_for(assessor), BOARD)


@pytest.fixture
def on_theirs(listed: Entry, neighbour: User, at: datetime) -> Entry:
    """The same domain on another country's own list, put there earlier than on the common one."""
    neighbour.role = "supervisor"
    neighbour.save()
    theirs = BlockList.objects.create(
        name="National SX", country="SX", legal_basis="Act", distinct="agency"
    )
    return Entry.objects.create(
        block_list=theirs, name="bad.example", shown="bad.example", state="listed", created_at=at,
        listed_at=at,
    )  # fmt: skip


def test_an_appeal_upheld_here_leaves_another_countrys_own_list_to_that_country(
    listed, on_theirs, supervisor, neighbour, client_for, at
) -> None:
    appeal, code = appeals.receive("bad.example", "A school.", language="en", at=at)
    appeals.uphold(appeal, by=supervisor, answer="Sold.", at=at)
    listed.refresh_from_db()
    on_theirs.refresh_from_db()
    assert (listed.state, on_theirs.state) == ("removed", "listed")
    said = [json.loads(x)["list"] for x in LogLeaf.objects.values_list("decision", flat=True)]
    assert "National SX" not in said
    part = appeal.parts.get()
    assert (part.due_at, part.state) == (appeal.due_at, "open")
    assert client_for(supervisor).get(address(part)).status_code == 404
    assert f'href="{address(part)}"' not in seen(client_for(supervisor), address(appeal))
    assert "Another country still examines it" in status_page(code)
    theirs = one.appeals(on_theirs, neighbour)
    assert (theirs, appealed.counts([on_theirs])) == ([part], {on_theirs.pk: (1, 1)})
    assert appealed.counts([listed]) == {listed.pk: (1, 0)}
    appeals.uphold(part, by=neighbour, answer="Here as well.", at=at)
    on_theirs.refresh_from_db()
    assert on_theirs.state == "removed"
    assert "Here as well." in status_page(code)
    assert yearly.years()[-1].appeals_received == 1


def status_page(code: str) -> str:
    return Client().post("/appeal/status/", {"code": code}).content.decode()


def test_only_that_country_decides_an_appeal_against_its_own_list_and_nobody_else_learns_of_it(
    listed, on_theirs, supervisor, neighbour, client_for, at
) -> None:
    life.remove(listed, by=supervisor, reason="Gone", at=at)
    appeal = appeal_for("bad.example", at)
    assert appeal.entry == on_theirs
    text = seen(client_for(supervisor), BOARD)
    assert "Removed" in text
    assert "Listed" not in text
    done = appeals.reject(appeal, by=supervisor, answer="Off our list already.", at=at)
    assert done.entry == listed
    on_theirs.refresh_from_db()
    assert on_theirs.state == "listed"
    Entry.objects.exclude(pk=on_theirs.pk).update(name="else.example")
    theirs = appeal_for("bad.example", at)
    with pytest.raises(appeals.NotYours):
        appeals.uphold(theirs, by=supervisor, answer="Sold.", at=at)
    with pytest.raises(appeals.NotYours):
        appeals.reject(theirs, by=supervisor, answer="Sold.", at=at)
    assert client_for(supervisor).get(address(theirs)).status_code == 404


def test_an_upheld_appeal_takes_the_domain_off_the_list_and_moves_to_the_decided(
    listed, officer, supervisor, client_for, at
) -> None:
    appeal, client = appeal_for("bad.example", at), client_for(supervisor)
    text = decide(client, appeal, "uphold", "The name was sold to a school.")
    assert "The appeal is upheld" in text
    assert "The name was sold to a school." in text
    listed.refresh_from_db()
    assert listed.state == "removed"
    assert f'href="{address(appeal)}"' not in seen(client, BOARD)
    assert f'href="{address(appeal)}"' in seen(client, f"{BOARD}?view=decided")


def test_who_verified_the_domain_reads_why_rejecting_is_not_theirs(
    listed, officer, supervisor, client_for, at
) -> None:
    appeal, client = appeal_for("bad.example", at), client_for(officer)
    why = "You put this domain forward, judged or signed it, or brought in who did: somebody else has to reject."
    text = seen(client, address(appeal))
    assert "Reject the appeal" in text
    assert "disabled" in text
    assert why in text
    assert why in decide(client, appeal, "reject", "My words stay.")
    assert "My words stay." in decide(client, appeal, "reject", "My words stay.")
    appeal.refresh_from_db()
    assert appeal.state == "open"
    assert why not in seen(client_for(supervisor), address(appeal))
    assert "The appeal is rejected" in decide(client_for(supervisor), appeal, "reject")


def test_a_decision_needs_an_answer_and_is_made_once(listed, supervisor, client_for, at) -> None:
    appeal, client = appeal_for("bad.example", at), client_for(supervisor)
    assert "is owed a reason" in decide(client, appeal, "reject", "  ")
    decide(client, appeal, "reject")
    assert "Somebody decided this appeal meanwhile" in decide(client, appeal, "uphold")
    listed.refresh_from_db()
    assert listed.state == "listed"


@pytest.mark.parametrize("verb", [None, "", "Uphold", "delete"])
def test_a_request_that_does_not_say_what_to_do_decides_no_appeal_and_keeps_the_answer(
    verb, listed, supervisor, client_for, at
) -> None:
    appeal = appeal_for("bad.example", at)
    said = {"answer": "Looked at again."} | ({} if verb is None else {"verb": verb})
    answer = client_for(supervisor).post(f"{address(appeal)}decide/", said)
    assert answer.status_code == 400
    text = answer.content.decode()
    assert "it was not said what to do" in text
    assert "Looked at again." in text
    appeal.refresh_from_db()
    assert appeal.state == Appeal.State.OPEN


def test_of_a_name_on_no_list_the_desk_has_an_answer_only(supervisor, client_for, at) -> None:
    appeal, client = appeal_for("new.example", at), client_for(supervisor)
    text = seen(client, address(appeal))
    assert "Send the answer" in text
    assert 'value="uphold"' not in text
    assert "The answer is sent. No list had the domain." in decide(client, appeal, "answer")
    assert "answered; no list had the domain" in seen(client, address(appeal))
    assert f'href="{address(appeal)}"' in seen(client, f"{BOARD}?view=decided")


def test_an_answer_to_a_name_that_was_listed_meanwhile_decides_nothing(
    listed, supervisor, client_for, at
) -> None:
    text = decide(client_for(supervisor), appeal_for("bad.example", at), "answer", "My words.")
    assert "A list has the domain now" in text
    assert "My words." in text


def test_an_appeal_that_came_before_the_entry_is_decided_with_it(
    nominated, judged, officer, assessor, supervisor, at
) -> None:
    early = appeal_for("bad.example", at)
    entry = judged(judged(nominated(), officer), assessor)
    done = appeals.uphold(early, by=supervisor, answer="Sold.", at=at)
    assert done.entry == entry
    entry.refresh_from_db()
    assert entry.state == "removed"


@given(st.timedeltas(timedelta(hours=1), timedelta(days=90)), st.floats(0, 2))
def test_a_clock_runs_then_warns_in_its_last_quarter_then_is_over(span, part) -> None:
    begun = datetime(2026, 11, 2, tzinfo=UTC)
    now, due = begun + span * part, begun + span
    stage = clocks.stage(begun, due, at=now)
    assert (stage == "over") == (now >= due)
    assert (stage == "last_quarter") == (due - span / 4 <= now < due)


def wait_for_a_waiting_lock() -> None:
    for _ in range(6000):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
                " WHERE NOT l.granted AND a.datname = current_database()"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise TimeoutError


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer anyway")
def test_an_upheld_appeal_and_a_removal_at_once_wait_for_each_other_in_one_order(
    listed, officer, supervisor, at
) -> None:
    appeal, failed = appeal_for("bad.example", at), []

    def uphold() -> None:
        try:
            appeals.uphold(appeal, by=supervisor, answer="Sold.", at=at)
        except Exception as problem:  # noqa: BLE001 – told to the test
            failed.append(problem)
        finally:
            connection.close()

    other = threading.Thread(target=uphold)
    with transaction.atomic():
        Entry.objects.select_for_update().get(pk=listed.pk)
        other.start()
        wait_for_a_waiting_lock()
        life.remove(listed, by=officer, reason="Gone", at=at)
    other.join(30)
    assert not failed
    verbs = LogLeaf.objects.order_by("index").values_list("verb", flat=True)
    assert list(verbs) == ["listed", "removed", "appeal-unlisted"]
