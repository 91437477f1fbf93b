"""Writes VICS files: records as they were read, with what has been changed since."""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from itertools import islice
from typing import Any

from breakwater.formats.hash_entry import Fingerprint, HashEntry, kind_of
from breakwater.formats.vics.file import FORMAT, NO_FRAME, Case, Faults, Plain, VicsFile
from breakwater.formats.vics.media import MediaReader, spelling, text_of
from breakwater.formats.vics.read import CONTEXT_KEYS, NO_CASE, context_key, context_of

Records = Mapping[int, Sequence[Iterable[HashEntry]]]
"""By the number of their case, `NO_CASE` in a hash set: entries in parts, none of them empty,
each of which can be gone through several times."""

_OWN_FIELDS = {"md5": "MD5", "sha1": "SHA1"}
_HASH_NAMES = {"sha256": "SHA256", "pdq": "PDQ", "photodna": "PhotoDNA"}
_MEMBERS = ("value", "Cases")
_AT_ONCE = 1000
"""Pieces of text, mostly records, that become one block of bytes."""


def write_vics(file: VicsFile) -> bytes:
    """Write a file in its version: what was read and not changed is written as it was.

    Entries marked deleted are left out, since VICS has no word for a withdrawn hash and
    its readers would take them for known ones. Another `version` or `scheme` than the
    file was read with changes the context; records keep their fields.
    """
    groups = {NO_CASE: file.entries} | {n: case.entries for n, case in enumerate(file.cases)}
    return b"".join(vics_blocks(file, {n: [of] for n, of in groups.items() if of}))


def vics_blocks(file: VicsFile, records: Records) -> Iterator[bytes]:
    """Give what `write_vics` writes block by block; of the file the entries are not looked at."""
    members: Iterable[Iterable[str]]
    if file.kind == "hash_set":
        members = _records(records.get(NO_CASE, ()))
    else:
        members = (_case(case, records.get(n, ())) for n, case in enumerate(file.cases))
    root = _root(file)
    key = next((key for key in _MEMBERS if key in root), "value")
    pieces = _object(root, key, members)
    while some := list(islice(pieces, _AT_ONCE)):
        yield "".join(some).encode()


def _object(fields: Plain, key: str, members: Iterable[Iterable[str]]) -> Iterator[str]:
    """Give the JSON of an object in pieces, with the members as the array at `key`."""
    begin = "{"
    for name, value in ({**fields, key: None}).items():
        yield f"{begin}{_json(name)}:"
        begin = ","
        if name == key:
            yield from _array(members)
        else:
            yield _json(value)
    yield "}"


def _array(members: Iterable[Iterable[str]]) -> Iterator[str]:
    begin = "["
    for member in members:
        yield begin
        yield from member
        begin = ","
    yield "[]" if begin == "[" else "]"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def _root(file: VicsFile) -> Plain:
    root = dict(file.extra)
    if not file.version:
        return root
    noun = "Media" if file.kind == "hash_set" else "Cases"
    said = context_of(root, Faults())
    if said[:2] == (file.version, file.scheme) and said[2]:
        return root
    rest = {key: value for key, value in root.items() if key not in CONTEXT_KEYS}
    return {context_key(file.version): _context(file.version, file.scheme, noun), **rest}


def _context(version: str, scheme: str, noun: str) -> str:
    if version.startswith("1."):
        return f"http://github.com/ICMEC/ProjectVic/DataModels/{version}.xml#{noun}"
    base = f"http://github.com/VICSDATAMODEL/ProjectVic/DataModels/{version}.xml"
    return f"{base}/{scheme or 'Default'}/$metadata#{noun}"


def _case(case: Case, parts: Sequence[Iterable[HashEntry]]) -> Iterator[str]:
    """Give the case as it was written, but for what the case says otherwise now."""
    written = dict(case.extra or {})
    for name, value in (
        ("CaseID", case.case_id),
        ("CaseNumber", case.number),
        ("SourceApplicationName", case.application),
        ("SourceApplicationVersion", case.application_version),
    ):
        if value and value not in (text_of(written.get(name)), text_of(written.get("Case No."))):
            written[name] = value
    if case.extra is None:
        written["TotalMediaFiles"] = sum(1 for _ in _kept(parts))
    if case.extra is None or parts or isinstance(written.get("Media"), list):
        yield from _object(written, "Media", _records(parts))
    else:
        yield _json(written)


def _kept(parts: Sequence[Iterable[HashEntry]]) -> Iterator[HashEntry]:
    return (entry for part in parts for entry in part if not entry.deleted)


def _records(parts: Sequence[Iterable[HashEntry]]) -> Iterator[tuple[str]]:
    for number, entry in enumerate(_kept(parts), 1):
        raw = entry.extra.get(FORMAT)
        yield (_json(_changed(entry, raw) if raw is not None else _new(entry, number)),)


def _new(entry: HashEntry, number: int) -> Plain:
    source = entry.source_id.entry if entry.source_id else ""
    record: Plain = {"MediaID": _number_or_text(source) if source else number}
    for name, value in _fields(entry).items():
        if value is not None and name != "MediaID":
            record[name] = value
    _put_hashes(record, entry.fingerprints)
    return record


def _changed(entry: HashEntry, raw: Plain) -> Plain:
    """Give the record as it was written, but for the fields that the entry has otherwise."""
    before = MediaReader(raw, NO_FRAME, "", Faults()).entry()
    old, new = _fields(before), _fields(entry)
    record = dict(raw)
    keys, _ = spelling(tuple(raw))
    for name, value in new.items():
        # Of entries of an earlier release the desk does not know the time: it is left as it was.
        if value != old[name] and not (name == "DateUpdated" and value is None):
            record[keys.get(name, name)] = value
    if set(before.fingerprints) != set(entry.fingerprints):
        _put_hashes(record, entry.fingerprints)
    return record


def _fields(entry: HashEntry) -> Plain:
    when, source = entry.changed_at, entry.source_id
    return {
        "MediaID": _number_or_text(source.entry) if source and source.entry else None,
        "Category": None if entry.grade is None else _number_or_text(entry.grade),
        "MediaSize": entry.size,
        "MimeType": entry.mime_type or None,
        "DateUpdated": when.astimezone(UTC).isoformat().replace("+00:00", "Z") if when else None,
        "Series": entry.series or None,
        "Tags": ", ".join(entry.tags) or None,
        "Comments": entry.note or None,
    }


def _number_or_text(text: str) -> int | str:
    plain = text.isascii() and text.isdigit() and len(text) < 19
    return int(text) if plain and str(int(text)) == text else text


def _put_hashes(record: Plain, fingerprints: Iterable[Fingerprint]) -> None:
    """Put all hashes in place of those that the record has."""
    for key in [key for key in record if kind_of(key)]:
        del record[key]
    others: list[Any] = [
        other
        for other in record.pop("AlternativeHashes", None) or ()
        if not (isinstance(other, dict) and kind_of(str(other.get("HashName"))))
    ]
    for fingerprint in fingerprints:
        own = _OWN_FIELDS.get(fingerprint.kind)
        if own and own not in record:
            record[own] = fingerprint.value
        else:
            others.append(_alternative(fingerprint))
    if others:
        record["AlternativeHashes"] = others


def _alternative(fingerprint: Fingerprint) -> Plain:
    value = fingerprint.value
    if fingerprint.kind == "photodna":
        # Readers know PhotoDNA by the 192 characters that it has in base64.
        value = base64.b64encode(bytes.fromhex(value)).decode()
    return {"HashName": _HASH_NAMES.get(fingerprint.kind, fingerprint.kind), "HashValue": value}
