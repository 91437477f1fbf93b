"""Reads a VICS file: whose model it is, hash set or case, and every record in it.

A file is read two or three times from its beginning: what it is, its cases, its records. So
memory holds one record at a time, and what a file says behind its records is known before them.
"""

import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from breakwater.formats.hash_entry import Advice, Fault, HashEntry, Problem
from breakwater.formats.vics.document import Document, mark_of
from breakwater.formats.vics.file import SCHEMES, Case, Faults, NotVics, Plain, VicsFile
from breakwater.formats.vics.media import MediaReader, text_of
from breakwater.formats.vics.outline import Opened, Outline, has_hash, media_of, members, whole

_CONTEXT = re.compile(
    r"DataModels/(?P<version>[\d.]+)\.xml(?:/(?P<scheme>[^/#$]+))?(?:/\$metadata)?#(?P<noun>\w+)"
)
CONTEXT_KEYS = ("@odata.context", "odata.metadata", "odata.context", "@odata.metadata")
NO_CASE = -1
MAX_BYTES = 256 * 1024 * 1024
"""Of a file that `read_vics` holds as a whole; `VicsReader` has no such limit."""
MAX_CASES = 64 * 1024 * 1024
"""Characters that all cases of a file may have beside their records."""
MAX_FILES = 2_000_000
"""So many different files of one set or case are known when the next one is compared to them."""


def read_vics(data: bytes, *, max_bytes: int = MAX_BYTES) -> VicsFile:
    """Read a VICS file of either version, a hash set or a case, as a whole.

    Raises:
        NotVics: too large, too deep, not JSON, or nothing of VICS in it.
    """
    if len(data) > max_bytes:
        raise NotVics("size", f"{len(data):,} bytes, and at most {max_bytes:,} are read at once")
    reader = VicsReader(io.BytesIO(data))
    found: dict[int, list[HashEntry]] = {}
    for case, entry in reader.records():
        found.setdefault(case, []).append(entry)
    cases = tuple(
        replace(case, entries=tuple(found.get(number, ())))
        for number, case in enumerate(reader.file.cases)
    )
    entries = tuple(found.get(NO_CASE, ()))
    return replace(reader.file, entries=entries, cases=cases, faults=reader.faults())


