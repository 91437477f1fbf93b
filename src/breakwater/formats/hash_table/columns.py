"""Which column of a table is what: a person's choice, or a guess from names and values."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from breakwater.formats.hash_entry import (
    HEX_LENGTHS,
    KINDS,
    Advice,
    BadFingerprint,
    Fault,
    Media,
    Problem,
    kind_of,
    read_fingerprint,
)

FIELDS = (
    "hash",  # a hash whose kind the column «kind» or its length tells
    "kind",
    "entry_id",
    "member_id",
    "member_name",
    "media",
    "grade",
    "scheme",
    "changed_at",
    "quality",  # of the PDQ hash, 0 to 100
    "size",
    "mime_type",
    "series",
    "tags",
    "note",
    "deleted",
    "more_hashes",
    "extra",
)
TARGETS = (*KINDS, *FIELDS)
"""What a column can be; one that is none of it is kept in `HashEntry.extra`."""
KIND_BY_LENGTH = {32: "md5", 40: "sha1", 288: "photodna"}

_NOT_A_LETTER = re.compile(r"[\W_]+")
_NAMES = {name.replace("_", ""): name for name in FIELDS} | {
    "hashvalue": "hash",
    "value": "hash",
    "fingerprint": "hash",
    "checksum": "hash",
    "digest": "hash",
    "hashtype": "kind",
    "hashname": "kind",
    "algorithm": "kind",
    "algo": "kind",
    "id": "entry_id",
    "mediaid": "entry_id",
    "hashid": "entry_id",
    "espid": "member_id",
    "espname": "member_name",
    "member": "member_name",
    "source": "member_name",
    "organisation": "member_name",
    "organization": "member_name",
    "mediatype": "media",
    "contenttype": "media",
    "category": "grade",
    "classification": "grade",
    "severity": "grade",
    "cat": "grade",
    "gradingscheme": "scheme",
    "timestamp": "changed_at",
    "dateupdated": "changed_at",
    "updated": "changed_at",
    "updatedat": "changed_at",
    "lastmodified": "changed_at",
    "pdqquality": "quality",
    "hashquality": "quality",
    "filesize": "size",
    "mediasize": "size",
    "bytes": "size",
    "mime": "mime_type",
    "filetype": "mime_type",
    "seriesname": "series",
    "tag": "tags",
    "keywords": "tags",
    "labels": "tags",
    "comment": "note",
    "comments": "note",
    "notes": "note",
    "description": "note",
    "isdeleted": "deleted",
    "removed": "deleted",
}


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Column name to one of `TARGETS`; in a file without header the names are "1", "2", ….

    The other fields hold for every entry whose row does not say otherwise.
    """

    columns: Mapping[str, str]
    has_header: bool = True
    media: Media = "unknown"
    scheme: str | None = None
    member_id: str = ""
    member_name: str = ""


@dataclass(frozen=True, slots=True)
class Guess:
    """`faults` name the columns that a person has to decide about."""

    mapping: ColumnMapping
    faults: tuple[Fault, ...] = ()


def target_of(name: str) -> str:
    """Find what a column is by its name, "" if the name does not say."""
    return _NAMES.get(_NOT_A_LETTER.sub("", name).lower()) or kind_of(name) or ""


def column_names(first_row: Sequence[str], *, has_header: bool) -> list[str]:
    """Name every column, and no two of them alike."""
    names: list[str] = []
    for number, cell in enumerate(first_row, 1):
        name = (cell.strip() if has_header else "") or str(number)
        while name in names:
            name = f"{name} ({number})"
        names.append(name)
    return names


def guess_mapping(first_rows: Sequence[Sequence[str]]) -> Guess:
    """Guess what the columns are, by header names first and by the shape of values then.

    64 digits are SHA-256 or PDQ: without a name that says which, the column is left open
    and a fault asks for the choice.
    """
    if not first_rows:
        return Guess(ColumnMapping({}, has_header=False))
    has_header = _is_header(first_rows[0])
    names = column_names(first_rows[0], has_header=has_header)
    rows = first_rows[1:] if has_header else first_rows
    columns: dict[str, str] = {}
    faults = []
    for index, name in enumerate(names):
        cells = [row[index].strip() for row in rows if index < len(row) and row[index].strip()]
        target = (target_of(name) if has_header else "") or shape_of(cells)
        if target == "ambiguous":
            fault = Fault(1, name, Problem.AMBIGUOUS_KIND, Advice.CHOOSE_KIND, cells[0][:80])
            faults.append(fault)
        elif target and target not in columns.values():
            columns[name] = target
    return Guess(ColumnMapping(columns, has_header=has_header), tuple(faults))


def _is_header(row: Sequence[str]) -> bool:
    """A first row is a header if it names something and holds no hash."""
    if any(shape_of([cell.strip()]) for cell in row):
        return False
    return any(cell.strip() and not cell.strip().isdigit() for cell in row)


def shape_of(cells: Sequence[str]) -> str:
    """Find the kind that all of these values can be: a kind, "ambiguous", or ""."""
    lengths = {len(cell) for cell in cells}
    if lengths == {64} and all(_can_be("pdq", cell) for cell in cells):
        return "ambiguous"
    for kind in ("md5", "sha1", "photodna"):
        fits = kind not in HEX_LENGTHS or lengths == {HEX_LENGTHS[kind]}
        if cells and fits and all(_can_be(kind, cell) for cell in cells):
            return kind
    return ""


def _can_be(kind: str, cell: str) -> bool:
    try:
        read_fingerprint(kind, cell)
    except BadFingerprint:
        return False
    return True
