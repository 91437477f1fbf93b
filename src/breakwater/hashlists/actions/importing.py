"""Files of hashes into a list: kept durably first (`receiving`), read and sorted, then written in sets.

A file is read to its end before any entry of it is written: its entries go into sorted runs beside
it, because a database takes millions of keys in order several times faster than as they come, and
its faults into rows, a set at a time. A file of millions of lines is never one transaction otherwise:
reports must come in meanwhile. Each set commits with the count of what is written, so that a worker
that was killed goes on behind it. Nobody sees any of it before all of it is written: see `amending`.

One process at a time has a file in work, by a lock that the system takes back from one that dies:
several workers may run, and `hashlists import --now` beside them.
"""

import fcntl
import itertools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from django.db import connection, transaction
from django.db.models import F, Max, Min

from breakwater.custody.actions import record
from breakwater.formats.hash_entry import Fault
from breakwater.formats.plain_text import storable
from breakwater.formats.record import FormatError
from breakwater.hashlists.actions import amending, frames, receiving
from breakwater.hashlists.actions.entries import ENTRIES_LOCK, Prepared, write_prepared
from breakwater.hashlists.actions.reading import FORMS, Read, find_repeated, prepared, settled
from breakwater.hashlists.clock import Clock
from breakwater.hashlists.models import (
    AmendedHash,
    Amendment,
    Entry,
    Fingerprint,
    HashList,
    ListChange,
    ListFault,
)
from breakwater.storage import bulk
from breakwater.storage.runs import BrokenRuns, Runs, in_parts

# Written in one transaction: so many entries, or fewer that say more.
SET, SET_BYTES = 20_000, 16 << 20
# Reading a file is one part in so many of its import, as the bar shows it.
READING = 2
# A source that writes sentences into its grades does not fill a page with them.
KEPT_GRADES = 100
COUNTED_AT_ONCE = 200_000
# An import of fewer leaves a database's picture of its tables near enough.
MANY = 10_000
MOST_TRIES = 8
OPEN = (ListChange.State.WAITING, ListChange.State.RUNNING)
log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]


class InWork(Exception):
    """Another process has the change in work, or has ended it."""


def work(at: datetime) -> bool:
    """Work through one waiting change that nobody has in work; false when none is due."""
    due = ListChange.objects.filter(state__in=OPEN, form__in=FORMS)
    for change in due.exclude(next_try_at__gt=at).order_by("id"):
        try:
            with _held(change):
                _try(change, at)
        except InWork:
            continue
        return True
    return False


@contextmanager
def _held(change: ListChange) -> Iterator[None]:
    """Keep every other process from a change, which is then read as it stands now.

    Raises:
        InWork: at once; nobody waits for a file of hours.
    """
    path = (receiving.folder() / change.file).with_suffix(".lock")
    with path.open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            raise InWork(change.name) from taken
        try:
            change.refresh_from_db()
            if change.state not in OPEN:
                path.unlink(missing_ok=True)
                raise InWork(change.name)
            yield
        finally:
            # Closing alone would leave it to a process that was forked meanwhile.
            fcntl.flock(lock, fcntl.LOCK_UN)


def _try(change: ListChange, at: datetime) -> None:
    try:
        _apply(change, at)
    except Exception as problem:
        log.exception("import %s failed", change.pk)
        _postpone(change, problem, at)


def _postpone(change: ListChange, problem: Exception, at: datetime) -> None:
    tries = change.tries + 1
    hopeless = tries >= MOST_TRIES or isinstance(problem, FormatError | FileNotFoundError)
    with transaction.atomic():
        bulk.lock_writer(ENTRIES_LOCK)
        is_open = ListChange.objects.filter(pk=change.pk, finished_at=None).update(
            tries=tries,
            next_try_at=at + timedelta(seconds=min(2**tries, 900)),
            last_error=storable(f"{type(problem).__name__}: {problem}")[:2000],
            state=ListChange.State.FAILED if hopeless else ListChange.State.WAITING,
            written=0 if hopeless else F("written"),
            frames="" if hopeless else F("frames"),
        )
        # What fails behind the end, as sweeping may, takes nothing back that was told.
        if is_open and hopeless:
            amending.take_back(change)


