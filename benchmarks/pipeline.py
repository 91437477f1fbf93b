"""The whole path of a report: parse, durable, identify, bundle, score – and its raw limits.

The raw limits are measured with the same bytes and the same rows: reading alone, and
COPY (PostgreSQL) or executemany (SQLite) of the finished rows alone into emptied tables.
"""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from multiprocessing import get_context
from typing import Any

from django.db import connection, transaction

from benchmarks.door_process import accept_all
from benchmarks.results import Figure, figure
from breakwater.reports.actions.accept import Document
from breakwater.reports.actions.unpack import unpack_all
from breakwater.reports.models import (
    Appearance,
    Bundle,
    Membership,
    Original,
    Report,
    Selector,
)
from breakwater.reports.reading import read_original
from breakwater.storage import bulk
from breakwater.synth import stream

SET = 1000
TABLES = (Original, Report, Bundle, Membership, Selector, Appearance)


def documents(count: int) -> list[Document]:
    start, end = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 10, 31, tzinfo=UTC)
    made = stream.documents(count, seed=1, country="JM", start=start, end=end)
    return [Document(d.name, d.format, d.data, d.number, d.provider_name) for d in made]


def sets(items: Iterable[Any], size: int = SET) -> Iterator[list[Any]]:
    iterator = iter(items)
    while found := list(islice(iterator, size)):
        yield found


def run(database: str, count: int) -> list[Figure]:
    made = documents(count)
    megabytes = sum(len(d.data) for d in made) / 1e6
    whole = count / _whole_path(count)
    parse = count / _timed(lambda: [read_original(d.format, d.data) for d in made])
    rows = count / _rows_alone()
    how = "COPY" if database == "postgresql" else "executemany"
    asked = "≥ 1,300 reports/s"
    return [
        figure(
            "whole path",
            database,
            whole,
            "reports/s",
            peer="parse alone",
            peer_value=parse,
            limit=asked,
        ),
        figure(
            "whole path",
            database,
            whole,
            "reports/s",
            peer=f"{how} of the same rows alone",
            peer_value=rows,
            limit=asked,
        ),
        figure("bytes read on the way", database, megabytes * whole / count, "MB/s"),
    ]


def _timed(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _whole_path(count: int) -> float:
    """Seconds from the first report at the door to the last one bundled and weighed.

    As on a desk, the door is one process and the worker another, which has one read ahead.
    """
    context = get_context("spawn")
    ready, go = context.Event(), context.Event()
    door = context.Process(target=accept_all, args=(count, ready, go))
    door.start()
    while not ready.wait(1):
        if not door.is_alive():
            raise RuntimeError("the door ended before it began")
    start = time.perf_counter()
    go.set()
    done = 0
    while done < count and (door.is_alive() or door.exitcode == 0):
        if Original.objects.filter(state=Original.State.WAITING)[: 4 * SET].count() < 4 * SET:
            # The worker looks again after a pause when there is little to do.
            door.join(timeout=0.2)
        done += unpack_all(at=datetime.now(UTC))
    seconds = time.perf_counter() - start
    door.join()
    if Report.objects.count() != count:
        raise RuntimeError(f"{Report.objects.count()} reports of {count}")
    return seconds


def _rows_alone() -> float:
    """Write the finished rows again into the emptied tables; give the seconds it took."""
    held: list[tuple[Any, list[str], list[tuple[Any, ...]]]] = []
    with connection.cursor() as cursor:
        for model in TABLES:
            fields = [f.name for f in model._meta.concrete_fields]
            columns = ", ".join(bulk.column_names(model, fields))
            cursor.execute(f"SELECT {columns} FROM {model._meta.db_table}")
            held.append((model, fields, cursor.fetchall()))
        _empty(cursor)
    start = time.perf_counter()
    for model, fields, rows in held:
        with transaction.atomic():  # a bundle may name another one that is written later
            for part in sets(rows, 50_000):
                bulk.insert(model, fields, part)
    return time.perf_counter() - start


def _empty(cursor: Any) -> None:
    names = [m._meta.db_table for m in reversed(TABLES)]
    if bulk.is_postgres():
        cursor.execute(f"TRUNCATE {', '.join(names)} CASCADE")
        return
    cursor.execute("PRAGMA foreign_keys=OFF")
    for name in names:
        cursor.execute(f"DELETE FROM {name}")
