"""Hashes in tables: CSV, JSON Lines or Parquet, one file or many, here or in a storage.

Any table with a column of the kind's name will do, such as `breakwater hash` writes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv, dataset

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
    Lines of a CSV file with another number of cells are faulty too, and have no row number.

    Raises:
        BadTable: it cannot be read, or has no column of that name.
    """
    try:
        broken: list[int] = []
        table, names = _opened(source, broken)
        broken.clear()  # looking for the columns read the first lines already
        if kind not in names:
            raise BadTable(f"{source} has no column «{kind}»; it has: {', '.join(names)}")
        label = next((name for name in LABELS if name in names), None)
        wanted = [kind, *([label] if label else []), *(["quality"] if "quality" in names else [])]
        first = 1
        for batch in table.to_batches(columns=wanted, batch_size=_ROWS_AT_ONCE, use_threads=False):
            yield _read(batch, kind, label, first, least_quality)
            first += batch.num_rows
        if broken:
            empty = np.empty((0, WIDTHS[kind]), np.uint8)
            yield Rows(empty, np.empty(0, np.int64), [], len(broken))
    except (pa.ArrowException, OSError) as problem:
        raise BadTable(f"{source} cannot be read: {problem}") from problem


def _opened(source: str, broken: list[int]) -> tuple[Any, list[str]]:
    if is_address(source):
        system, path = storage(source)
    else:
        system, path = storage(f"{Path(source).absolute().as_uri()}")
    suffix = path.rpartition(".")[2].lower()
    form: Any = {"parquet": "parquet", "jsonl": "json", "json": "json"}.get(suffix)
    form = form or ("parquet" if "." not in path.rpartition("/")[2] else _csv(suffix, broken))
    table = dataset.dataset(path, filesystem=system, format=form)
    return table, table.schema.names


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


def _read(batch: Any, kind: str, label: str | None, first: int, least_quality: int) -> Rows:
    columns = batch.to_pydict()
    texts = columns[kind]
    labels = columns[label] if label else [""] * len(texts)
    qualities = columns.get("quality") or [None] * len(texts)
    hexadecimal = re.compile(rf"[0-9a-f]{{{2 * WIDTHS[kind]}}}", re.ASCII)
    kept, numbers, named, faulty = [], [], [], 0
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
