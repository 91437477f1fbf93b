"""`breakwater reports …` answers in words and in exit codes."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from breakwater.reports.actions.retry import retry
from breakwater.reports.commands import app
from breakwater.reports.models import Original, Report

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 2, 12, tzinfo=UTC)
REPORT = b'{"reportId": 5, "reportedInformation": {"reportingEsp": {"espName": "Shoalchat"}}}'


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})
    return result.exit_code, " ".join(result.output.split())


def test_importing_reads_the_reports_and_sums_up(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(REPORT)
    code, text = run("import", str(tmp_path / "a.json"))
    assert code == 0
    assert "1 accepted, 0 here already, 0 not taken" in text
    assert Report.objects.get().number == "C-5"


def test_without_waiting_the_worker_reads_later(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(REPORT)
    assert run("import", "--no-wait", str(tmp_path))[0] == 0
    assert Original.objects.get().state == Original.State.WAITING


def test_a_refused_file_is_named_and_ends_with_1(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(REPORT)
    (tmp_path / "[b].json").write_bytes(b"{")
    code, text = run("import", str(tmp_path))
    assert code == 1
    assert "not taken [b].json: line 1, column 2: not JSON" in text
    assert Report.objects.count() == 1


def test_a_path_that_is_not_there_ends_with_2(tmp_path: Path) -> None:
    assert run("import", str(tmp_path / "nowhere"))[0] == 2


def test_what_is_stuck_is_listed_and_can_be_retried(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(REPORT)
    run("import", "--no-wait", str(tmp_path))
    assert run("stuck") == (0, "Nothing is stuck.")
    Original.objects.update(state=Original.State.STUCK, last_error="a reason", tries=8)
    code, text = run("stuck")
    assert code == 1
    assert "a reason" in text
    assert run("retry") == (0, "1 will be read again.")
    original = Original.objects.get()
    assert (original.state, original.tries, original.last_error) == (0, 0, "")


def test_only_the_originals_named_are_retried(tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"{number}.json").write_bytes(REPORT.replace(b"5", b"%d" % number, 1))
    run("import", "--no-wait", str(tmp_path))
    Original.objects.update(state=Original.State.STUCK)
    first = Original.objects.order_by("pk").first()
    assert first
    assert retry(by="sam", at=AT, originals=[first.pk]) == 1
    assert Original.objects.filter(state=Original.State.STUCK).count() == 1


def test_rebuilding_says_how_many(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(REPORT)
    run("import", str(tmp_path))
    code, text = run("rebuild")
    assert code == 0
    assert "1 reports rebuilt." in text
