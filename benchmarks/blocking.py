"""From the decision to blocked at four real resolvers, the name in each one's cache.

The clock starts when the row that a decision leaves is committed, and stops for a resolver with
its first answer that leads to the stop page. The servers are those of the integration tests.
"""

import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.resolvers import Desk, Resolvers, free_port, start_all, wait_for
from benchmarks.results import Figure, figure

CONTROL = 15.0  # seconds that a resolver without the settings is watched for
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
            found = [told for name in which for told in figures(name, names, times[name])]
            if "pdns" in which:
                found += without_settings(desk, resolvers, names)
        finally:
            resolvers.stop()
            desk.stop()
    return found


def fill(desk: Desk, names: int) -> None:
    environment = desk.environment | {"DJANGO_SETTINGS_MODULE": "breakwater.site.settings"}
    subprocess.run([sys.executable, "-c", FILL, str(names)], env=environment, check=True)


def measure(
    desk: Desk, resolvers: Resolvers, which: tuple[str, ...], rounds: int
) -> dict[str, list[float]]:
    """Seconds from decision to blocked, by resolver. Each round ends when its removal arrived."""
    times: dict[str, list[float]] = {name: [] for name in which}
    for n in range(rounds):
        listed = f"bench-{n}.example"
        for name in which:
            wait_for(lambda name=name, listed=listed: resolvers.resolves(name, listed), 120)
        desk.decide(listed)
        for name, seconds in until_blocked(resolvers, which, listed, 120).items():
            times[name].append(seconds)
        desk.decide(listed, adds=False)
        for name in which:
            wait_for(lambda name=name, listed=listed: resolvers.resolves(name, listed), 120)
    return times


def until_blocked(
    resolvers: Resolvers, which: tuple[str, ...], listed: str, most: float
) -> dict[str, float]:
    """Ask each resolver in a thread of its own, so that a slow one does not delay the others.

    Raises:
        TimeoutError: one did not block within `most` seconds.
    """
    start = time.perf_counter()

    def blocked(name: str) -> float:
        wait_for(lambda: resolvers.blocks(name, listed), most, 0.005)
        return time.perf_counter() - start

    with ThreadPoolExecutor(len(which)) as several:
        return dict(zip(which, several.map(blocked, which), strict=True))


def without_settings(desk: Desk, resolvers: Resolvers, names: int) -> list[Figure]:
    """The negative control: BIND and PowerDNS as they come, with a name in their cache."""
    starts = {"bind-slow": resolvers.start_bind, "pdns-slow": resolvers.start_pdns}
    for name, start in starts.items():
        resolvers.ports[name] = free_port()
        desk.add_recipient(f"isp-{name}", [resolvers.ports[name]])
        wait_for(lambda name=name: desk.serves(f"isp-{name}"), 60, 0.1)
        start(desk, name=name, slow=True)
        wait_for(lambda name=name: resolvers.blocks(name, "first.example"), 120, 0.2)
    for name in starts:
        wait_for(lambda name=name: resolvers.resolves(name, "slow.example"), 60)
    start = time.perf_counter()
    desk.decide("slow.example")
    found = []
    for name in starts:
        with contextlib.suppress(TimeoutError):
            left = max(0.1, CONTROL - (time.perf_counter() - start))
            wait_for(lambda name=name: resolvers.blocks(name, "slow.example"), left, 0.05)
        seconds = time.perf_counter() - start
        what = f"negative control: {name.removesuffix('-slow')} without the settings"
        what += f", {names:,} names, n = 1, at least"
        found.append(figure(what, "sqlite", seconds, "s", limit="more than 10 s, it must fail"))
    return found


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
