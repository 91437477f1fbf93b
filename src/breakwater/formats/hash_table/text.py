"""Turns a stream of bytes into numbered lines of text, whatever its encoding.

Memory stays constant: a block at a time, and a line longer than `MAX_LINE` is left out.
"""

import codecs
import io
import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal

from breakwater.formats.hash_entry import Advice, Fault, Problem

HEAD = 64 * 1024
BLOCK = 256 * 1024
MAX_LINE = 1024 * 1024
MAX_ROW_LINES = 200
"""More lines than this in one quoted cell are a quotation mark that nobody closed."""

# Commas come last: numbers and notes have them too.
_DELIMITERS = "\t;|,"
_QUOTED = re.compile(r'"[^"]*"')
_BOMS = (
    # The UTF-32 mark begins with the UTF-16 one, so it has to be asked for first.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF8, "utf-8"),
)
_UTF8_BOM = codecs.BOM_UTF8
_REPLACED = "�".encode()


@dataclass(frozen=True, slots=True)
class Shape:
    """How a file is written. `form` is csv, lines (JSON lines) or list (one JSON list)."""

    form: Literal["csv", "lines", "list"] = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    newline: str = "\n"


def detect(head: bytes) -> Shape:
    """Tell from the first bytes how a file is written. Never fails: the fallback is CSV."""
    mark, encoding = _encoding(head)
    text = head[len(mark) :].decode(encoding, "replace")
    newline = "\r" if "\r" in text and "\n" not in text else "\n"
    begin = text.lstrip()[:1]
    if begin == "[":
        return Shape("list", encoding, newline=newline)
    if begin == "{":
        return Shape("lines", encoding, newline=newline)
    return Shape("csv", encoding, _delimiter(text.split(newline)), newline)


def mark_of(head: bytes) -> bytes:
    return _encoding(head)[0]


def _encoding(head: bytes) -> tuple[bytes, str]:
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return mark, encoding
    sample = head[:4096]
    if len(sample) > 3 and sample[1::2].count(0) > len(sample) // 4:
        return b"", "utf-16-le"
    if len(sample) > 3 and sample[::2].count(0) > len(sample) // 4:
        return b"", "utf-16-be"
    # A file is Latin-1 only if nothing outside of ASCII in it is UTF-8; otherwise it is
    # UTF-8 with foreign lines, which are then named one by one.
    odd = [line for line in head.split(b"\n")[:-1] or [head] if not line.isascii()]
    if odd and not any(_is_utf8(line) for line in odd):
        return b"", "latin-1"
    return b"", "utf-8"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(lines: list[str]) -> str:
    sample = [_QUOTED.sub("", line) for line in lines[:30] if line.strip()]
    whole = sample[:-1] or sample  # the last one may be cut
    for delimiter in _DELIMITERS:
        counts = {line.count(delimiter) for line in whole}
        if len(counts) == 1 and counts != {0}:
            return delimiter
    found = Counter(c for line in whole for c in line if c in _DELIMITERS)
    return found.most_common(1)[0][0] if found else ","


