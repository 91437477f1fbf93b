"""Writes entries as CSV with one column for each thing that an entry can say."""

import csv
import io
from collections.abc import Iterable, Iterator

import msgspec

from breakwater.formats.hash_entry import KINDS, Fingerprint, HashEntry

HEADER = (
    "member_id",
    "entry_id",
    "member_name",
    "media",
    *KINDS,
    "more_hashes",
    "grade",
    "scheme",
    "changed_at",
    "size",
    "mime_type",
    "series",
    "tags",
    "note",
    "deleted",
    "extra",
)
_ROWS = 2000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_table(entries: Iterable[HashEntry], *, for_spreadsheet: bool = False) -> Iterator[bytes]:
    """Give the CSV in blocks; `read_table` reads it back without loss.

    For a spreadsheet, texts that it would run as formulas get an apostrophe in front,
    and the file is no longer the same when it is read back.
    """
    out = io.StringIO(newline="")
    # With both characters in the line end, the writer quotes either of them in a cell.
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    for number, entry in enumerate(entries, 1):
        row = _row(entry)
        writer.writerow([_safe(cell) for cell in row] if for_spreadsheet else row)
        if number % _ROWS == 0:
            yield _taken(out)
    yield _taken(out)


def _taken(out: io.StringIO) -> bytes:
    block = out.getvalue().encode("utf-8", "replace")
    out.seek(0)
    out.truncate()
    return block


def _row(entry: HashEntry) -> list[str]:
    first: dict[str, str] = {}
    more: list[Fingerprint] = []
    for fingerprint in entry.fingerprints:
        if fingerprint.kind in first:
            more.append(fingerprint)
        else:
            first[fingerprint.kind] = fingerprint.value
    return [
        entry.source_id.member if entry.source_id else "",
        entry.source_id.entry if entry.source_id else "",
        entry.member_name,
        "" if entry.media == "unknown" else entry.media,
        *(first.get(kind, "") for kind in KINDS),
        _json(more),
        entry.grade or "",
        entry.scheme or "",
        entry.changed_at.isoformat() if entry.changed_at else "",
        "" if entry.size is None else str(entry.size),
        entry.mime_type,
        entry.series,
        _json(entry.tags),
        entry.note,
        "true" if entry.deleted else "",
        _json(entry.extra),
    ]


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode() if value else ""


def _safe(cell: str) -> str:
    return "'" + cell if cell.startswith(_FORMULA) else cell
