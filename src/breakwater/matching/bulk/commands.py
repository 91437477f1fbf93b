"""`breakwater match …`: tables of hashes against an index in shards, here or on a cluster."""

import csv
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, TextIO

import msgspec
import pyarrow as pa
import typer
from pyarrow import parquet

from breakwater.matching import vpdq
from breakwater.matching.bulk import sharded, sizing, tables, video_tables
from breakwater.matching.bulk.objects import BadAddress
from breakwater.matching.commands import chosen_engine, err
from breakwater.matching.container import Damaged, NotAnIndex
from breakwater.matching.pdq import MATCH_DISTANCE

app = typer.Typer(add_completion=False, no_args_is_help=True)
matching = typer.Typer(help="How large an index is and what it needs.")
app.add_typer(matching, name="matching")
FORMATS = ("csv", "jsonl", "parquet")
MATCHES = pa.schema(
    [
        ("row", pa.int64()),
        ("label", pa.string()),
        ("hash", pa.string()),
        ("known_row", pa.int64()),
        ("known", pa.string()),
        ("distance", pa.int32()),
    ]
)
VIDEO_MATCHES = pa.schema(
    [
        ("label", pa.string()),
        ("known", pa.string()),
        ("asked_in_known", pa.float64()),
        ("known_in_asked", pa.float64()),
    ]
)
_ROWS_IN_GROUP = 50_000
_Row = tuple[Any, ...]
EngineName = Annotated[str, typer.Option("--engine", help="local, or daft, also on a cluster.")]
Cluster = Annotated[str, typer.Option(help="Address of a Ray cluster, for --engine daft.")]
Processes = Annotated[
    int, typer.Option(min=0, help="Work in so many processes; 0 is one for each processor.")
]


@app.command("match")
def match(
    asked: Annotated[str, typer.Argument(help="A table of hashes: CSV, JSON Lines or Parquet.")],
    known: Annotated[str, typer.Option(help="A table of known hashes, to make an index of.")] = "",
    index: Annotated[
        Path | None,
        typer.Option(help="The index: made there from --known, or used if it is there."),
    ] = None,
    kind: Annotated[str, typer.Option(help="Column to match: pdq, md5, sha1 or sha256.")] = "pdq",
    shards: Annotated[int, typer.Option(min=1, max=4096, help="Cut a new index into so many.")] = 1,
    radius: Annotated[
        int, typer.Option(min=0, max=MATCH_DISTANCE, help="Largest distance of PDQ hashes.")
    ] = MATCH_DISTANCE,
    quality: Annotated[
        int, typer.Option(min=0, max=100, help="Leave out asked PDQ hashes of lower quality.")
    ] = 50,
    out: Annotated[Path | None, typer.Option(help="File to write; else standard output.")] = None,
    format: Annotated[str, typer.Option(help="csv, jsonl or parquet.")] = "csv",
    processes: Processes = 0,
    engine_name: EngineName = "local",
    cluster: Cluster = "",
) -> None:
    """Match a table of hashes with a table of known ones: a row for each pair that is near.

    Rows without a hash are passed over; what is no hash is counted. Examples:

        breakwater match hashes.parquet --known list.csv --out matches.csv

        breakwater match hashes.parquet --known list.csv --index /shared/list --shards 8

        breakwater match s3://bucket/hashes.parquet --index /shared/list --engine daft --cluster head.example:6379

    Ends with 0 if all was read, 1 if rows were set aside or a process died, 2 if it was called
    wrongly.
    """
    if kind not in tables.WIDTHS or format not in FORMATS:
        raise typer.BadParameter("--kind is one of pdq, md5, sha1, sha256; --format of csv, jsonl, parquet")  # fmt: skip
    if format == "parquet" and out is None:
        raise typer.BadParameter("Parquet needs --out")
    if not known and index is None:
        raise typer.BadParameter("Give --known, or an --index that is there")
    engine = chosen_engine(engine_name, processes, cluster)
    with ExitStack() as stack:
        folder = index or Path(stack.enter_context(tempfile.TemporaryDirectory())) / "index"
        try:
            faulty = 0
            if known and not folder.exists():
                faulty = sharded.build(known, folder, kind, shards, engine).faulty
            elif known and sharded.facts_of(folder).made_from != tables.mark(known):
                raise typer.BadParameter(
                    f"The index in {folder} was made from another table than {known}, or the table "
                    "has changed. Name another folder, or remove this one."
                )
            count = _Count(tables.read(asked, kind, least_quality=quality if kind == "pdq" else 0))
            found = sharded.matches(folder, count, engine, radius=radius)
            if sharded.facts_of(folder).kind != kind:
                raise typer.BadParameter(f"The index is of {sharded.facts_of(folder).kind}")
            written = _write(found, out, format, MATCHES)
        except (sharded.NoIndex, tables.BadTable, BadAddress, FileExistsError) as problem:
            raise typer.BadParameter(str(problem)) from problem
        except (sharded.Lost, Damaged, NotAnIndex, OSError) as problem:
            err.print(f"Not finished: {problem}", markup=False)
            raise typer.Exit(1) from problem
    err.print(f"{written} matches of {count.rows} hashes.")
    if faulty + count.faulty:
        err.print(f"No hash could be read in {count.faulty} asked and {faulty} known rows.")
        raise typer.Exit(1)


