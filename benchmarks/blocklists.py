"""A million dirty lines compiled into a zone, and one name more; beside the ad-block world's."""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.processes import Ran, timed
from benchmarks.results import Figure, figure

SIZE = 1_000_000
ZONE = "rpz.desk.invalid"
# The version of diff-builder that it names is not published any more.
PEER = {
    "dependencies": {"@adguard/hostlist-compiler": "2.1.1"},
    "overrides": {"@adguard/diff-builder": "1.1.7"},
}
_WORDS = ("alpha", "river", "stone", "cloud", "maple", "orbit", "pixel", "north", "delta", "ember")
_LETTERS = ("müller", "größe", "пример", "日本", "ñandú", "école")
_ENDS = ("example", "test", "site.example", "shop.test")
_FORMS = (
    ("{}", 27), ("0.0.0.0 {}", 15), ("||{}^", 10), ("https://{}/a/b?c=1", 10), ("{}.", 8),
    ("\t{}  # seen", 4), ("-{}", 4), ("# {}", 2), ("192.0.2.1", 3), ("co.uk", 1),
)  # fmt: skip


def dirty_lines(count: int, path: Path) -> None:
    """Write a seeded list: duplicates, case, dots, hosts, rules, addresses, letters, bad labels."""
    dice = random.Random(4)
    forms, weights = zip(*_FORMS, strict=True)
    with path.open("w", encoding="utf-8") as stream:
        for _ in range(count):
            name = f"{dice.choice(_WORDS)}-{dice.randrange(count)}.{dice.choice(_ENDS)}"
            kind = dice.random()
            if kind < 0.08:
                name = dice.choice(_LETTERS) + name
            elif kind < 0.18:
                name = name.title()
            elif kind < 0.5:
                name = f"{dice.choice(('www', 'm', 'cdn'))}.{name}"
            stream.write(dice.choices(forms, weights)[0].format(name) + "\n")


def measure(lines: Path, zone: Path) -> dict[str, float]:
    """Inside the child: seconds to read, guard, sort and write, and milliseconds of one name more."""
    import django

    django.setup()
    from breakwater.formats.block_list import FORMS, Header, compile_lines
    from breakwater.worstof.queries.known_names import known
    from breakwater.worstof.rules.guards import refusals

    began = time.perf_counter()
    guards = refusals(known())
    with lines.open("rb") as stream:
        found = compile_lines(stream, guards)
    with zone.open("wb") as out:
        out.writelines(FORMS["rpz"].write(found.names, Header(1, datetime.now(UTC), ZONE, "bench")))
    seconds = time.perf_counter() - began
    began = time.perf_counter()
    found.add("||one-name-more.example^", guards)
    delta = (time.perf_counter() - began) * 1000
    return {"names": len(found.names), "seconds": seconds, "delta_ms": delta}


def peer(lines: Path, folder: Path) -> Ran | None:
    """The compiler of the ad-block world on the same lines; None where npm cannot bring it.

    Not the same work: it knows more kinds of rules, drops addresses of pages and writes no zone. It
    is told to convert letters outside ASCII and hosts lines, since otherwise it drops the former.
    """
    if not shutil.which("npm"):
        return None
    (folder / "package.json").write_text(json.dumps({"private": True, **PEER}))
    command = ["npm", "install", "--no-audit", "--no-fund", "--silent"]
    if subprocess.run(command, cwd=folder, check=False).returncode:
        return None
    wanted = (
        "ConvertToAscii",
        "TrimLines",
        "RemoveComments",
        "Compress",
        "Validate",
        "Deduplicate",
    )
    source = {"name": "peer", "sources": [{"source": str(lines)}], "transformations": wanted}
    (folder / "peer.json").write_text(json.dumps(source))
    program = folder / "node_modules" / ".bin" / "hostlist-compiler"
    return timed([program, "-c", folder / "peer.json", "-o", folder / "peer.txt"])


def ours(lines: Path, zone: Path) -> tuple[Ran, dict[str, float]]:
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "breakwater.site.settings",
        "BREAKWATER_DATA_DIR": str(zone.parent), "BREAKWATER_DEMO": "yes",
    }  # fmt: skip
    ran = timed([sys.executable, "-m", "benchmarks.blocklists", lines, zone], env)
    return ran, json.loads(ran[3])


def run(count: int = SIZE) -> list[Figure]:
    """One core each, one after the other, on the same lines."""
    with tempfile.TemporaryDirectory(prefix="breakwater-lists-") as name:
        folder = Path(name)
        lines, zone = folder / "dirty.txt", folder / "list.zone"
        dirty_lines(count, lines)
        (seconds, cpu, peak, _), inside = ours(lines, zone)
        if subprocess.run(["named-checkzone", "-q", ZONE, zone], check=False).returncode:
            raise SystemExit("named-checkzone refuses the zone")
        told = _about(count, seconds, peer(lines, folder))
        what = f"compile {count:,} dirty lines into a zone, one core"
        print(f"{inside['names']:,.0f} names, of {seconds:.2f} s: {inside['seconds']:.2f} s without "
              f"start, named-checkzone accepts it")  # fmt: skip
        return [
            *told,
            figure(f"{what}, CPU", "no", cpu, "s"),
            figure(f"{what}, peak", "no", peak, "MiB", limit="at most 400 MiB"),
            figure(f"one more line in {inside['names']:,.0f} names", "no", inside["delta_ms"], "ms",
                   limit="at most 50 ms"),
        ]  # fmt: skip


def _about(count: int, seconds: float, other: Ran | None) -> list[Figure]:
    what = f"compile {count:,} dirty lines into a zone, one core, whole process"
    if other is None:
        print("hostlist-compiler: npm is absent or could not bring it, so it did not run beside")
    else:
        print(f"hostlist-compiler: {other[0]:.2f} s, CPU {other[1]:.2f} s, peak {other[2]:.0f} MiB")
    return [
        figure(what, "no", seconds, "s", limit="at most 8 s"),
        beside(f"{what}: time of hostlist-compiler 2.1.1", seconds, other),
    ]


def beside(what: str, seconds: float, other: Ran | None) -> Figure:
    """How many times as long the peer takes; a peer that did not run has proven nothing."""
    took, ours = (other[0], seconds) if other else (0.0, None)
    return figure(
        what, "no", took, "s", peer="Breakwater, s", peer_value=ours, limit="at least 8 x"
    )


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), Path(sys.argv[2]))))
