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
from breakwater.hashlists.actions.receiving import Received, receive
from breakwater.hashlists.actions.lists import Terms, create_list
at = timezone.now()
made = create_list(Terms("Unit X", "Unit X of Testland", "Synthetic Act s. 1"), by="test", at=at)
with Path(sys.argv[1]).open("rb") as file:
    receive(made, file, Received("list.csv", "table"), by="test", at=at)
"""
# What the worker runs; the index follows in the same process. Given a number, it dies after so many
# sets of lines.
WORK = """
import os, signal, sys
import django; django.setup()
from datetime import timedelta
from django.utils import timezone
from breakwater.hashlists import index, jobs
from breakwater.hashlists.actions import importing
left, write = int(sys.argv[1]) if len(sys.argv) > 1 else 0, importing._write_set
def write_and_die(*details):
    global left
    write(*details)
    left -= 1
    if left == 0: os.kill(os.getpid(), signal.SIGKILL)
importing._write_set = write_and_die
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


def _killed(environment: dict[str, str], sets: int = 0, after: float = 0) -> None:
    command = [sys.executable, "-c", WORK, str(sets)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        if not sets:
            time.sleep(after)
            process.send_signal(signal.SIGKILL)
    # One that is killed at a moment may have been done before.
    assert not sets or process.returncode == -signal.SIGKILL


def _assert_nothing_is_half(environment: dict[str, str]) -> dict[str, object]:
    found = _check(environment)
    # Entries, their hashes and the count of the change are of one transaction.
    assert found["entries"] == found["hashes"] == found["added"], found
    assert found["bare"] == 0
    return found


def test_a_list_with_rubbish_survives_kills(environment: dict[str, str], tmp_path: Path) -> None:
    rubbish = _write(tmp_path / "list.csv")
    _run(PREPARE, environment)
    _run(RECEIVE, environment, str(tmp_path / "list.csv"))
    moments = random.Random(os.environ.get("KILL_SEED", "1"))  # noqa: S311 – repeatable moments
    for sets in (1, 2):
        before = _check(environment)["entries"]
        _killed(environment, sets)
        found = _assert_nothing_is_half(environment)
        assert found["state"] == "running"
        assert found["entries"] > before
    for _ in range(KILLS):
        _killed(environment, after=moments.uniform(0, 1.0))
        _assert_nothing_is_half(environment)
    _run(WORK, environment)
    found = _check(environment)
    assert (found["state"], found["faulty"], found["changed"]) == ("done", rubbish, 0), found
    assert found["entries"] == found["hashes"] == found["added"] == LINES - rubbish
    assert found["done"] == LINES
