"""Files of hashes into a list: kept durably first, then worked through in sets.

A file of millions of lines is never one transaction: reports must come in meanwhile. Each set
commits with the count of what is dealt with, so that a worker that was killed goes on behind it,
and matching sees the change only when all of it is written.
"""

import hashlib
import itertools
import logging
import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F

from breakwater.custody.actions import record
from breakwater.formats.hash_collection import read_collection
from breakwater.formats.hash_entry import Advice, Fault, HashEntry
from breakwater.formats.hash_table import ColumnMapping, read_table
from breakwater.formats.record import FormatError
from breakwater.formats.vics import read_vics
from breakwater.hashlists.actions.entries import ENTRIES_LOCK, write_entries
from breakwater.hashlists.clock import Clock
from breakwater.hashlists.models import Entry, HashList, ListChange, ListFault
from breakwater.people.models import User
from breakwater.storage import bulk

FORMS = ("table", "vics", "collection")
SET = 5_000
MOST_BYTES = 8 << 30
# Faults beyond this many are counted, not kept one by one.
KEPT_FAULTS = 10_000
# A source that writes sentences into its grades does not fill a page with them.
KEPT_GRADES = 100
MOST_TRIES = 8
log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]


class TooLarge(ValueError):
    """The file is larger than the desk accepts."""


class Empty(ValueError):
    """The file has no bytes."""


class NotADraft(ValueError):
    """The columns of this file were confirmed before, or it was thrown away."""


@dataclass(frozen=True, slots=True)
class Received:
    """A file as it came."""

    name: str
    form: str
    mapping: ColumnMapping | None = None


def folder() -> Path:
    """Where files wait until they are worked through."""
    path = Path(settings.CONFIG.data_dir) / "hash-imports"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def receive(
    hash_list: HashList,
    stream: BinaryIO,
    received: Received,
    *,
    by: User | str,
    at: datetime,
    is_draft: bool = False,
) -> ListChange:
    """Keep a file durably and queue it for the worker; a draft waits for `confirm` first.

    Raises:
        TooLarge, Empty: nothing was kept.
        ValueError: the form is none of `FORMS`.
    """
    if received.form not in FORMS:
        raise ValueError(f"{received.form}: expected one of {', '.join(FORMS)}")
    path = folder() / f"{uuid.uuid4().hex}.part"
    try:
        size, digest = _keep(stream, path)
        with transaction.atomic():
            change = ListChange.objects.create(
                hash_list=hash_list, form=received.form, name=received.name[:255],
                mapping=mapping_as_json(received.mapping), file=path.name, size=size,
                sha256=digest, created_at=at, created_by=str(by),
                state=ListChange.State.DRAFT if is_draft else ListChange.State.WAITING,
            )  # fmt: skip
            record(
                "hashlists.import.received", actor=by, at=at, target=hash_list.name,
                detail={"file": received.name, "sha256": digest, "change": change.pk},
            )  # fmt: skip
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return change


def confirm(
    change: ListChange, mapping: ColumnMapping, *, by: User | str, at: datetime
) -> ListChange:
    """Queue a draft with the columns that a person has looked at.

    Raises:
        NotADraft: somebody confirmed it before.
    """
    with transaction.atomic():
        waiting = ListChange.objects.filter(pk=change.pk, state=ListChange.State.DRAFT)
        if not waiting.update(
            state=ListChange.State.WAITING, mapping=mapping_as_json(mapping), form="table"
        ):
            raise NotADraft(change.name)
        record(
            "hashlists.import.confirmed", actor=by, at=at, target=change.hash_list.name,
            detail={"change": change.pk, "columns": dict(mapping.columns)},
        )  # fmt: skip
    change.refresh_from_db()
    return change


def discard(change: ListChange, *, by: User | str, at: datetime) -> None:
    """Throw a draft and its file away.

    Raises:
        NotADraft: it is in work or done.
    """
    with transaction.atomic():
        if not ListChange.objects.filter(pk=change.pk, state=ListChange.State.DRAFT).delete()[0]:
            raise NotADraft(change.name)
        record(
            "hashlists.import.discarded", actor=by, at=at, target=change.hash_list.name,
            detail={"file": change.name, "sha256": change.sha256},
        )  # fmt: skip
    (folder() / change.file).unlink(missing_ok=True)


def _keep(stream: BinaryIO, path: Path) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    with path.open("wb") as out:
        while block := stream.read(1 << 20):
            size += len(block)
            if size > MOST_BYTES:
                raise TooLarge(f"more than {MOST_BYTES >> 30} GiB; split the file")
            digest.update(block)
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    if not size:
        raise Empty("the file is empty")
    return size, digest.hexdigest()


def mapping_as_json(mapping: ColumnMapping | None) -> dict[str, Any]:
    """A mapping as it is kept with a change; {} is «guess it»."""
    if mapping is None:
        return {}
    return {name: getattr(mapping, name) for name in mapping.__slots__} | {
        "columns": dict(mapping.columns)
    }