class Lines:
    """The lines of a stream, with their numbers and with what was wrong with them.

    `number` is that of the line given out last, `held` are the lines given out since the
    reader of rows emptied it, `faults` are for that reader to take.
    """

    def __init__(self, stream: BinaryIO, shape: Shape, head: bytes) -> None:
        self.number = 0
        self.held: list[str] = []
        self.faults: list[Fault] = []
        self.is_open = False
        self._again: deque[str] = deque()
        self._at_end = False
        self._shape = shape
        self._read = 0
        self._lines = self._decoded(blocks(stream, shape, head))

    def feed(self) -> Iterator[str]:
        """Give lines until the end, or until a row has been open for too many of them."""
        held, again, self.is_open = self.held, self._again, False
        while again:
            self.number += 1
            held.append(again.popleft())
            yield held[-1]
            if len(held) > MAX_ROW_LINES:
                break
        else:
            for line in self._lines:
                self.number += 1
                held.append(line)
                yield line
                if len(held) > MAX_ROW_LINES:
                    break
            else:
                self._at_end = True
        # Whoever asks for more while lines are held is in the middle of a row.
        self.is_open = bool(held)

    def is_done(self) -> bool:
        return self._at_end and not self._again

    def give_back(self) -> int:
        """Put all held lines but the first back, to be read each on its own; say its number."""
        first = self.number - len(self.held) + 1
        self._again.extendleft(reversed(self.held[1:]))
        self.number = first
        self.held.clear()
        return first

    def _decoded(self, found: Iterator[bytes | None]) -> Iterator[str]:
        if self._shape.encoding == "latin-1":
            self._fault(Problem.ODD_ENCODING, Advice.CHECK_SOURCE, number=1, found="latin-1")
        for block in found:
            if block is None:
                self._fault(Problem.TOO_LONG, Advice.ENTRY_LEFT_OUT, number=self._read + 1)
                self._read += 1
                yield "\n"
            elif self._is_plain(block):
                # StringIO cuts at \n alone, and at the speed of C.
                for line in io.StringIO(block.decode(), newline="\n"):
                    self._read += 1
                    yield line
            else:
                for raw in io.BytesIO(block):
                    self._read += 1
                    yield self._odd_line(raw)

    def _is_plain(self, block: bytes) -> bool:
        if block.isascii():
            return b"\0" not in block
        if self._shape.encoding == "latin-1" or b"\0" in block or _UTF8_BOM in block:
            return False
        return _REPLACED not in block and _is_utf8(block)

    def _odd_line(self, raw: bytes) -> str:
        if b"\0" in raw:
            self._fault(Problem.NUL_BYTES, Advice.NORMALISED, number=self._read)
            raw = raw.replace(b"\0", b"")
        if raw.startswith(_UTF8_BOM):
            self._fault(Problem.BYTE_ORDER_MARK, Advice.NORMALISED, number=self._read)
            raw = raw[3:]
        if raw.isascii():
            return raw.decode()
        is_latin = self._shape.encoding == "latin-1"
        if _is_utf8(raw) == is_latin or _REPLACED in raw:
            self._fault(Problem.MIXED_ENCODINGS, Advice.CHECK_SOURCE, number=self._read)
        return raw.decode() if _is_utf8(raw) else raw.decode("latin-1")

    def _fault(self, problem: Problem, advice: Advice, *, number: int, found: str = "") -> None:
        self.faults.append(Fault(number, "", problem, advice, found))


def blocks(stream: BinaryIO, shape: Shape, head: bytes) -> Iterator[bytes | None]:
    """Cut a stream into blocks of whole lines; None stands for a line that is too long."""
    carry, skipping = b"", False
    for data in _chunks(stream, shape, head):
        if skipping:
            _, found, data = data.partition(b"\n")
            skipping = not found
        carry += data
        cut = carry.rfind(b"\n") + 1
        if cut:
            yield carry[:cut]
            carry = carry[cut:]
        if len(carry) > MAX_LINE:
            yield None
            carry, skipping = b"", True
    if carry:
        yield carry


def _chunks(stream: BinaryIO, shape: Shape, head: bytes) -> Iterator[bytes]:
    """Give the bytes as UTF-8 (or Latin-1, if they are) with \\n between lines."""
    decoder = _decoder(shape.encoding)
    data = head[len(mark_of(head)) :]
    while True:
        out = decoder.decode(data).encode() if decoder else data
        yield out.replace(b"\r", b"\n") if shape.newline == "\r" else out
        data = stream.read(BLOCK)
        if not data:
            break
    if decoder:
        yield decoder.decode(b"", True).encode()


def _decoder(encoding: str) -> codecs.IncrementalDecoder | None:
    if not encoding.startswith(("utf-16", "utf-32")):
        return None
    return codecs.getincrementaldecoder(encoding)("replace")


def texts(stream: BinaryIO, shape: Shape, head: bytes) -> Iterator[str]:
    """Give the text in pieces, for readers that do not go by lines."""
    encoding = "latin-1" if shape.encoding == "latin-1" else "utf-8"
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for data in _chunks(stream, shape, head):
        yield decoder.decode(data)
    yield decoder.decode(b"", True)
