"""Writes entries of a list in sets: new ones, changed ones, tombstones; every voice stays its own.

Nothing of what a change writes is told before it is finished: new entries name a change that is not,
and what it says of entries that were there is staged.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from breakwater.formats.hash_entry import Fingerprint as Value
from breakwater.formats.hash_entry import HashEntry, Problem
from breakwater.hashlists import scales
from breakwater.hashlists.actions import amending
from breakwater.hashlists.models import Entry, Fingerprint, HashList, Kind, ListChange, Media
from breakwater.hashlists.rules.grades import map_grade, scheme_of
from breakwater.hashlists.rules.keys import former_key, is_vics, source_key
from breakwater.storage import bulk

SEARCHED = {
    "md5": Kind.MD5,
    "sha1": Kind.SHA1,
    "sha256": Kind.SHA256,
    "pdq": Kind.PDQ,
    "photodna": Kind.PHOTODNA,
}
NAMES = {number: name for name, number in SEARCHED.items()}
# Held by whoever writes entries or finishes a change, from before its time is taken to the commit:
# see `actions.sharing.pull`.
ENTRIES_LOCK = 4711_03
# Facts of an entry that has columns for all that it says: most of long lists.
NOTHING_MORE = b"{}"
# Columns of so many characters; what is longer stands whole in the facts.
MEMBER, GRADE = 120, 60
_MEDIA = {"image": Media.IMAGE, "video": Media.VIDEO, "unknown": Media.UNKNOWN}
_MEDIA_NAMES = {number: name for name, number in _MEDIA.items()}
_FIELDS = (
    "id", "hash_list", "source_key", "member", "media", "grade", "mapped_grade", "deleted_at",
    "facts", "changed_by",
)  # fmt: skip
_CHANGING = _FIELDS[3:-1]


class Prepared(NamedTuple):
    """An entry as its rows will be; nothing of it depends on what the list holds already."""

    key: str
    member: str
    media: int
    grade: str
    mapped_grade: str
    deleted: bool
    facts: bytes
    hashes: tuple[tuple[int, bytes], ...]  # those that are searched: kind and value, each once
    # Not "" for a record of which several may have one key: its key of an earlier release.
    former_key: str = ""
    place: int | str = ""  # in the file, no part of what is said
    altered: str = ""  # the problem of a text that could not be kept as it was


@dataclass(slots=True)
class Counts:
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0


def facts_of(entry: HashEntry) -> bytes:
    """Everything of an entry that has no column, as JSON with sorted keys."""
    facts: dict[str, Any] = {
        "scheme": entry.scheme,
        "size": entry.size,
        "mime_type": entry.mime_type,
        "series": entry.series,
        "note": entry.note,
        "changed_at": entry.changed_at.isoformat() if entry.changed_at else None,
        "kept": [list(f) for f in entry.fingerprints if f.kind not in SEARCHED],
        "tags": list(entry.tags),
        "extra": dict(entry.extra),
    }
    source, name, grade = entry.source_id, entry.member_name, entry.grade or ""
    if source:
        facts["source_id"] = [source.entry, source.member]
    if len(name) > MEMBER or (source and name == source.member):
        facts["member_name"] = name
    if len(grade) > GRADE:
        facts["grade"] = grade
    slim = {key: value for key, value in facts.items() if value not in (None, "", [], {})}
    return _as_json(slim) if slim else NOTHING_MORE


def _as_json(facts: dict[str, Any]) -> bytes:
    return json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def prepare(entry: HashEntry, scheme: str) -> Prepared:
    """Make of an entry what is written of it; `scheme` is that of its list.

    A line that names a scheme which is known is graded by it, and any other by that of its list.
    Characters that no database holds are replaced, and `altered` says so.
    """
    try:
        prepared = _prepared(entry, scheme)
        if not _has_nul(prepared):
            return prepared
        problem = Problem.NUL_BYTES
    except UnicodeEncodeError:
        problem = Problem.HALF_CHARACTERS
    kept = entry.storable()
    return _prepared(kept, scheme)._replace(altered="" if kept == entry else problem)


def _has_nul(prepared: Prepared) -> bool:
    texts = f"{prepared.key}{prepared.member}{prepared.grade}"
    texts.encode()  # raises UnicodeEncodeError where there is half of a character
    return "\0" in texts or b"\\u0000" in prepared.facts


def _prepared(entry: HashEntry, scheme: str) -> Prepared:
    grade = (entry.grade or "")[:GRADE]
    found = [
        (int(SEARCHED[kind]), bytes.fromhex(value))
        for kind, value in entry.fingerprints
        if kind in SEARCHED
    ]
    return Prepared(
        source_key(entry), member_of(entry)[:MEMBER], int(_MEDIA[entry.media]), grade,
        _mapped(scheme, entry.scheme, grade), entry.deleted,
        facts_of(entry), tuple(sorted(set(found)) if len(found) > 1 else found),
        former_key(entry), entry.place,
    )  # fmt: skip


def says_something(entry: HashEntry) -> bool:
    """Whether there is anything to write.

    An entry that its source numbers is found again by that number: without a hash that can be read
    it still takes the place of what was said before, so that a hash taken from it matches no more.
    """
    is_numbered = entry.source_id is not None and bool(entry.source_id.entry)
    return bool(entry.fingerprints) or entry.deleted or is_vics(entry) or is_numbered


def member_of(entry: HashEntry) -> str:
    """The member's name, or its number where it has none."""
    return entry.member_name or (entry.source_id.member if entry.source_id else "")


