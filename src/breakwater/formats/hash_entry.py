"""A known hash as lists exchange it: what one source says of one picture or video.

Every list format (tables, VICS, the Hash Sharing API) is read into `HashEntry` and
written from it. What could be read only with an allowance, or not at all, is a `Fault`:
code words with a place, so that a page can say it in the reader's language.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from breakwater.formats.plain_text import storable, storable_values
from breakwater.formats.record import FormatError

# Bits of a PDQ value that tells pictures apart.
FEWEST_BITS, MOST_BITS = 96, 160
HEX_LENGTHS = {"md5": 32, "sha1": 40, "sha256": 64, "pdq": 64}
PHOTODNA_BYTES = 144
TEXT_KINDS = (
    "vpdq",
    "tmk_pdqf",
    "netclean",
    "videntifier",
    "ssvh_pdna",
    "ssvh_safer_hash",
)
"""Kinds with no spelling of ours: their values are kept letter by letter."""
KINDS = (*HEX_LENGTHS, "photodna", *TEXT_KINDS)

Media = Literal["image", "video", "unknown"]

_OTHER_NAMES = {
    "sha": "sha1",
    "pdna": "photodna",
    "pdqhash": "pdq",
    "tmk": "tmk_pdqf",
    "md5hash": "md5",
    "sha1hash": "sha1",
    "sha256hash": "sha256",
    "photodnahash": "photodna",
}
_KIND_BY_NAME = {kind.replace("_", ""): kind for kind in KINDS} | _OTHER_NAMES
_NOT_A_LETTER = re.compile(r"[\W_]+")

_HEX = re.compile(r"[0-9a-f]+", re.ASCII)
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}", re.ASCII)
_DECIMALS = re.compile(r"[0-9]{1,3}(?:\s*,\s*[0-9]{1,3})*", re.ASCII)
_LISTED = re.compile(r"[0-9a-fA-FxX]{1,4}(?:\s*,\s*[0-9a-fA-FxX]{1,4})+", re.ASCII)
_DOTNET_TIME = re.compile(r"\\?/Date\((-?\d{1,17})([+-]\d{4})?\)\\?/", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Problem(StrEnum):
    """What is wrong. The words are kept in databases: new ones are added, none is changed."""

    WRONG_LENGTH = "wrong_length"
    NOT_HEXADECIMAL = "not_hexadecimal"
    MIXED_ENCODINGS = "mixed_encodings"  # one value, or one file, in two encodings
    MISSING = "missing"
    NO_FINGERPRINT = "no_fingerprint"  # an entry with no hash that can be read
    UNKNOWN_KIND = "unknown_kind"  # of hash
    AMBIGUOUS_KIND = "ambiguous_kind"  # 64 digits are SHA-256 or PDQ
    UPPERCASE = "uppercase"
    NUL_BYTES = "nul_bytes"
    HALF_CHARACTERS = "half_characters"  # one half of a pair of UTF-16
    ODD_ENCODING = "odd_encoding"  # readable, but not UTF-8
    BYTE_ORDER_MARK = "byte_order_mark"
    TOO_LONG = "too_long"
    TOO_DEEP = "too_deep"
    BROKEN_QUOTES = "broken_quotes"
    ROW_WIDTH = "row_width"
    COMMENT = "comment"
    REPEATED_HEADER = "repeated_header"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    BAD_TIME = "bad_time"
    TIME_WITHOUT_ZONE = "time_without_zone"
    DOTNET_TIME = "dotnet_time"
    BAD_NUMBER = "bad_number"
    NUMBER_AS_TEXT = "number_as_text"
    FLAG_AS_TEXT = "flag_as_text"
    BAD_FLAG = "bad_flag"
    UNKNOWN_MODEL = "unknown_model"  # a context address of another data model, or none
    CONTEXT_SPELLING = "context_spelling"
    CONTEXT_DIFFERS = "context_differs"  # the file is not what its context says
    FIELD_SPELLING = "field_spelling"
    GRADED_WITHOUT_GRADE = "graded_without_grade"
    COUNT_DIFFERS = "count_differs"
    SAME_FILE = "same_file"  # several entries of one file
    REPEATED_ENTRY = "repeated_entry"  # a later line says otherwise of the same entry
    CONTRADICTION = "contradiction"  # two values where there can be one
    SCHEME_DIFFERS = "scheme_differs"  # another scheme of grades than the list's
    LOW_QUALITY = "low_quality"  # a PDQ hash that says too little to match on
    FLAT_PICTURE = "flat_picture"  # a PDQ value that stands for nothing but itself
    EXIF_SPELLING = "exif_spelling"
    UNKNOWN_ELEMENT = "unknown_element"
    WRONG_NAMESPACE = "wrong_namespace"


class Advice(StrEnum):
    """What became of it, and what a person may do about it."""

    NORMALISED = "normalised"  # read in its usual form; nothing to do
    KEPT_AS_WRITTEN = "kept_as_written"  # carried along, not understood
    COUNTED_AGAIN = "counted_again"  # the count here is ours, not the file's
    CHECK_SOURCE = "check_source"  # read, but ask the sender what is meant
    CHOOSE_KIND = "choose_kind"  # say which kind the column is
    VALUE_LEFT_OUT = "value_left_out"
    ENTRY_LEFT_OUT = "entry_left_out"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing tolerated or refused. `place` is a line number or an element path.

    `found` is the beginning of the offending text; `count` says how often it is in the
    file where a reader adds equal faults up (the place is then the first one).
    """

    place: int | str
    field: str
    problem: Problem
    advice: Advice
    found: str = ""
    count: int = 1

    @property
    def refused(self) -> bool:
        """True if something of the file is missing from what was read."""
        return self.advice in (Advice.VALUE_LEFT_OUT, Advice.ENTRY_LEFT_OUT)


