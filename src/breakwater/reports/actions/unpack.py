"""Turns waiting originals into reports: read, identify, weigh, bundle, count – in sets.

One transaction per set, so a kill leaves either the waiting originals or the finished
reports. Reading needs no database, so a second process does it ahead while this one
writes. An original that cannot be read is marked with the reason; one that trips a bug
is set aside, tried again with back-off, and does not hold up the others.
"""

import logging
import os
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from breakwater.hashlists.index import Unreadable
from breakwater.reports.actions.incoming import Incoming
from breakwater.reports.actions.write_set import write_set
from breakwater.reports.models import Delivery, Original, Report
from breakwater.reports.reading import Understood, end_with, no_collector, read_packed
from breakwater.storage import bulk

UNPACK_LOCK = 4711_02
MAX_TRIES = 8
SET = 1000
WORTH_A_PROCESS = 3 * SET
log = logging.getLogger(__name__)

Reading = list[tuple[Understood | None, str]]


@dataclass(frozen=True, slots=True)
class Waiting:
    """An original as fetched for reading."""

    id: int
    format: str
    content: bytes
    number: str
    received_at: datetime
    door: str
    provider_name: str
    delivery_id: int | None

    @property
    def item(self) -> tuple[str, bytes, str]:
        return self.format, self.content, self.provider_name


def unpack_waiting(limit: int = SET, *, at: datetime | None = None) -> int:
    """Unpack up to `limit` waiting originals, oldest first; say how many were dealt with."""
    at = at or timezone.now()
    waiting = _waiting(at, after=0, limit=limit)
    return _unpack_or_one_by_one(waiting, _read(waiting), at) if waiting else 0


def unpack_all(*, at: datetime | None = None) -> int:
    """Unpack everything that waits; with much to do, a second process reads ahead."""
    at = at or timezone.now()
    done = 0
    # Asked again after each set: a door that is busy may have filled up meanwhile.
    while True:
        dealt_with = _unpack_with_reader(at) if _is_worth_a_process() else unpack_waiting(at=at)
        if not dealt_with:
            return done
        done += dealt_with


def _is_worth_a_process() -> bool:
    waiting = Original.objects.filter(state=Original.State.WAITING)
    return waiting[:WORTH_A_PROCESS].count() == WORTH_A_PROCESS


def _unpack_with_reader(at: datetime) -> int:
    # Spawned, not forked: a child must not inherit this process's database connection.
    with ProcessPoolExecutor(
        1, mp_context=get_context("spawn"), initializer=end_with, initargs=(os.getpid(),)
    ) as reader:
        return _unpack_ahead(reader, at)


def _unpack_ahead(reader: ProcessPoolExecutor, at: datetime) -> int:
    done, last = 0, 0
    ahead: tuple[list[Waiting], Future[Reading]] | None = None
    while True:
        waiting = _waiting(at, after=last, limit=SET)
        following = (waiting, _submit(reader, waiting)) if waiting else None
        if ahead:
            done += _unpack_or_one_by_one(ahead[0], _result(ahead), at)
        if following is None:
            return done
        ahead, last = following, waiting[-1].id


def _submit(reader: ProcessPoolExecutor, waiting: list[Waiting]) -> Future[Reading]:
    return reader.submit(read_packed, [w.item for w in waiting], settings.DESK_IP_OVERLAY)


def _result(ahead: tuple[list[Waiting], Future[Reading]]) -> Reading | None:
    try:
        return ahead[1].result()
    except BrokenProcessPool:
        raise
    except Exception:
        # One original trips the reader: the set is read again here, one by one.
        log.exception("a set of originals could not be read; going on one by one")
        return None


def _read(waiting: Sequence[Waiting]) -> Reading | None:
    try:
        return read_packed([w.item for w in waiting], settings.DESK_IP_OVERLAY)
    except Exception:
        log.exception("a set of originals could not be read; going on one by one")
        return None


def _unpack_or_one_by_one(waiting: list[Waiting], reading: Reading | None, at: datetime) -> int:
    if reading is not None:
        try:
            return _write(waiting, reading, at)
        except Unreadable:
            raise  # no fault of any original: all of them wait until the lists can be asked
        except Exception:  # whatever one original trips, the others must go on
            log.exception("a set of originals failed; going on one by one")
    return sum(_unpack_alone(one, at) for one in waiting)


