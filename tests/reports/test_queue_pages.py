"""What people see of the queue, of a bundle and of a report."""

import pytest

from breakwater.custody.models import AuditEntry
from breakwater.people.models import Agency
from breakwater.reports import texts
from breakwater.reports.actions import deciding
from breakwater.reports.models import Bundle
from breakwater.reports.queries import queue
from breakwater.reports.rules.bundling import links
from breakwater.reports.rules.completeness import ASK, KEYS
from breakwater.reports.rules.country import SOURCES
from breakwater.reports.rules.deciding import archive_reasons
from breakwater.reports.rules.score import rules_in_force

pytestmark = pytest.mark.django_db


def test_urgent_bundles_come_first_whatever_their_score(take_in, officer, client_for):
    take_in("P-1")
    urgent = take_in("P-2", urgent=True, type="Misleading Words or Digital Images on the Internet")
    page = queue.page(queue.Wanted(), officer)
    assert page.bundles[0].top_report_id == urgent.pk
    text = client_for(officer).get("/queue/").content.decode()
    assert "1 urgent bundle waits" in text
    rows = text[text.index("<tbody>") :]
    assert rows.index("The provider escalated it") < rows.index("Online enticement")


def test_a_bundle_page_says_why_it_is_here_and_what_is_known(
    take_in, officer, client_for, bundle_of
):
    report = take_in("P-1", "anna", urgent=True)
    bundle = bundle_of(report)
    text = client_for(officer).get(f"/bundles/{bundle.pk}/").content.decode()
    for said in ("The provider escalated it", "anna@example-chat", "203.0.113.9 port 4711", "P-1"):
        assert said in text


def test_opening_a_bundle_is_logged_and_clears_the_unread_mark(
    take_in, officer, client_for, bundle_of
):
    bundle = bundle_of(take_in("P-1"))
    assert queue.unread([bundle], officer) == {bundle.pk}
    client_for(officer).get(f"/bundles/{bundle.pk}/")
    assert queue.unread([bundle], officer) == set()
    entry = AuditEntry.objects.latest("seq")
    assert (entry.actor, entry.target) == ("officer", f"B-{bundle.pk}")


def test_the_report_page_shows_the_original_beside_what_was_understood(
    take_in, officer, client_for
):
    take_in("P-1", "anna")
    text = client_for(officer).get("/reports/P-1/").content.decode()
    assert "&lt;espIdentifier&gt;anna&lt;/espIdentifier&gt;" in text
    assert "Missing: " in text


def test_the_original_is_given_byte_for_byte(take_in, officer, client_for):
    report = take_in("P-1")
    import hashlib

    data = client_for(officer).get("/reports/P-1/original/").content
    assert hashlib.sha256(data).digest() == bytes(report.original.sha256)


@pytest.mark.parametrize("text", ["anna@example-chat", "anna", "who@mail.example", "203.0.113.9"])
def test_a_search_finds_the_bundles_that_name_an_identifier(take_in, officer, bundle_of, text):
    bundle = bundle_of(take_in("P-1", "anna", email="Who@mail.example"))
    take_in("P-2", "other")
    found = [b.pk for b in queue.search(text, officer).bundles]
    assert bundle.pk in found
    assert len(found) == (2 if text == "203.0.113.9" else 1)


def test_a_number_leads_straight_to_its_report_or_bundle(take_in, officer, client_for, bundle_of):
    bundle = bundle_of(take_in("P-17"))
    client = client_for(officer)
    assert client.get("/queue/", {"q": "17"}).url == "/reports/P-17/"
    assert client.get("/queue/", {"q": f"b-{bundle.pk}"}).url == f"/bundles/{bundle.pk}/"


def test_a_reader_sees_only_what_was_referred_to_the_readers_agency(
    take_in, officer, reader, client_for, bundle_of, at
):
    shown, hidden = bundle_of(take_in("P-1")), bundle_of(take_in("P-2"))
    deciding.refer([shown.pk], Agency.objects.get(kind="prosecutor"), by=officer, at=at)
    client = client_for(reader)
    assert client.get(f"/bundles/{shown.pk}/").status_code == 200
    assert client.get(f"/bundles/{hidden.pk}/").status_code == 404
    assert client.get("/reports/P-1/").status_code == 200
    assert client.get("/reports/P-2/").status_code == 404
    assert [b.pk for b in queue.page(queue.Wanted(view="all"), reader).bundles] == [shown.pk]


def test_a_queue_page_takes_as_many_queries_for_fifty_bundles_as_for_one(
    take_in, officer, client_for, django_assert_max_num_queries
):
    for number in range(12):
        take_in(f"P-{number}")
    client = client_for(officer)
    with django_assert_max_num_queries(18):
        assert client.get("/queue/").status_code == 200


def test_a_bundle_page_takes_a_fixed_number_of_queries(
    take_in, officer, client_for, bundle_of, django_assert_max_num_queries
):
    for number in range(12):
        report = take_in(f"P-{number}", "same")
    client = client_for(officer)
    with django_assert_max_num_queries(36):
        assert client.get(f"/bundles/{bundle_of(report).pk}/").status_code == 200


def test_every_code_of_the_tables_has_words():
    spoken = {"child_named", "prior_reports", "new_files", "recent"}
    assert {r.key for r in rules_in_force()} <= set(texts.REASONS) | spoken
    assert set(KEYS) <= set(texts.MISSING)
    assert set(ASK) <= set(texts.ASK)
    assert set(SOURCES) <= set(texts.COUNTRY_REASONS)
    assert {r.key for r in archive_reasons()} <= set(texts.ARCHIVE)
    assert {via for _, via, _ in links().by_role_and_kind.values()} <= set(texts.VIA)


def test_every_score_rule_makes_a_sentence_with_its_shown_facts():
    for rule in rules_in_force():
        shown = dict.fromkeys(rule.show, "3")
        sentence = texts.reason_sentence(rule.key, shown)
        assert sentence != rule.key
        assert "%(" not in sentence


def test_nobody_without_the_right_decides(take_in, analyst, client_for, bundle_of):
    bundle = bundle_of(take_in("P-1"))
    answer = client_for(analyst).post("/queue/decide/archived/", {"bundle": bundle.pk})
    assert answer.status_code == 403
    assert Bundle.objects.get(pk=bundle.pk).state == Bundle.State.NEW
