"""The command line compiles lists and says what guards say."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from breakwater.worstof.list_commands import app
from breakwater.worstof.queries import known_names


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
    assert "line 3: public_suffix co.uk" in answer.output
    assert to.read_text().endswith(
        "bad.test CNAME .\n*.bad.test CNAME .\nsite.example CNAME .\n*.site.example CNAME .\n"
    )


def test_a_form_that_is_none_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("site.example\n")
    answer = run("compile", tmp_path / "a.txt", "--form", "x", "--output", tmp_path / "out")
    assert answer.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_names_are_checked_one_by_one() -> None:
    answer = run("check", "github.io", "https://user.github.io/x", "192.0.2.1")
    assert answer.exit_code == 1
    assert "github.io: refused, public_suffix (github.io)" in answer.output
    assert "user.github.io: free to list" in answer.output
    assert "192.0.2.1: refused, ip_address" in answer.output
    assert run("check", "site.example").exit_code == 0
