"""The JSON text of a VICS file in pieces, so that a file of gigabytes is read in bounded memory."""

import codecs
import json
import math
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from breakwater.formats.vics.file import NotVics

PIECE = 1024 * 1024
MAX_VALUE = 16 * 1024 * 1024
"""Characters of one value that is not a list of records or of cases."""
MAX_DEPTH = 40
LARGE = object()
"""An object that is too large to be read at once: read its fields one by one."""

_LONGEST_NUMBER = 8192
_BLANK = re.compile(r"[ \t\r\n]*")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def mark_of(head: bytes) -> tuple[bytes, str]:
    """Give the byte order mark that a file begins with, and the encoding that it stands for."""
    return next((found for found in _MARKS if head.startswith(found[0])), (b"", "utf-8"))


class Document:
    """Reads a JSON text from its beginning; whoever asks for a name or an item takes its value next.

    Raises, from every method:
        NotVics: it is not JSON, too deep, or one value of it too large.
        UnicodeDecodeError: it is not in this encoding.
    """

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        stream.seek(0)
        mark, _ = mark_of(stream.read(4))
        stream.seek(len(mark))
        self._stream = stream
        errors = "replace" if encoding == "cp1252" else "strict"
        self._decoder = codecs.getincrementaldecoder(encoding)(errors)
        self._buffer, self._at, self._is_whole = "", 0, False
        self._lines, self._column = 0, 0  # of what is no longer in the buffer

    def peek(self) -> str:
        """Give the next character that is no blank, without taking it; "" at the end."""
        while True:
            blank = _BLANK.match(self._buffer, self._at)
            self._at = blank.end() if blank else self._at
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._read():
                return ""

    def names(self) -> Iterator[str]:
        """Give the names of an object's fields, one after the other."""
        self._take("{")
        if self.peek() == "}":
            return self._take("}")
        while True:
            if self.peek() != '"':
                raise self._fault(self._at, "expected a name in quotation marks")
            key = self.value()
            self._take(":")
            yield key
            if self.peek() == "}":
                return self._take("}")
            self._take(",")

    def items(self) -> Iterator[int]:
        """Give the numbers of a list's items, from 0."""
        self._take("[")
        if self.peek() == "]":
            return self._take("]")
        number = 0
        while True:
            yield number
            if self.peek() == "]":
                return self._take("]")
            self._take(",")
            number += 1

    def value(self) -> Any:
        """Give the next value whole."""
        self.peek()
        while True:
            try:
                return self._decoded()
            except json.JSONDecodeError as problem:
                if len(self._buffer) - self._at > MAX_VALUE:
                    raise NotVics(
                        self._where(self._at),
                        f"not JSON, or one value of more than {MAX_VALUE:,} characters",
                    ) from problem
                if not self._read():
                    raise self._fault(problem.pos, problem.msg) from problem

    def small(self) -> Any:
        """Give the next value if it is no large object, and otherwise `LARGE`, taking nothing."""
        is_object = self.peek() == "{"
        while is_object and len(self._buffer) - self._at < PIECE and self._read():
            pass
        try:
            return self._decoded() if is_object else self.value()
        except json.JSONDecodeError as problem:
            if self._is_whole:
                raise self._fault(problem.pos, problem.msg) from problem
            return LARGE

    def end(self) -> None:
        """Check that nothing follows."""
        if self.peek():
            raise self._fault(self._at, "something follows the end")

    def _decoded(self) -> Any:
        while True:
            try:
                value, end = _decode(self._buffer, self._at)
            except RecursionError as problem:
                raise _too_deep() from problem
            if isinstance(value, dict | list | str) or not (self._goes_on(end) and self._read()):
                self._at = end
                _check_depth(value)
                return value

    def _goes_on(self, end: int) -> bool:
        """Whether a number at the end of a piece may go on in the next one: «1» or «1.» as «1.5»."""
        rest = self._buffer[end : end + _LONGEST_NUMBER]
        return end + len(rest) == len(self._buffer) and not rest.strip("0123456789+-.eE")

    def _take(self, char: str) -> None:
        if self.peek() != char:
            raise self._fault(self._at, f"expected «{char}»")
        self._at += 1

    def _read(self) -> bool:
        """Read one more piece; false at the end."""
        if self._is_whole:
            return False
        data = self._stream.read(PIECE)
        self._is_whole = not data
        piece = self._decoder.decode(data, final=not data)
        self._forget()
        self._buffer += piece
        return bool(data)

    def _forget(self) -> None:
        taken = self._buffer[: self._at]
        lines = taken.count("\n")
        self._column = self._at - taken.rfind("\n") - 1 + (0 if lines else self._column)
        self._lines += lines
        self._buffer, self._at = self._buffer[self._at :], 0

    def _where(self, position: int) -> str:
        before = self._buffer[:position]
        lines = before.count("\n")
        column = position - before.rfind("\n") + (0 if lines else self._column)
        return f"line {self._lines + lines + 1}, column {column}"

    def _fault(self, position: int, reason: str) -> NotVics:
        return NotVics(self._where(position), f"not JSON: {reason}")


def _finite(text: str) -> float | str:
    # JSON has no infinity: a number that is too large stays the text that it was.
    value = float(text)
    return value if math.isfinite(value) else text


def _whole(text: str) -> int | str:
    return int(text) if len(text) < 4000 else text


def _nothing(_: str) -> None:
    return None


# Half characters and raw control characters are read: exporters write them.
_quick = json.JSONDecoder(strict=False, parse_constant=_nothing, parse_float=_finite)
_patient = json.JSONDecoder(
    strict=False, parse_constant=_nothing, parse_float=_finite, parse_int=_whole
)


def _decode(text: str, at: int) -> tuple[Any, int]:
    try:
        return _quick.raw_decode(text, at)
    except json.JSONDecodeError:
        raise
    except ValueError:  # a number of thousands of digits
        return _patient.raw_decode(text, at)


def _check_depth(value: object) -> None:
    if not isinstance(value, dict | list):
        return
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list) and inner
        ]
        if not level:
            return
    raise _too_deep()


def _too_deep() -> NotVics:
    return NotVics("nesting", f"deeper than {MAX_DEPTH} levels")
