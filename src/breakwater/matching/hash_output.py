"""Hashes of files as CSV, JSON Lines or Parquet: a row for each hash, or one without a hash."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Literal, Protocol

import msgspec
import pyarrow as pa
from pyarrow import parquet

from breakwater.matching.media import HashedFile

SCHEMA = pa.schema(
    [
        ("path", pa.string()),
        ("size", pa.int64()),
        ("kind", pa.string()),
        ("md5", pa.string()),
        ("sha1", pa.string()),
        ("sha256", pa.string()),
        ("frame", pa.int32()),
        ("seconds", pa.float64()),
        ("turn", pa.string()),
        ("pdq", pa.string()),
        ("quality", pa.int16()),
        ("fault", pa.string()),
    ]
)
COLUMNS: list[str] = SCHEMA.names
_ROWS_IN_GROUP = 50_000


class Output(Protocol):
    """`write` takes files; after `close`, the file is whole, however many were written."""

    def __init__(self, file: BinaryIO) -> None: ...
    def write(self, found: HashedFile) -> None: ...
    def close(self) -> None: ...


def text_of(path: bytes) -> str:
    """A path in UTF-8; bytes that are none stand as \\x and two digits, so that all can be kept."""
    return path.decode("utf-8", "backslashreplace")


def rows(found: HashedFile) -> Iterator[tuple[Any, ...]]:
    """The file's rows, in the order of `COLUMNS`."""
    first = (text_of(found.path), found.size, found.kind, found.md5, found.sha1, found.sha256)
    for one in found.frames:
        place = (one.frame, one.seconds, one.turn)
        yield (*first, *place, str(one.pdq), one.pdq.quality, found.fault or None)
    if not found.frames:
        yield (*first, None, None, None, None, None, found.fault or None)


class CsvOutput:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._write([COLUMNS], csv.QUOTE_MINIMAL)

    def write(self, found: HashedFile) -> None:
        # Python quotes a lone carriage return only from 3.13 on, and readers take it for a line.
        bare = b"\r" in found.path
        self._write(rows(found), csv.QUOTE_ALL if bare else csv.QUOTE_MINIMAL)

    def close(self) -> None:
        self._file.flush()

    def _write(self, lines: Iterable[Iterable[Any]], quoting: Literal[0, 1]) -> None:
        # In one piece, so that Ctrl-C cannot fall between two halves of a row.
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n", quoting=quoting).writerows(lines)
        self._file.write(text.getvalue().encode())


class JsonLinesOutput:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, found: HashedFile) -> None:
        lines = (dict(zip(COLUMNS, row, strict=True)) for row in rows(found))
        self._file.write(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))

    def close(self) -> None:
        self._file.flush()


class ParquetOutput:
    def __init__(self, file: BinaryIO) -> None:
        self._writer = parquet.ParquetWriter(file, SCHEMA)
        self._rows: list[tuple[Any, ...]] = []

    def write(self, found: HashedFile) -> None:
        self._rows.extend(rows(found))
        if len(self._rows) >= _ROWS_IN_GROUP:
            self._write_group()

    def close(self) -> None:
        self._write_group()
        self._writer.close()

    def _write_group(self) -> None:
        taken, self._rows = self._rows, []
        columns = zip(*taken, strict=True) if taken else ((),) * len(COLUMNS)
        arrays = [pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=SCHEMA))


FORMATS: dict[str, type[Output]] = {
    "csv": CsvOutput,
    "jsonl": JsonLinesOutput,
    "parquet": ParquetOutput,
}