class BadFingerprint(FormatError):
    """A hash value cannot be of the kind it is said to be; `problem` is the code word."""

    def __init__(self, kind: str, problem: Problem, reason: str) -> None:
        super().__init__(kind, reason)
        self.problem = problem


class Fingerprint(NamedTuple):
    """`value` is lower-case hexadecimal, or the text as it came for a kind of `TEXT_KINDS`.

    A named tuple, since millions are made in one import and it is made at half the cost.
    """

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class SourceId:
    """How the source names an entry; entry ids are unique only within a member.

    `entry` is "" where the source names only the member.
    """

    entry: str
    member: str = ""

    def __str__(self) -> str:
        return f"{self.member}/{self.entry}" if self.member else self.entry


@dataclass(frozen=True, slots=True)
class HashEntry:
    """What one source says of one file; `grade` is its own word, never mapped here.

    `extra` keeps, under the name of the format, what the fields have no place for, so
    that importing and exporting again loses nothing. `place` is where it stands in its file,
    as in `Fault`, and no part of what is said.
    """

    fingerprints: tuple[Fingerprint, ...]
    media: Media = "unknown"
    grade: str | None = None
    scheme: str | None = None
    source_id: SourceId | None = None
    member_name: str = ""
    changed_at: datetime | None = None
    size: int | None = None
    mime_type: str = ""
    series: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)
    deleted: bool = False
    place: int | str = field(default="", compare=False)

    def storable(self) -> "HashEntry":
        """Give the entry with a sign for each NUL and each half of a character."""
        source = self.source_id
        return replace(
            self,
            fingerprints=tuple(Fingerprint(f.kind, storable(f.value)) for f in self.fingerprints),
            grade=None if self.grade is None else storable(self.grade),
            scheme=None if self.scheme is None else storable(self.scheme),
            source_id=source and SourceId(storable(source.entry), storable(source.member)),
            tags=tuple(map(storable, self.tags)),
            extra=storable_values(self.extra),
            member_name=storable(self.member_name),
            mime_type=storable(self.mime_type),
            series=storable(self.series),
            note=storable(self.note),
        )

    def values(self, kind: str) -> tuple[str, ...]:
        return tuple(f.value for f in self.fingerprints if f.kind == kind)


def kind_of(name: str) -> str | None:
    """Find the kind that a list calls «SHA-1», «PhotoDNA», «tmk-pdqf» …; None if there is none."""
    return _KIND_BY_NAME.get(_NOT_A_LETTER.sub("", name).lower())


def tells_pictures_apart(pdq: bytes) -> bool:
    """Whether a PDQ value can be near to another by more than chance.

    Half of its bits are set by construction; a nearly flat picture has few, or nearly all, and is
    near to every other one like it. Such a value stands for nothing but itself.
    """
    return FEWEST_BITS <= int.from_bytes(pdq).bit_count() <= MOST_BITS


