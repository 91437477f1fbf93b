"""Puts the records of VICS files back into what stood around them."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from breakwater.formats.hash_entry import HashEntry
from breakwater.formats.vics import FRAME, NO_CASE, SCHEMES, Case, Records, VicsFile

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


def frame_name(extra: Mapping[str, Any]) -> tuple[str, ...]:
    """Say in which frame the record stood whose entry has this `extra`."""
    return tuple(extra.get(FRAME, _NO_FRAME))


def vics_file(
    groups: Mapping[tuple[str, ...], Iterable[HashEntry]],
    frames: Iterable[Frame],
    scheme: str,
    wanted: As,
) -> tuple[VicsFile, Records]:
    """Make the file of a list whose own scheme is `scheme`, and say where its entries stand in it.

    `groups` are the entries by `frame_name`, none of them empty. Records of one file go back into
    its root and their cases. Where they are of several files, the root is a new one; records that
    had no case then stand in a case of their own.

    Raises:
        MixedSchemes: see there.
        ValueError: there is no such version or scheme.
    """
    _check(wanted)
    known: dict[tuple[str, ...], Frame] = {(f.kind, f.version, f.scheme, f.name): f for f in frames}
    names = dict.fromkeys([*known, *groups])
    found = [(known.get(name) or _lost(name), groups.get(name)) for name in names]
    said = [frame for frame, of in found if of] or [frame for frame, _ in found]
    file = _root(said, scheme, wanted)
    everything = [of for _, of in found if of]
    if wanted.case:
        case = Case(number=wanted.case, application="Breakwater")
        return replace(file, kind="case", extra={}, cases=(case,)), {0: everything}
    if all(frame.kind != "case" for frame in said):
        return file, {NO_CASE: everything}
    cases = [(frame, of) for frame, of in found if of or frame.kind == "case"]
    file = replace(file, kind="case", cases=tuple(Case(extra=frame.case) for frame, _ in cases))
    return file, {n: [of] for n, (_, of) in enumerate(cases) if of}


_NO_FRAME = ("", "", "", "")


def _lost(name: tuple[str, ...]) -> Frame:
    """Stand in for a frame that did not come with its records: they came as a table."""
    kind, version, scheme, case = name if len(name) == 4 else _NO_FRAME
    return Frame(kind, version, scheme, case, {}, {"CaseID": case} if case else None)


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
