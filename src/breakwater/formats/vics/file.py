"""What a VICS file says, as values; and the faults of a whole file, added up."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from breakwater.formats.hash_entry import Advice, Fault, HashEntry, Problem
from breakwater.formats.record import FormatError

Plain = dict[str, Any]
Kind = Literal["hash_set", "case"]

FORMAT = "vics"
"""The name under which `HashEntry.extra` keeps a Media record as it was written."""
FRAME = "vics_frame"
"""The name under which it keeps of which file and case: [kind, version, scheme, case]."""
SCHEMES = ("US", "UK", "Default", "CUSTOM")
FLAGS = (
    "VictimIdentified",
    "OffenderIdentified",
    "IsDistributed",
    "IsSuspected",
    "SelfGenerated",
    "IsPrecategorized",
)
NO_FRAME = ["hash_set", "", "", ""]
_MAX_REFUSED = 1000  # faults named one by one; more of them are only counted


class NotVics(FormatError):
    """The bytes are no VICS file, or one that is too large or too deep to read."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case; `stated_total` is its TotalMediaFiles, which counts what its writer liked.

    `extra` is the case as it was written, None for one that was not read from a file.
    """

    entries: tuple[HashEntry, ...] = ()
    case_id: str = ""
    number: str = ""
    application: str = ""
    application_version: str = ""
    stated_total: str = ""
    extra: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class VicsFile:
    """A file as read: a hash set has `entries`, a case file has `cases`.

    `version` is "1.3", "2.0" …; `scheme` the country part of the context, "" if it has none.
    """

    kind: Kind
    version: str = "2.0"
    scheme: str = ""
    entries: tuple[HashEntry, ...] = ()
    cases: tuple[Case, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[Fault, ...] = field(default=(), compare=False)

    def all_entries(self) -> Iterator[HashEntry]:
        yield from self.entries
        for case in self.cases:
            yield from case.entries


class Faults:
    """Adds equal faults up, since one exporter makes one fault in every record."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, ...], Fault] = {}
        self._counts: dict[tuple[str, ...], int] = {}
        self._refused = 0

    def add(
        self, place: str, field_name: str, problem: Problem, advice: Advice, found: object = ""
    ) -> None:
        key: tuple[str, ...] = (field_name, problem, advice)
        if key in self._counts:
            # By far the most calls: the fault that this exporter makes in every record.
            self._counts[key] += 1
            return
        fault = Fault(place, field_name, problem, advice, str(found)[:80])
        if fault.refused and self._refused < _MAX_REFUSED:
            self._refused += 1
            key = (place, *key)
        self._found[key] = fault
        self._counts[key] = self._counts.get(key, 0) + 1

    def taken(self) -> tuple[Fault, ...]:
        counts = self._counts
        return tuple(replace(fault, count=counts[key]) for key, fault in self._found.items())
