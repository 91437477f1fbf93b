"""One record per figure, printed as it is measured and written at the end."""

import json
import platform
import re
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).parent
_WORDS = {True: "", False: " – **not reached**", None: ""}


@dataclass(frozen=True)
class Figure:
    """`ratio` is value over peer value; `limit` is what the issue asks, as a sentence."""

    name: str
    database: str
    value: float
    unit: str
    peer: str
    peer_value: float | None
    ratio: float | None
    limit: str


def figure(
    name: str,
    database: str,
    value: float,
    unit: str,
    *,
    peer: str = "",
    peer_value: float | None = None,
    limit: str = "",
) -> Figure:
    ratio = round(value / peer_value, 3) if peer_value else None
    found = Figure(
        name,
        database,
        round(value, 2),
        unit,
        peer,
        peer_value and round(peer_value, 2),
        ratio,
        limit,
    )
    print(line(found), flush=True)
    return found


def line(f: Figure) -> str:
    text = f"{f.database:10} {f.name}: {f.value:,} {f.unit}"
    if f.peer_value:
        text += f" · {f.peer}: {f.peer_value:,} · ratio {f.ratio}"
    return text + (f" · asked: {f.limit}{_WORDS[reached(f)]}" if f.limit else "")


# "at least 90 x" speaks of the ratio, as does "at most a quarter"; else of the value.
_LIMIT = re.compile(
    r"(?:flat: )?(?P<how>at least|more than|>=|≥|at most|below) (?P<much>a quarter|[\d.,]+)(?P<x> x)?"
)


def reached(f: Figure) -> bool | None:
    """Whether the figure is within its limit; None where it has none that a number tells."""
    if f.limit == "0":
        return f.value == 0
    found = _LIMIT.match(f.limit)
    if not found:
        return None
    asked = 0.25 if found["much"] == "a quarter" else float(found["much"].replace(",", ""))
    measured = f.ratio if found["x"] or found["much"] == "a quarter" else f.value
    if measured is None:
        return False  # the peer that it is held against did not run
    if found["how"] in ("at least", ">=", "≥"):
        return measured >= asked
    if found["how"] == "more than":
        return measured > asked
    return measured <= asked if found["how"] == "at most" else measured < asked


def write(figures: list[Figure], *, replace: bool) -> None:
    """Write the figures; those of a part alone take the places of older ones of that name."""
    if not replace:
        measured = {(f.name, f.database, f.peer) for f in figures}
        kept = [Figure(**f) for f in json.loads((HERE / "results.json").read_text())]
        figures = [f for f in kept if (f.name, f.database, f.peer) not in measured] + figures
    (HERE / "results.json").write_text(json.dumps([asdict(f) for f in figures], indent=1) + "\n")
    rows = [
        "# Measured figures",
        "",
        f"Written by `make bench`, or part by part by `python -m benchmarks --only PART`, on "
        f"{platform.machine()}, Python {platform.python_version()}, 2 cores. Ratio is value over peer; a "
        "figure's peers ran in the same run as the figure. Parts that were not run again stay as they "
        "were, of another day and perhaps another machine of this kind.",
        "",
        "| figure | database | value | unit | peer | peer value | ratio | asked |",
        "|---|---|---:|---|---|---:|---:|---|",
    ]
    for f in figures:
        peer_value = f"{f.peer_value:,}" if f.peer_value else ""
        rows.append(
            f"| {f.name} | {f.database} | {f.value:,} | {f.unit} | {f.peer} | {peer_value} "
            f"| {f.ratio or ''} | {f.limit}{_WORDS[reached(f)]} |"
        )
    (HERE / "results.md").write_text("\n".join(rows) + "\n")
