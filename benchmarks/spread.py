"""Median, p95 and maximum of measured times, and a database that has come to rest before them."""

import os
import statistics
from collections.abc import Sequence

from benchmarks.results import Figure, figure


def spread(
    what: str, database: str, times: Sequence[float], unit: str, *, p95: str = "", most: str = ""
) -> list[Figure]:
    """Three figures; `p95` and `most` are the limits that the issue asks of them."""
    ordered = sorted(times)
    high = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return [
        figure(f"{what}, median", database, statistics.median(ordered), unit),
        figure(f"{what}, p95", database, high, unit, limit=p95),
        figure(f"{what}, maximum", database, ordered[-1], unit, limit=most),
    ]


def at_rest() -> None:
    """Have done what a database does after a large fill, so that it does not run beside the times.

    A log or list of a million grew over years: its tables are vacuumed and its pages on the disk.
    """
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("CHECKPOINT")
        else:
            cursor.execute("ANALYZE")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    os.sync()
