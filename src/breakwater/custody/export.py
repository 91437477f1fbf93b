"""Writes audit entries out, line by line: the log can be longer than memory."""

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import UTC

from breakwater.custody.rules import Entry

COLUMNS = Entry.__slots__
BYTE_ORDER_MARK = "\ufeff"  # without it, spreadsheets take UTF-8 for something else


def _values(entry: Entry) -> dict[str, object]:
    values = {name: getattr(entry, name) for name in COLUMNS}
    return values | {"at": entry.at.astimezone(UTC).isoformat(timespec="microseconds")}


def json_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """Give each entry as one line of JSON; `detail` stays the text that was hashed."""
    for entry in entries:
        yield json.dumps(_values(entry), ensure_ascii=False) + "\n"


class _Echo:
    def write(self, value: str) -> str:
        return value


def csv_lines(entries: Iterable[Entry]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield BYTE_ORDER_MARK
    yield writer.writerow(COLUMNS)
    for entry in entries:
        yield writer.writerow([_cell(value) for value in _values(entry).values()])


def _cell(value: object) -> str:
    """Keep a spreadsheet from running a name that somebody chose as a formula."""
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
