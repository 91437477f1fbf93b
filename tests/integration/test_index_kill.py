"""Killed while the lists' index is written: nothing told is lost, no rest stays.

`INDEX_HASHES=5000000 INDEX_KILLS=100 pytest …` is the long run of the random moments.
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

from tests.dying import DIE_AT, STEPS
from tests.integration.test_import_kill import PREPARE, _run
from tests.integration.test_import_kill import environment as environment

pytestmark = pytest.mark.integration
HASHES = int(os.environ.get("INDEX_HASHES", "50000"))
KILLS = int(os.environ.get("INDEX_KILLS", "4"))

ADD = """
import hashlib, sys, django; django.setup()
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from breakwater.hashlists import index
from breakwater.hashlists.actions.lists import Terms, create_list
from breakwater.hashlists.models import Entry, Fingerprint, HashList, Kind, ListChange

def add(some, at):
    values = {str(n): hashlib.md5(str(n).encode(), usedforsecurity=False).digest() for n in some}
    with transaction.atomic():
        rows = Entry.objects.bulk_create(
            Entry(hash_list=made, source_key=n, facts=b"{}", changed_by=done)
            for n in values
        )
        Fingerprint.objects.bulk_create(
            Fingerprint(entry=row, kind=Kind.MD5, value=values[row.source_key]) for row in rows
        )
        HashList.objects.filter(pk=made.pk).update(revision=F("revision") + 1)
    index.update()
"""
FILL = f"""{ADD}
at = timezone.now()
made = create_list(Terms("Unit X", "Unit X of Testland", "Synthetic Act s. 1"), by="test", at=at)
done = ListChange.objects.create(
    hash_list=made, name="t", state="done", created_at=at, finished_at=at
)
add(range(int(sys.argv[1])), at)
"""
# Each number that is printed is in the index: whoever read it may rely on that.
GROW = f"""{DIE_AT}
{ADD}
made, done = HashList.objects.get(), ListChange.objects.get()
number = Entry.objects.count()
index.update()
print(number, flush=True)
while True:
    add([number], timezone.now())
    number += 1
    print(number, flush=True)
"""
CHECK = """
import hashlib, json, sys, django; django.setup()
from django.utils import timezone
from breakwater.hashlists import index
from breakwater.hashlists.queries.lookup import Asked, find
damaged = index.damaged()
asked = [Asked("md5", value) for value in json.load(sys.stdin)]
found = [len(voices) for voices in find(asked, on=timezone.localdate())]
index.update()
rests = [path.name for path in index.folder().rglob("*.part")]
print(json.dumps({"damaged": damaged, "found": found, "rests": rests, "after": index.damaged()}))
"""


def _value(number: int) -> str:
    return hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()


def _killed(environment: dict[str, str], step: str = "", times: int = 0, after: float = 0) -> int:
    """Let the index grow until it dies at `step`, or for `after` seconds where no step is given.

    Gives how many hashes the index was said to hold by then.
    """
    command = [sys.executable, "-c", GROW, step, str(times), "hash-index"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        first = process.stdout.readline()
        assert first, process.stderr.read()[-2000:]
        if not step:
            time.sleep(after)
            process.send_signal(signal.SIGKILL)
        # The last line may be half: then nobody was told.
        whole = [line for line in process.stdout if line.endswith("\n")]
        fault = process.stderr.read()[-2000:]
    died_of = signal.SIGXFSZ if step == "half written" else signal.SIGKILL
    assert process.returncode == -died_of, fault
    return int((whole or [first])[-1])


def _check(environment: dict[str, str], told: list[int]) -> dict[str, object]:
    command = [sys.executable, "-c", CHECK]
    asked = json.dumps([_value(number) for number in told])
    done = subprocess.run(
        command, env=environment, input=asked, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(done.stdout))


def _assert_nothing_is_lost(environment: dict[str, str], told: int, some: set[int]) -> None:
    asked = some | {told - 1, max(HASHES, told - 2)}
    found = _check(environment, sorted(asked & set(range(told))))
    assert found["damaged"] == found["after"] == found["rests"] == [], found
    assert set(found["found"]) == {1}, found  # type: ignore[call-overload]


def test_a_kill_while_the_index_is_written_loses_nothing_and_leaves_nothing(
    environment: dict[str, str],
) -> None:
    _run(PREPARE, environment)
    _run(FILL, environment, str(HASHES))
    folder = Path(environment["BREAKWATER_DATA_DIR"]) / "hash-index"
    moments = random.Random(os.environ.get("KILL_SEED", "1"))  # noqa: S311 – repeatable moments
    for times in (1, 3):
        for step, unfinished in STEPS.items():
            told = _killed(environment, step, times)
            assert len(list(folder.rglob("*.part"))) == unfinished, (step, times)
            _assert_nothing_is_lost(environment, told, set(moments.sample(range(told), 50)))
    for _ in range(KILLS):
        told = _killed(environment, after=moments.uniform(0, 0.5))
        _assert_nothing_is_lost(environment, told, set(moments.sample(range(told), 50)))
