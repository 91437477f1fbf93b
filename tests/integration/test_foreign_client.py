"""A client of the reporting API that others wrote files a complete report at our door.

`ncmec-cybertip` needs Python 3.13 and the desk does not, so the client runs in a process of
its own under any such Python of the machine, with the packages of foreign-client.lock.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from breakwater.reports.actions.accounts import create_account
from breakwater.reports.actions.unpack import unpack_all
from breakwater.reports.models import Filing, Report

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]
HERE = Path(__file__).parent
LOCK = HERE / "foreign-client.lock"
SCRIPT = HERE / "foreign_client_script.py"
KEPT = HERE.parents[1] / "var" / "foreign-client"
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
PICTURE = b"synthetic bytes, no picture"
Ask = Callable[[str, str, str], dict]


def newer_python() -> str | None:
    """Find a Python that the foreign client runs on: our own, or another of this machine."""
    if sys.version_info >= (3, 13):
        return sys.executable
    # pyenv's shims refuse every version that is not chosen for this folder; look behind them.
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    behind = [str(path) for path in sorted(pyenv.glob("versions/*/bin"))]
    path = os.pathsep.join([*behind, os.environ.get("PATH", os.defpath)])
    find = ["uv", "python", "find", "--no-project", "--no-python-downloads", "--system", ">=3.13"]
    found = subprocess.run(
        [sys.executable, "-m", *find],
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() if found.returncode == 0 else None


def environment_with_the_client(python: str) -> Path:
    """Make the client's environment once for every lock file and Python; give its Python."""
    base = str(Path(python).resolve())
    key = hashlib.sha256(LOCK.read_bytes() + base.encode()).hexdigest()[:16]
    ready = KEPT / key / "bin" / "python"
    if ready.exists():
        return ready
    KEPT.mkdir(parents=True, exist_ok=True)
    # What is left of one whose Python is gone from the machine would be in the way.
    shutil.rmtree(KEPT / key, ignore_errors=True)
    # Made beside its place and moved there whole, so that no half of one is ever found.
    with tempfile.TemporaryDirectory(dir=KEPT) as folder:
        made = Path(folder, "made")
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _done([python, "-m", "venv", str(made)])
        _done([str(made / "bin" / "python"), *install, "--require-hashes", "-r", str(LOCK)])
        try:
            made.rename(KEPT / key)
        except OSError:
            assert ready.exists()  # another run of the tests was faster
    return ready


def _done(command: list[str], given: str = "") -> str:
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def client_python() -> Path:
    python = newer_python()
    if python is None and os.environ.get("CI"):
        pytest.fail("Install Python 3.13 or newer: the foreign client's tests run under it.")
    if python is None:
        pytest.skip("no Python 3.13 or newer on this machine, which ncmec-cybertip needs")
    return environment_with_the_client(python)


@pytest.fixture
def ask(client_python: Path, live_server: LiveServer) -> Ask:
    """Let the foreign client do one thing at our door; give what it understood of the answers."""

    def ask(thing: str, username: str, secret: str) -> dict:
        # Isolated: the client must not find the desk's own packages.
        command = [str(client_python), "-I", str(SCRIPT), thing, f"{live_server.url}/ispws"]
        return json.loads(_done([*command, username], given=secret))

    return ask


@pytest.fixture
def secret(db: None) -> str:
    return create_account("Example Chat", "chat", by="test", at=NOW)[1]


def test_a_client_of_others_files_a_complete_report(ask: Ask, secret: str) -> None:
    told = ask("file", "chat", secret)
    assert "schema" in told["schema"]
    assert told["file_ids"] == [told["uploaded"]["file_id"]]
    assert told["uploaded"]["hash"] == hashlib.md5(PICTURE, usedforsecurity=False).hexdigest()
    unpack_all(at=NOW)
    report = Report.objects.get(number=f"P-{told['report_id']}")
    assert report.problems == 0
    assert report.file_count == 1
    assert report.provider.name == "Example Chat"


def test_a_client_of_others_retracts_and_reads_our_refusal(ask: Ask, secret: str) -> None:
    told = ask("retract", "chat", secret)
    assert told["refused"] == 5101
    assert Filing.objects.get(pk=told["report_id"]).state == Filing.State.RETRACTED


def test_a_client_of_others_understands_a_wrong_secret(ask: Ask) -> None:
    assert ask("status", "nobody", "x")["refused"] == 401
