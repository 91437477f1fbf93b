"""The command line compiles lists and says what guards say."""

import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from typer.testing import CliRunner, Result

from breakwater.formats.block_list import RuleProblem
from breakwater.formats.domain_name import Problem
from breakwater.worstof.entry_texts import GUARDS
from breakwater.worstof.line_texts import reason_line
from breakwater.worstof.list_commands import app
from breakwater.worstof.queries import known_names

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_names, "folder", lambda: tmp_path)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})


def test_files_are_compiled_together_and_what_is_left_out_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("site.example\n||bad.test^\n")
    (tmp_path / "b.txt").write_text("co.uk\n0.0.0.0 SITE.example\n")
    to = tmp_path / "out.zone"
    answer = run("compile", tmp_path / "a.txt", tmp_path / "b.txt", "--form", "rpz", "--output", to)
    assert answer.exit_code == 1
    assert "1 again" in answer.output
    line = f"{tmp_path / 'b.txt'}, line 1: 'co.uk': Many owners register names below this one"
    assert line in answer.output.replace("\n", " ")
    assert to.read_text().endswith(
        "bad.test CNAME .\n*.bad.test CNAME .\nsite.example CNAME .\n*.site.example CNAME .\n"
    )
    assert to.stat().st_mode & 0o007 == 0


def test_every_reason_has_a_sentence() -> None:
    problems = [*Problem, *RuleProblem, *GUARDS]
    assert [x for x in problems if reason_line(x) == x] == []


def test_more_faults_than_are_shown_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("-a.example\n" * 30 + "@@||site.example^\n")
    answer = run("compile", tmp_path / "a.txt", "--form", "csv", "--output", tmp_path / "out")
    assert answer.output.count("'-a.example': A part begins or ends with a hyphen.") == 20
    assert "Shown are the first 20 of 31." in answer.output
    assert "The rule says what is not to be blocked" in answer.output


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("site.example\n")
    to = tmp_path / "out.zone"
    zone = "z" * 51
    answer = run("compile", tmp_path / "a.txt", "--form", "rpz", "--output", to, "--zone", zone)
    assert (answer.exit_code, sorted(tmp_path.iterdir())) == (2, [tmp_path / "a.txt"])


def test_a_form_that_is_none_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("site.example\n")
    answer = run("compile", tmp_path / "a.txt", "--form", "x", "--output", tmp_path / "out")
    assert answer.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_names_are_checked_one_by_one() -> None:
    answer = run("check", "github.io", "https://user.github.io/x", "192.0.2.1")
    assert answer.exit_code == 1
    assert "github.io: refused. Many owners register names below this one" in answer.output
    assert "user.github.io: free to list" in answer.output
    assert "192.0.2.1: refused. An IP address is never listed" in answer.output
    assert run("check", "site.example").exit_code == 0


def test_check_says_how_many_large_sites_are_known_and_how_old_the_file_is(tmp_path: Path) -> None:
    answer = run("check", "site.example")
    assert (answer.exit_code, "top-sites.txt is missing" in answer.stderr) == (0, True)
    path = tmp_path / "top-sites.txt"
    path.write_text("rank,domain\n1,big.example\n2,large.example\n")
    assert "2 sites, 1 lines without one, 0 days old.\n" in run("check", "a.example").stderr
    old = time.time() - 91 * 86400
    os.utime(path, (old, old))
    assert "91 days old. Get a new one." in run("check", "site.example").stderr


def test_the_desks_own_host_is_refused_as_it_is_where_names_are_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = SimpleNamespace(hosts=["desk.police.example"])
    monkeypatch.setattr(settings, "CONFIG", config)
    done = run("check", "desk.police.example", "free.example")
    assert done.exit_code == 1
    assert "desk.police.example: refused." in done.stdout
    assert "free.example: free to list" in done.stdout
