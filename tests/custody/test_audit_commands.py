"""`breakwater audit` tells a broken log from an unbroken one, and scripts can see which."""

import json

import pytest
from django.db import connection
from typer.testing import CliRunner

from breakwater.custody import triggers
from breakwater.custody.actions import record
from breakwater.custody.commands import app
from breakwater.custody.models import AuditCheck, AuditEntry, AuditHead

pytestmark = pytest.mark.django_db
run = CliRunner().invoke


@pytest.fixture
def log(db, at):
    for n in range(1, 7):
        record("custody.record.viewed", actor="test", target=f"report {n}", at=at)
    # What follows is done by somebody who owns the database.
    triggers.drop(connection)
    return AuditEntry.objects


def test_an_unbroken_log_ends_with_0(log):
    result = run(app, ["verify"])
    assert result.exit_code == 0
    assert "Unbroken: 6 entries" in result.output
    check = AuditCheck.objects.get()
    assert (check.entries, check.faults, check.first_fault) == (6, 0, "")


def test_an_empty_log_is_unbroken(db):
    assert run(app, ["verify"]).exit_code == 0


def test_an_altered_entry_is_named_and_ends_with_1(log):
    log.filter(seq=3).update(target="report 99")
    result = run(app, ["verify"])
    assert result.exit_code == 1
    assert "Entry 3: altered" in result.output
    assert AuditCheck.objects.get().first_fault.startswith("altered 3")


def test_removed_entries_are_named(log):
    log.filter(seq__in=[2, 3]).delete()
    result = run(app, ["verify"])
    assert result.exit_code == 1
    assert "Entries 2 to 3: removed" in result.output


def test_a_removed_end_is_named(log):
    log.filter(seq__gt=4).delete()
    assert "Entries 5 to 6: removed" in run(app, ["verify"]).output


def test_reordered_entries_are_named(log):
    for old, new in ((2, 1000), (5, 2), (1000, 5)):
        log.filter(seq=old).update(seq=new)
    result = run(app, ["verify"])
    assert "Entry 2: reordered; entry 5 stands in the place of entry 2" in result.output
    assert "Entry 5: reordered; entry 2 stands in the place of entry 5" in result.output


def test_an_entry_added_by_other_means_is_named(log):
    last = log.get(seq=6)
    last.seq, last.previous = 7, last.hash
    last.save(force_insert=True)
    result = run(app, ["verify"])
    assert result.exit_code == 1
    assert "Entry 7" in result.output
    assert "added" in result.output


def test_a_log_emptied_with_its_head_does_not_fit_a_noted_head(log):
    noted = run(app, ["head"]).output.strip()
    assert run(app, ["verify", "--noted", noted]).exit_code == 0
    log.all().delete()
    AuditHead.objects.all().delete()
    assert run(app, ["verify"]).exit_code == 0
    assert "Entries 1 to 6: removed" in run(app, ["verify", "--noted", noted]).output


def test_a_head_that_is_none_is_a_usage_error(db):
    assert run(app, ["verify", "--noted", "6"]).exit_code == 2


def test_the_export_holds_every_entry_with_its_hash(log, tmp_path):
    path = tmp_path / "log.jsonl"
    assert run(app, ["export", str(path)]).exit_code == 0
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [line["hash"] for line in lines] == list(
        log.order_by("seq").values_list("hash", flat=True)
    )
    assert run(app, ["export", str(path)]).exit_code == 1
    assert run(app, ["export"]).output == path.read_text("utf-8")
