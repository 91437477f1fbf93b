"""Everybody reads how the log is checked and how much was decided each year; nobody reads a name."""

import contextlib
import csv
import io
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from breakwater.people.models import User
from breakwater.worstof import signing
from breakwater.worstof.actions import appeals
from breakwater.worstof.actions.transparency import append, sign_head
from breakwater.worstof.models import BlockList, Entry, LogCount, LogLeaf, StopCount
from breakwater.worstof.queries import log, yearly

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "worstof" / "signing.key"
    monkeypatch.setattr(signing, "key_path", lambda: path)
    return path


@pytest.fixture
def decided(supervisor: User, at: datetime) -> Entry:
    """Two years of decisions: the last second of 2025 belongs to 2025."""
    block_list = BlockList.objects.create(name="Worst Of", legal_basis="Synthetic Act s. 1")
    entry = Entry.objects.create(
        block_list=block_list, name="bad.example", shown="bad.example", created_at=at,
        state="removed",
    )  # fmt: skip
    with transaction.atomic():
        append("listed", entry, at=datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC))
        for verb in ("listed", "removed", "listed", "lapsed"):
            append(verb, entry, at=at)
    sign_head(actor="test", at=at)
    for days in (1, 3, 8):
        sent, _ = appeals.receive("new.example", "Mistake", language="en", at=at)
        decide = appeals.reject if days < 8 else appeals.uphold
        decide(sent, by=supervisor, answer="Seen.", at=at + timedelta(days=days))
    appeals.receive("new.example", "Mistake", language="en", at=at)
    StopCount.objects.create(day=date(2025, 12, 31), shown=40)
    StopCount.objects.create(day=date(2026, 1, 1), shown=2)
    return entry


def test_the_report_counts_by_calendar_year(decided: Entry) -> None:
    assert yearly.years() == [
        yearly.Year(2025, 1, 0, 0, 0, 0, 0, None, 40),
        yearly.Year(2026, 2, 1, 1, 4, 0, 3, 3.0, 2),
    ]


def test_the_report_never_reads_the_log_and_stays_right_while_the_log_grows(
    decided: Entry, at: datetime
) -> None:
    with transaction.atomic():
        append("listed", decided, at=datetime(2025, 1, 1, tzinfo=UTC))
        append("removed", decided, at=at)
    with contextlib.suppress(ZeroDivisionError), transaction.atomic():
        append("listed", decided, at=at)
        raise ZeroDivisionError
    with CaptureQueriesContext(connection) as asked:
        found = yearly.years()
    assert not [x["sql"] for x in asked if "worstof_logleaf" in x["sql"]]
    counted = Counter(LogLeaf.objects.values_list("year", "verb"))
    assert counted[2025, "listed"] == 2
    for year in found:
        kept = {"listed": year.listed, "removed": year.removed, "lapsed": year.lapsed}
        assert kept == {verb: counted[year.year, verb] for verb in kept}


def test_a_log_from_before_the_counts_is_counted_once_when_the_desk_is_brought_up_to_date(
    decided: Entry,
) -> None:
    before = yearly.years()
    LogCount.objects.all().delete()
    migration = import_module("breakwater.worstof.migrations.0006_log_counts")
    migration.count(apps, None)
    assert yearly.years() == before


def test_a_year_without_a_decision_is_a_row_of_zeros_between_others(db: None) -> None:
    for year in (2023, 2025):
        StopCount.objects.create(day=date(year, 5, 1), shown=1)
    assert [y.year for y in yearly.years()] == [2023, 2024, 2025]
    assert yearly.years()[1] == yearly.Year(2024, 0, 0, 0, 0, 0, 0, None, 0)


def test_page_csv_and_json_say_the_same_numbers(decided: Entry) -> None:
    data = Client().get("/transparency/report.json").json()["years"]
    rows = list(
        csv.DictReader(io.StringIO(Client().get("/transparency/report.csv").content.decode()))
    )
    said = [{k: "" if v is None else str(v) for k, v in row.items()} for row in data]
    assert rows == said
    page = Client().get("/transparency/report/").content.decode()
    assert "2026: 2 domains listed, 2 taken off" in page
    assert page.count("<svg") >= 3
    assert page.count("As a table") == 3
    table = Client().get("/transparency/report/?export=appeals&as=csv").content.decode()
    assert "2026,4,0,3,3.0" in table


def test_the_page_shows_key_head_and_the_command_that_checks_them(decided: Entry) -> None:
    head = log.last_head()
    assert head
    page = Client().get("/transparency/").content.decode()
    assert "5 decisions on blocked domains are logged and signed" in page
    for word in (
        head.root.hex(),
        head.signature.hex(),
        signing.public_key().hex(),
        signing.fingerprint(signing.public_key()),
        "breakwater worstof audit --url http://testserver/transparency/ --head head.json",
    ):
        assert word in page


def test_no_public_page_names_a_domain_or_a_person(decided: Entry) -> None:
    for address in ("", "report/", "report.csv", "report.json", "report/?export=decisions&as=svg"):
        answer = Client().get(f"/transparency/{address}")
        assert answer.status_code == 200, address
        text = answer.content.decode()
        for word in ("bad.example", "new.example", "supervisor", "Mistake"):
            assert word not in text


def test_before_the_first_decision_the_pages_say_so(key_file: Path) -> None:
    assert "No decision on a blocked domain" in Client().get("/transparency/").content.decode()
    assert "No numbers yet" in Client().get("/transparency/report/").content.decode()
    key_file.write_text("gone")
    assert "cannot show its key" in Client().get("/transparency/").content.decode()
