"""From the decision to blocked at four real resolvers, the name in each one's cache.

The clock starts when the row that a decision leaves is committed, and stops for a resolver with
its first answer that leads to the stop page. The servers are those of the integration tests.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.resolvers import Desk, Resolvers, start_all, wait_for
from benchmarks.results import Figure, figure

FILL = """
import sys
from datetime import UTC, datetime, timedelta
import django
django.setup()
from breakwater.storage import bulk
from breakwater.worstof.actions.publishing import accept_copy
from breakwater.worstof.models import ZoneName
from breakwater.worstof.rules.zone_digest import bucket_of
from django.db import transaction
names = ["first.example", *(f"site-{n}.example" for n in range(int(sys.argv[1]) - 1))]
with transaction.atomic():
    rows = ((name, False, 1, bucket_of(name)) for name in names)
    bulk.insert(ZoneName, ["name", "is_national", "serial", "bucket"], rows)
accept_copy(by="bench", reason="filled", at=datetime.now(UTC) - timedelta(days=1))
"""


def run(names: int, rounds: int, which: tuple[str, ...]) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="breakwater-blocking-") as folder:
        place = Path(folder)
        desk, resolvers = Desk(place / "desk"), Resolvers(place)
        desk.run("migrate")
        fill(desk, names)
        try:
            start_all(place, desk, resolvers, which)
            for name in which:
                wait_for(lambda name=name: resolvers.blocks(name, "first.example"), 600, 0.2)
            time.sleep(15 if names > 100_000 else 3)  # BIND still summarises after a load
            times = measure(desk, resolvers, which, rounds)
        finally:
            resolvers.stop()
            desk.stop()
    return [found for name in which for found in figures(name, names, times[name])]


def fill(desk: Desk, names: int) -> None:
    environment = desk.environment | {"DJANGO_SETTINGS_MODULE": "breakwater.site.settings"}
    subprocess.run([sys.executable, "-c", FILL, str(names)], env=environment, check=True)


def measure(
    desk: Desk, resolvers: Resolvers, which: tuple[str, ...], rounds: int
) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in which}
    for n in range(rounds):
        listed = f"bench-{n}.example"
        for name in which:
            wait_for(lambda name=name, listed=listed: resolvers.resolves(name, listed))
        desk.decide(listed)
        start, open_ones = time.perf_counter(), set(which)
        while open_ones and time.perf_counter() - start < 120:
            for name in sorted(open_ones):
                if resolvers.blocks(name, listed):
                    times[name].append(time.perf_counter() - start)
                    open_ones.discard(name)
            time.sleep(0.005)
        if open_ones:
            raise TimeoutError(f"{sorted(open_ones)} did not block within 120 s")
        desk.decide(listed, adds=False)
    return times


def figures(name: str, names: int, times: list[float]) -> list[Figure]:
    ordered = sorted(times)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    what = f"decision to blocked at {name}, {names:,} names, n = {len(ordered)}"
    asked = names <= 100_000
    return [
        figure(f"{what}, median", "sqlite", statistics.median(ordered), "s"),
        figure(f"{what}, p95", "sqlite", p95, "s", limit="at most 2 s" if asked else ""),
        figure(f"{what}, maximum", "sqlite", ordered[-1], "s", limit="at most 10 s"),
    ]
