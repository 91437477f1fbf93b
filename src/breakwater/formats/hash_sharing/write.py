"""Writes what a Hash Sharing server answers, so that existing clients can read from a desk."""

from collections.abc import Iterable
from datetime import datetime

from breakwater.formats.hash_entry import HashEntry
from breakwater.formats.hash_sharing.document import Element, add, dump, instant, new, second
from breakwater.formats.hash_sharing.feedback import put_feedback, put_member
from breakwater.formats.hash_sharing.values import (
    FORMAT,
    Member,
    QueryResult,
    SharedEntry,
    Status,
)

_ELEMENTS = {"photodna": "pdna"}


def write_status(status: Status) -> bytes:
    root = new("status")
    add(root, "ipAddress", status.ip_address)
    add(root, "username", status.username)
    put_member(root, status.member)
    return dump(root)


def write_members(members: Iterable[Member]) -> bytes:
    root = new("members")
    for member in members:
        put_member(root, member)
    return dump(root)


def write_query_result(result: QueryResult) -> bytes:
    """Write a page; entries of unknown media go with the images.

    Where the result names no newest time, that of its entries is written: clients need it.

    Raises:
        ValueError: an entry without source id; no client could name it again.
    """
    root = new("queryResult")
    videos = [shared for shared in result.entries if shared.entry.media == "video"]
    images = [shared for shared in result.entries if shared.entry.media != "video"]
    _put_entries(root, "image", images, result.images_until)
    _put_entries(root, "video", videos, result.videos_until)
    if result.next_path:
        add(add(root, "paging"), "next", result.next_path)
    return dump(root)


def _put_entries(
    root: Element, name: str, entries: list[SharedEntry], until: datetime | None
) -> None:
    times = [shared.entry.changed_at for shared in entries]
    until = until or max((time for time in times if time), default=None)
    if not entries and until is None:
        return
    newest = second(until) if until else ""
    group = add(root, f"{name}s", count=str(len(entries)), maxTimestamp=newest)
    for shared in entries:
        _put_entry(group, name, shared)


def _put_entry(group: Element, name: str, shared: SharedEntry) -> None:
    entry = shared.entry
    if entry.source_id is None:
        raise ValueError("an entry without source id cannot be shared")
    if entry.deleted:
        name = f"deleted{name.capitalize()}"
    element = add(group, name)
    put_member(element, Member(entry.source_id.member, entry.member_name))
    if entry.changed_at:
        add(element, "timestamp", instant(entry.changed_at))
    add(element, "id", entry.source_id.entry)
    if entry.grade and not entry.deleted:
        add(element, "classification", entry.grade)
    _put_fingerprints(element, entry)
    put_feedback(element, shared.feedback)


def _put_fingerprints(element: Element, entry: HashEntry) -> None:
    kept = entry.extra.get(FORMAT) or {}
    links, unread = kept.get("links") or {}, kept.get("unread") or []
    if not (entry.fingerprints or links or unread):
        return
    group = add(element, "fingerprints")
    for kind, value in entry.fingerprints:
        add(group, _ELEMENTS.get(kind, kind.replace("_", "-")), value)
    for name, text in unread:
        add(group, name, text)
    for name, href in links.items():
        add(group, name, rel="self", href=href)
