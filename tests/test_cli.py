"""The command line explains itself, and its exit codes say how it went."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import typer.main

from breakwater import cli

cli._add_rooms()


def _commands() -> list[tuple[str, ...]]:
    """Every command there is, with the groups above it."""
    found: list[tuple[str, ...]] = [()]
    root = typer.main.get_command(cli.app)
    waiting: list[tuple[tuple[str, ...], object]] = [((), root)]
    while waiting:
        path, command = waiting.pop()
        for name, below in getattr(command, "commands", {}).items():
            found.append((*path, name))
            waiting.append(((*path, name), below))
    return found


@pytest.fixture
def run(tmp_path: Path):
    """Run the command as a person would, on a database of its own."""

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        environment = {n: v for n, v in os.environ.items() if n != "DATABASE_URL"}
        environment |= {"BREAKWATER_DATA_DIR": str(tmp_path), "COLUMNS": "120", **settings}
        return subprocess.run(
            [sys.executable, "-m", "breakwater.cli", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def test_there_are_commands_of_every_room() -> None:
    groups = {path[0] for path in _commands() if len(path) > 1}
    assert {"reports", "audit", "synth"} <= groups


@pytest.mark.parametrize("command", _commands(), ids=" ".join)
def test_every_command_explains_itself(command: tuple[str, ...]) -> None:
    from typer.testing import CliRunner

    shown = CliRunner().invoke(cli.app, [*command, "--help"], env={"COLUMNS": "120"})
    assert shown.exit_code == 0
    assert "Usage" in shown.output
    # What it does is said in a sentence, beyond the names of its options.
    described = typer.main.get_command(cli.app)
    for name in command:
        described = described.commands[name]
    assert described.help, command


def test_what_is_done_ends_with_0(run) -> None:
    help_ = run("--help")
    assert help_.returncode == 0
    assert "demo" in help_.stdout
    shown = run("config", BREAKWATER_SECRET_KEY="kept to oneself")
    assert shown.returncode == 0
    assert "(set, not shown)" in shown.stdout
    assert "kept to oneself" not in shown.stdout


def test_a_database_that_is_not_up_to_date_ends_with_1_and_says_what_to_do(run) -> None:
    done = run("check")
    assert done.returncode == 1
    assert "breakwater migrate" in done.stdout


@pytest.mark.parametrize(
    "arguments", [("serve",), ("serve", "--with-worker"), ("worker",)], ids=" ".join
)
def test_nothing_starts_on_a_database_without_tables(run, arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "breakwater migrate" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("hashlists", "list"),
        ("hashlists", "source", "list"),
        ("worstof", "show", "W-1", "--as", "officer"),
        ("worstof", "probe"),
        ("worstof", "recipient", "list"),
        ("people", "list"),
        ("reports", "stuck"),
        ("audit", "verify"),
    ],
    ids=" ".join,
)
def test_a_command_on_a_database_without_tables_says_what_to_run_first(
    run, arguments: tuple[str, ...]
) -> None:
    done = run(*arguments)
    assert done.returncode == 2, done.stderr
    assert "breakwater migrate" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_another_fault_of_the_database_is_not_taken_for_missing_tables(run, tmp_path: Path) -> None:
    assert run("migrate").returncode == 0
    with closing(sqlite3.connect(next(tmp_path.glob("*.sqlite3")))) as database:
        database.execute("ALTER TABLE hashlists_hashlist RENAME TO gone")
    done = run("hashlists", "list")
    assert done.returncode == 1
    assert "no such table: hashlists_hashlist" in done.stderr
    assert "breakwater migrate" not in done.stderr


def test_a_migrated_database_is_in_order(run) -> None:
    assert run("migrate").returncode == 0
    done = run("check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "In order" in done.stdout


def test_a_refused_file_ends_with_1(run, tmp_path: Path) -> None:
    assert run("migrate").returncode == 0
    bad = tmp_path / "bad.json"
    bad.write_text("{")
    done = run("reports", "import", str(bad))
    assert done.returncode == 1
    assert "not taken" in done.stdout


@pytest.mark.parametrize(
    "arguments", [("nosuch",), ("serve", "--port", "many"), ("reports", "import", "/nowhere.zip")]
)
def test_wrong_use_ends_with_2(run, arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_demo_without_the_setting_ends_with_2(run) -> None:
    done = run("demo")
    assert done.returncode == 2
    assert "BREAKWATER_DEMO" in done.stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BREAKWATER_COUNTY", "JM"),
        ("BREAKWATER_LANGUAGE", "klingon"),
        ("BREAKWATER_HTTPS", "maybe"),
        ("BREAKWATER_TRUSTED_PROXIES", "-1"),
    ],
)
def test_a_wrong_setting_is_named_in_a_sentence(run, name: str, value: str) -> None:
    done = run("config", **{name: value})
    assert done.returncode == 2
    assert name in done.stderr
    assert "Traceback" not in done.stderr