def write_entries(
    hash_list: HashList, change: ListChange, entries: Sequence[HashEntry], *, at: datetime
) -> Counts:
    """Write a set of one list, inside the caller's transaction; the last of equal keys counts.

    `at` is when an entry that is not told yet was withdrawn again.
    """
    prepared = [prepare(e, hash_list.scheme) for e in entries if says_something(e)]
    counts = write_prepared(change, prepared, at=at)
    counts.unchanged += len(entries) - len(prepared)
    return counts


def write_prepared(change: ListChange, prepared: Sequence[Prepared], *, at: datetime) -> Counts:
    """`write_entries` for entries that `prepare` has made ready."""
    wanted = {e.key: e for e in prepared}
    counts = Counts(unchanged=len(prepared) - len(wanted))
    held = _held(change, list(wanted))
    held |= _taken_over(change, [e for key, e in wanted.items() if key not in held])
    fresh = [e for key, e in wanted.items() if key not in held]
    alive = [e for e in fresh if not e.deleted]
    counts.unchanged += len(fresh) - len(alive)
    counts.added = len(alive)
    _insert(change, alive)
    _change(change, [(held[key], e) for key, e in wanted.items() if key in held], at, counts)
    return counts


class _Held(NamedTuple):
    """An entry of the list as the change knows it: as it is, or as the change has amended it."""

    pk: int
    facts: bytes
    grade: str
    member: str
    media: int
    is_deleted: bool
    mapped_grade: str
    is_own: bool  # written by this change as a new entry, so that nobody is told of it yet
    is_told: bool
    has_amended_hashes: bool


def _held(change: ListChange, keys: list[str]) -> dict[str, _Held]:
    where, parameter = bulk.among("e.source_key", keys)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.source_key, e.id, COALESCE(a.facts, e.facts), COALESCE(a.grade, e.grade),"  # noqa: S608
            " COALESCE(a.member, e.member), COALESCE(a.media, e.media),"
            " COALESCE(a.is_deleted, e.deleted_at IS NOT NULL),"
            " COALESCE(a.mapped_grade, e.mapped_grade), e.changed_by_id = %s,"
            " c.finished_at IS NOT NULL, a.has_other_hashes"
            " FROM hashlists_entry e LEFT JOIN hashlists_listchange c ON c.id = e.changed_by_id"
            " LEFT JOIN hashlists_amendment a ON a.change_id = %s AND a.entry_id = e.id"
            f" WHERE e.hash_list_id = %s AND {where}",
            [change.pk, change.pk, change.hash_list_id, parameter],
        )
        rows = cursor.fetchall()
    return {
        key: _Held(pk, bytes(facts), grade, member, media, bool(gone), mapped, *map(bool, how))
        for key, pk, facts, grade, member, media, gone, mapped, *how in rows
    }


def _taken_over(change: ListChange, fresh: list[Prepared]) -> dict[str, _Held]:
    """Find new records of VICS among those that an earlier release kept without their case."""
    keys = {e.former_key: e.key for e in fresh if e.former_key}
    held = _held(change, list(keys)) if keys else {}
    bulk.update(
        Entry, ("source_key",), [(keys[former], found.pk) for former, found in held.items()]
    )
    return {keys[former]: found for former, found in held.items()}


def _insert(change: ListChange, fresh: list[Prepared]) -> None:
    ids = bulk.reserve_ids(Entry, len(fresh))
    of_list, number = change.hash_list_id, change.pk
    rows = [
        (pk, of_list, e.key, e.member, e.media, e.grade, e.mapped_grade, None, e.facts, number)
        for pk, e in zip(ids, fresh, strict=True)
    ]
    bulk.insert(Entry, _FIELDS, rows)
    _insert_hashes(zip(ids, fresh, strict=True))


def _insert_hashes(pairs: Iterable[tuple[int, Prepared]]) -> None:
    bulk.insert(Fingerprint, ("entry", "kind", "value"), _rows(pairs))


def _rows(pairs: Iterable[tuple[int, Prepared]]) -> list[tuple[int, int, bytes]]:
    return [(pk, kind, value) for pk, e in pairs for kind, value in e.hashes]


