"""From the decision to blocked, and to open again, at four real resolvers with the name cached.

The clock starts at the call of the second verification (`life.assess`), or of the removal
(`life.remove`), in a process that is told to by a pipe: what the decision itself costs is in it.
It stops for a resolver with its first answer that leads to the stop page, or to the real site. The
names were nominated and verified once before. The servers are those of the
integration tests. A resolver that needs longer than `MOST` ends the rounds: what was measured is
told with that time as the maximum, so that no run hangs.
"""

import contextlib
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.officers import Officers
from benchmarks.resolvers import Desk, Resolvers, start_all, wait_for
from benchmarks.results import Figure, figure
from benchmarks.spread import spread

# Knot Resolver watches its files by default, if its package is there: off is no default of its own.
WITHOUT = {
    "bind-slow": "without the settings",
    "pdns-slow": "without the settings",
    "knot-slow": "with watch off",
}
CONTROL = 15.0  # seconds that a resolver without the settings is watched for
NEVER = 100  # names that must never be blocked, in the operator's file
MOST = 60.0  # seconds; six times the limit
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


class ControlPassed(Exception):
    """A resolver without the settings was as quick as one with them."""


def run(names: int, rounds: int, which: tuple[str, ...], *, checked: bool = False) -> list[Figure]:
    """If `checked`, with the live check before each publication, and without the controls.

    It then asks `NEVER` names of the operator's each time, beside those of the package.
    """
    with tempfile.TemporaryDirectory(prefix="breakwater-blocking-") as folder:
        place = Path(folder)
        desk, resolvers = Desk(place / "desk"), Resolvers(place)
        desk.run("migrate")
        fill(desk, names)
        if checked:
            never = desk.folder / "worstof" / "never-block.txt"
            never.write_text("".join(f"never-{n}.example\n" for n in range(NEVER)))
        try:
            start_all(place, desk, resolvers, which, checked=checked)
            for name in which:
                wait_for(lambda name=name: resolvers.blocks(name, "first.example"), 600, 0.2)
            time.sleep(15 if names > 100_000 else 3)  # BIND still summarises after a load
            times = measure(desk, resolvers, which, rounds)
            what = f"{names:,} names{', live check on' if checked else ''}"
            found = [told for key in times for told in figures(*key, what, names, times[key])]
            if "pdns" in which and not checked:
                found += without_settings(desk, resolvers, names)
        finally:
            resolvers.stop()
            desk.stop()
    return found


def fill(desk: Desk, names: int) -> None:
    environment = desk.environment | {"DJANGO_SETTINGS_MODULE": "breakwater.site.settings"}
    subprocess.run([sys.executable, "-c", FILL, str(names)], env=environment, check=True)


Times = dict[tuple[str, bool], list[float]]


def measure(desk: Desk, resolvers: Resolvers, which: tuple[str, ...], rounds: int) -> Times:
    """Seconds by resolver, from decision to blocked (True) and to open again (False)."""
    times: Times = {(name, adds): [] for adds in (True, False) for name in which}
    names = [f"bench-{n}.example" for n in range(rounds)]
    officers = Officers(desk, names)
    try:
        for listed in names:
            start = time.perf_counter()
            if max(until(resolvers, which, listed, start, blocked=False).values()) >= MOST:
                return times
            for adds, decide in ((True, officers.verify), (False, officers.remove)):
                start = time.perf_counter()
                decide(listed)
                found = until(resolvers, which, listed, start, blocked=adds)
                for name, seconds in found.items():
                    times[name, adds].append(seconds)
                if max(found.values()) >= MOST:
                    return times
    finally:
        officers.stop()
    return times


def until(
    resolvers: Resolvers, which: tuple[str, ...], listed: str, start: float, *, blocked: bool
) -> dict[str, float]:
    """Seconds since `start`, at each resolver. Each is asked in a thread of its own, so that a
    slow one does not delay the others."""
    look = resolvers.blocks if blocked else resolvers.resolves

    def asked(name: str) -> float:
        with contextlib.suppress(TimeoutError):
            wait_for(lambda: look(name, listed), MOST, 0.005)
        return time.perf_counter() - start

    with ThreadPoolExecutor(len(which)) as several:
        return dict(zip(which, several.map(asked, which), strict=True))


def without_settings(desk: Desk, resolvers: Resolvers, names: int) -> list[Figure]:
    """The negative control: resolvers without the settings, with a name in their cache.

    Raises:
        ControlPassed: one of them blocks the name: what is measured with settings tells nothing.
    """
    slow = resolvers.start_without_settings(desk)
    for name in slow:
        wait_for(lambda name=name: resolvers.resolves(name, "slow.example"), 60)
    start = time.perf_counter()
    desk.decide("slow.example")
    wait_for(lambda: resolvers.blocks("pdns", "slow.example"), CONTROL)
    time.sleep(max(0.0, CONTROL - (time.perf_counter() - start)))
    found = []
    for name in slow:
        # Asked once, at the end: it is what has to fail.
        if not resolvers.resolves(name, "slow.example"):
            raise ControlPassed(f"{name} no longer resolves the name after {CONTROL:.0f} s")
        what = f"negative control: {name.removesuffix('-slow')} {WITHOUT[name]}"
        what += f", {names:,} names, n = 1, at least"
        seconds = time.perf_counter() - start
        found.append(figure(what, "sqlite", seconds, "s", limit="more than 10 s, it must fail"))
    return found


def figures(name: str, adds: bool, about: str, names: int, times: list[float]) -> list[Figure]:
    what = f"decision to {'blocked' if adds else 'open again'} at {name}, {about}"
    asked = adds and names <= 100_000
    limits = {"p95": "at most 2 s" if asked else "", "most": "at most 10 s" if adds else ""}
    return spread(f"{what}, n = {len(times)}", "sqlite", times, "s", **limits)