class VicsReader:
    """Reads the file of a stream that can be rewound.

    `file` is all that the file says beside its records: its entries and faults are empty.

    Raises:
        NotVics: too deep, not JSON, one value too large, or nothing of VICS in it. All of a
            file is looked at before this returns, so `records` finds nothing else wrong.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._faults = stream, Faults()
        stream.seek(0)
        mark, self._encoding = mark_of(stream.read(4))
        if mark:
            name = self._encoding.removesuffix("-le").removesuffix("-be")
            self._faults.add("document", "", Problem.BYTE_ORDER_MARK, Advice.NORMALISED, name)
        seen = self._outline()
        if seen.is_bare:
            self._faults.add("", "@odata.context", Problem.UNKNOWN_MODEL, Advice.CHECK_SOURCE)
        self._key = seen.key
        version, scheme, noun = context_of(seen.root, self._faults)
        kind = seen.kind(noun, self._faults)
        self._frame = [kind, version, scheme]
        self._cases: list[tuple[str, str]] = []  # place and name
        found = tuple(self._read_cases()) if kind == "case" else ()
        self.file = VicsFile(kind, version, scheme, (), found, seen.root)

    def frame(self, case: int = NO_CASE) -> list[str]:
        """Kind, version, scheme and name of the case, as records keep them."""
        return [*self._frame, "" if case == NO_CASE else self._cases[case][1]]

    def records(self) -> Iterator[tuple[int, HashEntry]]:
        """Give every record with the number of its case in `file.cases`, -1 in a hash set."""
        files: set[int] = set()
        if self.file.kind == "hash_set":
            for index, member in enumerate(members(self._document(), self._key)):
                record = whole(member)
                if entry := self._entry(record, NO_CASE, f"value[{index}]", files):
                    yield NO_CASE, entry
            return
        number = -1
        for member in members(self._document(), self._key):
            if not isinstance(member, dict | Opened):
                continue
            number, files = number + 1, set()
            place = f"{self._cases[number][0]}.Media"
            for index, record in enumerate(media_of(member)):
                if entry := self._entry(record, number, f"{place}[{index}]", files):
                    yield number, entry

    def faults(self) -> tuple[Fault, ...]:
        """What was overlooked so far."""
        return self._faults.taken()

    def _outline(self) -> Outline:
        try:
            return Outline(self._document())
        except UnicodeDecodeError as problem:
            if self._encoding != "utf-8":
                raise NotVics("document", f"broken UTF-16: {problem}") from problem
        self._encoding = "cp1252"
        fault = (Problem.ODD_ENCODING, Advice.CHECK_SOURCE, self._encoding)
        self._faults.add("document", "", *fault)
        return Outline(self._document())

    def _document(self) -> Document:
        return Document(self._stream, self._encoding)

    def _entry(self, record: object, case: int, place: str, files: set[int]) -> HashEntry | None:
        if not isinstance(record, dict):
            fault = (Problem.NOT_AN_OBJECT, Advice.ENTRY_LEFT_OUT, record)
            self._faults.add(place, "", *fault)
            return None
        entry = MediaReader(record, self.frame(case), place, self._faults).entry()
        digest = (entry.values("md5") or entry.values("sha1") or ("",))[0]
        file = hash(digest)  # a number: sets of millions stay small
        if digest and file in files:
            self._faults.add(place, "MD5", Problem.SAME_FILE, Advice.KEPT_AS_WRITTEN, digest)
        elif digest and len(files) < MAX_FILES:
            files.add(file)
        return entry

    def _read_cases(self) -> Iterator[Case]:
        names: Counter[str] = Counter()
        size = 0
        for index, member in enumerate(members(self._document(), self._key)):
            place = f"value[{index}]"
            if not isinstance(member, dict | Opened):
                fault = (Problem.NOT_AN_OBJECT, Advice.ENTRY_LEFT_OUT, member)
                self._faults.add(place, "", *fault)
                continue
            count = sum(isinstance(record, dict) for record in media_of(member))
            fields = member.fields if isinstance(member, Opened) else dict(member)
            if isinstance(fields.get("Media"), list):
                fields["Media"] = []  # it is written from the entries again
            size += len(json.dumps(fields))
            if size > MAX_CASES:
                raise NotVics(place, f"the cases say more than {MAX_CASES:,} characters")
            self._cases.append((place, case_name(fields, names)))
            yield self._case(fields, place, count)

    def _case(self, fields: Plain, place: str, count: int) -> Case:
        if "Media" not in fields and has_hash(fields):
            self._faults.add(place, "Media", Problem.UNKNOWN_ELEMENT, Advice.KEPT_AS_WRITTEN)
        case = Case(
            case_id=text_of(fields.get("CaseID")),
            number=text_of(fields.get("CaseNumber") or fields.get("Case No.")),
            application=text_of(fields.get("SourceApplicationName")),
            application_version=text_of(fields.get("SourceApplicationVersion")),
            stated_total=text_of(fields.get("TotalMediaFiles")),
            extra=fields,
        )
        if case.stated_total and case.stated_total != str(count):
            said = f"{case.stated_total} said, {count} found"
            fault = (Problem.COUNT_DIFFERS, Advice.COUNTED_AGAIN, said)
            self._faults.add(place, "TotalMediaFiles", *fault)
        return case


def context_of(root: Plain, faults: Faults) -> tuple[str, str, str]:
    """Give version, scheme and noun (Media, Cases) of the data model that the file names."""
    key = next((key for key in CONTEXT_KEYS if key in root), "")
    text = str(root.get(key) or "")
    match = _CONTEXT.search(text)
    if not match:
        faults.add(key, "@odata.context", Problem.UNKNOWN_MODEL, Advice.CHECK_SOURCE, text)
        return "", "", ""
    version, scheme = match["version"], match["scheme"] or ""
    if key != context_key(version):
        faults.add(key, key, Problem.CONTEXT_SPELLING, Advice.NORMALISED, text)
    if version not in ("1.1", "1.2", "1.3", "2.0") or (scheme and scheme not in SCHEMES):
        faults.add(key, key, Problem.UNKNOWN_MODEL, Advice.CHECK_SOURCE, text)
    return version, scheme, match["noun"]


def context_key(version: str) -> str:
    return "odata.metadata" if version.startswith("1.") else "@odata.context"


def case_name(case: Plain, seen: Counter[str]) -> str:
    """Name a case within its file by its own number, and no two cases alike.

    Numbers are read without blanks around them, so that one at the end tells ours from theirs.
    """
    said = text_of(case.get("CaseID")) or text_of(case.get("CaseNumber") or case.get("Case No."))
    seen[said] += 1
    return said if said and seen[said] == 1 else f"#{seen[said]} {said} "
