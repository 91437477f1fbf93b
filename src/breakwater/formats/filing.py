"""The filing package: all that one provider filing consisted of, byte for byte.

A provider files in several requests (report, uploads, file details). The package
keeps every body exactly as it came, as parts with a small header each:

    breakwater-filing/1
    part: report
    length: 1234

    <1234 bytes>
    part: file
    meta: {"file_id": "…", "md5": "…", "sha1": "…", "sha256": "…", "size": 100, "name": "a.jpg"}
    length: 0

    part: file_details
    length: 456

    <456 bytes>

`breakwater synth` writes the same packages, and the police door's importer reads them,
so a desk can also take filings by file. An upload's bytes are never part of it.
"""

from collections.abc import Iterable

import msgspec

from breakwater.formats.record import FormatError

MAGIC = b"breakwater-filing/1\n"
MAX_PARTS = 20_000


class Part(msgspec.Struct, frozen=True):
    """`kind` is report, file or file_details; `meta` describes an upload or the filing."""

    kind: str
    body: bytes = b""
    meta: dict[str, str | int] = {}


def pack(parts: Iterable[Part]) -> bytes:
    out = [MAGIC]
    for part in parts:
        out.append(b"part: " + part.kind.encode() + b"\n")
        if part.meta:
            out.append(b"meta: " + msgspec.json.encode(part.meta) + b"\n")
        out.append(b"length: %d\n\n" % len(part.body))
        out.append(part.body)
        out.append(b"\n")
    return b"".join(out)


def unpack(data: bytes) -> list[Part]:
    """Read a package back.

    Raises:
        FormatError: the bytes are not a whole package; `where` is the byte offset.
    """
    if not data.startswith(MAGIC):
        raise FormatError("byte 0", "not a filing package")
    parts: list[Part] = []
    at = len(MAGIC)
    while at < len(data):
        part, at = _read_part(data, at)
        parts.append(part)
        if len(parts) > MAX_PARTS:
            raise FormatError(f"byte {at}", f"more than {MAX_PARTS} parts")
    return parts


def _read_part(data: bytes, at: int) -> tuple[Part, int]:
    end = data.find(b"\n\n", at)
    if end < 0:
        raise FormatError(f"byte {at}", "part header without end")
    header: dict[bytes, bytes] = {}
    for line in data[at:end].split(b"\n"):
        name, _, value = line.partition(b": ")
        header[name] = value
    try:
        length = int(header[b"length"])
        meta = msgspec.json.decode(header.get(b"meta", b"{}"), type=dict[str, str | int])
        kind = header[b"part"].decode("ascii")
    except (KeyError, ValueError, msgspec.MsgspecError) as problem:
        raise FormatError(f"byte {at}", "part header not understood") from problem
    start = end + 2
    if length < 0 or data[start + length : start + length + 1] != b"\n":
        raise FormatError(f"byte {start}", f"{length} bytes promised, not delivered")
    return Part(kind, data[start : start + length], meta), start + length + 1
