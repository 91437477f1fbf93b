"""A million dirty lines compiled into a zone, and one name more; in a process of its own."""

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

SIZE = 1_000_000
ZONE = "rpz.desk.invalid"
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
    """Inside the child: seconds to read, guard, sort and write, and its peak in MiB."""
    import django

    django.setup()
    from breakwater.formats.block_list import FORMS, Header, compile_lines
    from breakwater.worstof.queries.known_names import known
    from breakwater.worstof.rules.guards import refusals

    began, cpu = time.perf_counter(), time.process_time()
    guards = refusals(known())
    with lines.open("rb") as stream:
        found = compile_lines(stream, guards)
    with zone.open("wb") as out:
        out.writelines(FORMS["rpz"].write(found.names, Header(1, datetime.now(UTC), ZONE, "bench")))
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    began = time.perf_counter()
    found.add("||one-name-more.example^", guards)
    delta = (time.perf_counter() - began) * 1000
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"names": len(found.names), "seconds": seconds, "cpu_seconds": cpu_seconds,
            "peak_mib": peak, "delta_ms": delta}  # fmt: skip


def run(count: int = SIZE) -> None:
    """Print the figures and whether named-checkzone accepts the zone."""
    with tempfile.TemporaryDirectory() as folder:
        lines, zone = Path(folder) / "dirty.txt", Path(folder) / "list.zone"
        dirty_lines(count, lines)
        env = os.environ | {
            "DJANGO_SETTINGS_MODULE": "breakwater.site.settings",
            "BREAKWATER_DATA_DIR": folder, "BREAKWATER_DEMO": "yes",
        }  # fmt: skip
        child = [sys.executable, "-m", "benchmarks.blocklists", str(lines), str(zone)]
        said = subprocess.run(child, env=env, check=True, capture_output=True, text=True)
        for name, value in json.loads(said.stdout).items():
            print(f"{count:,} dirty lines, {name}: {value:,.2f}")
        checked = subprocess.run(["named-checkzone", "-q", ZONE, zone], check=False)
        print("named-checkzone:", "accepts" if checked.returncode == 0 else "REFUSES")
        print("hostlist-compiler: not run beside it yet")


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), Path(sys.argv[2]))))