def read_fingerprint(kind: str, text: str) -> Fingerprint:
    """Bring a hash value into the one spelling in which it can be compared.

    PhotoDNA is taken as hexadecimal, base64 or comma-separated decimal numbers.

    Raises:
        BadFingerprint: an unknown kind, a wrong length, other characters, mixed encodings.
    """
    length = HEX_LENGTHS.get(kind)
    if length is not None:
        return Fingerprint(kind, _hexadecimal(kind, text, length))
    text = text.strip()
    if not text:
        raise BadFingerprint(kind, Problem.MISSING, "the value is empty")
    if kind == "photodna":
        return Fingerprint(kind, _photodna(text))
    if kind not in TEXT_KINDS:
        reason = f"expected one of {', '.join(KINDS)} as the kind of hash"
        raise BadFingerprint(kind, Problem.UNKNOWN_KIND, reason)
    return Fingerprint(kind, text)


def _hexadecimal(kind: str, text: str, length: int) -> str:
    value = text.strip().lower()
    if len(value) == length and _HEX.fullmatch(value):
        return value
    if not value:
        raise BadFingerprint(kind, Problem.MISSING, "the value is empty")
    if not _HEX.fullmatch(value):
        reason = f"expected {length} hexadecimal digits, found other characters"
        raise BadFingerprint(kind, Problem.NOT_HEXADECIMAL, reason)
    reason = f"expected {length} hexadecimal digits, found {len(value)}"
    raise BadFingerprint(kind, Problem.WRONG_LENGTH, reason)


def _photodna(text: str) -> str:
    if "," in text:
        return _photodna_decimals(text)
    text = "".join(text.split())
    if len(text) == 2 * PHOTODNA_BYTES and _HEX.fullmatch(text.lower()):
        return text.lower()
    if len(text) == PHOTODNA_BYTES * 4 // 3 and _BASE64.fullmatch(text):
        return base64.b64decode(text).hex()
    if _HEX.fullmatch(text.lower()):
        reason = f"expected {2 * PHOTODNA_BYTES} hexadecimal digits, found {len(text)}"
        raise BadFingerprint("photodna", Problem.WRONG_LENGTH, reason)
    return _refuse_photodna(text)


def _photodna_decimals(text: str) -> str:
    if not _DECIMALS.fullmatch(text):
        mixed = _LISTED.fullmatch(text) is not None
        problem = Problem.MIXED_ENCODINGS if mixed else Problem.NOT_HEXADECIMAL
        reason = "expected numbers of 0 to 255 with commas between, found others among them"
        raise BadFingerprint("photodna", problem, reason)
    numbers = [int(number) for number in text.split(",")]
    if len(numbers) != PHOTODNA_BYTES:
        reason = f"expected {PHOTODNA_BYTES} numbers, found {len(numbers)}"
        raise BadFingerprint("photodna", Problem.WRONG_LENGTH, reason)
    if max(numbers) > 255:
        reason = f"expected numbers of 0 to 255, found {max(numbers)}"
        raise BadFingerprint("photodna", Problem.NOT_HEXADECIMAL, reason)
    return bytes(numbers).hex()


def _refuse_photodna(text: str) -> str:
    """Say why a value that is neither hexadecimal nor base64 of the right length is refused."""
    problem, reason = Problem.NOT_HEXADECIMAL, "neither hexadecimal, base64 nor decimal numbers"
    if _BASE64.fullmatch(text):
        try:
            size = len(base64.b64decode(text, validate=True))
        except binascii.Error:
            problem, reason = Problem.WRONG_LENGTH, "base64 that has been cut off"
        else:
            problem = Problem.WRONG_LENGTH
            reason = f"expected base64 of {PHOTODNA_BYTES} bytes, found {size} bytes"
    raise BadFingerprint("photodna", problem, reason)


def media_of(mime_type: str) -> Media:
    kind = mime_type.partition("/")[0].strip().lower()
    if kind == "image":
        return "image"
    return "video" if kind == "video" else "unknown"


def read_time(text: str) -> tuple[datetime | None, Problem | None]:
    """Read a time as ISO 8601 or as .NET's /Date(…)/, with what is odd about it.

    A time without a zone is taken as UTC, and said to be.
    """
    dotnet = _DOTNET_TIME.fullmatch(text.strip())
    if dotnet:
        return _dotnet_time(int(dotnet[1]))
    try:
        when = datetime.fromisoformat(text.strip())
        if when.tzinfo is None:
            return when.replace(tzinfo=UTC), Problem.TIME_WITHOUT_ZONE
        return when.astimezone(UTC), None
    except (ValueError, OverflowError):
        return None, Problem.BAD_TIME


def _dotnet_time(milliseconds: int) -> tuple[datetime | None, Problem]:
    # The offset says where the clock stood; the number counts from 1970 in UTC without it.
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds), Problem.DOTNET_TIME
    except OverflowError:
        return None, Problem.BAD_TIME
