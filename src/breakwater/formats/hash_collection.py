"""Hashes as the open tools of ThreatExchange keep them in files, read as entries and faults.

Three shapes, from their source (python-threatexchange 1.2): `simple.HASH_PDQ.te`, a CSV without
header of indicator, [id,] first descriptor, date, labels; the output of `threatexchange dataset
-P --csv`; and the local file with «pdq f8f8…» on each line. What the tools pickle is not read: a
pickle runs whatever it holds.
"""

import csv
import re
from collections.abc import Iterator
from typing import BinaryIO

from breakwater.formats.hash_entry import (
    Advice,
    BadFingerprint,
    Fault,
    HashEntry,
    Media,
    Problem,
    read_fingerprint,
)

SUFFIXES = (".te", ".csv", ".txt")
_HEADER = ["signal_type", "signal_str", "collab", "category", "tags"]
_NAME = re.compile(r"simple\.([^.]+)\.te")
_KINDS: dict[str, tuple[str, Media]] = {
    "pdq": ("pdq", "image"),
    "hash_pdq": ("pdq", "image"),
    "photodna": ("photodna", "image"),
    "sha1": ("sha1", "unknown"),
    "hash_sha1": ("sha1", "unknown"),
    "md5": ("md5", "unknown"),
    "hash_md5": ("md5", "unknown"),
    "video_md5": ("md5", "video"),
    "hash_video_md5": ("md5", "video"),
    "sha256": ("sha256", "unknown"),
    "hash_sha256": ("sha256", "unknown"),
    "video_sha256": ("sha256", "video"),
    "hash_video_sha256": ("sha256", "video"),
    "vpdq": ("vpdq", "video"),
    "tmk_pdqf": ("tmk_pdqf", "video"),
}
# What the tools' users took for harmless, or only saw, is not known abuse.
_NEGATIVE = ("NEGATIVE_CLASS",)
_LONGEST = 100_000


def read_collection(stream: BinaryIO, name: str) -> Iterator[HashEntry | Fault]:
    """Give every hash of one file, and a fault for every line that is none."""
    # A line is cut at its longest, so that a file without line ends costs no memory.
    lines = (
        line.removeprefix(b"\xef\xbb\xbf").translate(None, b"\0\r").decode("utf-8", "replace")
        for line in iter(lambda: stream.readline(_LONGEST), b"")
    )
    named = _NAME.fullmatch(name.rpartition("/")[2])
    if named:
        return _te(lines, named[1])
    if name.lower().endswith(".csv"):
        return _csv(lines)
    return _plain(lines)


def _te(lines: Iterator[str], kind: str) -> Iterator[HashEntry | Fault]:
    for number, row in enumerate(_rows(lines), 1):
        if row:
            labels = row[-1].split() if len(row) in (4, 5) else []
            if negative := next((label for label in labels if label in _NEGATIVE), ""):
                yield _harmless(number, negative)
            else:
                yield _entry(number, kind, row[0], labels)


def _rows(lines: Iterator[str]) -> Iterator[list[str]]:
    # Line by line: a quotation mark that is never closed spoils its own line only.
    return (next(csv.reader([line]), []) for line in lines)


def _csv(lines: Iterator[str]) -> Iterator[HashEntry | Fault]:
    rows = _rows(lines)
    header = next(rows, [])
    if header != _HEADER:
        found = ",".join(header)[:80]
        yield Fault(1, "", Problem.UNKNOWN_MODEL, Advice.ENTRY_LEFT_OUT, found)
        return
    for number, row in enumerate(rows, 2):
        if len(row) != len(_HEADER):
            yield Fault(number, "", Problem.ROW_WIDTH, Advice.ENTRY_LEFT_OUT, ",".join(row)[:80])
            continue
        kind, value, collection, category, tags = row
        if category in _NEGATIVE:
            yield _harmless(number, category)
        else:
            yield _entry(number, kind, value, tags.split(), collection)


def _harmless(number: int, category: str) -> Fault:
    return Fault(number, "category", Problem.CONTRADICTION, Advice.ENTRY_LEFT_OUT, category)


def _plain(lines: Iterator[str]) -> Iterator[HashEntry | Fault]:
    for number, line in enumerate(lines, 1):
        kind, *value = line.split(maxsplit=1) or [""]
        if kind:
            yield _entry(number, kind, "".join(value).strip(), [])


def _entry(
    number: int, word: str, value: str, tags: list[str], collection: str = ""
) -> HashEntry | Fault:
    kind, media = _KINDS.get(word.lower(), ("", "unknown"))
    if not kind:
        return Fault(number, "", Problem.UNKNOWN_KIND, Advice.ENTRY_LEFT_OUT, word[:80])
    try:
        fingerprint = read_fingerprint(kind, value)
    except BadFingerprint as refused:
        return Fault(number, kind, refused.problem, Advice.ENTRY_LEFT_OUT, value[:80])
    return HashEntry(
        (fingerprint,), media=media, member_name=collection, tags=tuple(tags), place=number
    )
