"""kill -9 at random moments of an import: nothing reported as accepted is lost, none doubled.

`KILL_ROUNDS=200 pytest tests/integration/test_import_kill.py` is the long run.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.own_database import own_database

pytestmark = pytest.mark.integration
KILLS = int(os.environ.get("KILL_ROUNDS", "8"))
REPORTS = 1500

PREPARE = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
"""
IMPORT = """
import sys, django; django.setup()
from pathlib import Path
from django.utils import timezone
from breakwater.reports.actions import importing
from breakwater.reports.actions.unpack import unpack_waiting
importing.PIECE = 40
print("ready", flush=True)
importing.import_path(Path(sys.argv[1]), sent_by="test", at=timezone.now())
while unpack_waiting(limit=100): pass
"""
CHECK = """
import json, django; django.setup()
from breakwater.reports.models import Delivery, Membership, Original, Report
said = [l["number"] for d in Delivery.objects.all() for l in d.results if l["result"] == "accepted"]
stored = list(Original.objects.values_list("number", flat=True))
read = list(Report.objects.values_list("number", flat=True))
print(json.dumps({"said": len(said), "said_once": len(set(said)), "lost": len(set(said) - set(stored)),
    "stored": len(stored), "stored_once": len(set(stored)), "read": len(read),
    "read_once": len(set(read)), "memberships": Membership.objects.count()}))
"""


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A database of this test's own, of the kind that the suite runs on."""
    values = {**os.environ, "BREAKWATER_DATA_DIR": str(tmp_path / "data")}
    values["DJANGO_SETTINGS_MODULE"] = "breakwater.site.settings"
    with own_database() as url:
        yield values | ({"DATABASE_URL": url} if url else {})


def _run(code: str, environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def _archive(folder: Path, first: int) -> Path:
    path = folder / f"{first}.zip"
    with zipfile.ZipFile(path, "w") as made:
        for number in range(first, first + REPORTS):
            made.writestr(
                f"{number}.json",
                f'{{"reportId": {number}, "reportedInformation": {{"reportingEsp": '
                f'{{"espName": "Shoalchat"}}, "reportedPeople": [{{"espUserId": "u{number % 90}"}}]}}}}',
            )
    return path


def _killed_import(path: Path, environment: dict[str, str], after: float) -> bool:
    """Import and kill; say whether it was over before the kill came."""
    command = [sys.executable, "-c", IMPORT, str(path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        time.sleep(after)
        over = process.poll() is not None
        process.send_signal(signal.SIGKILL)
    return over


def test_no_kill_loses_or_doubles_a_report(environment: dict[str, str], tmp_path: Path) -> None:
    _run(PREPARE, environment)
    moments = random.Random(os.environ.get("KILL_SEED", "1"))  # noqa: S311 – repeatable moments
    archives = [_archive(tmp_path, 1)]
    for _ in range(KILLS):
        if _killed_import(archives[-1], environment, moments.uniform(0, 1.5)):
            archives.append(_archive(tmp_path, 1 + len(archives) * REPORTS))
        found = _check(environment)
        assert found["lost"] == 0
        assert found["said"] == found["said_once"] == found["stored"] == found["stored_once"]
    for path in archives:
        _run(IMPORT, environment, str(path))
    found = _check(environment)
    total = REPORTS * len(archives)
    assert found["stored"] == found["stored_once"] == found["read"] == found["read_once"] == total
    assert found["memberships"] == total


def _check(environment: dict[str, str]) -> dict[str, int]:
    return dict(json.loads(_run(CHECK, environment)))