@app.command("match-videos")
def match_videos(
    asked: Annotated[str, typer.Argument(help="A table of frames: CSV, JSON Lines or Parquet.")],
    known: Annotated[str, typer.Option(help="A table of frames of known videos.")],
    least: Annotated[
        float, typer.Option(min=0, max=100, help="Percent of an asked video that must be found.")
    ] = vpdq.LEAST_OF_QUERY,
    least_of_known: Annotated[
        float, typer.Option(min=0, max=100, help="Percent of a known video that must be found.")
    ] = vpdq.LEAST_OF_REFERENCE,
    out: Annotated[Path | None, typer.Option(help="File to write; else standard output.")] = None,
    format: Annotated[str, typer.Option(help="csv, jsonl or parquet.")] = "csv",
) -> None:
    """Match videos by their frames (vPDQ): how much of each is in the other, in percent.

    The tables are those of `breakwater hash`: all rows with one `path` are one video. Example:

        breakwater match-videos found.parquet --known list.parquet --least 50

    Ends with 0 if all was read, 1 if rows were set aside, 2 if it was called wrongly.
    """
    if format not in FORMATS:
        raise typer.BadParameter("--format is one of csv, jsonl, parquet")
    if format == "parquet" and out is None:
        raise typer.BadParameter("Parquet needs --out")
    try:
        ours, theirs = video_tables.read(asked), video_tables.read(known)
        found = (
            pair
            for pair in video_tables.matches(
                ours.frames, theirs.frames, threads=os.cpu_count() or 1
            )
            if vpdq.Overlap(pair.asked_in_known, pair.known_in_asked).is_match(
                least, least_of_known
            )
        )
        written = _write(found, out, format, VIDEO_MATCHES)
    except (tables.BadTable, BadAddress, FileExistsError) as problem:
        raise typer.BadParameter(str(problem)) from problem
    err.print(f"{written} matches of {len(ours.frames)} videos.")
    if ours.faulty + theirs.faulty:
        err.print(f"No hash could be read in {ours.faulty} asked and {theirs.faulty} known rows.")
        raise typer.Exit(1)


@matching.callback()
def about() -> None:
    """How large an index is and what it needs."""


@matching.command("size")
def size(
    queries: Annotated[float, typer.Option(min=0, help="Queries a second to answer.")] = 1_000,
    memory: Annotated[int, typer.Option(min=1, help="Memory of a server, in GB.")] = 256,
    cores: Annotated[int, typer.Option(min=1, help="Cores of a server.")] = 32,
    hashes: Annotated[int, typer.Option(min=10_000, help="Measure with so many.")] = 1_000_000,
) -> None:
    """Measure one core of this machine and compute what 1 million to 10 billion hashes need.

    Takes some seconds. Rates beyond the measured size are estimates; hashes of real pictures
    cluster and take longer than the random ones that are measured here.
    """
    found = sizing.measure(hashes)
    typer.echo(
        f"One core: {found.queries:,.0f} queries/s among {hashes:,} hashes, "
        f"{found.digests:,.0f} digests/s, {found.photos:,.0f} decoded photos of 2000 x 1500 a second; "
        f"{found.bytes_per_hash:.0f} bytes a hash.\n"
    )
    columns = ("hashes", "shards", "memory GB", "disk GB", "queries/s a core", "cores", "servers")
    typer.echo("| " + " | ".join(columns) + " |\n|" + "---:|" * len(columns))
    for count in sizing.SIZES:
        n = sizing.need(count, found, queries=queries, server_memory=memory * 10**9, server_cores=cores)  # fmt: skip
        bytes_ = f"{n.memory / 1e9:,.1f} | {n.disk / 1e9:,.1f}"
        typer.echo(
            f"| {n.hashes:,} | {n.shards} | {bytes_} | {n.queries_of_core:,.1f} | {n.cores:,} | {n.servers:,} |"
        )


class _Count:
    """Passes rows on and counts them."""

    def __init__(self, rows: Iterable[tables.Rows]) -> None:
        self._given = rows
        self.rows = self.faulty = 0

    def __iter__(self) -> Iterator[tables.Rows]:
        for rows in self._given:
            self.rows += len(rows.numbers)
            self.faulty += rows.faulty
            yield rows


def _write(found: Iterable[_Row], out: Path | None, format: str, schema: pa.Schema) -> int:
    if format == "parquet" and out is not None:
        return _write_parquet(found, out, schema)
    write: Callable[[Iterable[_Row], TextIO, list[str]], int]
    write = _write_csv if format == "csv" else _write_lines
    if out is None:
        return write(found, sys.stdout, schema.names)
    with out.open("x", encoding="utf-8", newline="") as file:
        return write(found, file, schema.names)


def _write_csv(found: Iterable[_Row], file: TextIO, names: list[str]) -> int:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    count = 0
    for count, one in enumerate(found, 1):  # noqa: B007 – the last number is the count
        writer.writerow(one)
    return count


def _write_lines(found: Iterable[_Row], file: TextIO, names: list[str]) -> int:
    count = 0
    for count, one in enumerate(found, 1):  # noqa: B007 – the last number is the count
        file.write(msgspec.json.encode(dict(zip(names, one, strict=True))).decode() + "\n")
    return count


def _write_parquet(found: Iterable[_Row], out: Path, schema: pa.Schema) -> int:
    count, rows = 0, []
    with out.open("xb") as file, parquet.ParquetWriter(file, schema) as writer:
        for one in found:
            rows.append(one)
            if len(rows) == _ROWS_IN_GROUP:
                count += _write_group(writer, rows, schema)
                rows = []
        return count + _write_group(writer, rows, schema)


def _write_group(writer: Any, rows: list[_Row], schema: pa.Schema) -> int:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
    writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
    return len(rows)
