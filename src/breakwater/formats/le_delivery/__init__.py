"""The files that police units download from the clearing house (JSON).

There is no public specification; the shape is recovered from public parsers, so this
reader takes lists for wrappers, words for booleans and misspelt keys, and lists under
`Record.not_understood` whatever it could not take. It raises `FormatError` only for what
is no report at all.
"""

from typing import Any

from breakwater.formats import filing
from breakwater.formats.le_delivery import document, files
from breakwater.formats.le_delivery.document import MAX_BYTES
from breakwater.formats.le_delivery.report import SECTIONS, number_of, record_of
from breakwater.formats.record import File, FormatError, Record

__all__ = [
    "JSON_PART",
    "MAX_BYTES",
    "file_names",
    "pack",
    "read_package",
    "read_parts",
    "read_report",
    "report_number",
    "split",
]

JSON_PART = "le_json"
_HASHES = ("md5", "sha1", "sha256")


def read_report(data: bytes) -> Record:
    """Read one report.

    Raises:
        FormatError: too large, too deep, not JSON, or not a CyberTip report.
    """
    value, problems = document.decode(data)
    number_of(value)
    return record_of(value, problems)


def report_number(data: bytes) -> str:
    """Give the number of one report; raises as `read_report` does, and never less."""
    return number_of(document.decode(data)[0])


def split(data: bytes) -> list[bytes]:
    """Cut a file into its reports: one, a list of them, or a wrapper around a list.

    A file of one report is given back as the bytes it has; members of a list are too,
    unless the file is in another encoding than UTF-8.

    Raises:
        FormatError: too large, too deep, not JSON, or without any report in it.
    """
    first = document.members(data)
    if isinstance(first, list):
        return _some(first)
    if "reportId" in first or any(section in first for section in SECTIONS):
        return [data]
    wrapped = [value for value in first.values() if value[:1] in (b"[", b"{")]
    if len(wrapped) == 1 and wrapped[0][:1] == b"[":
        return _some(list(document.members(wrapped[0])))
    if len(wrapped) == 1 and b'"reportId"' in wrapped[0]:
        return split(wrapped[0])
    return [data]


def _some(found: list[Any]) -> list[bytes]:
    if not found:
        raise FormatError("document", "an empty list: expected reports with a reportId each")
    return found


def file_names(data: bytes) -> list[str]:
    """Give the names under which the files of a report may lie beside it."""
    return [name for found in read_report(data).files for name in files.delivered_names(found)]


def pack(data: bytes, media: list[dict[str, str | int]]) -> bytes:
    """Put a report's JSON, byte for byte, beside the hashes of the files it names.

    Each of `media` has name, md5, sha1, sha256 and size.
    """
    parts = [filing.Part(JSON_PART, data)]
    parts += [filing.Part("file", b"", meta) for meta in media]
    return filing.pack(parts)


def read_package(package: bytes) -> Record:
    """Read what `pack` wrote: the report, with the hashes of its files filled in.

    Raises:
        FormatError: not such a package, or as `read_report`.
    """
    return read_parts(filing.unpack(package))


def read_parts(parts: list[filing.Part]) -> Record:
    """Read the parts of what `pack` wrote; raises as `read_package` does."""
    if not parts or parts[0].kind != JSON_PART:
        raise FormatError("part 0", f"expected a part of the kind {JSON_PART}")
    record = read_report(parts[0].body)
    by_name = {name: found for found in record.files for name in files.delivered_names(found)}
    for part in parts[1:]:
        found = by_name.get(str(part.meta.get("name", "")))
        if found is None:
            record.not_understood.append(f"{part.meta.get('name', '')}: no file of this report")
        else:
            _merge(found, part.meta, record.not_understood)
    return record


def _merge(found: File, meta: dict[str, str | int], problems: list[str]) -> None:
    """Fill in what was measured, unless the report says that it is another file."""
    measured = {kind: str(meta.get(kind, "")) for kind in _HASHES}
    for kind, value in measured.items():
        said = getattr(found, kind)
        if said and value and said != value:
            problems.append(f"{found.name}: {kind} is {said} in the report, {value} in the file")
            return
    for kind, value in measured.items():
        setattr(found, kind, getattr(found, kind) or value)
    size = meta.get("size")
    if isinstance(size, int) and found.size is None:
        found.size = size
