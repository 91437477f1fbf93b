"""Turns the bytes of a VICS file into plain values, within limits."""

import json
import math
from typing import Any

import msgspec

from breakwater.formats.hash_entry import Advice, Problem
from breakwater.formats.vics.file import Faults, NotVics

MAX_BYTES = 256 * 1024 * 1024
MAX_VALUES = 20_000_000
"""Commas and brackets: as plain values, this many take about 2 GB."""
MAX_DEPTH = 40


def decode(data: bytes, faults: Faults, max_bytes: int, max_values: int) -> Any:
    if len(data) > max_bytes:
        raise NotVics("size", f"{len(data):,} bytes, and at most {max_bytes:,} are read at once")
    values = data.count(b",") + data.count(b"[") + data.count(b"{")
    if values > max_values:
        raise NotVics("size", f"about {values:,} values, and at most {max_values:,} are read")
    try:
        root = _json(_utf8(data, faults), faults)
    except RecursionError as problem:
        raise NotVics("nesting", f"deeper than {MAX_DEPTH} levels") from problem
    if not isinstance(root, dict | list):
        raise NotVics("document", "expected a JSON object")
    _check_depth(root)
    return root


def _utf8(data: bytes, faults: Faults) -> bytes:
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            faults.add("document", "", Problem.BYTE_ORDER_MARK, Advice.NORMALISED, encoding)
            if encoding == "utf-8":
                return data[3:]
            try:
                return data.decode(encoding).encode()
            except UnicodeError as problem:
                raise NotVics("document", f"broken UTF-16: {problem}") from problem
    return data


def _json(data: bytes, faults: Faults) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeError):
        pass  # half characters and raw control characters are read by the slower decoder
    try:
        text = data.decode()
    except UnicodeDecodeError:
        faults.add("document", "", Problem.ODD_ENCODING, Advice.CHECK_SOURCE, "cp1252")
        text = data.decode("cp1252", "replace")
    try:
        return json.loads(text, strict=False, parse_constant=lambda _: None, parse_float=_finite)
    except json.JSONDecodeError as problem:
        where = f"line {problem.lineno}, column {problem.colno}"
        raise NotVics(where, f"not JSON: {problem.msg}") from problem
    except ValueError as problem:  # a number of thousands of digits
        raise NotVics("document", f"not JSON: {problem}") from problem


def _finite(text: str) -> float | str:
    # JSON has no infinity: a number that is too large stays the text that it was.
    value = float(text)
    return value if math.isfinite(value) else text


def _check_depth(root: object) -> None:
    level = [root]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)  # type: ignore[attr-defined]
            if isinstance(inner, dict | list) and inner
        ]
        if not level:
            return
    raise NotVics("nesting", f"deeper than {MAX_DEPTH} levels")
