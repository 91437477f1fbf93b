"""Turns the bytes of a police-side file into plain values, within limits.

Knows encodings and JSON, and nothing of reports. A document that is too large, too
deep or not JSON is refused with the place and the reason before it can cost memory.
"""

import codecs
import json
import re
from collections.abc import Iterable
from typing import Any, TypeAlias

import msgspec

from breakwater.formats.record import FormatError

Plain: TypeAlias = dict[str, Any]

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 60
MAX_VALUES = 1_500_000
"""Commas and brackets in one report: a 10,000-person report has about half of it."""
MAX_MEMBERS = 3_000_000
"""The same for a file of many reports, of which only the first level is decoded."""
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_USUAL_DEPTH = 20
_SMALL = 1024 * 1024  # below this no count of values can be too high to afford

_BOMS = (
    # The UTF-32 mark begins with the UTF-16 one, so it has to be asked for first.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HALF_CHARACTER = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)


def decode(data: bytes) -> tuple[Any, list[str]]:
    """Read JSON into plain values, with the list of what had to be overlooked.

    Raises:
        FormatError: too large, too deep, or not JSON; `where` is line and column.
    """
    body, problems = utf8(data)
    _check_size(body, MAX_VALUES)
    try:
        value = msgspec.json.decode(body)
    except RecursionError as problem:
        raise _too_deep() from problem
    except (msgspec.MsgspecError, UnicodeDecodeError):
        value, more = _decode_leniently(body)
        problems += more
    if not _is_flat(body):
        _check_depth(value)
    return value, problems


def utf8(data: bytes) -> tuple[bytes, list[str]]:
    """Bring a document into UTF-8 without byte order mark; say if its encoding is odd."""
    if len(data) > MAX_BYTES:
        reason = f"{len(data):,} bytes, and at most {MAX_BYTES:,} are read as one file"
        raise FormatError("size", reason)
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _from_utf(data, encoding), []
    if data.startswith(codecs.BOM_UTF8):
        return data[3:], []
    if data[:4:2] == b"\0\0" or data[1:4:2] == b"\0\0":
        encoding = "utf-16-be" if data[:1] == b"\0" else "utf-16-le"
        return _from_utf(data, encoding), ["document: UTF-16 without byte order mark"]
    return data, []


def _from_utf(data: bytes, encoding: str) -> bytes:
    try:
        return data.decode(encoding).encode()
    except UnicodeError as problem:
        raise FormatError("document", f"expected {encoding.upper()}: {problem}") from problem


def _check_size(body: bytes, limit: int) -> None:
    if len(body) < _SMALL:
        return
    values = body.count(b",") + body.count(b"[") + body.count(b"{")
    if values > limit:
        raise FormatError("size", f"about {values:,} values, and at most {limit:,} are read")


def _too_deep() -> FormatError:
    return FormatError("nesting", f"deeper than {MAX_DEPTH} levels, which no report is")


def _is_flat(body: bytes) -> bool:
    """Say cheaply that a usual report is not too deep: its brackets close within few levels.

    Brackets inside of texts may make it say False, and then the values are walked.
    """
    if len(body) > _SMALL:
        return False
    brackets = body.translate(None, _NO_BRACKETS)
    for _ in range(_USUAL_DEPTH):
        if not brackets:
            return True
        brackets = brackets.replace(b"{}", b"").replace(b"[]", b"")
    return False


def _check_depth(value: object) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _contents(outer)]
        if not level:
            return
    raise _too_deep()


def _contents(value: object) -> list[object]:
    inside = value.values() if isinstance(value, dict) else value
    return (
        [v for v in inside if isinstance(v, (dict, list))] if isinstance(inside, Iterable) else []
    )


def _decode_leniently(body: bytes) -> tuple[Any, list[str]]:
    """Read what is JSON but for broken characters, as senders that cut texts produce it."""
    problems: list[str] = []
    try:
        text = body.decode()
    except UnicodeDecodeError as problem:
        text = body.decode("cp1252", "replace")
        problems.append(f"document: not UTF-8 at byte {problem.start}, read as Windows-1252")
    text, halves = _HALF_CHARACTER.subn(r"\\ufffd", text)
    if halves:
        problems.append(f"document: {halves} broken characters replaced")
    try:
        value = json.loads(text, strict=False, parse_constant=lambda _: None)
    except RecursionError as problem:
        raise _too_deep() from problem
    except json.JSONDecodeError as problem:
        where = f"line {problem.lineno}, column {problem.colno}"
        raise FormatError(where, f"not JSON: {problem.msg}") from problem
    except ValueError as problem:  # a number of thousands of digits
        raise FormatError("document", f"not JSON: {problem}") from problem
    return value, problems or ["document: raw control characters or numbers that JSON has not"]


def members(data: bytes) -> list[bytes] | dict[str, bytes]:
    """Cut a document at its first level, leaving every member as the bytes it has.

    Raises:
        FormatError: as `decode`.
    """
    body, _ = utf8(data)
    _check_size(body, MAX_MEMBERS)
    kind: Any = list[msgspec.Raw] if body.lstrip()[:1] == b"[" else dict[str, msgspec.Raw]
    try:
        cut = msgspec.json.decode(body, type=kind)
    except RecursionError as problem:
        raise _too_deep() from problem
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _members_leniently(body)
    if isinstance(cut, list):
        return [bytes(raw) for raw in cut]
    return {key: bytes(raw) for key, raw in cut.items()}


def _members_leniently(body: bytes) -> list[bytes] | dict[str, bytes]:
    """Cut a document that is not strict JSON; its members are written anew."""
    _check_size(body, MAX_VALUES)
    value, _ = _decode_leniently(body)
    _check_depth(value)
    if isinstance(value, list):
        return [msgspec.json.encode(member) for member in value]
    if isinstance(value, dict):
        return {key: msgspec.json.encode(member) for key, member in value.items()}
    raise FormatError("line 1", "expected a report, that is a JSON object")
