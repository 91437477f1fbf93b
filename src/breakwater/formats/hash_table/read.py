"""Reads a table or a JSON list of hashes, line by line, into entries and faults."""

import csv
import io
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import msgspec

from breakwater.formats.hash_entry import Advice, Fault, HashEntry, Problem
from breakwater.formats.hash_table.columns import ColumnMapping, column_names, guess_mapping
from breakwater.formats.hash_table.entries import Builder, text_of
from breakwater.formats.hash_table.members import Broken, list_members
from breakwater.formats.hash_table.text import HEAD, Lines, Shape, detect, texts
from breakwater.formats.plain_text import storable
from breakwater.formats.record import FormatError

Found = HashEntry | Fault
MAX_COLUMNS = 500


class TooManyColumns(FormatError):
    """A table as wide as this is none of hashes, or its lines were not told apart."""

    def __init__(self, count: int) -> None:
        super().__init__("columns", f"{count:,}, and at most {MAX_COLUMNS} are read")
        self.count = count


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows of a file, and what its columns may be: for a person to correct."""

    shape: Shape
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    mapping: ColumnMapping
    faults: tuple[Fault, ...]


def preview(stream: BinaryIO, rows: int = 20) -> Preview:
    """Show the beginning of a file. Reads some 64 kB of the stream and does not rewind it.

    Raises:
        TooManyColumns: there are more than `MAX_COLUMNS`.
    """
    head = _head(stream)
    shape = detect(head)
    nothing = io.BytesIO()
    if shape.form == "csv":
        lines = Lines(nothing, shape, head)
        found = [row for row in _rows(lines, shape) if isinstance(row, list)][: rows + 1]
        faults = lines.faults
    else:
        objects = itertools.islice(_objects(nothing, shape, head), rows)
        found, faults = _table_of([value for _, value in objects if isinstance(value, dict)]), []
    _check_width(len(found[0]) if found else 0)
    guess = guess_mapping(found)
    names = column_names(found[0], has_header=guess.mapping.has_header) if found else []
    body = found[1:] if guess.mapping.has_header else found
    shown = tuple(tuple(row) for row in body[:rows])
    return Preview(shape, tuple(names), shown, guess.mapping, (*guess.faults, *faults))


def read_table(
    stream: BinaryIO, mapping: ColumnMapping | None = None, shape: Shape | None = None
) -> Iterator[Found]:
    """Give every entry of a file, and a fault for every line that could not be read.

    Without a mapping or a shape, both are guessed from the first 64 kB. Never raises on
    what is in the lines. Memory does not grow with the file.

    Raises:
        TooManyColumns: the first row has more than `MAX_COLUMNS`.
    """
    head = _head(stream)
    shape = shape or detect(head)
    if mapping is None:
        guess = preview(io.BytesIO(head))
        mapping = guess.mapping
        yield from (fault for fault in guess.faults if fault.problem is Problem.AMBIGUOUS_KIND)
    if shape.form == "csv":
        return (yield from _read_rows(Lines(stream, shape, head), shape, mapping))
    return (yield from _read_objects(_objects(stream, shape, head), mapping))


def _read_rows(lines: Lines, shape: Shape, mapping: ColumnMapping) -> Iterator[Found]:
    build: Builder | None = None
    header: list[str] | None = None
    held, faults = lines.held, lines.faults
    for row in _rows(lines, shape):
        if faults:
            yield from faults
            faults.clear()
        if isinstance(row, Fault):
            yield row
            continue
        if build is None:
            _check_width(len(row))
            header = row if mapping.has_header else None
            build = Builder(mapping, column_names(row, has_header=mapping.has_header))
            yield from build.missing(lines.number)
            if header:
                continue
        place = lines.number - len(held) + 1
        entry = build.row(row, place)
        if entry is not None and not build.faults:
            yield entry
        elif row == header:
            build.faults.clear()
            yield Fault(lines.number, "", Problem.REPEATED_HEADER, Advice.NORMALISED)
        elif entry is None and len(held) > 1:
            # A stray quotation mark has swallowed lines that are good on their own.
            build.faults.clear()
            yield Fault(lines.give_back(), "", Problem.BROKEN_QUOTES, Advice.ENTRY_LEFT_OUT)
        else:
            yield from build.take_faults(place)
            if entry is not None:
                yield entry
    yield from faults


def _check_width(width: int) -> None:
    if width > MAX_COLUMNS:
        raise TooManyColumns(width)


def _rows(lines: Lines, shape: Shape) -> Iterator[list[str] | Fault]:
    """Give the cells of every row; while one is looked at, `lines.held` are its lines."""
    width = 0
    while True:
        reader = csv.reader(lines.feed(), delimiter=shape.delimiter)
        try:
            for row in reader:
                if lines.is_open:
                    break
                if row and not _is_comment(row, width):
                    width = width or len(row)
                    yield row
                elif row:
                    yield Fault(lines.number, "", Problem.COMMENT, Advice.NORMALISED, row[0][:80])
                if not lines.held:
                    break  # given back: a new reader has to start without the old state
                lines.held.clear()
            if lines.is_open:
                yield Fault(lines.give_back(), "", Problem.BROKEN_QUOTES, Advice.ENTRY_LEFT_OUT)
            elif lines.is_done():
                return
        except csv.Error as error:
            problem = Problem.TOO_LONG if "limit" in str(error) else Problem.BROKEN_QUOTES
            yield Fault(lines.give_back(), "", problem, Advice.ENTRY_LEFT_OUT)


def _is_comment(row: Sequence[str], width: int) -> bool:
    # A cell may begin like a comment: a row as wide as the table is one of the table.
    return row[0][:1] == "#" and (width <= 1 or len(row) != width)


def _read_objects(
    found: Iterator[tuple[int | str, Any]], mapping: ColumnMapping
) -> Iterator[Found]:
    names = list(mapping.columns)
    build = Builder(mapping, names)
    for place, value in found:
        if isinstance(value, Fault):
            yield value
        elif not isinstance(value, dict):
            yield Fault(place, "", Problem.NOT_AN_OBJECT, Advice.ENTRY_LEFT_OUT, str(value)[:80])
        else:
            rest = {k: v for k, v in value.items() if k not in mapping.columns}
            entry = build.cells([text_of(value.get(name)) for name in names], rest, place)
            yield from build.take_faults(place)
            if entry is not None:
                yield entry


def _objects(stream: BinaryIO, shape: Shape, head: bytes) -> Iterator[tuple[int | str, Any]]:
    """Give (place, value) for every member or line; the value is a Fault where it is none."""
    if shape.form == "lines":
        yield from _json_lines(Lines(stream, shape, head))
        return
    for index, value in enumerate(list_members(texts(stream, shape, head))):
        place = f"[{index}]"
        if isinstance(value, Broken):
            yield place, Fault(place, "", value.problem, Advice.ENTRY_LEFT_OUT, value.found)
        else:
            yield place, value


def _json_lines(lines: Lines) -> Iterator[tuple[int | str, Any]]:
    for line in lines.feed():
        lines.held.clear()
        yield from ((fault.place, fault) for fault in lines.faults)
        lines.faults.clear()
        text = line.strip().removesuffix(",")
        if not text:
            continue
        try:
            yield lines.number, msgspec.json.decode(text)
        except RecursionError:
            yield lines.number, _left_out(lines.number, Problem.TOO_DEEP, text)
        except (msgspec.MsgspecError, UnicodeError):
            yield lines.number, _left_out(lines.number, Problem.NOT_JSON, text)
    yield from ((fault.place, fault) for fault in lines.faults)


def _left_out(place: int, problem: Problem, text: str) -> Fault:
    return Fault(place, "", problem, Advice.ENTRY_LEFT_OUT, text[:80])


def _table_of(objects: list[dict[str, Any]]) -> list[list[str]]:
    """Make rows of objects, their names as the header."""
    found = dict.fromkeys(name for value in objects for name in value)
    # A name that no database holds cannot be chosen; its values are kept with the rest.
    names = [name for name in found if storable(name) == name]
    if not names:
        return []
    return [names, *([storable(text_of(value.get(name))) for name in names] for value in objects)]


def _head(stream: BinaryIO) -> bytes:
    """Read the first bytes, also from a stream that gives them in small pieces."""
    head = b""
    while len(head) < HEAD:
        data = stream.read(HEAD - len(head))
        if not data:
            break
        head += data
    return head
