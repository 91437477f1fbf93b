"""A new hash list: taken in, indexed, and brought to the archive of a million reports."""

import io
import secrets
import time
from datetime import UTC, datetime

from benchmarks.results import Figure, figure
from breakwater.hashlists import index
from breakwater.hashlists.actions.importing import Received, receive, work
from breakwater.hashlists.actions.lists import Terms, create_list
from breakwater.reports.actions.rematching import rematch
from breakwater.reports.models import FileMatch, Selector

LISTED = 100_000
KNOWN = 1_000
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