def _unpack_alone(one: Waiting, at: datetime) -> int:
    try:
        return _write([one], read_packed([one.item], settings.DESK_IP_OVERLAY), at)
    except Unreadable:
        raise
    except Exception as problem:
        log.exception("original %s failed", one.id)
        original = Original.objects.get(pk=one.id)
        original.tries += 1
        original.last_error = f"{type(problem).__name__}: {problem}"[:2000]
        original.next_try_at = at + timedelta(seconds=min(2**original.tries, 3600))
        if original.tries >= MAX_TRIES:
            original.state = Original.State.STUCK
        original.save(update_fields=["tries", "last_error", "next_try_at", "state"])
        return 1


def _waiting(at: datetime, *, after: int, limit: int) -> list[Waiting]:
    rows = (
        Original.objects.filter(state=Original.State.WAITING, id__gt=after)
        .exclude(next_try_at__gt=at)
        .order_by("id")
        .values_list(
            "id", "format", "content", "number", "received_at", "door", "provider_name",
            "delivery_id",
        )[:limit]
    )  # fmt: skip
    return [Waiting(r[0], r[1], bytes(r[2]), r[3], r[4], r[5], r[6], r[7]) for r in rows]


def _write(waiting: list[Waiting], reading: Reading, at: datetime) -> int:
    with no_collector(), transaction.atomic():
        bulk.lock_writer(UNPACK_LOCK)
        # Another worker may have been faster between the reading and the lock.
        still = _still_waiting([w.id for w in waiting])
        taken = _taken_numbers([w.number for w in waiting])
        fresh: list[Incoming] = []
        repeats: list[int] = []
        for one, (understood, fault) in zip(waiting, reading, strict=True):
            if one.id not in still:
                continue
            if understood is None:
                _mark_stuck(one.id, fault)
            elif one.number in taken:
                repeats.append(one.id)
            else:
                taken.add(one.number)
                when = _received(understood.received_at, one.received_at)
                fresh.append(Incoming(one.id, one.number, one.door, when, understood))
        write_set(fresh, at=at)
        _mark([i.original_id for i in fresh], Original.State.READ)
        _mark(repeats, Original.State.REPEAT)
        _close_deliveries({w.delivery_id for w in waiting if w.delivery_id is not None})
    return len(waiting)


def _still_waiting(ids: list[int]) -> set[int]:
    where, parameter = bulk.among("id", ids)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM reports_original WHERE state = 0 AND {where}", [parameter])  # noqa: S608
        return {row[0] for row in cursor.fetchall()}


def _taken_numbers(numbers: list[str]) -> set[str]:
    where, parameter = bulk.among("number", numbers)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT number FROM {Report._meta.db_table} WHERE {where}", [parameter])  # noqa: S608
        return {row[0] for row in cursor.fetchall()}


def _received(said: datetime | None, stored: datetime) -> datetime:
    """Prefer the clearing house's date of receipt, unless it lies after the delivery."""
    return said.astimezone(UTC) if said and said <= stored else stored


def _mark(ids: list[int], state: Original.State) -> None:
    where, parameter = bulk.among("id", ids)
    with connection.cursor() as cursor:
        statement = f"UPDATE reports_original SET state = %s WHERE {where}"  # noqa: S608
        cursor.execute(statement, [int(state), parameter])


def _mark_stuck(original_id: int, fault: str) -> None:
    Original.objects.filter(pk=original_id).update(
        state=Original.State.STUCK, last_error=fault[:2000]
    )


def _close_deliveries(deliveries: set[int]) -> None:
    waiting = Original.objects.filter(state=Original.State.WAITING)
    still = set(waiting.values_list("delivery_id", flat=True).distinct())
    done = list(deliveries - still)
    where, parameter = bulk.among("id", done)
    with connection.cursor() as cursor:
        statement = f"UPDATE reports_delivery SET state = %s WHERE state = %s AND {where}"  # noqa: S608
        cursor.execute(statement, [Delivery.State.DONE, Delivery.State.RECEIVED, parameter])
