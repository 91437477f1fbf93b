"""Reads what a Hash Sharing server answers: who we are, who is there, pages of entries."""

from typing import Any

from breakwater.formats.hash_entry import (
    Advice,
    BadFingerprint,
    Fingerprint,
    HashEntry,
    Media,
    Problem,
    SourceId,
    kind_of,
    read_fingerprint,
)
from breakwater.formats.hash_sharing.document import (
    Element,
    Notes,
    SharingError,
    local_name,
    parse,
    text_of,
)
from breakwater.formats.hash_sharing.feedback import entry_feedback, member_of
from breakwater.formats.hash_sharing.values import (
    FORMAT,
    SCHEME,
    EntryFeedback,
    Member,
    QueryResult,
    SharedEntry,
    Status,
)

_ENTRIES: dict[str, tuple[Media, bool]] = {
    "image": ("image", False),
    "video": ("video", False),
    "deletedImage": ("image", True),
    "deletedVideo": ("video", True),
}
_NEXT = "/v2/entries?"


def read_status(data: bytes) -> Status:
    """Read `<status>`.

    Raises:
        SharingError: not such a document, or one that names no member.
    """
    root, notes = parse(data, "status")
    member: Member | None = None
    said = {"username": "", "ipAddress": ""}
    for child in root:
        name = local_name(child)
        if name == "member":
            member = member_of(child, "status", notes)
        elif name in said:
            said[name] = text_of(child)
        else:
            notes.unknown("status", child)
    if member is None:
        raise SharingError("status/member", "expected the member that the account belongs to")
    return Status(member, said["username"], said["ipAddress"], tuple(notes.faults))


def read_members(data: bytes) -> tuple[Member, ...]:
    """Read `<members>`, or whatever root a server puts around its members.

    Raises:
        SharingError: not such a document.
    """
    root, notes = parse(data)
    children = [child for child in root if local_name(child) == "member"]
    if not children and local_name(root) != "members":
        raise SharingError(local_name(root), "expected <members> as the root")
    found = (member_of(child, "members", notes) for child in children)
    return tuple(member for member in found if member is not None)


def read_query_result(data: bytes) -> QueryResult:
    """Read one page of entries.

    An entry without an id or a member is left out and said to be. A fingerprint that
    cannot be read, or is only linked to, is kept in the entry's `extra`.

    Raises:
        SharingError: not such a document, or one whose next page cannot be followed: taking
            it for the last page would lose entries for good.
    """
    root, notes = parse(data, "queryResult")
    entries: list[SharedEntry] = []
    until: dict[str, Any] = {}
    next_path = ""
    for child in root:
        name = local_name(child)
        if name in ("images", "videos"):
            entries += _entries(child, name, notes)
            place = f"queryResult/{name}"
            until[name] = notes.time(place, "maxTimestamp", child.get("maxTimestamp"))
        elif name == "paging":
            next_path = _next_path(child, notes)
        else:
            notes.unknown("queryResult", child)
    faults = tuple(notes.faults)
    return QueryResult(tuple(entries), next_path, until.get("images"), until.get("videos"), faults)


def _next_path(paging: Element, notes: Notes) -> str:
    path = ""
    for child in paging:
        if local_name(child) == "next":
            path = text_of(child)
        else:
            notes.unknown("queryResult/paging", child)
    if path and not (path.startswith(_NEXT) and path.isascii() and path.isprintable()):
        # It is appended to the base address with our password beside it.
        raise SharingError("queryResult/paging/next", f"expected a path that begins {_NEXT}")
    return path


def _entries(group: Element, name: str, notes: Notes) -> list[SharedEntry]:
    place = f"queryResult/{name}"
    found = []
    count = 0
    for child in group:
        kind = local_name(child)
        if kind not in _ENTRIES:
            notes.unknown(place, child)
            continue
        count += 1
        where = f"{place}/{kind}[{count}]"
        entry = _Reader(child, where, notes).entry(*_ENTRIES[kind])
        if entry is not None:
            found.append(entry)
    said = group.get("count")
    if said is not None and said != str(count):
        text = f"{said} said, {count} found"
        notes.add(place, "count", Problem.COUNT_DIFFERS, Advice.COUNTED_AGAIN, text)
    if count and not group.get("maxTimestamp"):
        notes.add(place, "maxTimestamp", Problem.MISSING, Advice.CHECK_SOURCE)
    return found


class _Reader:
    """Reads one entry element."""

    def __init__(self, element: Element, place: str, notes: Notes) -> None:
        self.element = element
        self.place = place
        self.notes = notes
        self.fingerprints: list[Fingerprint] = []
        self.links: dict[str, str] = {}
        self.unread: list[list[str]] = []
        self.feedback = EntryFeedback()

    def entry(self, media: Media, deleted: bool) -> SharedEntry | None:
        said, member = self._children()
        if not said.get("id") or member is None:
            missing = "member" if said.get("id") else "id"
            self.notes.add(self.place, missing, Problem.MISSING, Advice.ENTRY_LEFT_OUT)
            return None
        if not (deleted or self.fingerprints or self.links):
            self.notes.add(self.place, "", Problem.NO_FINGERPRINT, Advice.KEPT_AS_WRITTEN)
        grade = said.get("classification") or None
        entry = HashEntry(
            tuple(self.fingerprints),
            media=media,
            grade=grade,
            scheme=SCHEME if grade else None,
            source_id=SourceId(said["id"], member.member_id),
            member_name=member.name,
            changed_at=self.notes.time(self.place, "timestamp", said.get("timestamp")),
            extra=self._extra(),
            deleted=deleted,
        )
        return SharedEntry(entry, self.feedback)

    def _children(self) -> tuple[dict[str, str], Member | None]:
        said: dict[str, str] = {}
        member = None
        for child in self.element:
            name = local_name(child)
            if name == "member":
                member = member_of(child, self.place, self.notes)
            elif name in ("id", "timestamp", "classification"):
                said[name] = text_of(child)
            elif name == "fingerprints":
                for fingerprint in child:
                    self._fingerprint(fingerprint)
            elif name == "feedback":
                self.feedback = entry_feedback(child, f"{self.place}/feedback", self.notes)
            else:
                self.notes.unknown(self.place, child)
        return said, member

    def _fingerprint(self, element: Element) -> None:
        name, text, link = local_name(element), text_of(element), element.get("href")
        kind = kind_of(name)
        if link and not text:
            # Large fingerprints come as a link to themselves.
            self.links[name] = link
        elif kind is None:
            self._unread(name, text, Problem.UNKNOWN_KIND)
        else:
            try:
                self.fingerprints.append(read_fingerprint(kind, text))
            except BadFingerprint as refused:
                self._unread(name, text, refused.problem)

    def _unread(self, name: str, text: str, problem: Problem) -> None:
        self.unread.append([name, text])
        place = f"{self.place}/fingerprints/{name}"
        self.notes.add(place, name, problem, Advice.KEPT_AS_WRITTEN, text)

    def _extra(self) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        if self.links:
            kept["links"] = self.links
        if self.unread:
            kept["unread"] = self.unread
        return {FORMAT: kept} if kept else {}
