"""A partner authority's nominations and assessments of domains as a file: CSV or JSON.

One line is one domain: why it is put forward (`evidence`, `seen`, `seen_at` and the hosting facts),
how the authority answers the four criteria (`real` … `note`), or both. CSV has a header with the
names in `COLUMNS`, in any order, between commas, semicolons, tabs or bars; JSON is a list of
objects with the same names, or an object with that list as `assessments`. A line that cannot be
read as a whole is left out and its faults are told; the lines beside it are read.

Moments carry their zone. A time without one could be the hour before or after, and with it the
last day on which a sight counts: it is refused, not guessed.
"""

import csv
import io
import ipaddress
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from breakwater.formats.domain_name import BadName, DomainName, read_name
from breakwater.formats.record import FormatError

MOST_BYTES = 4 << 20
MOST_LINES = 2000
"""More lines than this no person looks through before confirming them."""
MOST_FAULTS = 500

_SIGHT = ("evidence", "seen", "seen_at")
HOSTING = ("provider", "country", "registrar", "address")
CRITERIA = ("real", "under_13", "severe", "online")
_JUDGEMENT = (*CRITERIA, "seen_online_at", "confidence")
COLUMNS = ("domain", *_SIGHT, *_JUDGEMENT, "note", "assessor", *HOSTING)
ANSWERS = ("yes", "no", "unsure")
LEVELS = ("low", "medium", "high")
_LONGEST = {"domain": 2000, "seen": 2000, "note": 2000}
_LONGEST_OTHER = 200
_SHOWN = 80

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)"
    r"(?: ?([Zz]|UTC|[+-]\d{2}:?\d{2}))?",
    re.ASCII,
)
_COUNTRY = re.compile(r"[A-Za-z]{2}")


class Expected(StrEnum):
    """What a faulty cell should have been; a name's faults are the words of `domain_name`."""

    SOMETHING = "something"  # the cell is empty
    TEXT = "text"  # JSON has a number, list or object there
    SHORTER = "shorter"
    PLAIN = "plain"  # control characters or half a character
    MOMENT = "moment"
    ZONE = "zone"  # a moment without its zone
    ANSWER = "answer"
    LEVEL = "level"
    COUNTRY = "country"
    ADDRESS = "address"
    SIGHT_OR_JUDGEMENT = "sight_or_judgement"  # neither of the two is there
    KNOWN_COLUMN = "known_column"
    WIDTH = "width"  # more cells than the header has
    QUOTES = "quotes"
    OBJECT = "object"


