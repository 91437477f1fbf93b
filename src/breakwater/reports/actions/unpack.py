"""Turns waiting originals into reports: read, identify, weigh, bundle, count – in sets.

One transaction per set, so a kill leaves either the waiting originals or the finished
reports. An original that cannot be read is marked with the reason; one that trips a bug
is set aside, tried again with back-off, and does not hold up the others.
"""

import logging
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from breakwater.formats.record import FormatError
from breakwater.reports import bulk
from breakwater.reports.actions.write_set import Incoming, write_set
from breakwater.reports.models import Delivery, Original, Report
from breakwater.reports.reading import read_original, understand

UNPACK_LOCK = 4711_02
MAX_TRIES = 8
log = logging.getLogger(__name__)

Row = tuple[int, str, bytes, str, datetime, str, str, int | None]


@dataclass(slots=True)
class _Set:
    read: list[Incoming]
    repeats: list[int]
    stuck: list[tuple[int, str]]


def unpack_waiting(limit: int = 1000, *, at: datetime | None = None) -> int:
    """Unpack up to `limit` waiting originals, oldest first; say how many were dealt with."""
    at = at or timezone.now()
    try:
        return _unpack(limit, at, ids=None)
    except Exception:
        log.exception("a set of originals failed; going on one by one")
    done = 0
    for original_id in _waiting_ids(limit, at):
        done += _unpack_alone(original_id, at)
    return done


def _unpack_alone(original_id: int, at: datetime) -> int:
    try:
        return _unpack(1, at, ids=[original_id])
    except Exception as problem:
        log.exception("original %s failed", original_id)
        original = Original.objects.get(pk=original_id)
        original.tries += 1
        original.last_error = f"{type(problem).__name__}: {problem}"[:2000]
        original.next_try_at = at + timedelta(seconds=min(2**original.tries, 3600))
        if original.tries >= MAX_TRIES:
            original.state = Original.State.STUCK
        original.save(update_fields=["tries", "last_error", "next_try_at", "state"])
        return 1


def _unpack(limit: int, at: datetime, *, ids: list[int] | None) -> int:
    with transaction.atomic():
        bulk.lock_writer(UNPACK_LOCK)
        rows = _waiting(limit, at, ids)
        if not rows:
            return 0
        found = _read(rows)
        write_set(found.read, at=at)
        _mark(found)
        _close_deliveries({row[7] for row in rows if row[7] is not None})
    return len(rows)


def _waiting(limit: int, at: datetime, ids: list[int] | None) -> list[Row]:
    waiting = Original.objects.filter(state=Original.State.WAITING)
    if ids is not None:
        waiting = waiting.filter(pk__in=ids)
    else:
        waiting = waiting.exclude(next_try_at__gt=at)
    fields = ("id", "format", "content", "number", "received_at", "door", "provider_name")
    return list(waiting.order_by("id").values_list(*fields, "delivery_id")[:limit])


def _waiting_ids(limit: int, at: datetime) -> list[int]:
    waiting = Original.objects.filter(state=Original.State.WAITING).exclude(next_try_at__gt=at)
    return list(waiting.order_by("id").values_list("id", flat=True)[:limit])


def _read(rows: Sequence[Row]) -> _Set:
    found = _Set([], [], [])
    taken = set(
        Report.objects.filter(number__in=[r[3] for r in rows]).values_list("number", flat=True)
    )
    for original_id, format, content, number, received_at, door, provider_name, _ in rows:
        try:
            record = read_original(format, zlib.decompress(content))
        except FormatError as problem:
            found.stuck.append((original_id, str(problem)))
            continue
        if number in taken:
            found.repeats.append(original_id)
            continue
        taken.add(number)
        understood = understand(
            record, provider_name=provider_name, overlay=settings.DESK_IP_OVERLAY
        )
        when = _received(understood.record.received_at, received_at)
        found.read.append(Incoming(original_id, number, door, when, understood))
    return found


def _received(said: object, stored: datetime) -> datetime:
    """Prefer the clearing house's date of receipt, unless it lies after the delivery."""
    utc = getattr(said, "utc", None)
    return utc.astimezone(UTC) if utc and utc <= stored else stored


def _mark(found: _Set) -> None:
    for ids, state in (
        ([i.original_id for i in found.read], Original.State.READ),
        (found.repeats, Original.State.REPEAT),
    ):
        where, parameter = bulk.among("id", ids)
        with connection.cursor() as cursor:
            statement = f"UPDATE reports_original SET state = %s WHERE {where}"  # noqa: S608
            cursor.execute(statement, [int(state), parameter])
    for original_id, problem in found.stuck:
        Original.objects.filter(pk=original_id).update(
            state=Original.State.STUCK, last_error=problem[:2000]
        )


def _close_deliveries(deliveries: set[int]) -> None:
    waiting = Original.objects.filter(state=Original.State.WAITING)
    still = set(waiting.values_list("delivery_id", flat=True).distinct())
    done = list(deliveries - still)
    where, parameter = bulk.among("id", done)
    with connection.cursor() as cursor:
        statement = f"UPDATE reports_delivery SET state = %s WHERE state = %s AND {where}"  # noqa: S608
        cursor.execute(statement, [Delivery.State.DONE, Delivery.State.RECEIVED, parameter])
