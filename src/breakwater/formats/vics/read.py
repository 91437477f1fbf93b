"""Reads a VICS file: whose model it is, hash set or case, and every record in it."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from breakwater.formats.hash_entry import Advice, HashEntry, Problem, kind_of
from breakwater.formats.vics.document import MAX_BYTES, MAX_VALUES, decode
from breakwater.formats.vics.file import SCHEMES, Case, Faults, Kind, NotVics, Plain, VicsFile
from breakwater.formats.vics.media import MediaReader, text_of

_CONTEXT = re.compile(
    r"DataModels/(?P<version>[\d.]+)\.xml(?:/(?P<scheme>[^/#$]+))?(?:/\$metadata)?#(?P<noun>\w+)"
)
CONTEXT_KEYS = ("@odata.context", "odata.metadata", "odata.context", "@odata.metadata")


def read_vics(data: bytes, *, max_bytes: int = MAX_BYTES, max_values: int = MAX_VALUES) -> VicsFile:
    """Read a VICS file of either version, a hash set or a case.

    Raises:
        NotVics: too large, too deep, not JSON, or nothing of VICS in it.
    """
    faults = Faults()
    root = decode(data, faults, max_bytes, max_values)
    if isinstance(root, list):
        faults.add("", "@odata.context", Problem.UNKNOWN_MODEL, Advice.CHECK_SOURCE)
        root = {"value": root}
    key = "value" if "value" in root or "Cases" not in root else "Cases"
    members = root.get(key)
    if isinstance(members, dict):
        members = [members]
    if not isinstance(members, list):
        raise NotVics("value", "expected a list of media or of cases")
    version, scheme, noun = context_of(root, faults)
    kind = _kind(members, noun, faults)
    extra = {**root, key: []}  # the list is written from the entries again
    if kind == "hash_set":
        entries = _entries(members, "value", [kind, version, scheme, ""], faults)
        return VicsFile(kind, version, scheme, entries, (), extra, faults.taken())
    cases = tuple(_cases(members, [kind, version, scheme], faults))
    return VicsFile(kind, version, scheme, (), cases, extra, faults.taken())


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


def _kind(members: list[Any], noun: str, faults: Faults) -> Kind:
    """Tell hash set and case apart by what is in the file; the context is only a claim."""
    in_cases = any(isinstance(m, dict) and isinstance(m.get("Media"), list) for m in members)
    on_its_own = any(isinstance(m, dict) and _has_hash(m) for m in members)
    kind: Kind = "case" if in_cases or (noun == "Cases" and not on_its_own) else "hash_set"
    if noun and (noun == "Cases") != (kind == "case"):
        faults.add("value", "@odata.context", Problem.CONTEXT_DIFFERS, Advice.NORMALISED, noun)
    return kind


def _has_hash(record: Plain) -> bool:
    return any(kind_of(key) for key in record)


def _cases(members: list[Any], frame: list[str], faults: Faults) -> Iterator[Case]:
    names: Counter[str] = Counter()
    for index, member in enumerate(members):
        place = f"value[{index}]"
        if not isinstance(member, dict):
            faults.add(place, "", Problem.NOT_AN_OBJECT, Advice.ENTRY_LEFT_OUT, member)
            continue
        if "Media" not in member and _has_hash(member):
            faults.add(place, "Media", Problem.UNKNOWN_ELEMENT, Advice.KEPT_AS_WRITTEN)
        media, extra = member.get("Media"), dict(member)
        entries: tuple[HashEntry, ...] = ()
        if isinstance(media, list):
            name = case_name(member, names)
            entries = _entries(media, f"{place}.Media", [*frame, name], faults)
            extra["Media"] = []
        case = Case(
            entries,
            case_id=text_of(member.get("CaseID")),
            number=text_of(member.get("CaseNumber") or member.get("Case No.")),
            application=text_of(member.get("SourceApplicationName")),
            application_version=text_of(member.get("SourceApplicationVersion")),
            stated_total=text_of(member.get("TotalMediaFiles")),
            extra=extra,
        )
        _check_total(case, place, faults)
        yield case


def case_name(case: Plain, seen: Counter[str]) -> str:
    """Name a case within its file by its own number, and no two cases alike.

    Numbers are read without blanks around them, so that one at the end tells ours from theirs.
    """
    said = text_of(case.get("CaseID")) or text_of(case.get("CaseNumber") or case.get("Case No."))
    seen[said] += 1
    return said if said and seen[said] == 1 else f"#{seen[said]} {said} "


def _check_total(case: Case, place: str, faults: Faults) -> None:
    if case.stated_total and case.stated_total != str(len(case.entries)):
        said = f"{case.stated_total} said, {len(case.entries)} found"
        problem = Problem.COUNT_DIFFERS
        faults.add(place, "TotalMediaFiles", problem, Advice.COUNTED_AGAIN, said)


def _entries(
    members: list[Any], place: str, frame: list[str], faults: Faults
) -> tuple[HashEntry, ...]:
    entries = []
    files: set[str] = set()
    for index, member in enumerate(members):
        where = f"{place}[{index}]"
        if not isinstance(member, dict):
            faults.add(where, "", Problem.NOT_AN_OBJECT, Advice.ENTRY_LEFT_OUT, member)
            continue
        entry = MediaReader(member, frame, where, faults).entry()
        entries.append(entry)
        file = (entry.values("md5") or entry.values("sha1") or ("",))[0]
        if file and file in files:
            faults.add(where, "MD5", Problem.SAME_FILE, Advice.KEPT_AS_WRITTEN, file)
        files.add(file)
    return tuple(entries)