def apply_change(change: ListChange, *, at: datetime, progress: Progress | None = None) -> None:
    """Work a change through from where it stands to its end; safe to run again after a kill.

    Raises:
        InWork: a worker has it.
    """
    with _held(change):
        _apply(change, at, progress)


def _apply(change: ListChange, at: datetime, progress: Progress | None = None) -> None:
    ListChange.objects.filter(pk=change.pk).update(state=ListChange.State.RUNNING)
    path, clock = receiving.folder() / change.file, Clock(at)
    runs = Runs(path.with_suffix(".runs"))
    with bulk.bounded_memory():
        if not runs.is_whole:
            _sort(change, path, runs, progress)
        try:
            _write_all(change, runs, clock, progress)
        except BrokenRuns:
            runs.remove()  # the next try makes them anew from the file
            raise
        finish(change, clock)
    remove(path)


def remove(path: Path) -> None:
    """Remove a file that came, and what stands beside it; of a change that is open to nobody."""
    path.unlink(missing_ok=True)
    Runs(path.with_suffix(".runs")).remove()
    path.with_suffix(".lock").unlink(missing_ok=True)


def _sort(change: ListChange, path: Path, runs: Runs, progress: Progress | None) -> None:
    """Read the whole file into runs; say what is faulty once, however often this is begun."""
    change.faults.all().delete()  # of an attempt that was killed
    read = Read(lambda faults: keep_faults(change, faults))
    with path.open("rb") as stream:
        records = prepared(change, stream, read)
        runs.write(_watched(records, change, stream, progress))
    find_repeated(runs, read)
    with transaction.atomic():
        read.hand_on()
        change.frames = frames.as_text(read.vics) if read.vics else ""
        change.faulty, change.to_write = read.faulty, read.entries
        change.bytes_read = change.size // READING
        change.done = change.faulty + change.written
        change.save(update_fields=["frames", "faulty", "to_write", "bytes_read", "done"])
    # After the faults: a process killed in between would otherwise never read them again.
    runs.seal()