def work(at: datetime) -> bool:
    """Work through one waiting change; false when none is due."""
    due = ListChange.objects.filter(state__in=["waiting", "running"], form__in=FORMS)
    change = due.exclude(next_try_at__gt=at).order_by("id").first()
    if change is None:
        return False
    try:
        apply_change(change, at=at)
    except Exception as problem:
        log.exception("import %s failed", change.pk)
        _postpone(change, problem, at)
    return True


def _postpone(change: ListChange, problem: Exception, at: datetime) -> None:
    tries = change.tries + 1
    hopeless = tries >= MOST_TRIES or isinstance(problem, FormatError | FileNotFoundError)
    ListChange.objects.filter(pk=change.pk).update(
        tries=tries,
        next_try_at=at + timedelta(seconds=min(2**tries, 900)),
        last_error=f"{type(problem).__name__}: {problem}"[:2000],
        state=ListChange.State.FAILED if hopeless else ListChange.State.WAITING,
    )


def apply_change(change: ListChange, *, at: datetime, progress: Progress | None = None) -> None:
    """Work a change through from where it stands to its end; safe to run again after a kill."""
    ListChange.objects.filter(pk=change.pk).update(state=ListChange.State.RUNNING)
    path, clock = folder() / change.file, Clock(at)
    with path.open("rb") as stream:
        found = itertools.islice(_found(change, stream), change.done, None)
        while some := list(itertools.islice(found, SET)):
            _write_set(change, some, clock, _position(stream, change))
            if progress:
                progress(change.bytes_read, change.size)
    finish(change, at=clock.now())
    path.unlink(missing_ok=True)


def _found(change: ListChange, stream: BinaryIO) -> Iterator[HashEntry | Fault]:
    if change.form == "table":
        return read_table(stream, ColumnMapping(**change.mapping) if change.mapping else None)
    if change.form == "collection":
        return read_collection(stream, change.name)
    file = read_vics(stream.read())
    return itertools.chain(file.faults, file.all_entries())


def _position(stream: BinaryIO, change: ListChange) -> int:
    return min(stream.tell(), change.size)


def _write_set(
    change: ListChange, some: list[HashEntry | Fault], clock: Clock, position: int
) -> None:
    entries = [item for item in some if isinstance(item, HashEntry)]
    faults = [item for item in some if isinstance(item, Fault)]
    with transaction.atomic():
        # An import may take an hour. Entries are stamped when they are written, or they would
        # appear in ranges of time that recipients have pulled and finished.
        bulk.lock_writer(ENTRIES_LOCK)
        counts = write_entries(change.hash_list, change, entries, at=clock.now())
        keep_faults(change, faults)
        change.done += len(some)
        change.added += counts.added
        change.changed += counts.changed
        change.unchanged += counts.unchanged
        change.removed += counts.removed
        change.faulty += sum(f.count for f in faults if f.advice is Advice.ENTRY_LEFT_OUT)
        change.bytes_read = position
        change.save(
            update_fields=[
                "done", "added", "changed", "unchanged", "removed", "faulty", "bytes_read",
            ]
        )  # fmt: skip


def keep_faults(change: ListChange, faults: list[Fault]) -> None:
    """Keep faults as rows, up to `KEPT_FAULTS` a change."""
    room = KEPT_FAULTS - change.faults.count() if faults else 0
    ListFault.objects.bulk_create(
        ListFault(
            change=change, place=str(f.place)[:200], field=f.field[:80], problem=f.problem,
            advice=f.advice, found=f.found.replace("\0", "␀")[:200], count=f.count,
        )
        for f in faults[: max(room, 0)]
    )  # fmt: skip


def finish(change: ListChange, *, at: datetime) -> None:
    """Let matching see a change that is written to its end."""
    with transaction.atomic():
        grades = _count_grades(change.hash_list_id)
        HashList.objects.filter(pk=change.hash_list_id).update(
            revision=F("revision") + 1,
            entry_count=sum(count for _, _, count in grades),
            grades=grades[:KEPT_GRADES],
        )
        change.state, change.finished_at, change.last_error = ListChange.State.DONE, at, ""
        change.save(update_fields=["state", "finished_at", "last_error"])
        record(
            "hashlists.import.finished", actor=change.created_by, at=at,
            target=change.hash_list.name,
            detail={
                "change": change.pk, "added": change.added, "changed": change.changed,
                "removed": change.removed, "faulty": change.faulty,
            },
        )  # fmt: skip


def _count_grades(list_id: int) -> list[tuple[str, str, int]]:
    alive = Entry.objects.filter(hash_list=list_id, deleted_at=None)
    found = alive.values_list("grade", "mapped_grade").annotate(count=Count("id"))
    return list(found.order_by("-count", "grade"))
