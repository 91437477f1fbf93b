"""Reads a file of hashes into records that can be sorted by key, and settles those that share one.

Nothing but faults is written to the database: a worker that is killed reads the file again.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import BinaryIO

import msgspec

from breakwater.formats.hash_collection import read_collection
from breakwater.formats.hash_entry import Advice, Fault, HashEntry, Problem, tells_pictures_apart
from breakwater.formats.hash_table import ColumnMapping, read_table
from breakwater.formats.record import FormatError
from breakwater.formats.vics import VicsReader
from breakwater.hashlists import scales
from breakwater.hashlists.actions.entries import Prepared, prepare, says_something
from breakwater.hashlists.models import ListChange
from breakwater.hashlists.rules.grades import OWN, key_of
from breakwater.hashlists.rules.keys import numbered
from breakwater.storage.runs import Runs

FORMS = ("table", "vics", "collection")
# Faults are handed on in sets: a file has as many as it has lines.
FAULTS_AT_ONCE = 5_000
# A file of which so many lines were set aside, and fewer than one in ten read, is no list: it is
# refused before its faults fill the disk.
MOSTLY_FAULTY = 100_000
# No entry has this key.
_END = ("", b"")


@dataclass(slots=True)
class Read:
    """What reading a file has found so far, beside the entries themselves."""

    keep: Callable[[list[Fault]], None]  # takes the faults, each once and in order
    entries: int = 0
    faulty: int = 0
    faults: list[Fault] = field(default_factory=list)  # not handed on yet
    vics: VicsReader | None = None  # where it was a VICS file, with what stands around its records

    differing: dict[str, Fault] = field(default_factory=dict)  # by the scheme that lines name
    flat: Fault | None = None

    def compare(self, of_list: str, entry: HashEntry) -> None:
        """Count a grade of another scheme than that of the list."""
        said = entry.scheme or ""
        if found := self.differing.get(said):
            self.differing[said] = replace(found, count=found.count + 1)
        elif key_of(said, scales.known()) not in ("", of_list):
            advice = Advice.CHECK_SOURCE
            fault = Fault(entry.place, "scheme", Problem.SCHEME_DIFFERS, advice, said[:80])
            self.differing[said] = fault

    def look_at_pictures(self, entry: HashEntry) -> None:
        """Count PDQ values that look-ups will only find as themselves."""
        for kind, value in entry.fingerprints:
            if kind != "pdq" or tells_pictures_apart(bytes.fromhex(value)):
                continue
            if self.flat:
                self.flat = replace(self.flat, count=self.flat.count + 1)
            else:
                problem, advice = Problem.FLAT_PICTURE, Advice.CHECK_SOURCE
                self.flat = Fault(entry.place, "pdq", problem, advice, value)

    def add(self, fault: Fault) -> None:
        self.faulty += fault.count if fault.advice is Advice.ENTRY_LEFT_OUT else 0
        self.faults.append(fault)
        if len(self.faults) == FAULTS_AT_ONCE:
            self.hand_on()

    def hand_on(self) -> None:
        self.keep(self.faults)
        self.faults = []


def prepared(change: ListChange, stream: BinaryIO, read: Read) -> Iterator[tuple[str, bytes]]:
    """Give every entry of a change's file as key and record; what is faulty goes into `read`.

    Raises:
        FormatError: the file is not of its form at all, or hardly a line of it can be read.
    """
    # Faults of the whole file follow its entries.
    yield from _records_of(change, stream, read)
    for fault in (*read.differing.values(), read.flat):
        if fault:
            read.add(fault)


def _records_of(change: ListChange, stream: BinaryIO, read: Read) -> Iterator[tuple[str, bytes]]:
    scheme, encode = change.hash_list.scheme, msgspec.msgpack.encode
    for item in _found(change, stream, read):
        if isinstance(item, Fault):
            read.add(item)
            if read.faulty >= MOSTLY_FAULTY and read.entries * 10 < read.faulty:
                raise FormatError(str(item.place), "fewer than one line in ten could be read")
            continue
        read.entries += 1
        read.look_at_pictures(item)
        if says_something(item):
            entry = prepare(item, scheme)
            if item.grade and item.scheme and scheme != OWN:
                read.compare(scheme, item)
            if entry.altered:
                problem = Problem(entry.altered)
                read.add(Fault(entry.place, "", problem, Advice.CHECK_SOURCE))
            yield entry.key, encode(entry)


def _found(change: ListChange, stream: BinaryIO, read: Read) -> Iterator[HashEntry | Fault]:
    if change.form == "table":
        return read_table(stream, ColumnMapping(**change.mapping) if change.mapping else None)
    if change.form == "collection":
        return read_collection(stream, change.name)
    reader = VicsReader(stream)
    read.vics = reader
    return _records(reader)


def _records(reader: VicsReader) -> Iterator[HashEntry | Fault]:
    for _, entry in reader.records():
        yield entry
    yield from reader.faults()


def find_repeated(runs: Runs, read: Read) -> None:
    """Set lines aside of which a later one says otherwise, since only one of them can count."""
    decode = msgspec.msgpack.Decoder(Prepared).decode
    for (key, value), (next_key, next_value) in itertools.pairwise(runs.read()):
        if key != next_key:
            continue
        one, later = decode(value), decode(next_value)
        if one.former_key or one._replace(place=later.place) == later:
            continue
        read.entries -= 1
        found = one.grade
        read.add(Fault(one.place, "", Problem.REPEATED_ENTRY, Advice.ENTRY_LEFT_OUT, found))


def settled(runs: Runs) -> Iterator[Prepared]:
    """Give each entry once and in order: the last of equal keys, or all where all may stand."""
    decode, number = msgspec.msgpack.Decoder(Prepared).decode, 1
    for (key, value), (next_key, _) in itertools.pairwise(itertools.chain(runs.read(), [_END])):
        entry, is_last = decode(value), key != next_key
        if entry.former_key:
            yield _numbered(entry, number) if number > 1 else entry
            number = 1 if is_last else number + 1
        elif is_last:
            yield entry


def _numbered(entry: Prepared, number: int) -> Prepared:
    key, former = numbered(entry.key, number), numbered(entry.former_key, number)
    return entry._replace(key=key, former_key=former)
