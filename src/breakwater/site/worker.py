"""The loop that does the work nobody waits for: every room's jobs, one after the other.

A job that may take long has a loop of its own beside it, so that no report waits for a list of millions
or for somebody else's server.

A job's turn is a row (`reports.models.Job`) claimed by a conditional UPDATE, so that two
workers never take the same turn. A job that fails is kept with its error and tried again
later and later; it is never lost, because the work itself is state in domain rows.
"""

import logging
import random
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.db import OperationalError, close_old_connections, connections
from django.db.models import F, Q
from django.utils import timezone

from breakwater.reports.models import Job

log = logging.getLogger(__name__)
HEARTBEAT = "worker"
PAUSE = timedelta(seconds=1)  # between two looks at an empty desk
BEAT = timedelta(seconds=10)
LEASE = timedelta(minutes=10)  # a turn that takes longer may be taken by another worker
LONGEST_WAIT = timedelta(minutes=15)
# No turn is put off so far: a row that says later was written while the clock was ahead.
NEVER_SO_LATE = timedelta(minutes=20)

Named = tuple[str, Callable[[datetime], bool]]


def lanes() -> list[list[Named]]:
    """Every room's jobs as they run side by side: the short ones together first, each long one alone.

    A room names its long ones in `LONG`. The order is that in which the rooms are installed.
    """
    short: list[Named] = []
    long: list[list[Named]] = []
    for app in apps.get_app_configs():
        if app.name.startswith("breakwater.") and find_spec(f"{app.name}.jobs"):
            room = import_module(f"{app.name}.jobs")
            for job in room.JOBS:
                if job[0] in getattr(room, "LONG", ()):
                    long.append([job])
                else:
                    short.append(job)
    return [short, *long]


def wait_after(tries: int, chance: float) -> timedelta:
    """How long a job rests after failing `tries` times; `chance` in 0…1 spreads the retries."""
    seconds = min(2.0 ** min(tries, 12), LONGEST_WAIT.total_seconds())
    return timedelta(seconds=seconds * (0.75 + chance / 2))


def take_over(at: datetime) -> None:
    """Free the turns that a worker held when it was killed, so that no report waits for its lease.

    Turns of workers that live are freed as well: every job is safe to run twice, also at once.
    """
    Job.objects.filter(tries=0, next_run_at__gt=at).update(next_run_at=at)


def beat(at: datetime) -> None:
    Job.objects.update_or_create(
        name=HEARTBEAT, defaults={"next_run_at": at + BEAT, "last_run_at": at}
    )


def turn(at: datetime, found: Iterable[Named], chance: float = 0.5) -> bool:
    """Give every job that is due its turn; say whether any of them did something."""
    worked = False
    for name, work in found:
        if _claim(name, at):
            worked = _run(name, work, at, chance) or worked
    return worked


def _claim(name: str, at: datetime) -> bool:
    is_due = Q(next_run_at__lte=at) | Q(next_run_at__gt=at + NEVER_SO_LATE)
    due = Job.objects.filter(is_due, name=name)
    if due.update(next_run_at=at + LEASE, last_run_at=at):
        return True
    if Job.objects.filter(name=name).exists():
        return False
    _, is_new = Job.objects.get_or_create(
        name=name, defaults={"next_run_at": at + LEASE, "last_run_at": at}
    )
    return is_new


def _run(name: str, work: Callable[[datetime], bool], at: datetime, chance: float) -> bool:
    row = Job.objects.filter(name=name)
    try:
        worked = work(at)
    except Exception as problem:
        log.exception("job %s failed", name)
        tries = row.values_list("tries", flat=True).get() + 1
        row.update(
            tries=F("tries") + 1,
            next_run_at=at + wait_after(tries, chance),
            last_error=f"{type(problem).__name__}: {problem}"[:2000],
        )
        return False
    row.update(tries=0, last_error="", next_run_at=at if worked else at + PAUSE)
    return worked


def run(stop: threading.Event) -> None:
    """Work until `stop` is set; a turn that has begun is finished first."""
    short, *long = lanes()
    take_over(timezone.now())
    with ThreadPoolExecutor(len(long) or 1) as beside:
        ends = [beside.submit(_work, jobs, stop) for jobs in long]
        _work(short, stop, beats=True)
    for end in ends:
        end.result()


def _work(jobs: list[Named], stop: threading.Event, *, beats: bool = False) -> None:
    """Give jobs their turns until `stop` is set; it is, when this ends for whatever reason."""
    beaten: datetime | None = None
    try:
        while not stop.is_set():
            now = timezone.now()
            try:
                close_old_connections()
                if beats and (beaten is None or abs(now - beaten) >= BEAT):
                    beat(now)
                    beaten = now
                worked = turn(now, jobs, random.random())  # noqa: S311 – spreads retries, guards nothing
            except OperationalError:
                log.exception("the database does not answer; trying again")
                worked = False
                stop.wait(5)
            if not worked:
                stop.wait(PAUSE.total_seconds() / 2)
    finally:
        stop.set()
        connections.close_all()