def _change(
    change: ListChange, pairs: list[tuple[_Held, Prepared]], at: datetime, counts: Counts
) -> None:
    hashes = _hashes_of([held.pk for held, _ in pairs])
    hashes |= amending.hashes_of(change, [h.pk for h, _ in pairs if h.has_amended_hashes])
    own: list[tuple[Any, ...]] = []
    others: list[tuple[Any, ...]] = []
    own_hashes: list[tuple[int, Prepared]] = []
    other_hashes: list[tuple[int, Prepared]] = []
    for held, e in pairs:
        differs = not e.deleted and set(e.hashes) != hashes.get(held.pk, set())
        is_known = held.is_told or held.is_own
        if is_known and not differs and _says_the_same(held, e):
            counts.unchanged += 1
            continue
        _count(counts, is_known, e)
        said = _said(change, held, e)
        if held.is_own:
            own.append((*said[:4], at if e.deleted else None, said[4], held.pk))
            own_hashes += [(held.pk, e)] if differs else []
        else:
            # A tombstone leaves the hashes as they are; so does one that takes back what was amended.
            has_others = not e.deleted and (differs or held.has_amended_hashes)
            others.append((held.pk, *said[:4], e.deleted, said[4], has_others))
            other_hashes += [(held.pk, e)] if has_others else []
    bulk.update(Entry, _CHANGING, own)
    _replace_hashes(own_hashes)
    amending.stage(change, others, _rows(other_hashes))


def _count(counts: Counts, is_known: bool, e: Prepared) -> None:
    if e.deleted:
        counts.removed += 1
    elif is_known:
        counts.changed += 1
    else:  # by another change that is not finished, and may never be
        counts.added += 1


def _said(change: ListChange, held: _Held, e: Prepared) -> tuple[str, int, str, str, bytes]:
    """What an entry says from now on: member, media, grade, mapped grade and facts."""
    if not e.deleted:
        return e.member, e.media, e.grade, e.mapped_grade, e.facts
    # A tombstone says only that it is gone: what was said before stays readable.
    said = json.loads(held.facts).get("scheme")
    mapped = _mapped(change.hash_list.scheme, said, held.grade)
    return held.member, held.media, held.grade, mapped, held.facts


def _says_the_same(held: _Held, e: Prepared) -> bool:
    if held.is_deleted or e.deleted:
        return held.is_deleted == e.deleted
    says = (held.facts, held.grade, held.mapped_grade, held.member, held.media)
    return says == (e.facts, e.grade, e.mapped_grade, e.member, e.media)


def _mapped(of_list: str, said: str | None, grade: str) -> str:
    known = scales.known()
    return map_grade(scheme_of(of_list, said, known), grade, known)


def _replace_hashes(pairs: list[tuple[int, Prepared]]) -> None:
    if not pairs:
        return
    where, parameter = bulk.among("entry_id", [pk for pk, _ in pairs])
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM hashlists_fingerprint WHERE {where}", [parameter])  # noqa: S608
    _insert_hashes(pairs)


def _hashes_of(ids: list[int]) -> dict[int, set[tuple[int, bytes]]]:
    found: dict[int, set[tuple[int, bytes]]] = {}
    if not ids:
        return found
    where, parameter = bulk.among("entry_id", ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT entry_id, kind, value FROM hashlists_fingerprint WHERE {where}",  # noqa: S608
            [parameter],
        )
        for entry_id, kind, value in cursor.fetchall():
            found.setdefault(entry_id, set()).add((kind, bytes(value)))
    return found


def restore(entry: Entry, hashes: Sequence[tuple[int, bytes]]) -> HashEntry:
    """The value that an entry came from, with all that its source said; the inverse of writing."""
    from breakwater.formats.hash_entry import SourceId

    facts = json.loads(bytes(entry.facts))
    fingerprints = [Value(NAMES[Kind(kind)], bytes(value).hex()) for kind, value in hashes]
    fingerprints += [Value(kind, value) for kind, value in facts.get("kept", [])]
    said, said_at = facts.get("source_id"), facts.get("changed_at")
    source = SourceId(*said) if said else None
    # The column shows the number of a member without a name.
    named_by_number = source is not None and entry.member == source.member[:MEMBER]
    return HashEntry(
        fingerprints=tuple(fingerprints),
        media=_MEDIA_NAMES[Media(entry.media)],  # type: ignore[arg-type]
        grade=facts.get("grade", entry.grade) or None,
        scheme=facts.get("scheme"),
        source_id=source,
        member_name=facts.get("member_name", "" if named_by_number else entry.member),
        changed_at=datetime.fromisoformat(said_at) if said_at else None,
        size=facts.get("size"),
        mime_type=facts.get("mime_type", ""),
        series=facts.get("series", ""),
        tags=tuple(facts.get("tags", ())),
        note=facts.get("note", ""),
        extra=facts.get("extra", {}),
        deleted=entry.deleted_at is not None,
    )
