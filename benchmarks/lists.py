"""A new hash list: taken in, indexed, and brought to the archive of a million reports."""

import hashlib
import io
import resource
import secrets
import tempfile
import time
from datetime import UTC, datetime

from benchmarks.results import Figure, figure
from breakwater.hashlists import index
from breakwater.hashlists.actions.importing import work
from breakwater.hashlists.actions.lists import Terms, create_list
from breakwater.hashlists.actions.receiving import Received, receive
from breakwater.reports.actions.rematching import rematch
from breakwater.reports.models import FileMatch, Selector

LISTED = 100_000
KNOWN = 1_000
LINES = 5_000_000
RUBBISH = ("not a hash", "ff" * 15, "zz" * 16)  # one line in a hundred
AT = datetime(2026, 11, 2, 12, tzinfo=UTC)


def run(database: str) -> list[Figure]:
    archive = Selector.objects.filter(kind__in=["md5", "sha1", "sha256"])
    held = archive.count()
    # The copies that fill the archive have no originals to weigh again: only first reports match.
    known = list(
        archive.filter(kind="md5", frequency__lte=3, value__regex="^[0-9a-f]{32}$")
        .exclude(bundle=None)
        .order_by("id")
        .values_list("value", flat=True)[:KNOWN]
    )
    values = known + [secrets.token_hex(16) for _ in range(LISTED - len(known))]
    made = create_list(Terms("Bench", "Bench", "Synthetic"), by="bench", at=AT)
    text = "md5,grade\n" + "".join(f"{value},A1\n" for value in values)
    receive(made, io.BytesIO(text.encode()), Received("b.csv", "table"), by="bench", at=AT)
    start = time.perf_counter()
    work(AT)
    imported = time.perf_counter() - start
    index.update()
    start = time.perf_counter()
    while rematch(AT):
        pass
    took = time.perf_counter() - start
    matched = FileMatch.objects.values("report").distinct().count()
    return [
        figure(f"hashes of a file of {LISTED:,} taken into a list", database,
               LISTED / imported, "entries/s"),
        figure(
            f"{held:,} archived file hashes against a list of {LISTED:,}, "
            f"{matched:,} reports weighed again",
            database, took, "s", limit="below 60 s",
        ),
    ]  # fmt: skip


def run_long(database: str, lines: int = LINES) -> list[Figure]:
    """A file of millions with rubbish in it; in a process of its own, for its peak of memory."""
    made = create_list(Terms("Long", "Bench", "Synthetic"), by="bench", at=AT)
    with tempfile.TemporaryFile() as file:
        file.write(b"md5,grade\n")
        file.writelines(_line(number) for number in range(lines))
        file.seek(0)
        change = receive(made, file, Received("l.csv", "table"), by="bench", at=AT)
    start = time.perf_counter()
    work(AT)
    imported = time.perf_counter() - start
    imported_peak = _peak()
    start = time.perf_counter()
    index.update()
    indexed = time.perf_counter() - start
    change.refresh_from_db()
    if (change.done, change.faulty) != (lines, lines // 100):
        raise AssertionError(f"{change.done} lines, {change.faulty} set aside: {change.last_error}")
    title = f"file of {lines:,} lines, 1 % rubbish"
    return [
        figure(f"{title}: taken into a list", database, lines / imported, "lines/s"),
        figure(f"{title}: most memory while it is", database, imported_peak, "MB",
               limit="below 300 MB"),
        figure(f"{title}: indexed after that", database, indexed, "s"),
        figure(f"{title}: most memory with the index", database, _peak(), "MB"),
    ]  # fmt: skip


def _line(number: int) -> bytes:
    if number % 100 == 42:
        return f"{RUBBISH[number // 100 % 3]},A1\n".encode()
    return hashlib.md5(b"%d" % number, usedforsecurity=False).hexdigest().encode() + b",A1\n"


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