class Unreadable(StrEnum):
    """Why nothing of a file can be read."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_MANY_LINES = "too_many_lines"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NO_DOMAIN_COLUMN = "no_domain_column"
    COLUMN_TWICE = "column_twice"


class BadTable(FormatError):
    """Nothing of the file can be read; `problem` says why."""

    def __init__(self, problem: Unreadable, where: str = "") -> None:
        super().__init__(where, problem.value)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that cannot be read. `line` is of the file (CSV) or the number of the object.

    `expected` is one of `Expected`, or of `domain_name.Problem` where `field` is "domain".
    """

    line: int
    field: str
    expected: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Sight:
    """Why the domain is put forward. `seen_at` is in UTC."""

    evidence: str
    seen: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Answers:
    """What the authority says of the criteria: `ANSWERS`, `LEVELS`, a moment in UTC."""

    real: str
    under_13: str
    severe: str
    online: str
    seen_online_at: datetime
    confidence: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `sight`, `answers` or both are there. `given` is the domain as it was written."""

    number: int
    given: str
    name: DomainName
    assessor: str
    sight: Sight | None = None
    answers: Answers | None = None
    hosting: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """What a file says. A fault with the field of an unknown column leaves no line out."""

    lines: tuple[Line, ...]
    faults: tuple[Fault, ...]


def read_table(data: bytes) -> Table:
    """Read a file of a partner.

    Raises:
        BadTable: nothing of it can be read.
    """
    if len(data) > MOST_BYTES:
        raise BadTable(Unreadable.TOO_LARGE)
    text = _decoded(data)
    if not text.strip():
        raise BadTable(Unreadable.EMPTY)
    rows = _json_rows(text) if text.lstrip()[:1] in ("[", "{") else _csv_rows(text)
    lines, faults = [], []
    for number, row in enumerate(rows):
        if number > MOST_LINES + len(COLUMNS):
            raise BadTable(Unreadable.TOO_MANY_LINES)
        if isinstance(row, Fault):
            faults.append(row)
            continue
        cells = _Cells(*row)
        line = cells.line()
        faults += cells.faults
        if line:
            lines.append(line)
    if len(lines) > MOST_LINES:
        raise BadTable(Unreadable.TOO_MANY_LINES)
    return Table(tuple(lines), tuple(faults[:MOST_FAULTS]))


def _decoded(data: bytes) -> str:
    mark, encoding = next((m for m in _MARKS if data.startswith(m[0])), (b"", "utf-8"))
    try:
        return data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, len(mark) + fault.start) + 1
        raise BadTable(Unreadable.NOT_UTF8, str(line)) from None


_Row = tuple[int, Mapping[str, object]]


def _json_rows(text: str) -> Iterator[_Row | Fault]:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise BadTable(Unreadable.NOT_JSON) from None
    if isinstance(found, dict):
        found = found.get("assessments")
    if not isinstance(found, list):
        raise BadTable(Unreadable.NOT_JSON)
    return _objects(found)


def _objects(found: list[object]) -> Iterator[_Row | Fault]:
    for number, one in enumerate(found, 1):
        if isinstance(one, dict):
            yield number, one
        else:
            yield Fault(number, "", Expected.OBJECT, repr(one)[:_SHOWN])


def _csv_rows(text: str) -> Iterator[_Row | Fault]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    header: list[str] | None = None
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error:
            yield Fault(start, "", Expected.QUOTES)
            continue
        if not any(cell.strip() for cell in cells) or _is_hint(start, cells):
            continue
        if header is None:
            header = [_column(cell) for cell in cells]
            yield from _header_faults(header, start)
        elif any(cell.strip() for cell in cells[len(header) :]):
            yield Fault(start, "", Expected.WIDTH, f"{len(cells)} > {len(header)}")
        else:
            yield start, {n: _uncovered(c) for n, c in zip(header, cells, strict=False) if n}
    if header is None:
        raise BadTable(Unreadable.NO_DOMAIN_COLUMN)


def _separator(text: str) -> str:
    """The sign between the names of the header; spreadsheets say it in a first line `sep=;`."""
    first = text.lstrip("\r\n").partition("\n")[0]
    if hint := re.match(r'"?sep=([,;|\t])', first, re.IGNORECASE):
        return hint[1]
    return max(",;\t|", key=first.count)


def _is_hint(line: int, cells: list[str]) -> bool:
    return line == 1 and cells[0].lower().startswith("sep=")


def _column(cell: str) -> str:
    return re.sub(r"[\s-]+", "_", cell.strip().lower())


def _header_faults(header: list[str], line: int) -> Iterator[Fault]:
    if "domain" not in header:
        raise BadTable(Unreadable.NO_DOMAIN_COLUMN)
    for name in COLUMNS:
        if header.count(name) > 1:
            raise BadTable(Unreadable.COLUMN_TWICE, name)
    for name in dict.fromkeys(header):
        if name and name not in COLUMNS:
            yield Fault(line, name[:_SHOWN], Expected.KNOWN_COLUMN)


class _Cells:
    """The cells of one line on their way to a `Line`; what is wrong is in `faults`."""

    def __init__(self, number: int, cells: Mapping[str, object]) -> None:
        self.faults: list[Fault] = []
        self._number = number
        self._cells = {name: self._text(name, cells.get(name)) for name in COLUMNS}

    def line(self) -> Line | None:
        """Make the line, None if something in it cannot be read."""
        name = self._name()
        assessor = self._filled("assessor")
        judges = any(self._cells[n] for n in (*_JUDGEMENT, "note"))
        nominates = any(self._cells[n] for n in (*_SIGHT, *HOSTING))
        sight = self._sight() if nominates else None
        answers = self._answers() if judges else None
        hosting = self._hosting()
        if not (nominates or judges):
            self._fault("evidence", Expected.SIGHT_OR_JUDGEMENT, "")
        if self.faults or name is None:
            return None
        given = self._cells["domain"]
        return Line(self._number, given, name, assessor, sight, answers, hosting)

    def _fault(self, field: str, expected: str, text: str) -> None:
        if not any(fault.field == field for fault in self.faults):
            self.faults.append(Fault(self._number, field, expected, text[:_SHOWN]))

    def _text(self, name: str, value: object) -> str:
        if isinstance(value, bool) and name in CRITERIA:
            return "yes" if value else "no"
        if value is None:
            return ""
        if not isinstance(value, str):
            self._fault(name, Expected.TEXT, repr(value)[:_SHOWN])
            return ""
        text = value.strip()
        if len(text) > _LONGEST.get(name, _LONGEST_OTHER):
            self._fault(name, Expected.SHORTER, text)
        if not _is_plain(text):
            self._fault(name, Expected.PLAIN, ascii(text[:_SHOWN]))
        return text

    def _filled(self, name: str) -> str:
        if not self._cells[name]:
            self._fault(name, Expected.SOMETHING, "")
        return self._cells[name]

    def _name(self) -> DomainName | None:
        given = self._filled("domain")
        try:
            return read_name(given)
        except BadName as bad:
            self._fault("domain", bad.problem, given)
            return None

    def _sight(self) -> Sight:
        return Sight(self._filled("evidence"), self._filled("seen"), self._moment("seen_at"))

    def _answers(self) -> Answers:
        real, under_13, severe, online = (self._one_of(n, ANSWERS) for n in CRITERIA)
        seen, level = self._moment("seen_online_at"), self._one_of("confidence", LEVELS)
        return Answers(real, under_13, severe, online, seen, level, self._cells["note"])

    def _one_of(self, name: str, words: tuple[str, ...]) -> str:
        word = self._filled(name).lower()
        if word and word not in words:
            self._fault(name, Expected.ANSWER if words is ANSWERS else Expected.LEVEL, word)
        return word

    def _moment(self, name: str) -> datetime:
        text = self._filled(name)
        found = read_moment(text)
        if isinstance(found, datetime):
            return found
        self._fault(name, found, text)
        return datetime.min.replace(tzinfo=UTC)

    def _hosting(self) -> dict[str, str]:
        found = {name: self._cells[name] for name in HOSTING if self._cells[name]}
        if "country" in found:
            found["country"] = found["country"].upper()
            if not _COUNTRY.fullmatch(found["country"]):
                self._fault("country", Expected.COUNTRY, found["country"])
        if "address" in found and not _is_address(found["address"]):
            self._fault("address", Expected.ADDRESS, found["address"])
        return found


def _is_plain(text: str) -> bool:
    """Whether every database and every page can hold the text: no controls, no half characters."""
    return all(c in "\n\r\t" or unicodedata.category(c) not in ("Cc", "Cs") for c in text)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def read_moment(text: str) -> datetime | Expected:
    """Read `2026-11-02T12:00Z`, `2026-11-02 13:00:30 +01:00`, `2026-11-02 12:00 UTC`."""
    found = _MOMENT.fullmatch(text)
    if not found:
        return Expected.MOMENT
    day, time, zone = found.groups()
    offset = "+00:00" if zone in ("Z", "z", "UTC") else zone or ""
    try:
        moment = datetime.fromisoformat(f"{day}T{time}{offset}")
        return moment.astimezone(UTC) if moment.tzinfo else Expected.ZONE
    except (ValueError, OverflowError):
        return Expected.MOMENT


def write_table(lines: Iterable[Line]) -> str:
    """Write lines as CSV that `read_table` reads back, also after a spreadsheet; none: a template.

    A cell that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    out = io.StringIO()
    out.write("\ufeff")  # without it, spreadsheets take UTF-8 for something else
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for line in lines:
        cells = _written(line)
        writer.writerow([_covered(cells.get(name, "")) for name in COLUMNS])
    return out.getvalue()


def write_json(lines: Iterable[Line]) -> bytes:
    """Write lines as JSON that `read_table` reads back."""
    return msgspec.json.encode({"assessments": [_written(line) for line in lines]})


def _written(line: Line) -> dict[str, str]:
    cells = {"domain": line.given, "assessor": line.assessor, **line.hosting}
    for part in (line.sight, line.answers):
        if part is not None:
            cells |= {name: _cell(getattr(part, name)) for name in part.__slots__}
    return cells


def _cell(value: str | datetime) -> str:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def _covered(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _uncovered(cell: str) -> str:
    """Take the apostrophe off again that keeps a cell from being a formula."""
    text = cell.strip()
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
