"""kill -9 at random moments of a list import: it goes on, and no entry is lost, doubled or half.

The list has one line of rubbish in a hundred. `LIST_LINES=5000000 LIST_KILLS=20 pytest …` is the
long run.
"""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.integration.test_import_kill import PREPARE, _run
from tests.integration.test_import_kill import environment as environment

pytestmark = pytest.mark.integration
LINES = int(os.environ.get("LIST_LINES", "50000"))
KILLS = int(os.environ.get("LIST_KILLS", "3"))
RUBBISH = ("not a hash", "ff" * 15, "zz" * 16)

RECEIVE = """
import sys, django; django.setup()
from pathlib import Path
from django.utils import timezone
from breakwater.hashlists.actions.importing import Received, receive
from breakwater.hashlists.actions.lists import Terms, create_list
at = timezone.now()
made = create_list(Terms("Unit X", "Unit X of Testland", "Synthetic Act s. 1"), by="test", at=at)
with Path(sys.argv[1]).open("rb") as file:
    receive(made, file, Received("list.csv", "table"), by="test", at=at)
"""
# What the worker runs; the index follows in the same process.
WORK = """
import django; django.setup()
from datetime import timedelta
from django.utils import timezone
from breakwater.hashlists import index, jobs
print("ready", flush=True)
# A change that failed is tried again later: the clock of a test does not wait.
while jobs.import_lists(timezone.now() + timedelta(days=1)): pass
index.update()
"""
CHECK = """
import json, django; django.setup()
from breakwater.hashlists.models import Entry, Fingerprint, ListChange
change = ListChange.objects.get()
print(json.dumps({
    "state": change.state, "done": change.done, "added": change.added, "faulty": change.faulty,
    "entries": Entry.objects.count(), "bare": Entry.objects.filter(fingerprints=None).count(),
    "hashes": Fingerprint.objects.count(), "changed": change.changed,
}))
"""


def _value(number: int) -> str:
    return hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()


def _write(path: Path) -> int:
    """The list; gives the number of lines of rubbish."""
    rubbish = 0
    with path.open("w") as file:
        file.write("md5,grade\n")
        for number in range(LINES):
            if number % 100 == 42:
                file.write(f"{RUBBISH[number // 100 % 3]},A1\n")
                rubbish += 1
            else:
                file.write(f"{_value(number)},A1\n")
    return rubbish


def _check(environment: dict[str, str]) -> dict[str, object]:
    return dict(json.loads(_run(CHECK, environment)))


def _killed(environment: dict[str, str], after: float) -> None:
    command = [sys.executable, "-c", WORK]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        time.sleep(after)
        process.send_signal(signal.SIGKILL)


def test_a_list_with_rubbish_survives_kills(environment: dict[str, str], tmp_path: Path) -> None:
    rubbish = _write(tmp_path / "list.csv")
    _run(PREPARE, environment)
    _run(RECEIVE, environment, str(tmp_path / "list.csv"))
    moments = random.Random(os.environ.get("KILL_SEED", "1"))  # noqa: S311 – repeatable moments
    states = []
    for _ in range(KILLS):
        _killed(environment, moments.uniform(0, 1.0))
        found = _check(environment)
        # Entries, their hashes and the count of the change are of one transaction.
        assert found["entries"] == found["hashes"] == found["added"], found
        assert found["bare"] == 0
        states.append(found["state"])
    assert "running" in states, f"no kill met the import: {states}"
    _run(WORK, environment)
    found = _check(environment)
    assert (found["state"], found["faulty"], found["changed"]) == ("done", rubbish, 0), found
    assert found["entries"] == found["hashes"] == found["added"] == LINES - rubbish
    assert found["done"] == LINES
