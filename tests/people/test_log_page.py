"""The auditor's page of the log, and nothing else for the auditor."""

import json

import pytest
from django.db import connection
from django.urls import reverse

from breakwater.custody import triggers
from breakwater.custody.actions import Deed, record, record_many
from breakwater.custody.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client_for, auditor):
    return client_for(auditor)


@pytest.fixture
def log(db, officer, at):
    record("custody.record.viewed", actor=officer, target="report 7", at=at)
    record("reports.bundle.archived", actor=officer, target="B-3", detail={"note": "x"}, at=at)
    record("custody.record.viewed", actor="someone", target="report 7", at=at)


def shown(answer):
    return [entry.seq for entry, _words in answer.context["lines"]]


def test_entries_stand_newest_first_and_in_words(browser, log):
    answer = browser.get(reverse("log"))
    assert shown(answer) == [4, 3, 2, 1]
    text = answer.content.decode()
    assert "Archived a bundle" in text
    assert "Saw personal data" in text


def test_reading_the_log_is_logged_once(browser, log, auditor):
    browser.get(reverse("log"), {"target": "report 7"})
    entry = AuditEntry.objects.get(verb="custody.log.read")
    assert (entry.actor, json.loads(entry.detail)) == ("auditor", {"target": "report 7"})


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"actor": "officer"}, [2, 1]),
        ({"verb": "reports.bundle.archived"}, [2]),
        ({"target": "report 7"}, [3, 1]),
        ({"target": "report 7", "actor": "someone"}, [3]),
        ({"until": "2026-11-02", "since": "2026-11-02"}, [3, 2, 1]),
        ({"until": "2026-11-01"}, []),
        ({"since": "no day", "actor": "officer"}, [2, 1]),
        ({"below": "3"}, [2, 1]),
    ],
)
def test_filters_leave_what_fits(browser, log, query, expected):
    assert shown(browser.get(reverse("log"), query)) == expected


@pytest.mark.parametrize("value", ["9999-12-31", "0001-01-01", "\x00", "-1", "٣", "9" * 400])
@pytest.mark.parametrize("name", ["actor", "verb", "target", "since", "until", "below"])
def test_nothing_that_is_asked_breaks_the_page(browser, log, name, value):
    assert browser.get(reverse("log"), {name: value}).status_code == 200


def test_pages_follow_each_other_without_a_gap(browser, officer, at):
    record_many(Deed("custody.record.viewed", officer, at) for _ in range(250))
    seen, query = [], {"actor": "officer"}
    while True:
        answer = browser.get(reverse("log"), query)
        seen += shown(answer)
        if not answer.context["next_below"]:
            break
        query["below"] = answer.context["next_below"]
    assert seen == list(range(250, 0, -1))


def test_the_page_says_whether_the_chain_is_unbroken(browser, log):
    assert "was not verified yet" in browser.get(reverse("log")).content.decode()
    browser.post(reverse("log-verify"))
    assert "The log is unbroken up to entry" in browser.get(reverse("log")).content.decode()
    triggers.drop(connection)
    AuditEntry.objects.filter(seq=2).update(actor="nobody")
    browser.post(reverse("log-verify"))
    text = browser.get(reverse("log")).content.decode()
    assert "The log is broken in 1 place" in text
    assert "altered 2" in text


def test_an_export_holds_what_the_filters_leave(browser, log):
    answer = browser.get(reverse("log-export"), {"actor": "officer"})
    lines = [json.loads(line) for line in answer.getvalue().decode().splitlines()]
    assert [line["seq"] for line in lines] == [1, 2]
    assert lines[1]["hash"] == AuditEntry.objects.get(seq=2).hash
    assert AuditEntry.objects.filter(verb="custody.log.exported").count() == 1


def test_a_spreadsheet_runs_no_name_from_the_log(browser, at):
    record("custody.record.viewed", actor="=1+1", at=at)
    text = browser.get(reverse("log-export"), {"format": "csv"}).getvalue().decode()
    assert "'=1+1" in text
    assert ",=1+1" not in text


def test_an_auditor_sees_the_log_and_no_other_room(browser, log):
    page = browser.get(reverse("home"))
    assert page.url == reverse("log")
    text = browser.get(page.url).content.decode()
    rooms = text[text.index('class="rooms"') : text.index("</nav>")]
    assert rooms.count("<a ") == 1
