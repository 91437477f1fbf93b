"""Hashes in tables: CSV, JSON Lines or Parquet, one file or many, here or in a storage.

Any table with a column of the kind's name will do, such as `breakwater hash` writes.
"""

import hashlib
import io
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv, dataset, fs

from breakwater.matching.bulk.objects import is_address, storage

# Bytes of a hash by the name of its column.
WIDTHS = {"pdq": 32, "md5": 16, "sha1": 20, "sha256": 32}
# Columns that name a row, the first that a table has.
LABELS = ("id", "path")
_ROWS_AT_ONCE = 50_000


class BadTable(ValueError):
    """It cannot be read as a table, or has no column with hashes; the text says why."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Hashes (n, bytes) of rows with a number from 1 and a label; `faulty` rows had none to read."""

    hashes: NDArray[np.uint8]
    numbers: NDArray[np.int64]
    labels: list[str]
    faulty: int = 0


def read(source: str, kind: str, *, least_quality: int = 0) -> Iterator[Rows]:
    """The rows of a table that hold a hash of `kind`, and how many held something else.

    Empty cells are no fault. Rows whose column `quality` is below `least_quality` are left out.
    Lines of a CSV file with another number of cells are faulty too, and have no row number; so are
    lines of JSON that are no object, which have one.

    Raises:
        BadTable: it cannot be read, or has no column of that name.
    """
    first = 1
    try:
        for columns in _columns(source, kind):
            rows = _read(columns, kind, first, least_quality)
            first += len(columns.cells[kind])
            yield rows
    except (pa.ArrowException, OSError) as problem:
        raise BadTable(f"{source} cannot be read: {problem}") from problem


def mark(source: str) -> str:
    """A digest of names, sizes and times of a table's files: another where the table changed.

    Raises:
        BadTable: it is not there.
    """
    system, path = _place(source)
    info = system.get_file_info(path)
    if info.type == fs.FileType.Directory:
        infos = system.get_file_info(fs.FileSelector(path, recursive=True))
    else:
        infos = [info]
    said = sorted((i.path[len(path) :], i.size, i.mtime_ns) for i in infos if i.is_file)
    if not said:
        raise BadTable(f"{source} is not there")
    return hashlib.sha256(repr(said).encode()).hexdigest()


def _place(source: str) -> tuple[Any, str]:
    return storage(source if is_address(source) else Path(source).absolute().as_uri())


@dataclass(frozen=True, slots=True)
class _Columns:
    """Some rows: the cells of each column that was found, and how many lines before were no row."""

    cells: dict[str, list[Any]]
    broken: int = 0


def _columns(source: str, kind: str) -> Iterator[_Columns]:
    system, path = _place(source)
    suffix = path.rpartition(".")[2].lower()
    if suffix in ("jsonl", "json"):
        yield from _of_lines(source, system.open_input_stream(path), kind)
        return
    broken: list[int] = []
    is_parquet = suffix == "parquet" or "." not in path.rpartition("/")[2]
    form: Any = "parquet" if is_parquet else _csv(suffix, broken)
    table = dataset.dataset(path, filesystem=system, format=form)
    broken.clear()  # looking for the columns read the first lines already
    names = table.schema.names
    _require(kind, names, source)
    wanted = [kind, *[name for name in LABELS if name in names][:1]]
    wanted += ["quality"] if "quality" in names else []
    for batch in table.to_batches(columns=wanted, batch_size=_ROWS_AT_ONCE, use_threads=False):
        yield _Columns(batch.to_pydict())
    if broken:
        yield _Columns({kind: []}, len(broken))


def _require(kind: str, names: Iterable[str], source: str) -> None:
    if kind not in names:
        raise BadTable(f"{source} has no column «{kind}»; it has: {', '.join(names)}")


def _of_lines(source: str, stream: Any, kind: str) -> Iterator[_Columns]:
    """The lines of a JSON Lines file, each read by itself: a column may begin with nulls."""
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    names: dict[str, None] = {}
    with io.BufferedReader(stream) as file:
        lines = filter(bytes.strip, file)
        while some := list(itertools.islice(lines, _ROWS_AT_ONCE)):
            found: list[dict[str, Any]] = []
            broken = 0
            for line in some:
                try:
                    found.append(decode(line))
                except (msgspec.DecodeError, RecursionError):
                    found.append({})
                    broken += 1
            for row in found:
                names.update(dict.fromkeys(row))
            label = next((name for name in LABELS if name in names), kind)
            cells = {name: [row.get(name) for row in found] for name in (kind, label, "quality")}
            yield _Columns(cells, broken)
    _require(kind, names, source)


def _csv(suffix: str, broken: list[int]) -> dataset.CsvFileFormat:
    def set_aside(row: Any) -> str:
        broken.append(row.actual_columns)
        return "skip"

    texts = {name: pa.string() for name in (*WIDTHS, *LABELS)} | {"quality": pa.string()}
    return dataset.CsvFileFormat(
        parse_options=csv.ParseOptions(
            delimiter="\t" if suffix == "tsv" else ",", invalid_row_handler=set_aside
        ),
        convert_options=csv.ConvertOptions(column_types=texts, strings_can_be_null=True),
    )


def _read(columns: _Columns, kind: str, first: int, least_quality: int) -> Rows:
    texts = columns.cells[kind]
    label = next((name for name in LABELS if name in columns.cells), None)
    labels = columns.cells[label] if label else [""] * len(texts)
    qualities = columns.cells.get("quality") or [None] * len(texts)
    hexadecimal = re.compile(rf"[0-9a-f]{{{2 * WIDTHS[kind]}}}", re.ASCII)
    kept, numbers, named, faulty = [], [], [], columns.broken
    for place, text in enumerate(texts):
        value = str(text or "").strip().lower()
        if not value or not _is_good(qualities[place], least_quality):
            continue
        if not hexadecimal.fullmatch(value):
            faulty += 1
            continue
        kept.append(value)
        numbers.append(first + place)
        named.append(str(labels[place] or ""))
    joined = np.frombuffer(bytes.fromhex("".join(kept)), np.uint8)
    return Rows(joined.reshape(-1, WIDTHS[kind]), np.array(numbers, np.int64), named, faulty)


def _is_good(quality: object, least: int) -> bool:
    text = str(quality if quality is not None else "")
    return not text.isdigit() or int(text) >= least
