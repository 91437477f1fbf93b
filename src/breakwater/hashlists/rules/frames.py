"""Puts the records of VICS files back into what stood around them."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from breakwater.formats.hash_entry import HashEntry
from breakwater.formats.vics import FRAME, SCHEMES, Case, VicsFile

VERSIONS = ("1.3", "2.0")
_SCHEME_OF = {"vics_us": "US", "vics_uk": "UK"}


@dataclass(frozen=True, slots=True)
class As:
    """How a VICS file is to be written; what is "" is as the records came.

    `case` is the number of one new case that all records are put into.
    """

    version: str = ""
    scheme: str = ""
    case: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """What stood around records: `root` of their file, and `case` as it was written, if any."""

    kind: str
    version: str
    scheme: str
    name: str
    root: Mapping[str, Any]
    case: Mapping[str, Any] | None


class MixedSchemes(ValueError):
    """The records are graded by several schemes, which one file cannot say: name one."""


def frame_key(frame: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(list(frame)).encode()).hexdigest()


def vics_file(
    entries: Iterable[HashEntry], frames: Iterable[Frame], scheme: str, wanted: As
) -> VicsFile:
    """Make the file of a list whose own scheme is `scheme`.

    Records of one file go back into its root and their cases. Where they are of several files,
    the root is a new one; records that had no case then stand in a case of their own.

    Raises:
        MixedSchemes: see there.
        ValueError: there is no such version or scheme.
    """
    _check(wanted)
    known = {_name(f.kind, f.version, f.scheme, f.name): f for f in frames}
    found: dict[tuple[str, ...], list[HashEntry]] = {name: [] for name in known}
    for entry in entries:
        found.setdefault(_name(*entry.extra.get(FRAME, _NO_FRAME)), []).append(entry)
    groups = [(known.get(name) or _lost(name), of) for name, of in found.items()]
    said = [frame for frame, of in groups if of] or [frame for frame, _ in groups]
    file = _root(said, scheme, wanted)
    if wanted.case:
        everything = tuple(entry for _, of in groups for entry in of)
        case = Case(everything, number=wanted.case, application="Breakwater")
        return replace(file, kind="case", extra={}, cases=(case,))
    if all(frame.kind != "case" for frame in said):
        return replace(file, entries=tuple(entry for _, of in groups for entry in of))
    cases = [_case(frame, of) for frame, of in groups if of or frame.kind == "case"]
    return replace(file, kind="case", cases=tuple(cases))


_NO_FRAME = ("", "", "", "")


def _name(*frame: str) -> tuple[str, ...]:
    return frame


def _lost(name: tuple[str, ...]) -> Frame:
    """Stand in for a frame that did not come with its records: they came as a table."""
    kind, version, scheme, case = name if len(name) == 4 else _NO_FRAME
    return Frame(kind, version, scheme, case, {}, {"CaseID": case} if case else None)


def _case(frame: Frame, entries: list[HashEntry]) -> Case:
    if frame.case is None:
        return Case(tuple(entries))
    return Case(tuple(entries), extra=frame.case)


def _root(said: list[Frame], own: str, wanted: As) -> VicsFile:
    """Give the file without its records: as the one that all came from, or a new one."""
    came = [frame for frame in said if frame.kind]
    schemes, versions = {f.scheme for f in came if f.scheme}, {f.version for f in came}
    if len(schemes) > 1 and not wanted.scheme:
        raise MixedSchemes(f"grades of {' and '.join(sorted(schemes))}: name one scheme")
    ours = "" if came else _SCHEME_OF.get(own, "Default")
    scheme = wanted.scheme or (schemes.pop() if schemes else ours)
    version = wanted.version or max(versions, default="2.0")
    is_one = len({(f.kind, f.version, f.scheme) for f in said}) == 1 and bool(came)
    root = dict(came[0].root) if is_one else {}
    return VicsFile("hash_set", version, scheme, extra=root)


def _check(wanted: As) -> None:
    if wanted.version and wanted.version not in VERSIONS:
        raise ValueError(f"version {wanted.version}: expected one of {', '.join(VERSIONS)}")
    if wanted.scheme and wanted.scheme not in SCHEMES:
        raise ValueError(f"scheme {wanted.scheme}: expected one of {', '.join(SCHEMES)}")