def _watched(
    records: Iterator[tuple[str, bytes]],
    change: ListChange,
    stream: BinaryIO,
    progress: Progress | None,
) -> Iterator[tuple[str, bytes]]:
    for number, one in enumerate(records, 1):
        yield one
        if number % SET == 0:
            _say(change, stream.tell() // READING, progress)


def _say(change: ListChange, position: int, progress: Progress | None) -> None:
    """Show how far reading is: the bar of a page, and that of a command."""
    change.bytes_read = max(change.bytes_read, min(position, change.size // READING))
    ListChange.objects.filter(pk=change.pk).update(bytes_read=change.bytes_read)
    if progress:
        progress(change.bytes_read, change.size)


def _write_all(change: ListChange, runs: Runs, clock: Clock, progress: Progress | None) -> None:
    waiting = itertools.islice(settled(runs), change.written, None)
    for some in in_parts(waiting, SET, SET_BYTES, lambda entry: len(entry.facts)):
        _write_set(change, some, clock)
        if progress:
            progress(change.bytes_read, change.size)


def _write_set(change: ListChange, some: list[Prepared], clock: Clock) -> None:
    with transaction.atomic():
        bulk.lock_writer(ENTRIES_LOCK)
        counts = write_prepared(change, some, at=clock.now())
        change.written += len(some)
        change.done = change.faulty + change.written
        change.added += counts.added
        change.changed += counts.changed
        change.unchanged += counts.unchanged
        change.removed += counts.removed
        read = change.size // READING
        rest = (change.size - read) * change.written // max(change.to_write, 1)
        change.bytes_read = min(read + rest, change.size)
        change.save(
            update_fields=[
                "written", "done", "added", "changed", "unchanged", "removed", "bytes_read",
            ]
        )  # fmt: skip


def keep_faults(change: ListChange, faults: list[Fault]) -> None:
    """Keep faults as rows: every one, however many a file has."""
    rows = [
        (
            change.pk, str(f.place)[:200], storable(f.field)[:80], f.problem, f.advice,
            storable(f.found)[:200], f.count,
        )
        for f in faults
    ]  # fmt: skip
    # One commit for the set: SQLite otherwise makes each row durable by itself.
    with transaction.atomic():
        bulk.insert(ListFault, ("change", *ListFault.FIELDS), rows)


def finish(change: ListChange, clock: Clock) -> None:
    """Let all of a change hold, which is written to its end: for look-ups, matching and recipients."""
    # Before the transaction: nobody who has a report to hand in waits while millions are counted.
    if change.added + change.changed >= MANY:
        bulk.count_anew(Entry, Fingerprint, Amendment, AmendedHash)
    of = HashList.objects.filter(pk=change.hash_list_id)
    revision, grades = of.values_list("revision", flat=True).get(), _count_grades(change)
    with transaction.atomic():
        # Recipients are told by the time of the end: who pulls now waits until it can be seen.
        bulk.lock_writer(ENTRIES_LOCK)
        at = clock.now()
        if of.values_list("revision", flat=True).get() != revision:  # another ended meanwhile
            grades = _count_grades(change)
        amending.apply(change, at=at)
        frames.keep_frames(change)
        _count_repeated(change)
        of.update(
            revision=F("revision") + 1,
            entry_count=sum(count for _, _, count in grades),
            grades=grades[:KEPT_GRADES],
        )
        change.state, change.finished_at, change.last_error = ListChange.State.DONE, at, ""
        change.bytes_read = change.size
        change.save(
            update_fields=[
                "state", "finished_at", "last_error", "frames", "unchanged", "done", "bytes_read",
            ]
        )  # fmt: skip
        record(
            "hashlists.import.finished", actor=change.created_by, at=at,
            target=change.hash_list.name,
            detail={
                "change": change.pk, "added": change.added, "changed": change.changed,
                "removed": change.removed, "faulty": change.faulty,
            },
        )  # fmt: skip
    amending.sweep()


def _count_repeated(change: ListChange) -> None:
    """Lines that say of an entry what a later line says anew changed nothing."""
    repeated = max(0, change.to_write - change.written)
    change.unchanged += repeated
    change.done += repeated


def _count_grades(change: ListChange) -> list[tuple[str, str, int]]:
    """Count a list's entries by grade as they will be when the change is finished.

    In parts: SQLite sorts a whole list in memory otherwise.
    """
    ends = Entry.objects.filter(hash_list=change.hash_list_id).aggregate(
        first=Min("id"), last=Max("id")
    )
    counted = amending.grades_after(change)
    with connection.cursor() as cursor:
        for first in range(ends["first"] or 0, (ends["last"] or -1) + 1, COUNTED_AT_ONCE):
            # The sign keeps either database from reading all of the list for each part.
            cursor.execute(
                "SELECT grade, mapped_grade, COUNT(*) FROM hashlists_entry WHERE id >= %s"
                " AND id < %s AND +hash_list_id = %s AND deleted_at IS NULL"
                " AND changed_by_id NOT IN (SELECT id FROM hashlists_listchange"
                " WHERE hash_list_id = %s AND finished_at IS NULL AND id <> %s) GROUP BY 1, 2",
                [first, first + COUNTED_AT_ONCE, *[change.hash_list_id] * 2, change.pk],
            )
            for grade, mapped, count in cursor.fetchall():
                counted[grade, mapped] += count
    found = sorted(((-count, grade, mapped) for (grade, mapped), count in counted.items() if count))
    return [(grade, mapped, -count) for count, grade, mapped in found]
