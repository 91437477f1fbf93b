"""One name more, and one less, in a published list of a million: on both databases.

Timed is the whole transaction that publishes: checks, digests, signature, audit entry, commit to
the disk, and the mark beside the database. Goal (issue 4): a change of one name in at most 50 ms.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from benchmarks.results import Figure
from benchmarks.spread import at_rest, spread

SIZE, CHANGES = 1_000_000, 200


def fill(size: int) -> None:
    """A list as `serve` left it long ago; `first.example` and so many more."""
    from django.db import transaction

    from breakwater.storage import bulk
    from breakwater.worstof.actions.publishing import accept_copy
    from breakwater.worstof.models import ZoneName
    from breakwater.worstof.rules.zone_digest import bucket_of

    names = ["first.example", *(f"site-{n}.example" for n in range(size - 1))]
    with transaction.atomic():
        rows = ((name, False, 1, bucket_of(name)) for name in names)
        bulk.insert(ZoneName, ["name", "is_national", "serial", "bucket"], rows)
    accept_copy(by="bench", reason="filled", at=datetime.now(UTC) - timedelta(days=1))


def _changes(count: int) -> Iterator[float]:
    """Milliseconds of each publication; names enter and leave by turns."""
    from benchmarks import listed
    from breakwater.worstof.actions import living
    from breakwater.worstof.actions.last_defence import read_tables
    from breakwater.worstof.actions.lists import international
    from breakwater.worstof.actions.publishing import publish_waiting

    read_tables()  # as `serve` does when it starts
    on = international()
    for n in range(count):
        at = datetime.now(UTC)
        name, adds = f"bench-{n // 2}.example", n % 2 == 0
        listed.decide(on, [name], at=at, adds=adds)
        begun = time.perf_counter()
        made = publish_waiting(at, steady=living.read)
        yield (time.perf_counter() - begun) * 1000
        if made is None or (made.added, made.removed) != (int(adds), int(not adds)):
            raise SystemExit("the change was not published")


def run(database: str, size: int = SIZE, count: int = CHANGES) -> list[Figure]:
    """Inside a process whose database is empty and migrated."""
    fill(size)
    at_rest()
    times = list(_changes(count))
    what = f"a change of one name published in a list of {size:,}, n = {count}"
    return spread(what, database, times, "ms", most="at most 50 ms")
