"""Set-based writing that reads the same on both databases.

COPY and arrays on PostgreSQL, executemany on SQLite. Only the unpacking path needs
this; everything else uses the ORM.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import DateTimeField, Field, Model

Row = Sequence[Any]


def is_postgres() -> bool:
    return connection.vendor == "postgresql"


def column_names(model: type[Model], fields: Sequence[str]) -> list[str]:
    return [_field(model, f).column or "" for f in fields]


def _field(model: type[Model], name: str) -> "Field[Any, Any]":
    field = model._meta.get_field(name)
    if not isinstance(field, Field):
        raise TypeError(f"{model.__name__}.{name} is no column")
    return field


def insert(model: type[Model], fields: Sequence[str], rows: Iterable[Row]) -> None:
    table, columns = model._meta.db_table, ", ".join(column_names(model, fields))
    with connection.cursor() as cursor:
        if is_postgres():
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            rows = _for_sqlite(model, fields, rows)
            marks = ", ".join(["%s"] * len(fields))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)  # noqa: S608


def update(model: type[Model], fields: Sequence[str], rows: Sequence[Row]) -> None:
    """Update rows by primary key; the key is the last value of each row."""
    if not rows:
        return
    table, columns, pk = model._meta.db_table, column_names(model, fields), _key(model)
    with connection.cursor() as cursor:
        if not is_postgres():
            rows = _for_sqlite(model, fields, rows)
            sets = ", ".join(f"{c} = %s" for c in columns)
            cursor.executemany(f"UPDATE {table} SET {sets} WHERE {pk} = %s", rows)  # noqa: S608
            return
        types = [model._meta.get_field(f).db_type(connection) for f in fields]
        arrays = ", ".join(f"%s::{t}[]" for t in (*types, "bigint"))
        sets = ", ".join(f"{c} = v.{c}" for c in columns)
        names = ", ".join((*columns, "_key"))
        cursor.execute(
            f"UPDATE {table} SET {sets} FROM unnest({arrays}) AS v({names}) "  # noqa: S608
            f"WHERE {table}.{pk} = v._key",
            [_array(column) for column in zip(*rows, strict=True)],
        )


def _array(values: Sequence[Any]) -> str | list[Any]:
    """Write whole numbers as PostgreSQL's text of an array, quicker than psycopg makes one."""
    if set(map(type, values)) <= {int, type(None)}:
        return "{" + ",".join("NULL" if v is None else str(v) for v in values) + "}"
    return list(values)


def _key(model: type[Model]) -> str:
    key = model._meta.pk
    if key is None:
        raise TypeError(f"{model.__name__} has no primary key")
    return str(key.column)


def fetch_by_ids(
    model: type[Model], fields: Sequence[str], ids: Iterable[int] | Iterable[str]
) -> list[tuple[Any, ...]]:
    """Read columns of the rows with these primary keys, in one statement of one parameter."""
    keys: list[Any] = list(ids)
    if not keys:
        return []
    columns = ", ".join(column_names(model, fields))
    table, key = model._meta.db_table, _key(model)
    where, parameter = among(key, keys)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {table} WHERE {where}", [parameter])  # noqa: S608
        return _from_sqlite(model, fields, cursor.fetchall())


def _datetimes(model: type[Model], fields: Sequence[str]) -> list[int]:
    return [i for i, f in enumerate(fields) if isinstance(model._meta.get_field(f), DateTimeField)]


def _for_sqlite(model: type[Model], fields: Sequence[str], rows: Iterable[Row]) -> list[Row]:
    """Write times as Django's ORM does: UTC without a zone."""
    places = _datetimes(model, fields)
    if not places:
        return list(rows)
    converted = [list(row) for row in rows]
    written: dict[datetime | None, str | None] = {None: None}  # a report's selectors share a time
    for row in converted:
        for place in places:
            when = row[place]
            text = written.get(when)
            if text is None and when is not None:
                text = written[when] = str(when.astimezone(UTC).replace(tzinfo=None))
            row[place] = text
    return [*converted]


def _from_sqlite(
    model: type[Model], fields: Sequence[str], rows: list[Any]
) -> list[tuple[Any, ...]]:
    places = [] if is_postgres() else _datetimes(model, fields)
    if not places:
        return rows
    converted = [list(row) for row in rows]
    for row in converted:
        for place in places:
            if row[place] is not None:
                row[place] = row[place].replace(tzinfo=UTC)
    return [tuple(row) for row in converted]


def among(column: str, values: Sequence[int] | Sequence[str]) -> tuple[str, Any]:
    """Give a condition and its one parameter for `column` being any of `values`."""
    if is_postgres():
        if values and isinstance(values[0], int):
            return f"{column} = ANY(%s::bigint[])", _array(values)
        return f"{column} = ANY(%s)", list(values)
    return f"{column} IN (SELECT value FROM json_each(%s))", json.dumps(list(values))  # noqa: S608


def reserve_ids(model: type[Model], count: int) -> list[int]:
    """Take `count` primary keys that nobody else will get. Call inside a transaction."""
    if count == 0:
        return []
    table, key = model._meta.db_table, _key(model)
    with connection.cursor() as cursor:
        if is_postgres():
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [table, key, count],
            )
            return [row[0] for row in cursor.fetchall()]
        # An immediate transaction holds SQLite's only write lock, so max + 1 is ours; the
        # sequence table keeps numbers of deleted rows from being given again.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
        first = (row[0] if row else 0) + 1
        return list(range(first, first + count))


def lock_writer(key: int) -> None:
    """Let one transaction at a time pass. SQLite's immediate transactions do so already."""
    if is_postgres():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def count_anew(*models: type[Model]) -> None:
    """Tell PostgreSQL how large tables have become; SQLite plans without knowing.

    It finds out by itself within a minute. A question put before that is planned for the table as it
    was: with a hundred thousand new rows taken for one, it took minutes in place of a tenth of a second.
    """
    if is_postgres():
        with connection.cursor() as cursor:
            for model in models:
                cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


@contextmanager
def bounded_memory() -> Iterator[None]:
    """Keep a long run of writes from holding the whole database in this process's memory.

    SQLite maps what it reads of its file, up to the settings' limit; memory is the machine's to
    share, and one import need not show as a gigabyte of it. Nothing to do on PostgreSQL.
    """
    if is_postgres():
        yield
        return
    with connection.cursor() as cursor:
        before = {name: _pragma(cursor, name) for name in _BOUNDED}
        for name, value in _BOUNDED.items():
            cursor.execute(f"PRAGMA {name}={value}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for name, value in before.items():
                cursor.execute(f"PRAGMA {name}={value}")


# Writing in order needs few pages at once; a negative cache is in kibibytes.
_BOUNDED = {"mmap_size": 0, "cache_size": -65536}


def _pragma(cursor: CursorWrapper, name: str) -> int:
    cursor.execute(f"PRAGMA {name}")
    said = cursor.fetchone()  # nothing of a database that is no file
    return int(said[0]) if said else 0
