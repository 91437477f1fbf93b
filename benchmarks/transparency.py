"""The transparency log at a million leaves: what a proof and one more leaf cost, on both databases.

Goal (issue 4): an inclusion proof at 1 million entries in at most 10 ms. The first proof, which
opens the connection, is a figure of its own. A proof is one statement and half a millisecond of
CPU: what makes the slowest of a thousand slow is another process that has the core meanwhile, so
the most CPU that one took stands beside it.
"""

import random
import time
from collections.abc import Callable, Iterator

from benchmarks.results import Figure, figure
from benchmarks.spread import at_rest, spread

SIZE = 1_000_000
PROOFS, APPENDS = 1_000, 200
BATCH = 20_000


def _fill(size: int) -> None:
    """Leaves with commitments made from their number; the nodes above them are the real ones."""
    import hashlib

    from django.db import transaction

    from breakwater.storage.bulk import insert
    from breakwater.worstof.models import LogLeaf, LogNode
    from breakwater.worstof.rules import merkle

    commitments = [hashlib.sha256(b"%d" % n).digest() for n in range(size)]
    with transaction.atomic():
        for start in range(0, size, BATCH):
            LogLeaf.objects.bulk_create(
                LogLeaf(index=start + n, commitment=c, nonce=bytes(32), decision="{}", year=2026,
                        verb="listed")
                for n, c in enumerate(commitments[start : start + BATCH])
            )  # fmt: skip
        grown = merkle.grown(0, [], map(merkle.leaf_hash, commitments))
        insert(LogNode, ("place", "hash"), ((merkle.place(n), h) for n, h in grown))


def _proofs(size: int) -> Iterator[Callable[[], object]]:
    from breakwater.worstof.queries import log

    places = random.Random(4)
    for _ in range(PROOFS):
        index = places.randrange(size)
        yield lambda index=index: log.inclusion_proof(index, size)


def _appends() -> Iterator[Callable[[], object]]:
    from datetime import UTC, datetime

    from django.db import transaction

    from breakwater.worstof.actions.transparency import append
    from breakwater.worstof.models import BlockList, Entry

    at = datetime(2026, 11, 2, tzinfo=UTC)
    block_list = BlockList.objects.create(name="Bench", legal_basis="none")
    entry = Entry.objects.create(block_list=block_list, name="bench.example", created_at=at)

    @transaction.atomic
    def one_more() -> None:
        append("listed", entry, at=at)

    for _ in range(APPENDS):
        yield one_more


def _timed(calls: Iterator[Callable[[], object]]) -> tuple[list[float], list[float]]:
    """Milliseconds of each call, and those of its thread's CPU."""
    times, cpu = [], []
    for call in calls:
        begun, used = time.perf_counter(), time.thread_time()
        call()
        times.append((time.perf_counter() - begun) * 1000)
        cpu.append((time.thread_time() - used) * 1000)
    return times, cpu


def run(database: str, size: int = SIZE) -> list[Figure]:
    """Inside a process whose database is empty and migrated."""
    from django.db import connection

    _fill(size)
    at_rest()
    connection.close()
    first, _ = _timed(iter([next(_proofs(size))]))
    times, cpu = _timed(_proofs(size))
    what = f"inclusion proof at {size:,} leaves"
    return [
        figure(f"{what}, the first, with its connection", database, first[0], "ms"),
        *spread(f"{what}, n = {PROOFS}", database, times, "ms", most="at most 10 ms"),
        figure(f"{what}, most CPU of one", database, max(cpu), "ms"),
        *spread(f"one more leaf at {size:,}, committed", database, _timed(_appends())[0], "ms"),
    ]
